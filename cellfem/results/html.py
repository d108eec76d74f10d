"""The report as one HTML page that needs nothing else: no script, no request, pictures inside."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import MappingProxyType

from cellfem.model.protocol import Potentiostatic, Rest, Steady, Step
from cellfem.model.solution import Solution
from cellfem.results.check import Checked, check_rows, notes_of
from cellfem.results.figures import time_text
from cellfem.results.tables import RUN, Row, by_text, split, value_text
from cellfem.results.verdict import verdict
from cellfem.units import ZERO_CELSIUS, cm, mA, mAh, mV

_WRAPPED = 40  # characters of a text that may stand, on several lines, in the table
ILLUSTRATIVE = "illustrative"  # the mark of a value that no source supports


@dataclass(frozen=True)
class Picture:
    """A picture of the report."""

    heading: str
    caption: str
    png: bytes

    @property
    def data(self) -> str:
        """The PNG as a data URI."""
        return "data:image/png;base64," + base64.b64encode(self.png).decode("ascii")


def report_html(runs: Mapping[str, Solution], rows: Sequence[Row], pictures: Sequence[Picture], *, title: str,
                when: datetime, checks: Mapping[str, Sequence[Checked]] = MappingProxyType({})) -> str:
    """The page; `rows` as `write_report` returns them, `checks` as it takes them."""
    from jinja2 import Environment, StrictUndefined

    source = Path(__file__).with_name("report.html").read_text(encoding="utf-8")
    page = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    short, long = split(rows, longest=_WRAPPED)
    return page.from_string(source).render(
        title=title,
        date=when.strftime("%Y-%m-%d %H:%M"),
        version=installed_version(),
        names=list(runs),
        verdict=verdict(rows),
        outcomes=[(name, run.outcome.kind, run.outcome.message) for name, run in runs.items()],
        setups=[(name, setup(run)) for name, run in runs.items()],
        table=[(key, [value_text(row.get(key)) for row in rows]) for key in short if key != "outcome"],
        texts=[(key, by_text({str(row[RUN]): (value_text(row.get(key)),) for row in rows}))
               for key in long if key != "outcome"],
        solved=any(len(run.times) for run in runs.values()),
        checked=list(checks),
        errors=check_rows(checks),
        error_notes=notes_of(checks),
        pictures=pictures,
        assumptions=[(text, who, ILLUSTRATIVE in text)
                     for text, who in by_text({n: run.cell.assumptions for n, run in runs.items()})],
        warnings=by_text({name: run.warnings for name, run in runs.items()}),
        work=[(key, [of(run) for run in runs.values()]) for key, of in _WORK],
    )


def setup(run: Solution) -> str:
    """Materials, temperature and protocol of a run in a line."""
    cell = run.cell
    materials = [f"{getattr(cell, kind).name}" for kind in ("metal", "electrolyte", "host", "separator")
                 if getattr(cell, kind, None) is not None]
    steps = "; then ".join(step_text(step) for step in run.protocol)
    return ", ".join([*materials, f"{cell.temperature - ZERO_CELSIUS:.4g} degC"]) + (f"; {steps}" if steps else "")


def step_text(step: Step) -> str:
    """A step of a protocol in words.

    >>> from cellfem.model.protocol import Galvanostatic
    >>> step_text(Galvanostatic(current=20.0, capacity=36000.0))
    'plating at 2 mA/cm2 up to 1 mAh/cm2'
    """
    density = mA / cm**2
    if isinstance(step, Rest):
        return f"rest for {time_text(step.duration)}"
    if isinstance(step, Potentiostatic):
        return f"{step.voltage / mV:.4g} mV for {time_text(step.duration)}"
    doing = f"{'plating' if step.current > 0 else 'stripping'} at {abs(step.current) / density:.4g} mA/cm2"
    if isinstance(step, Steady):
        return f"{doing}, steady state"
    return f"{doing} " + (f"for {time_text(step.duration)}" if step.capacity is None
                          else f"up to {step.capacity / (mAh / cm**2):.4g} mAh/cm2")


def installed_version() -> str:
    """cellfem's version, or a word where it runs without being installed."""
    try:
        return version("cellfem")
    except PackageNotFoundError:
        return "(not installed)"


_WORK = (
    ("charge balance [-]", lambda run: value_text(run.audit.charge if len(run.times) else None)),
    ("salt balance [-]", lambda run: value_text(run.audit.salt if len(run.times) else None)),
    ("cells", lambda run: str(run.cell.mesh.nelements)),
    ("unknowns", lambda run: str(run.stats.unknowns)),
    ("time steps (rejected)", lambda run: f"{run.stats.time_steps} ({run.stats.rejected_steps})"),
    ("Newton steps", lambda run: str(run.stats.newton_steps)),
    ("linear solves", lambda run: str(run.stats.linear_solves)),
    ("Krylov iterations", lambda run: str(run.stats.krylov_iterations)),
    ("solver", lambda run: run.stats.solver),
    ("start", lambda run: run.stats.start),
    ("time of computing [s]", lambda run: value_text(sum(run.stats.seconds.values()))),
    ("peak memory [MB]", lambda run: value_text(run.stats.peak_memory / 1e6)),
)

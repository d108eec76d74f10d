"""The report as one HTML page that needs nothing else: no script, no request, pictures inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from cellfem.model.solution import Solution
from cellfem.results.check import Checked, check_rows, notes_of
from cellfem.results.pages import Picture, rendered, told
from cellfem.results.tables import RUN, Row, by_text, split, value_text
from cellfem.results.verdict import verdict

_WRAPPED = 40  # characters of a text that may stand, on several lines, in the table


def report_html(runs: Mapping[str, Solution], rows: Sequence[Row], pictures: Sequence[Picture], *, title: str,
                when: datetime, checks: Mapping[str, Sequence[Checked]] = MappingProxyType({})) -> str:
    """The page; `rows` as `write_report` returns them, `checks` as it takes them."""
    short, long = split(rows, longest=_WRAPPED)
    return rendered(
        "report.html",
        title=title,
        date=when.strftime("%Y-%m-%d %H:%M"),
        names=list(runs),
        verdict=verdict(rows),
        outcomes=[(name, run.outcome.kind, run.outcome.message) for name, run in runs.items()],
        table=[(key, [value_text(row.get(key)) for row in rows]) for key in short if key != "outcome"],
        texts=[(key, by_text({str(row[RUN]): (value_text(row.get(key)),) for row in rows}))
               for key in long if key != "outcome"],
        solved=any(len(run.times) for run in runs.values()),
        checked=list(checks),
        errors=check_rows(checks),
        error_notes=notes_of(checks),
        pictures=pictures,
        **told({name: run.cell for name, run in runs.items()}, {name: [run] for name, run in runs.items()},
               {name: run.warnings for name, run in runs.items()}),
        work=[(key, [of(run) for run in runs.values()]) for key, of in _WORK],
    )


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

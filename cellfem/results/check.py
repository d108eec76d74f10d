"""How far the reported numbers can be trusted to the mesh: the same run on meshes of other cell sizes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from scipy.optimize import brentq

from cellfem.errors import expect, explain, shown
from cellfem.model.cell import Cell
from cellfem.model.protocol import Step
from cellfem.model.solution import Solution
from cellfem.results.report import report
from cellfem.results.tables import RUN, csv_text, value_text
from cellfem.studies.solve import TOLERANCE, solve

LEAST_ORDER, HIGHEST_ORDER = 0.5, 2.0  # [-] orders of convergence that are believed; 2 is that of the elements
ASSUMED_ORDER = 1.0  # [-] with one companion: that of uniform meshes at the edges of sheets, less than elsewhere
LARGEST_TOLERANCE = 5e-3  # [-] local error of c/c_0 per time step that a coarse companion may have
AUDITS = ("charge balance [-]", "salt balance [-]")  # errors themselves

RAW = "mesh-dependent"  # the mark of a number that has no limit
_NOTES = {
    "raw": f"{RAW}: the current at a sharp edge grows without bound as cells shrink; read the percentiles instead",
    "rough": "the meshes are too coarse for an order: the largest difference is given",
    "unlike": "finite on one mesh only",
}


@dataclass(frozen=True)
class Checked:
    """A reported number with its estimated discretisation error."""

    name: str  # key of `report`, with its unit
    value: float  # on the run's own mesh
    error: float  # estimated |value - limit of ever smaller cells and time steps|, in the value's unit
    order: float  # [-] order of convergence behind the estimate: observed, or assumed where there is one companion
    note: str = ""

    @property
    def relative(self) -> float:
        """error/|value| [-]; NaN where the value is 0 and the error is not."""
        if self.error == 0:
            return 0.0
        if math.isinf(self.value):
            return math.nan
        return self.error / abs(self.value) if self.value else math.nan


def refine_check(geometry, make_cell: Callable[..., Cell], protocol: Step | Sequence[Step], *, coarsen: float = 1.0,
                 against: Sequence[float] = (0.5,), run: Solution | None = None, tolerance: float = TOLERANCE
                 ) -> list[Checked]:
    """Solve on further meshes of the same design; every reported number with its estimated discretisation error.

    With value(h) = limit + A h^p, a companion whose cells are f times the size gives the error
    |value(h) - value(f h)| / |1 - f^p|.  With one companion p = 1 is assumed, which overestimates wherever the fields
    are smooth; with two, one finer and one coarser, p is observed (and believed from 0.5 to 2).  The tolerance of the
    time steps goes with f^3, so that the error in time shrinks like that of second-order elements and is in the
    difference too.

    Parameters
    ----------
    geometry : Geometry, or whatever has `mesh(coarsen=...)`
    make_cell : mesh -> Cell, for example `functools.partial(cf.Cell, metal=..., electrolyte=..., host=...)`
    protocol : as for `solve`
    coarsen : of the mesh whose numbers are checked
    against : cell sizes of the companions over those of the checked mesh [-]; (0.5,) is one refined mesh, (2.0,) a
        coarser one, in 3-D about a hundredth of its cost, (2.0, 4.0) two of them, which also notice where a difference
        is small by chance, and (2.0, 0.5) gives an observed order
    run : the solution on `geometry.mesh(coarsen)`, where there is one already
    tolerance : of the time steps on the checked mesh, as for `solve`

    Returns
    -------
    One `Checked` per number of `report`, in its order, without texts, audits and numbers that do not exist.

    Raises ValueError where `against` holds no usable factor; ConvergenceError where a mesh cannot be solved.
    """
    check_factors("refine_check: against", against)
    need_design("refine_check.geometry", geometry)
    expect(callable(make_cell), "refine_check.make_cell", make_cell, "a function from a mesh to its cf.Cell",
           "functools.partial(cf.Cell, metal=..., electrolyte=..., ...), say.")
    own = report(solve(make_cell(geometry.mesh(coarsen=coarsen)), protocol, tolerance=tolerance)
                 if run is None else run)
    others = {}
    for factor in against:
        cell = make_cell(geometry.mesh(coarsen=coarsen * factor))
        scaled = min(tolerance * factor**3, max(tolerance, LARGEST_TOLERANCE))
        others[float(factor)] = report(solve(cell, protocol, tolerance=scaled))
    return [checked(name, value, {f: row.get(name, math.nan) for f, row in others.items()})
            for name, value in own.items()
            if isinstance(value, float | int) and not math.isnan(value) and name not in AUDITS]


def need_design(where: str, geometry) -> None:
    """Refuse what cannot be meshed."""
    expect(callable(getattr(geometry, "mesh", None)), where, geometry, "a design", "Give cf.Geometry.load(...) itself,"
           " not its mesh.")


def check_factors(where: str, against) -> None:
    """Refuse (ValueError) all but one or two factors on the cell size that differ from 1 and from each other."""
    factors = tuple(against) if isinstance(against, Sequence) else (against,)
    good = {f for f in factors if isinstance(f, float | int) and 0.1 <= f <= 10 and f != 1}
    if not isinstance(against, Sequence) or not 1 <= len(factors) <= 2 or len(good) != len(factors):
        raise ValueError(explain(where, f"found {shown(against)}", "one or two different factors from 0.1 to 10, but"
                                 " not 1, are needed", "0.5 refines the mesh, 2 coarsens it."))


def checked(name: str, value: float, others: dict[float, float]) -> Checked:
    """The estimate for one number from its values on the companions (factor on the cell size -> value)."""
    found = [value, *others.values()]
    raw = "raw extremes" in name
    if not all(map(math.isfinite, found)):
        alike = all(v == value for v in found)
        return Checked(name, value, 0.0 if alike else math.inf, math.nan, "" if alike else _NOTES["unlike"])
    size = max(map(abs, found))
    if max(found) - min(found) <= 1e-12 * size:
        return Checked(name, value, 0.0, math.nan)
    order = ASSUMED_ORDER if len(others) == 1 else _order(value, others)
    errors = [abs(value - other) / abs(1 - f ** (ASSUMED_ORDER if math.isnan(order) else order))
              for f, other in others.items()]
    note = _NOTES["raw"] if raw else _NOTES["rough"] if math.isnan(order) else ""
    return Checked(name, value, max(errors), math.nan if raw else order, note)


def _order(value: float, others: dict[float, float]) -> float:
    """p with value(h) = limit + A h^p through three sizes, NaN where there is none; at most HIGHEST_ORDER.

    Coarse meshes look better than they are, until the edges' share of the error is left: without a finer companion no
    more than ASSUMED_ORDER is believed.
    """
    highest = HIGHEST_ORDER if min(others) < 1 else ASSUMED_ORDER
    (f, at_f), (g, at_g) = sorted(others.items(), reverse=True)
    sizes = sorted([(f, at_f), (1.0, value), (g, at_g)], reverse=True)
    (a, x), (b, y), (c, z) = sizes
    if (x - y) * (y - z) <= 0:
        return math.nan
    wanted = math.log((x - y) / (y - z))

    def excess(p: float) -> float:
        return math.log((a**p - b**p) / (b**p - c**p)) - wanted

    if excess(highest) <= 0:
        return highest
    return math.nan if excess(LEAST_ORDER) > 0 else float(brentq(excess, LEAST_ORDER, highest))


def format_check(rows: Sequence[Checked]) -> str:
    """Plain text: each number with its error, and what is to be said about it below.

    >>> print(format_check([Checked("depletion, max [%]", 61.234, 0.52, 1.0)]))
                        value    error  relative
    depletion, max [%]  61.23  +- 0.52    0.85 %
    """
    lines = [["", "value", "error", "relative"]]
    lines += [[row.name, *cells] for row, cells in ((row, check_cells(row)) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text = ["  ".join([line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))])
            for line in lines]
    text += [f"\n{note}: " + "; ".join(names) for note, names in notes_of({"": rows})]
    return "\n".join(line.rstrip() for line in text)


def check_cells(row: Checked) -> list[str]:
    """Value, error and relative error as text; errors have two significant digits."""
    if math.isinf(row.value) and row.error == 0:
        return [value_text(row.value), "", ""]
    error = "+- inf" if math.isinf(row.error) else f"+- {float(f'{row.error:.2g}'):g}"
    relative = "-" if not math.isfinite(row.relative) else f"{float(f'{100 * row.relative:.2g}'):g} %"
    return [value_text(row.value), error, relative]


def notes_of(checks: Mapping[str, Sequence[Checked]]) -> list[tuple[str, list[str]]]:
    """Each note of some runs' numbers, with the names of the numbers that it is about."""
    notes: dict[str, dict[str, None]] = {}
    for row in (row for rows in checks.values() for row in rows if row.note):
        notes.setdefault(row.note, {})[row.name] = None
    return [(note, list(names)) for note, names in notes.items()]


def check_rows(checks: Mapping[str, Sequence[Checked]]) -> list[tuple[str, list[str]]]:
    """(name, one text 'value +- error (relative)' per run) of the numbers that depend on the mesh."""
    by_run = [{row.name: row for row in rows} for rows in checks.values()]
    names = dict.fromkeys(row.name for rows in checks.values() for row in rows if row.error > 0)
    return [(name, ["-" if name not in rows else _one_text(rows[name]) for rows in by_run]) for name in names]


def _one_text(row: Checked) -> str:
    value, error, relative = check_cells(row)
    return f"{value} {error} ({relative})" if error else value


def check_csv(checks: Mapping[str, Sequence[Checked]]) -> str:
    """RFC 4180: run, name, value, error, order, note; numbers so that they read back exactly."""
    return csv_text([{RUN: run, "name": row.name, "value": row.value, "error": row.error, "order [-]": row.order,
                      "note": row.note} for run, rows in checks.items() for row in rows])

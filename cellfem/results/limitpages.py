"""Limiting currents, currents at 1 % and edges of safe operation as rows, bars and pages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from cellfem.errors import ConvergenceError, explain
from cellfem.model.cell import Cell
from cellfem.results.figures import METALS, figure_with, plain_log, png
from cellfem.results.pages import Picture
from cellfem.results.study import Table, write_study
from cellfem.results.tables import FAILED, RUN, Row
from cellfem.studies.asked import need_cells
from cellfem.studies.depletion import BUSY
from cellfem.studies.limiting import limiting_current
from cellfem.studies.one_percent import CurrentAtRatio
from cellfem.studies.safe import SafeOperation
from cellfem.units import cm, mA, mAh

MA_CM2, MAH_CM2 = mA / cm**2, mAh / cm**2
NEAR = 2.0  # [-] c over the ratio asked for, up to which an idle place counts as starving
Limit = CurrentAtRatio | float | ConvergenceError  # what was found for a cell, or why it was not
_LIMITS = ("How much current can the electrolyte carry for ever?",
           "The limiting current is the least upper bound of the steady superficial current: c -> 0 on all reachable"
           " active surface, whatever the kinetics. The current at 1 % is the least one whose steady state has"
           " c = 0.01 c_0 somewhere on the active surface; it depends on kinetics and films. Where that place plates"
           " below a tenth of the mean it starves, idle; where it plates in earnest, it is where dendrites begin.")
_SAFE = ("What current, up to what capacity, is safe?",
         "The risk of a run is the predicted depletion of its worst place when the target capacity is plated: at 1 that"
         " place runs out of salt just then. Solved for by transient runs; the numbers keep the bound, and lie within"
         " half a per cent of breaking it.")


def limit_rows(cells: Mapping[str, Cell], found: Mapping[str, Limit]) -> list[dict[str, float | str]]:
    """One dict per cell, in shown units."""
    rows = []
    for name, cell in cells.items():
        one = found[name]
        row: dict[str, float | str] = {RUN: name, "metal": cell.metal.symbol,
                                       "limiting current [mA/cm2]": _limit(cell, one) / MA_CM2}
        if isinstance(one, ConvergenceError):
            row[FAILED] = str(one)
        if isinstance(one, CurrentAtRatio):
            row |= {f"current at {100 * one.ratio:g} % [mA/cm2]": one.current / MA_CM2,
                    "over the limiting current [-]": one.current / one.limiting_current,
                    "its place": "" if one.place is None else cell.place(one.place),
                    "plating there over the mean [-]": one.plating,
                    "idle surface [%]": 100 * one.idle,
                    f"idle surface, c up to {NEAR * one.ratio:g} c_0 [%]": 100 * _starving(one)}
        rows.append(row)
    return rows


def _starving(one: CurrentAtRatio) -> float:
    """Share of the surface that is idle and has c up to NEAR times the ratio: at the ratio itself no place is below."""
    if one.solution is None:
        return math.nan
    cell, plating = one.solution.cell, one.solution.sites["plating"][0]
    low = one.solution.sites["c"][0] <= NEAR * one.ratio * cell.electrolyte.c_0
    return cell.sites.mean((low & (plating < BUSY * cell.sites.mean(plating))).astype(float))


def _limit(cell: Cell, found: Limit) -> float:
    """The limiting current [A/m2]; NaN where the search failed before or at it."""
    if not isinstance(found, ConvergenceError):
        return limiting_current(cell)
    try:
        return limiting_current(cell)
    except ConvergenceError:
        return math.nan


def write_limits(out: str | Path, cells: Mapping[str, Cell],
                 found: Mapping[str, Limit]) -> list[dict[str, float | str]]:
    """Write report.html, report.csv and limits.png into the folder `out`; returns the rows.

    `found` holds what `current_at_one_percent`, or else `limiting_current`, returns for each of the cells, or the
    ConvergenceError that it raises.
    """
    _check_names("write_limits", cells, found)
    rows = limit_rows(cells, found)
    keys = {key: key.split(" [")[0] for row in rows for key in row if key.endswith("[mA/cm2]")}
    picture = bars(rows, keys, "superficial current density [mA/cm2]")
    full = {name: one for name, one in found.items() if isinstance(one, CurrentAtRatio)}
    parts = [Picture("Currents", "Logarithmic, coloured by metal." + (" Pale: limiting currents; full: currents"
             " at 1 %." if len(keys) > 1 else ""), picture), Table("Numbers", rows,
             "Idle: plates below a tenth of the area mean. The least c is that of the ratio by definition, so starving"
             " places are counted up to twice as much.")]
    write_study(out, "report", title=_LIMITS[0], intro=[_LIMITS[1], *(f"{n}: {o.message}." for n, o in full.items())],
                parts=parts, rows=rows, cells=cells, files={"limits.png": picture},
                runs={name: [one.solution] for name, one in full.items() if one.solution})
    return rows


def safe_rows(cells: Mapping[str, Cell],
              found: Mapping[str, SafeOperation | ConvergenceError]) -> list[dict[str, float | str]]:
    """One dict per cell, in shown units."""
    return [{RUN: name, "metal": cells[name].metal.symbol, FAILED: str(one)} if isinstance(one, ConvergenceError) else
            {RUN: name, "metal": cells[name].metal.symbol, "bound of the risk [-]": one.risk,
             "safe current [mA/cm2]": one.current / MA_CM2, "safe capacity [mAh/cm2]": one.capacity / MAH_CM2,
             "limiting current [mA/cm2]": one.limiting_current / MA_CM2,
             "over the limiting current [-]": one.current / one.limiting_current,
             "worst place": "" if one.place is None else cells[name].place(one.place),
             "runs": float(len(one.runs))} for name, one in found.items()]


def write_safe(out: str | Path, cells: Mapping[str, Cell], found: Mapping[str, SafeOperation | ConvergenceError], *,
               title: str = _SAFE[0]) -> list[dict[str, float | str]]:
    """Write report.html, report.csv and safe.png of `safe_current` or `safe_capacity` results into the folder `out`.

    `cells` has the cell of each result, or of the ConvergenceError in its place, under the same name.  Returns the
    rows.
    """
    _check_names("write_safe", cells, found)
    full = {name: one for name, one in found.items() if isinstance(one, SafeOperation)}
    if len({one.solves_current for one in full.values()}) > 1:
        raise ValueError(explain("write_safe", "found safe currents beside safe capacities", "answers to one question"
                                 " are needed", "Write a page for each of the two."))
    rows = safe_rows(cells, found)
    what = "safe current" if all(one.solves_current for one in full.values()) else "safe capacity"
    key = f"{what} [{'mA/cm2' if what == 'safe current' else 'mAh/cm2'}]"
    asked = {name: _asked(one) for name, one in full.items()}
    same = len(set(asked.values())) == 1
    picture = bars(rows, {key: what}, f"{key}\n{next(iter(asked.values()))}" if same else key,
                   {} if same else {name: [text] for name, text in asked.items()})
    parts = [Picture(what.capitalize(), "On the edge of the risk's bound; logarithmic.", picture),
             Table("Numbers", rows)]
    write_study(out, "report", title=title, intro=[_SAFE[1], *(f"{n}: {one.message}." for n, one in full.items())],
                parts=parts, rows=rows, cells=cells, files={"safe.png": picture},
                runs={name: [one.solution] for name, one in full.items() if one.solution})
    return rows


def _asked(one: SafeOperation) -> str:
    """What an edge of safe operation was sought for."""
    given = (f"up to {one.capacity / MAH_CM2:.3g} mAh/cm2" if one.solves_current else
             f"at {one.current / MA_CM2:.3g} mA/cm2")
    return f"{given}, risk at most {one.risk:g}"


def _check_names(where: str, cells: Mapping[str, Cell], found: Mapping[str, object]) -> None:
    """Refuse no cells, and results that are not those of the cells."""
    need_cells(f"{where}.cells", cells)
    if set(cells) != set(found):
        odd = sorted(set(cells) ^ set(found))
        raise ValueError(explain(f"{where}.found", f"found {odd[0]!r} in one of cells and found alone", "a result for"
                                 " each of the cells is needed, under the same name", "Build both in one loop."))


def bars(rows: Sequence[Row], keys: Mapping[str, str], label: str,
         notes: Mapping[str, Sequence[str]] | None = None) -> bytes:
    """PNG of horizontal logarithmic bars, one row each, coloured by metal; the first of two keys pale behind.

    `keys` says what each key is called, `notes` what stands behind a run's values.  No bar for inf ("no
    limit"), 0 ("none") and what is not known.
    """
    from matplotlib.patches import Patch

    notes = notes or {}
    figure = figure_with(7.6 + 1.8 * (len(keys) - 1), 1.4 + 0.34 * len(rows))
    ax = figure.add_subplot()
    pale = [0.35] * (len(keys) > 1) + [1.0] * max(len(keys) - 1, 1)
    drawn = [v for row in rows for v in (float(row.get(key, math.nan)) for key in keys) if 0 < v < math.inf]
    low, high = (min(drawn) / 3, max(drawn) * 1.5) if drawn else (0.1, 10.0)
    for y, row in enumerate(rows):
        values = {name: float(row.get(key, math.nan)) for key, name in keys.items()}
        for value, alpha in zip(values.values(), pale, strict=True):
            if 0 < value < math.inf:
                ax.barh(y, value - low, left=low, height=0.7, alpha=alpha, color=METALS.get(str(row["metal"]), "0.5"))
        said = [_said(v, name if len(keys) > 1 else "") for name, v in values.items()] + [*notes.get(str(row[RUN]), ())]
        # Beyond the frame, where the layout makes room for any length.
        ax.text(1.01, y, ", ".join(said), transform=ax.get_yaxis_transform(), va="center", fontsize=8)
    ax.set_yticks(range(len(rows)), [str(row[RUN]) for row in rows])
    ax.set(xscale="log", xlim=(low, high), xlabel=label, ylim=(len(rows) - 0.5, -0.5))
    plain_log(ax.xaxis, low, high)
    if not drawn:
        ax.set_xticks([])
        ax.set_xticks([], minor=True)
    ax.grid(alpha=0.3, axis="x", which="both")
    ax.set_axisbelow(True)
    if len(keys) > 1 and drawn:
        patches = [Patch(color="0.3", alpha=alpha, label=name)
                   for alpha, name in zip(pale, keys.values(), strict=True)]
        figure.legend(handles=patches, fontsize=8, loc="outside upper right", ncols=2)
    return png(figure)


def _said(value: float, name: str) -> str:
    """A value beside its bar."""
    text = {math.inf: "no limit", 0.0: "none"}.get(value, "not found" if math.isnan(value) else f"{value:.3g}")
    return f"{name}: {text}" if name else text

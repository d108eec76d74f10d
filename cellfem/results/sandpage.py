"""A study of Sand's time as rows, as a picture and as a page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.interpolate import PchipInterpolator

from cellfem.model.cell import Cell
from cellfem.model.protocol import STOP_RATIO
from cellfem.results.figures import MARKS, figure_with, line_style, plain_log, png
from cellfem.results.pages import Picture
from cellfem.results.study import Table, write_study
from cellfem.results.tables import FAILED, RUN, value_text
from cellfem.studies.asked import need_number
from cellfem.studies.sand import SandPoint, SandStudy
from cellfem.units import cm, mA, mAh

MA_CM2, MAH_CM2 = mA / cm**2, mAh / cm**2
FINE = 80  # currents of a line
TITLE = "When does Sand's time strike?"
INTRO = (
    "Time from switching the current on to the depletion of the electrolyte where the metal plates: simulated, with"
    " D(c), t+(c), kinetics, films and the geometry as they are. At and below its limiting current a plane never"
    " depletes. Well above it the time falls with the square of the current, a slope of -2; nearer to it the far side"
    " feeds the plane, and the time is longer than in an endless layer (of the medium that adjoins the plane, exact for"
    " any D(c) and t+(c)).",
    "The planar Sand's times are estimates for a bare plane in a thick layer, with D and t+ averaged over [0, c_0]:"
    " indicators, each with its flag: invalid where the current does not exceed the limiting current, where the plane"
    " adjoins another layer or would empty more than this one, and where the active surface is no plane.",
)


def sand_rows(study: SandStudy) -> list[dict[str, float | str]]:
    """One dict per cell and current, in shown units; `inf` where the electrolyte never depletes."""
    return [_row(study.cells[point.cell], point) for point in study.points]


def _row(cell: Cell, point: SandPoint) -> dict[str, float | str]:
    row: dict[str, float | str] = {
        RUN: f"{point.cell}, {point.current / MA_CM2:.4g} mA/cm2",
        "metal": cell.metal.symbol,
        "current [mA/cm2]": point.current / MA_CM2,
        "current over limiting current [-]": point.share_of_limit,
        "time to depletion [s]": point.time,
        "time to depletion, error estimate [%]": 100 * point.error / point.time if point.time < math.inf else math.nan,
        f"time to c_s = {STOP_RATIO:g} c_0 [s]": point.stop_time,
        "Sand's capacity [mAh/cm2]": point.capacity / MAH_CM2,
        "time over that in an endless layer - 1 [%]": 100 * (point.time / point.endless - 1),
        "emptied layer over cell size [-]": point.resolution,
        "depletes at": "" if point.place is None else cell.place(point.place),
        "planar Sand's time [s]": point.planar,
        "planar Sand's time, validity": _flag(point.validity),
        "planar Sand's time, in the separator [s]": point.planar_separator,
        "planar Sand's time, in the separator, validity": _flag(point.validity_separator),
    }
    return row | ({FAILED if point.solution is None else "outcome": point.message} if point.message else {})


def _flag(validity: str) -> str:
    return validity.split(":")[0]


def sand_picture(study: SandStudy, *, capacity: float | None = None) -> bytes:
    """PNG of time against current, both logarithmic: a line per cell, dotted limiting currents, the line J t = Q."""
    figure = figure_with(7.2, 5.2)
    ax = figure.add_subplot()
    finite = [p for p in study.points if math.isfinite(p.time)]
    for place, name in enumerate(study.cells):
        style, limit = line_style(place), study.limits[name]
        J, t, own = _curve([p for p in finite if p.cell == name], limit)
        ax.plot(J / MA_CM2, t, marker=MARKS[place % len(MARKS)], markersize=4.5, markevery=own, **style,
                label=name + (f"  ({value_text(limit / MA_CM2)})" if math.isfinite(limit) else ""))
        if math.isfinite(limit):
            ax.axvline(limit / MA_CM2, color=style["color"], linewidth=0.9, linestyle=(0, (1, 2)))
    if finite:
        low, high = min(p.time for p in finite), max(p.time for p in finite)
        middle = (min(p.current for p in finite) * max(p.current for p in finite)) ** 0.5
        ends = [middle / 2, middle * 2]
        at = 0.35 * (low * high) ** 0.5
        ax.plot([x / MA_CM2 for x in ends], [at * (middle / x) ** 2 for x in ends], color="0.45", linewidth=0.8)
        ax.annotate("slope -2", (ends[0] / MA_CM2, at * 4), fontsize=8, color="0.35", ha="right", va="center")
        if capacity is not None:  # where some cell depletes, the line is in the picture
            ends = [min(p.current for p in finite), max(p.current for p in finite)]
            ax.plot([x / MA_CM2 for x in ends], [capacity / x for x in ends], "k--", linewidth=1.2,
                    label=f"J t = {capacity / MAH_CM2:.4g} mAh/cm2; below: depleted before")
            low, high = min(low, capacity / ends[1]), max(high, capacity / ends[0])
        ax.set_ylim(low / 3, high * 4)
    else:
        ax.set_ylim(1, 1e4)
    never = sorted({p.current / MA_CM2 for p in study.points if math.isinf(p.time)})
    if never:
        ax.plot(never, [0.975] * len(never), "^", color="0.35", markersize=5, clip_on=False, label="never depletes",
                transform=ax.get_xaxis_transform())
    ax.set(xscale="log", yscale="log", xlabel="superficial current density J [mA/cm2]",
           ylabel="time to depletion t [s]")
    plain_log(ax.xaxis, *ax.get_xlim())
    ax.grid(alpha=0.3, which="both")
    ax.legend(fontsize=8, title="(limiting current [mA/cm2], dotted)", title_fontsize=8)
    return png(figure)


def _curve(points: Sequence[SandPoint], limit: float) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """(currents, times, which of them are the points) of a smooth line through points from low to high current.

    J^2 t is smooth and monotone over ln(J/J_lim - 1): it has an end far above the limit and its pole at the limit.
    Straight between the points where some lie at or below the limit, which a host's may, or are fewer than three.
    """
    J, t = np.array([p.current for p in points]), np.array([p.time for p in points])
    if len(J) < 3 or not J[0] > limit:
        return J, t, list(range(len(J)))
    fine = np.union1d(J, limit + np.geomspace(J[0] - limit, J[-1] - limit, FINE)[1:-1])
    smooth = PchipInterpolator(np.log(J / limit - 1), np.log(J**2 * t))
    return fine, np.exp(smooth(np.log(fine / limit - 1))) / fine**2, [int(k) for k in np.searchsorted(fine, J)]


def write_sand(out: str | Path, study: SandStudy, *, capacity: float | None = None, title: str = TITLE,
               intro: Sequence[str] = INTRO, tables: Sequence[Table] = ()) -> list[dict[str, float | str]]:
    """Write report.html, report.csv and sand.png of a study into the folder `out`; returns its rows.

    `capacity` [C/m2] is a target: below its line J t = Q in the picture the electrolyte depletes before the target is
    plated.  `intro` and `tables` replace and follow the words and the table of the page.
    """
    if capacity is not None:
        need_number("write_sand.capacity", capacity, "a capacity above 0, in C/m2,",
                    do="1 mAh/cm2 is 1 * mAh / cm**2; leave it out for no target.")
    rows, picture = sand_rows(study), sand_picture(study, capacity=capacity)
    limits = [{RUN: name, "limiting current [mA/cm2]": limit / MA_CM2} for name, limit in study.limits.items()]
    target = "" if capacity is None else (f" Dashed: a capacity of {capacity / MAH_CM2:.4g} mAh/cm2; where a cell's"
                                          " line lies below it, the electrolyte depletes before that is plated.")
    parts = [Picture("Time to depletion", "One line per cell; its limiting current is the dotted line toward which the"
                     " time grows without bound." + target, picture),
             Table("Limiting currents", limits, "Least upper bound of the steady superficial current."),
             Table("Numbers", rows, "The error estimate holds for the extrapolation to c = 0 and the time steps, not"
                   " for the mesh: where fewer than about 10 cells lie in the layer that is emptied, the time is too"
                   " long by per cents. Full precision: report.csv."), *tables]
    write_study(out, "report", title=title, intro=intro, parts=parts, rows=rows, cells=study.cells, files={
        "sand.png": picture}, runs={n: [p.solution for p in study.of(n) if p.solution] for n in study.cells})
    return rows

"""Figures that touch no global state of matplotlib, and how runs are told apart in them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from cellfem.model.solution import Solution
from cellfem.units import hour, minute

GREY = "#8d8d8d"  # the solid host
DPI = 130
_MANY = 9  # runs from which their names stand beside a diagram
_LABELS_SPAN = 300.0  # of an axis as wide as a diagram
_COLUMNS = 4  # panels in a row, where runs do not share meshes
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")  # Okabe and Ito, 2008
_DASHES = ("-", "--", ":", "-.", (0, (7, 2, 1, 2, 1, 2)), (0, (1, 4)))
MARKS = "osv^D<>"
METALS = dict(zip(("Li", "Na", "K"), _COLOURS, strict=False))  # one metal, one colour in all diagrams of several


def figure_with(width: float, height: float, layout: str | None = "constrained"):
    """A figure [inch] with a canvas of its own: no window, no pyplot."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=DPI, layout=layout)
    FigureCanvasAgg(figure)
    return figure


def png(figure) -> bytes:
    buffer = io.BytesIO()
    figure.canvas.print_png(buffer)  # savefig would draw twice
    return buffer.getvalue()


def plain_log(axis, low: float, high: float, span: float = _LABELS_SPAN) -> None:
    """Numbers as they are said, 0.2 and not 2 x 10^-1, at a logarithmic axis from `low` to `high`.

    `span` : greatest over least value up to which the axis has room for numbers at 1, 2 and 5
    """
    from matplotlib.ticker import LogLocator

    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < span * low else (1,)))
    axis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.set_minor_formatter("")


def legend(ax, title: str | None = None, *, beside: bool = False) -> None:
    """Names of the runs: in the diagram, or beside it where they are many or curves fill it."""
    many = len(ax.get_legend_handles_labels()[1]) > _MANY
    place = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0), "borderaxespad": 0.5} if many or beside else {}
    size = 6 if many else 8
    ax.legend(fontsize=size, title=title, title_fontsize=size, handlelength=3.0, **place)


def grouped(runs: Mapping[str, Solution]) -> list[list[str]]:
    """Names in rows: runs on one mesh together; rows of four where no two runs share a mesh."""
    rows: dict[int, list[str]] = {}
    for name, run in runs.items():
        rows.setdefault(id(run.cell.mesh), []).append(name)
    if all(len(names) == 1 for names in rows.values()):
        names = list(runs)
        return [names[i:i + _COLUMNS] for i in range(0, len(names), _COLUMNS)]
    return list(rows.values())


def styles(runs: Mapping[str, Solution]) -> dict[str, dict[str, Any]]:
    """Colour and dashes of each run's curve.

    Where several metals are compared, each on a mesh once, the colour says the metal and the dashes say the mesh; else
    every run has a colour of its own, and dashes of its own where curves lie on each other.
    """
    metals = list(dict.fromkeys(run.cell.metal.symbol for run in runs.values()))
    meshes = list(dict.fromkeys(id(run.cell.mesh) for run in runs.values()))
    pairs = [(metals.index(run.cell.metal.symbol), meshes.index(id(run.cell.mesh))) for run in runs.values()]
    if len(metals) == 1 or len(set(pairs)) < len(pairs) or len(meshes) > len(_DASHES):
        return {name: {"color": _COLOURS[place % len(_COLOURS)], "linestyle": _DASHES[place % len(_DASHES)]}
                for place, name in enumerate(runs)}
    others = [colour for colour in _COLOURS if colour not in METALS.values()]
    colours = METALS | dict(zip((m for m in metals if m not in METALS), others, strict=False))
    return {name: {"color": colours.get(metals[metal], "#777777"), "linestyle": _DASHES[mesh]}
            for name, (metal, mesh) in zip(runs, pairs, strict=True)}


def line_style(place: int) -> dict[str, Any]:
    """Colour and dashes of the curve at a place in a list."""
    return {"color": _COLOURS[place % len(_COLOURS)], "linestyle": _DASHES[place // len(_COLOURS) % len(_DASHES)]}


def time_unit(longest: float) -> tuple[float, str]:
    """A unit of time [s] and its name that suits times up to `longest` [s]."""
    if longest >= 2 * hour:
        return hour, "h"
    return (minute, "min") if longest >= 10 * minute else (1.0, "s")


def time_text(t: float) -> str:
    """A time [s] for people.

    >>> time_text(1800.0)
    '30 min'
    """
    unit, name = time_unit(t)
    return f"{t / unit:.3g} {name}"

"""Figures that touch no global state of matplotlib, and how runs are told apart in them."""

from __future__ import annotations

import io
from collections.abc import Mapping

from cellfem.model.solution import Solution
from cellfem.units import hour, minute

GREY = "#8d8d8d"  # the solid host
DPI = 130
_MANY = 9  # runs from which their names stand beside a diagram
_COLUMNS = 4  # panels in a row, where runs do not share meshes
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")  # Okabe and Ito, 2008
_DASHES = ("-", "--", ":", "-.")


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


def legend(ax, title: str | None = None) -> None:
    """Names of the runs: in the diagram, or beside it where they are many."""
    many = len(ax.get_legend_handles_labels()[1]) > _MANY
    beside = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0), "borderaxespad": 0.5} if many else {}
    size = 6 if many else 8
    ax.legend(fontsize=size, title=title, title_fontsize=size, handlelength=3.0, **beside)


def grouped(runs: Mapping[str, Solution]) -> list[list[str]]:
    """Names in rows: runs on one mesh together; rows of four where no two runs share a mesh."""
    rows: dict[int, list[str]] = {}
    for name, run in runs.items():
        rows.setdefault(id(run.cell.mesh), []).append(name)
    if all(len(names) == 1 for names in rows.values()):
        names = list(runs)
        return [names[i:i + _COLUMNS] for i in range(0, len(names), _COLUMNS)]
    return list(rows.values())


def styles(runs: Mapping[str, Solution]) -> dict[str, dict[str, str]]:
    """Colour and dashes of each run's curve: the colour says the place in the row, the dashes say the row."""
    return {name: {"color": _COLOURS[column % len(_COLOURS)], "linestyle": _DASHES[row % len(_DASHES)]}
            for row, names in enumerate(grouped(runs)) for column, name in enumerate(names)}


def line_style(place: int) -> dict[str, str]:
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

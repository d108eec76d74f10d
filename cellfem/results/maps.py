"""Maps, curves and dots of many runs: reported numbers against what was varied, or side by side, as PNG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from cellfem.errors import did_you_mean, explain
from cellfem.results.atomic import check_folder, write_bytes
from cellfem.results.export import check_name
from cellfem.results.figures import MARKS, METALS, figure_with, line_style, plain_log, png
from cellfem.results.tables import value_text

Row = Mapping[str, float | str]
NARROW = 40.0  # [-] largest over least value up to which a slim panel has room for numbers at 1, 2 and 5
SPAN = 5.0  # [-] largest over least value from which a scale is logarithmic


def write_map(out: str | Path, name: str, rows: Sequence[Row], *, x: str, y: str, value: str,
              scale: tuple[float, float, float] | None = None, note: str | None = None) -> Path:
    """Draw `value` over the keys `x` and `y` of the rows as a map, `name.png` in the folder `out`; returns the path.

    Every pair of x and y that the rows hold is a field, with its value written in, "none" where that is no
    number (a run that depleted at once, say); missing pairs stay empty.

    Parameters
    ----------
    scale : (low, middle, high) of a scale that is white at the middle and has a colour for each side; a line then
        parts the fields on either side.  None: from the least to the greatest value
    note : key of a text that stands in its field below the value, where it is not empty

    Raises ValueError where the rows have no such key.
    """
    from matplotlib.colors import TwoSlopeNorm

    check_name(name)
    for key in (x, y, value, *([note] if note else [])):
        _check_key(rows, key)
    across, up = (sorted({float(row[key]) for row in rows}) for key in (x, y))
    values = np.full((len(up), len(across)), np.nan)
    figure = figure_with(1.9 + 0.95 * len(across), 1.5 + 0.62 * len(up))
    ax = figure.add_subplot()
    for row in rows:
        values[up.index(float(row[y])), across.index(float(row[x]))] = float(row[value])
    low, middle, high = scale or (np.nanmin(values), np.nanmean([np.nanmin(values), np.nanmax(values)]),
                                  np.nanmax(values))
    colours = {"norm": TwoSlopeNorm(middle, low, high), "cmap": "RdBu"} if scale else {"cmap": "viridis"}
    shown = ax.imshow(values, origin="lower", aspect="auto", **colours)
    for row in rows:
        i, j = up.index(float(row[y])), across.index(float(row[x]))
        v = values[i, j]
        light = v > middle if scale is None else abs(v - middle) < 0.6 * (high - low) / 2
        below = f"\n{row[note]}" if note and row[note] else ""
        ax.text(j, i, ("none" if not np.isfinite(v) else f"{v:.3g}") + below, ha="center", va="center", fontsize=8,
                color="black" if light or not np.isfinite(v) else "white")
    if scale:
        _part(ax, values >= middle, np.isfinite(values))
    ax.set_xticks(range(len(across)), [value_text(v) for v in across])
    ax.set_yticks(range(len(up)), [value_text(v) for v in up])
    ax.set_xlabel(x)
    ax.set_ylabel(y.replace(", ", ",\n"))
    figure.colorbar(shown, ax=ax, label=value)
    folder = check_folder(out)
    folder.mkdir(parents=True, exist_ok=True)
    return write_bytes(folder / f"{name}.png", png(figure))


def _part(ax, high: np.ndarray, known: np.ndarray) -> None:
    """A line between neighbouring fields of which one is `high` and the other is not."""
    for axis in (0, 1):
        changes = np.diff(high.astype(int), axis=axis) != 0
        both = known[1:] & known[:-1] if axis == 0 else known[:, 1:] & known[:, :-1]
        for i, j in np.argwhere(changes & both):
            along = ([j - 0.5, j + 0.5], [i + 0.5] * 2) if axis == 0 else ([j + 0.5] * 2, [i - 0.5, i + 0.5])
            ax.plot(*along, color="black", linewidth=2.0)


def write_curves(out: str | Path, name: str, rows: Sequence[Row], *, x: str, values: Sequence[str], group: str,
                 marked: Mapping[str, Sequence[tuple[float, str]]] | None = None, logarithmic: bool = True) -> Path:
    """Draw `values` against `x`, one panel per value and one set of points per value of the key `group`.

    `marked` maps a value to horizontal lines (height, text), published numbers for instance.  Writes `name.png` into
    the folder `out`; returns the path.  Raises ValueError where the rows have no such key.
    """
    check_name(name)
    for key in (x, group, *values):
        _check_key(rows, key)
    figure = figure_with(4.2 * len(values), 4.2)
    for ax, value in zip(figure.subplots(1, len(values), squeeze=False)[0], values, strict=True):
        for label, style in _marks(rows, group).items():
            own = [row for row in rows if str(row[group]) == label]
            ax.plot([float(row[x]) for row in own], [float(row[value]) for row in own], label=label, markersize=4,
                    **style)
        for height, text in (marked or {}).get(value, ()):
            ax.axhline(height, color="black", linewidth=0.8, linestyle="--")
            ax.annotate(text, (1.0, height), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=7)
        ax.set(xlabel=x, ylabel=value)
        if logarithmic:
            for axis, key in ((ax.xaxis, x), (ax.yaxis, value)):
                _logarithmic(axis, [float(row[key]) for row in rows])
        ax.grid(alpha=0.3)
    _legend(figure, ax, group)
    folder = check_folder(out)
    folder.mkdir(parents=True, exist_ok=True)
    return write_bytes(folder / f"{name}.png", png(figure))


def write_dots(out: str | Path, name: str, rows: Sequence[Row], *, names: str, values: Sequence[str],
               group: str) -> Path:
    """Draw what stands side by side: a line per text under the key `names`, a panel per value, a mark per `group`.

    The scale of a panel is logarithmic where its values span more than SPAN.  Writes `name.png` into the folder `out`;
    returns the path.  Raises ValueError where the rows have no such key.
    """
    check_name(name)
    for key in (names, group, *values):
        _check_key(rows, key)
    lines = list(dict.fromkeys(str(row[names]) for row in rows))
    figure = figure_with(1.5 + 2.1 * len(values), 1.4 + 0.3 * len(lines))
    axes = figure.subplots(1, len(values), squeeze=False, sharey=True)[0]
    for ax, value in zip(axes, values, strict=True):
        for label, style in _marks(rows, group).items():
            own = [row for row in rows if str(row[group]) == label]
            ax.plot([float(row[value]) for row in own], [lines.index(str(row[names])) for row in own], label=label,
                    markersize=5, alpha=0.85, **style)
        found = np.array([float(row[value]) for row in rows])
        found = found[np.isfinite(found)]
        if len(found) and found.min() > 0 and found.max() > SPAN * found.min():
            _logarithmic(ax.xaxis, found, NARROW)
        ax.set_xlabel(value.replace(" [", "\n[").replace(", ", ",\n", 1), fontsize=8)
        ax.tick_params(labelsize=8)
        ax.grid(alpha=0.3)
    axes[0].set_yticks(range(len(lines)), lines)
    axes[0].invert_yaxis()
    _legend(figure, axes[-1], group)
    folder = check_folder(out)
    folder.mkdir(parents=True, exist_ok=True)
    return write_bytes(folder / f"{name}.png", png(figure))


def _marks(rows: Sequence[Row], group: str) -> dict[str, dict]:
    """Colour and mark of each group: its metal's where it has one, hollow from the second group of a metal on."""
    metals = {str(row[group]): row.get("metal") for row in rows}
    told = all(metal in METALS for metal in metals.values())
    styles: dict[str, dict] = {}
    for place, (label, metal) in enumerate(metals.items()):
        own = list(METALS).index(metal) if told else place
        seen = sum(other == metal for other in list(metals.values())[:place]) if told else 0
        style = {"linestyle": "none", "marker": MARKS[own % len(MARKS)], "color": line_style(own)["color"]}
        styles[label] = style | ({"markerfacecolor": "none"} if seen else {})
    return styles


def _logarithmic(axis, values: Sequence[float], *span: float) -> None:
    positive = [value for value in values if 0 < value < np.inf]
    axis.axes.set(**{f"{axis.axis_name}scale": "log"})
    if positive:
        plain_log(axis, min(positive), max(positive), *span)


def _legend(figure, ax, group: str) -> None:
    """One for all panels, beside them."""
    figure.legend(*ax.get_legend_handles_labels(), fontsize=8, title=group, title_fontsize=8, loc="outside right upper")


def _check_key(rows: Sequence[Row], key: str) -> None:
    known = {name for row in rows for name in row}
    if key not in known or not all(key in row for row in rows):
        raise ValueError(explain("rows", f"found no {key!r} in some of {len(rows)} rows", "every row needs it",
                                 did_you_mean(key, known)))

"""Tornado charts: what each lever, pulled down and up, does to one number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from cellfem.errors import did_you_mean, explain
from cellfem.results.atomic import check_folder, write_bytes
from cellfem.results.export import check_name
from cellfem.results.figures import figure_with, png
from cellfem.results.tables import RUN, Row, value_text

_DOWN, _UP = "#d55e00", "#0072b2"


def write_tornado(out: str | Path, name: str, rows: Sequence[Row], *, value: str, base: str,
                  pairs: Mapping[str, tuple[str, str]]) -> Path:
    """Draw what pairs of runs make of `value`, against the run `base`, widest pair on top; `name.png` in `out`.

    `pairs` maps a lever to the names of its two runs, lowered and raised, in two colours.  The axis is logarithmic, so
    that halving and doubling are of one length.  Returns the path.

    Raises ValueError where a run or the value is missing.
    """
    from matplotlib.patches import Patch

    check_name(name)
    found = {str(row[RUN]): row for row in rows}
    for run in (base, *(run for pair in pairs.values() for run in pair)):
        if run not in found or value not in found[run]:
            raise ValueError(explain("write_tornado", f"found no {value!r} of a run {run!r}", "every lever needs its"
                                     " two runs", did_you_mean(run, found)))
    middle = float(found[base][value])
    widths = {lever: [float(found[run][value]) for run in pair] for lever, pair in pairs.items()}
    levers = sorted(pairs, key=lambda lever: max(widths[lever]) / min(widths[lever]))
    figure = figure_with(8.0, 1.4 + 0.55 * len(levers))
    ax = figure.add_subplot()
    for y, lever in enumerate(levers):
        ends = zip(pairs[lever], widths[lever], (_DOWN, _UP), (0.15, -0.15), strict=True)
        same_side = (widths[lever][0] < middle) == (widths[lever][1] < middle)  # then one above the other
        for run, at, colour, off in ends:
            ax.barh(y + off * same_side, at - middle, left=middle, height=0.3 if same_side else 0.6, color=colour)
            left = at < middle
            ax.annotate(f"{run}: {value_text(at)}", (at, y + off * same_side), textcoords="offset points",
                        xytext=(-4 if left else 4, 0), ha="right" if left else "left", va="center", fontsize=8)
    ax.axvline(middle, color="black", linewidth=1.0)
    ends = [v for pair in widths.values() for v in pair]
    ax.set_yticks(range(len(levers)), levers)
    spread = (max(ends) / min(ends)) ** 0.45
    ax.set(xscale="log", xlim=(min(ends) / spread, max(ends) * spread), xlabel=f"{value}; line: {base},"
           f" {value_text(middle)}")
    ax.xaxis.set_major_formatter(lambda x, _: value_text(x))
    ax.xaxis.set_minor_formatter(lambda x, _: value_text(x))
    ax.tick_params(axis="x", which="both", labelsize=8)
    ax.grid(alpha=0.3, axis="x", which="both")
    ax.set_axisbelow(True)
    figure.legend(handles=[Patch(color=_DOWN, label="lowered"), Patch(color=_UP, label="raised")], fontsize=8, ncols=2,
                  loc="outside upper right")
    folder = check_folder(out)
    folder.mkdir(parents=True, exist_ok=True)
    return write_bytes(folder / f"{name}.png", png(figure))

"""One colour scale for all pictures of a field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cellfem.results.report import HIGH, LOW, weighted_percentiles
from cellfem.results.shapes import Shape
from cellfem.results.values import field

REGIMES = ("mossy", "between", "dendritic", "starved")  # 0 to 3
_REGIME_COLOURS = ("#4575b4", "#fee090", "#d73027", "#1a1a1a")  # none of them the grey of the host
NEVER = "#c4c4c4"  # of a time that does not come
HALF_RANGE = 0.5  # [-] of c/c_0 on each side of 1, at least: a few per cent must not look depleted
_COLOURS = {"c": "viridis", "depletion": "viridis_r", "plating": "plasma",
            "local_sand": "viridis", "phi_e": "cividis", "phi_s": "cividis"}


@dataclass(frozen=True, eq=False)
class Scale:
    """A matplotlib norm and colour map, and which ends lie beyond it ("neither", "min", "max" or "both")."""

    label: str
    norm: Any
    colours: Any
    extend: str = "neither"
    ticks: tuple[float, ...] | None = None
    tick_labels: tuple[str, ...] | None = None

    def rgb(self, values: np.ndarray) -> np.ndarray:
        """Colours (n, 3) in 0 to 1; NEVER where there is no number."""
        numbers = np.ma.masked_invalid(values)
        return np.asarray(self.colours.with_extremes(bad=NEVER)(self.norm(numbers)))[:, :3]


def scale(key: str, shapes: Sequence[Shape]) -> Scale:
    """The scale for all `shapes` of a field.

    Of an active surface it spans the 1st to the 99th area percentile of each run: raw extremes at sharp edges depend
    on the mesh.  c/c_0 is white at 1, red below and blue above, as deep a colour for as much of a difference up to
    2, and the deepest not before HALF_RANGE; risk changes colour at 1 (depleted when
    the target is reached); regimes have one colour each; local Sand's times, which span decades, are logarithmic.
    """
    from matplotlib import colormaps
    from matplotlib.colors import BoundaryNorm, ListedColormap, LogNorm, Normalize, TwoSlopeNorm

    name = field(key).label
    if key == "regime":
        return Scale(name, BoundaryNorm(np.arange(-0.5, 4), 4), ListedColormap(_REGIME_COLOURS),
                     ticks=(0, 1, 2, 3), tick_labels=REGIMES)
    low, high, extend = _limits([span(s) for s in shapes])
    room = 1e-3 * max(abs(low), abs(high), 1e-12)
    if key == "risk":
        halves = [colormaps["Blues"](np.linspace(0.35, 0.95, 128)), colormaps["OrRd"](np.linspace(0.45, 1.0, 128))]
        return Scale(name, TwoSlopeNorm(1.0, vmin=0.0, vmax=max(2.0, high)), ListedColormap(np.vstack(halves)),
                     "max" if extend in ("max", "both") and high > 2 else "neither")
    if key == "c_ratio":
        half = max(1 - low, high - 1, HALF_RANGE)
        # Beyond 2 the two sides have scales of their own, and numbers on both.
        ticks = None if half <= 1 else (0.0, 0.25, 0.5, 0.75, *np.linspace(1, 1 + half, 5))
        return Scale(name, TwoSlopeNorm(1.0, vmin=1 - min(half, 1.0), vmax=1 + half), colormaps["RdBu"], ticks=ticks)
    colours = colormaps[_COLOURS.get(key, "viridis")]
    if key == "local_sand" and 0 < low < high:
        return Scale(name, LogNorm(low, high), colours, extend)
    if high - low < room:  # a flat field is shown flat, not as its round-off
        low, high = low - room, high + room
    return Scale(name, Normalize(low, high), colours, extend)


def span(shape: Shape) -> tuple[float, float, float, float]:
    """What a shape's values span (low, high), between the 1st and 99th area percentile if they have areas; and the
    raw extremes (least, most).  NaN where no value is finite."""
    finite = np.isfinite(shape.values)
    values = shape.values[finite]
    if not len(values):
        return (np.nan,) * 4
    low, high = least, most = float(values.min()), float(values.max())
    if shape.areas is not None:
        low, high = weighted_percentiles(values, shape.areas[finite], (LOW, HIGH))
    return float(low), float(high), least, most


def _limits(spans: Sequence[tuple[float, float, float, float]]) -> tuple[float, float, str]:
    spans = [s for s in spans if np.isfinite(s[0])]
    if not spans:
        return 0.0, 1.0, "neither"
    low, high = min(s[0] for s in spans), max(s[1] for s in spans)
    below, above = min(s[2] for s in spans) < low, max(s[3] for s in spans) > high
    return low, high, {(True, True): "both", (True, False): "min", (False, True): "max"}.get((below, above), "neither")

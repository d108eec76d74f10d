"""One colour scale for all pictures of a field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cellfem.results.values import field

REGIMES = ("mossy", "between", "dendritic", "starved")  # 0 to 3
_REGIME_COLOURS = ("#4575b4", "#fee090", "#d73027", "#8c8c8c")
_COLOURS = {"c_ratio": "viridis", "c": "viridis", "depletion": "viridis_r", "plating": "plasma",
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
        """Colours (n, 3) in 0 to 1."""
        return np.asarray(self.colours(self.norm(values)))[:, :3]


def scale(key: str, values: list[np.ndarray], weights: list[np.ndarray | None]) -> Scale:
    """The scale for all `values` of a field, in shown units.

    Where `weights` (areas) are given it spans the 1st to the 99th percentile: raw extremes at sharp edges depend on
    the mesh.  Risk changes colour at 1 (depleted when the target is reached), regimes have one colour each, local
    Sand's times, which span decades, are logarithmic.
    """
    from matplotlib import colormaps
    from matplotlib.colors import BoundaryNorm, ListedColormap, LogNorm, Normalize, TwoSlopeNorm

    name = field(key).label
    if key == "regime":
        return Scale(name, BoundaryNorm(np.arange(-0.5, 4), 4), ListedColormap(_REGIME_COLOURS),
                     ticks=(0, 1, 2, 3), tick_labels=REGIMES)
    colours = colormaps[_COLOURS.get(key, "viridis")]
    low, high, extend = _limits(values, weights)
    if key == "risk":
        # Blue below 1, orange to red from 1 on: the break is what one looks for.
        halves = [colormaps["Blues_r"](np.linspace(0.1, 0.65, 128)), colormaps["OrRd"](np.linspace(0.45, 1.0, 128))]
        return Scale(name, TwoSlopeNorm(1.0, vmin=0.0, vmax=max(2.0, high)), ListedColormap(np.vstack(halves)),
                     "max" if extend in ("max", "both") and high > 2 else "neither")
    if key == "local_sand" and low > 0:
        return Scale(name, LogNorm(low, high), colours, extend)
    return Scale(name, Normalize(low, high), colours, extend)


def _limits(values: list[np.ndarray], weights: list[np.ndarray | None]) -> tuple[float, float, str]:
    finite = [np.isfinite(v) for v in values]
    flat = np.concatenate([v[f] for v, f in zip(values, finite, strict=True)])
    if not len(flat):
        return 0.0, 1.0, "neither"
    least, most = low, high = float(flat.min()), float(flat.max())
    if all(w is not None for w in weights):
        # Each run weighs the same, however large its mesh.
        share = np.concatenate([w[f] / w[f].sum() for w, f in zip(weights, finite, strict=True) if f.any()])
        order = np.argsort(flat)
        rank = np.cumsum(share[order]) / share.sum()
        low, high = (float(flat[order[min(np.searchsorted(rank, q), len(flat) - 1)]]) for q in (0.01, 0.99))
    room = 1e-3 * max(abs(low), abs(high), 1e-12)
    if high - low < room:  # a flat field is shown flat, not as its round-off
        low, high = low - room, high + room
    below, above = least < low - 1e-9 * abs(low), most > high + 1e-9 * abs(high)
    return low, high, {(True, True): "both", (True, False): "min", (False, True): "max"}.get((below, above), "neither")

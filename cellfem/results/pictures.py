"""Pictures of runs side by side on one colour scale, as PNG bytes; matplotlib is imported by what draws."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cellfem.model.solution import Solution
from cellfem.results.figures import GREY, figure_with, grouped, png, styles, time_text
from cellfem.results.raster import raster, tiled
from cellfem.results.scales import Scale, scale
from cellfem.results.scene import surface_images
from cellfem.results.shapes import Shape, background, copies_for, mirrored, shape
from cellfem.results.values import cells_of, field, host_top, last_plating
from cellfem.units import cm, mAh, um

_PLANE_SHARE = (0.55,)  # how wide a picture of the x-z plane is made by mirroring, in heights
_SPACE_SHARES = (0.5, 0.2)  # the same for surfaces in space, in x and y
_PIXELS = 900  # over the height of a plane
_PANEL_HEIGHT, _PANEL_WIDTH = 4.2, (1.7, 3.4)  # [inch]


def panels(runs: Mapping[str, Solution], key: str, *, k: int | None = None) -> bytes:
    """PNG with a panel per run, all on one colour scale, of `c_ratio` (c/c_0), `plating`, `risk`, or another field.

    Runs on one mesh share a row, so that chemistries stand side by side.  `k` is the time index (default: the last
    time at which the cell was plating).  Slender symmetry cells are continued across their symmetry sides.  A 3-D
    node field is shown on its mid-plane in y, a 3-D surface in space; 1-D runs become curves in one diagram.
    """
    times = {name: last_plating(run) if k is None else k for name, run in runs.items()}
    shapes = {name: shape(run, key, times[name]) for name, run in runs.items()}
    if any(s.kind == "profile" for s in shapes.values()):
        return _profiles(runs, {name: s for name, s in shapes.items() if s.kind == "profile"}, key)
    colours = scale(key, [s.values for s in shapes.values()], [s.areas for s in shapes.values()])
    solid = [name for name, s in shapes.items() if s.kind == "surface"]
    images = dict(zip(solid, surface_images([_coloured(_continued(runs[name], shapes[name]), colours, key)
                                             for name in solid]), strict=True))
    groups = grouped(runs)
    rows, columns = len(groups), max(map(len, groups))
    width = max(_panel_width(runs[name], shapes[name], images.get(name)) for name in runs)
    figure = figure_with(columns * (width + 0.55) + 1.1, rows * (_PANEL_HEIGHT + 0.75))
    axes = figure.subplots(rows, columns, squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for row, names in enumerate(groups):
        for column, name in enumerate(names):
            ax, run = axes[row, column], runs[name]
            ax.set_title(f"{name}\n{_moment(run, times[name])}", fontsize=9)
            if name in images:
                ax.imshow(images[name], interpolation="antialiased")
                ax.text(0.5, -0.01, _size_text(run), transform=ax.transAxes, ha="center", va="top", fontsize=7)
            else:
                _draw_plane(ax, run, shapes[name], colours, first=column == 0)
    _colour_bar(figure, axes, colours)
    return png(figure)


def _draw_plane(ax, run: Solution, drawn: Shape, colours: Scale, *, first: bool) -> None:
    from matplotlib.collections import LineCollection
    from matplotlib.colors import ListedColormap

    low, high = _box(run)
    copies = int(copies_for(low, high, _PLANE_SHARE)[0])
    right = low[0] + copies * (high[0] - low[0])
    extent = (low[0] / um, right / um, low[1] / um, high[1] / um)
    solid = background(run)
    ax.set_axis_on()
    ax.set_facecolor("#eeeeee")
    if solid is not None:
        ax.imshow(_pixels(run, solid, copies), extent=extent, origin="lower", cmap=ListedColormap([GREY]))
    if drawn.kind == "area":
        ax.imshow(_pixels(run, drawn, copies), extent=extent, origin="lower", norm=colours.norm, cmap=colours.colours)
    else:
        drawn = mirrored(drawn, low, high, np.array([copies]))
        lines = LineCollection((drawn.points / um)[drawn.cells], norm=colours.norm, cmap=colours.colours,
                               linewidths=2.5, capstyle="round")
        lines.set_array(_per_cell(drawn))
        ax.add_collection(lines)
    ax.set(xlim=extent[:2], ylim=extent[2:], aspect="equal", xlabel="x [um]")
    _mark_levels(ax, run, words=first)
    ax.tick_params(labelsize=8, labelleft=first)
    if first:
        ax.set_ylabel("z [um]")


def _pixels(run: Solution, drawn: Shape, copies: int) -> np.ndarray:
    low, high = _box(run)
    width = max(8, round(_PIXELS * (high[0] - low[0]) / (high[1] - low[1])))
    return tiled(raster(drawn.points, drawn.cells, drawn.values, low, high, (_PIXELS, min(width, 4 * _PIXELS))), copies)


def _mark_levels(ax, run: Solution, *, words: bool) -> None:
    """Lines at the top of the host and at the faces of the separator, which is named where there is room."""
    from matplotlib.patheffects import withStroke

    for z in _levels(run):
        ax.axhline(z / um, color="black", linewidth=0.6, linestyle=(0, (4, 3)))
    mesh = run.cell.mesh
    separator = mesh.p[-1, mesh.t[:, cells_of(mesh, ("separator",))]]
    if words and separator.size:
        ax.text(0.03, separator.mean() / um, "separator", transform=ax.get_yaxis_transform(), fontsize=7, va="center",
                path_effects=[withStroke(linewidth=2, foreground="white")])


def _profiles(runs: Mapping[str, Solution], shapes: Mapping[str, Shape], key: str) -> bytes:
    figure = figure_with(6.5, 4.0)
    ax = figure.add_subplot()
    for name, style in styles(runs).items():
        if name in shapes:
            s = shapes[name]
            order = np.argsort(s.points[:, 0])
            marker = "o" if len(order) < 3 else None
            ax.plot(s.points[order, 0] / um, s.values[order], label=name, marker=marker, **style)
    for z in sorted({z for name in shapes for z in _levels(runs[name])}):
        ax.axvline(z / um, color="black", linewidth=0.6, linestyle=(0, (4, 3)))
    ax.set(xlabel="z [um], collector at 0", ylabel=field(key).label)
    ax.grid(alpha=0.3)
    ax.legend(fontsize=8)
    return png(figure)


def _colour_bar(figure, axes, colours: Scale) -> None:
    from matplotlib.cm import ScalarMappable

    bar = figure.colorbar(ScalarMappable(colours.norm, colours.colours), ax=axes, extend=colours.extend, aspect=30,
                          shrink=0.8, ticks=colours.ticks)
    bar.set_label(colours.label)
    if colours.tick_labels:
        bar.ax.set_yticklabels(colours.tick_labels)


def _coloured(drawn: Shape, colours: Scale, key: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    values = _per_cell(drawn) if key == "regime" else drawn.values
    return drawn.points, drawn.cells, colours.rgb(values)


def _per_cell(drawn: Shape) -> np.ndarray:
    """The value at a cell's first vertex: means of neighbours would invent regimes."""
    return drawn.values[drawn.cells[:, 0]]


def _continued(run: Solution, drawn: Shape) -> Shape:
    """A surface in space, mirrored to a readable width."""
    p = run.cell.mesh.p
    low, high = p.min(axis=1), p.max(axis=1)
    return mirrored(drawn, low, high, copies_for(low, high, _SPACE_SHARES))


def _box(run: Solution) -> tuple[np.ndarray, np.ndarray]:
    """Corners of the mesh in the x-z plane [m]."""
    p = run.cell.mesh.p[[0, -1]]
    return p.min(axis=1), p.max(axis=1)


def _levels(run: Solution) -> list[float]:
    """z [m] of the host's top and of the separator's faces: lines that help to find one's way."""
    mesh = run.cell.mesh
    separator = mesh.p[-1, mesh.t[:, cells_of(mesh, ("separator",))]]
    levels = {host_top(mesh)} | ({float(separator.min()), float(separator.max())} if separator.size else set())
    bottom, top = mesh.p[-1].min(), mesh.p[-1].max()
    return sorted(z for z in levels if bottom + 1e-6 * (top - bottom) < z < top - 1e-6 * (top - bottom))


def _panel_width(run: Solution, drawn: Shape, image: np.ndarray | None) -> float:
    if image is not None:
        aspect = image.shape[1] / image.shape[0]
    else:
        low, high = _box(run)
        aspect = (high[0] - low[0]) * copies_for(low, high, _PLANE_SHARE)[0] / (high[1] - low[1])
    return float(np.clip(_PANEL_HEIGHT * aspect, *_PANEL_WIDTH))


def _moment(run: Solution, k: int) -> str:
    """Time and net plated capacity of a time index, with the outcome's word where the run ended early."""
    if len(run.times) == 1:
        return "steady state" if run.outcome.kind == "steady" else time_text(run.times[k])
    sites = run.cell.sites
    capacity = sites.area @ run.sites["q"][k] / run.cell.area / (mAh / cm**2)
    ended = ", depleted" if run.outcome.kind == "depleted" and k in (-1, len(run.times) - 1) else ""
    return f"{time_text(run.times[k])}, {capacity:.3g} mAh/cm2{ended}"


def _size_text(run: Solution) -> str:
    size = np.ptp(run.cell.mesh.p, axis=1) / um
    nx, ny = copies_for(*(run.cell.mesh.p.min(axis=1), run.cell.mesh.p.max(axis=1)), _SPACE_SHARES)
    surface = run.cell.sites.x[2]
    return (f"{size[0] * nx:.4g} x {size[1] * ny:.4g} x {np.ptp(surface) / um:.4g} um"
            + (f" ({nx} x {ny} symmetry cells)" if nx * ny > 1 else ""))

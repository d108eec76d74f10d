"""Pictures of runs side by side on one colour scale, as PNG bytes; matplotlib is imported by what draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cellfem.errors import explain
from cellfem.model.solution import Solution
from cellfem.results.figures import DPI, GREY, figure_with, grouped, legend, png, styles, time_text
from cellfem.results.raster import raster, tiled
from cellfem.results.scales import NEVER, Scale, scale, span
from cellfem.results.scene import surface_images
from cellfem.results.shapes import Shape, background, copies_for, mirrored, shape
from cellfem.results.values import cells_of, field, host_top, last_plating
from cellfem.units import cm, mAh, um

_PLANE_SHARE = (0.55,)  # how wide a picture of the x-z plane is made by mirroring, in heights
_SPACE_SHARES = (*_PLANE_SHARE, 0.075)  # the same for surfaces in space, in x and y: shallow, to be looked into
_PANEL = (3.4, 4.2)  # [inch] width and height at most
_LEFT, _GAP, _BAR, _HEAD, _FOOT = 0.65, 0.4, 0.95, 0.7, 0.5  # [inch] beside, between, above and below panels
_PIXELS = 2 * round(_PANEL[1] * DPI)  # over the height of a plane: twice those of the picture, for thin sheets


@dataclass(frozen=True, eq=False)
class _Panels:
    """The panels of one field, before they are drawn."""

    key: str
    times: dict[str, int]  # run -> time index
    shapes: dict[str, Shape]  # run -> what is drawn

    @property
    def solid(self) -> list[str]:
        """Runs that are drawn as surfaces in space."""
        return [name for name, s in self.shapes.items() if s.kind == "surface"]


def panels(runs: Mapping[str, Solution], key: str, *, k: int | None = None) -> bytes:
    """PNG with a panel per run, all on one colour scale, of `c_ratio` (c/c_0), `plating`, `risk`, or another field.

    Runs on one mesh share a row, so that chemistries stand side by side; above each panel stand its own least and
    largest value (of the active surface: the 1st and 99th area percentile).  `k` is the time index (default: the last
    time at which the cell was plating).  Slender symmetry cells are continued across their symmetry sides.  A 3-D
    node field is shown on its mid-plane in y, a 3-D surface in space; 1-D runs become curves in one diagram.
    """
    return several_panels(runs, [key], k=k)[key]


def several_panels(runs: Mapping[str, Solution], keys: Sequence[str], *, k: int | None = None) -> dict[str, bytes]:
    """`panels` of several fields; all their surfaces in space are drawn in one go, since VTK is slow to start."""
    times = {name: last_plating(run) if k is None else k for name, run in runs.items()}
    one_d = sum(run.cell.mesh.dim() == 1 for run in runs.values())
    if 0 < one_d < len(runs):
        raise ValueError(explain("pictures", f"found {one_d} of {len(runs)} runs in 1-D", "runs in 1-D are curves and"
                                 " share no picture with others", "Draw them apart."))
    prepared = [_Panels(key, times, {name: shape(run, key, times[name]) for name, run in runs.items()}) for key in keys]
    colours = [scale(p.key, list(p.shapes.values())) for p in prepared]
    images = iter(surface_images([_coloured(_continued(runs[name], p.shapes[name]), own, p.key)
                                  for p, own in zip(prepared, colours, strict=True) for name in p.solid]))
    return {p.key: _profiles(runs, p) if one_d
            else _grid(runs, p, own, {name: next(images) for name in p.solid})
            for p, own in zip(prepared, colours, strict=True)}


def _grid(runs: Mapping[str, Solution], drawn: _Panels, colours: Scale, images: Mapping[str, np.ndarray]) -> bytes:
    groups = grouped(runs)
    sizes = {name: _panel_size(runs[name], images.get(name)) for name in runs}
    widths = [max(sizes[names[i]][0] for names in groups if i < len(names)) for i in range(max(map(len, groups)))]
    heights = [max(sizes[name][1] for name in names) for names in groups]
    # Placed by hand, in inches: matplotlib's own layouts take longer than all the drawing.
    whole = np.array([_LEFT + sum(widths) + _GAP * len(widths) + _BAR, sum(heights) + (_HEAD + _FOOT) * len(groups)])
    figure = figure_with(*whole, layout=None)
    top = whole[1]
    for names, row_height in zip(groups, heights, strict=True):
        left, top = _LEFT, top - _HEAD
        for name, column_width in zip(names, widths, strict=False):
            width, height = sizes[name]
            corner = (left + (column_width - width) / 2, top - height)
            ax, run = figure.add_axes((*corner / whole, *np.array([width, height]) / whole)), runs[name]
            ax.set_title(f"{name}\n{_moment(run, drawn.times[name])}{_range_text(drawn, name)}", fontsize=9)
            if name in images:
                ax.imshow(images[name], interpolation="antialiased")
                ax.set_axis_off()
                ax.text(0.5, -0.01, _size_text(run), transform=ax.transAxes, ha="center", va="top", fontsize=7)
            else:
                _draw_plane(ax, run, drawn.shapes[name], colours, first=name == names[0])
            left += column_width + _GAP
        top -= row_height + _FOOT
    bar = np.array([0.16, min(0.8 * whole[1], 7.0)])
    corner = np.array([whole[0] - _BAR, (whole[1] - bar[1]) / 2])
    _colour_bar(figure.add_axes((*corner / whole, *bar / whole)), colours)
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
        ax.imshow(_pixels(run, solid, copies), extent=extent, origin="lower", cmap=ListedColormap([GREY]),
                  interpolation="antialiased")
    if drawn.kind == "area":
        ax.imshow(_pixels(run, drawn, copies), extent=extent, origin="lower", norm=colours.norm, cmap=colours.colours,
                  interpolation="antialiased")
    else:
        drawn = mirrored(drawn, low, high, np.array([copies]))
        lines = LineCollection((drawn.points / um)[drawn.cells], norm=colours.norm,
                               cmap=colours.colours.with_extremes(bad=NEVER), linewidths=2.5, capstyle="round")
        lines.set_array(_per_cell(drawn))
        ax.add_collection(lines)
    ax.set(xlim=extent[:2], ylim=extent[2:], aspect="equal", xlabel=f"x [um]{_cells_text(copies)}")
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


def _profiles(runs: Mapping[str, Solution], drawn: _Panels) -> bytes:
    """Curves along z; bars where each run is a single place, the floor of a slab."""
    figure = figure_with(6.5, 4.0)
    ax = figure.add_subplot()
    ax.grid(alpha=0.3)
    looks, shapes = styles(runs), drawn.shapes
    if all(len(s.values) == 1 for s in shapes.values()):
        ax.bar(list(shapes), [s.values[0] for s in shapes.values()], color=[looks[name]["color"] for name in shapes])
        ax.set_axisbelow(True)
        ax.set_ylabel(field(drawn.key).label)
        return png(figure)
    for name, s in shapes.items():
        order = np.argsort(s.points[:, 0])
        ax.plot(s.points[order, 0] / um, s.values[order], label=name, marker="o" if len(order) < 3 else None,
                **looks[name])
    for z in sorted({z for run in runs.values() for z in _levels(run)}):
        ax.axvline(z / um, color="black", linewidth=0.6, linestyle=(0, (4, 3)))
    ax.set(xlabel="z [um], collector at 0", ylabel=field(drawn.key).label)
    legend(ax)
    return png(figure)


def _colour_bar(ax, colours: Scale) -> None:
    from matplotlib.cm import ScalarMappable

    bar = ax.figure.colorbar(ScalarMappable(colours.norm, colours.colours), cax=ax, extend=colours.extend,
                             ticks=colours.ticks)
    if colours.tick_labels:  # words leave no room beside them
        bar.ax.set_yticklabels(colours.tick_labels)
        bar.ax.set_title(colours.label, fontsize=9)
    else:
        bar.set_label(colours.label)
        if colours.ticks:
            bar.ax.yaxis.set_major_formatter(lambda value, _: f"{value:.3g}")


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


def _panel_size(run: Solution, image: np.ndarray | None) -> tuple[float, float]:
    """Width and height [inch] of a panel, in proportion to what it shows."""
    if image is not None:
        aspect = image.shape[1] / image.shape[0]
    else:
        low, high = _box(run)
        aspect = (high[0] - low[0]) * copies_for(low, high, _PLANE_SHARE)[0] / (high[1] - low[1])
    height = min(_PANEL[1], _PANEL[0] / aspect)
    return height * aspect, height


def _moment(run: Solution, k: int) -> str:
    """Time and net plated capacity of a time index, with the outcome's word where the run ended early."""
    if len(run.times) == 1:
        return "steady state" if run.outcome.kind == "steady" else time_text(run.times[k])
    sites = run.cell.sites
    capacity = sites.area @ run.sites["q"][k] / run.cell.area / (mAh / cm**2)
    ended = ", depleted" if run.outcome.kind == "depleted" and k in (-1, len(run.times) - 1) else ""
    return f"{time_text(run.times[k])}, {capacity:.3g} mAh/cm2{ended}"


def _range_text(drawn: _Panels, name: str) -> str:
    """A run's own least and largest value; of a local Sand's time that no place has, that it never comes."""
    low, high, _, _ = span(drawn.shapes[name])
    if drawn.key == "regime":
        return ""
    if not np.isfinite(low):
        return "\nnever" if drawn.key == "local_sand" else "\nno values"
    return f"\n{low:.3g} to {high:.3g}"


def _size_text(run: Solution) -> str:
    size = np.ptp(run.cell.mesh.p, axis=1) / um
    nx, ny = copies_for(*(run.cell.mesh.p.min(axis=1), run.cell.mesh.p.max(axis=1)), _SPACE_SHARES)
    surface = run.cell.sites.x[2]
    return (f"{size[0] * nx:.4g} x {size[1] * ny:.4g} x {np.ptp(surface) / um:.4g} um"
            + _cells_text(nx, ny))


def _cells_text(*copies: int) -> str:
    """How many symmetry cells a picture continues to along each axis."""
    return f" ({' x '.join(map(str, copies))} symmetry cells)" if max(copies) > 1 else ""

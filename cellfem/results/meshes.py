"""A mesh on its own, before anything is solved: its numbers, a picture, and files for ParaView."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cellfem.geometry import summary
from cellfem.geometry.levelset_facets import COATING
from cellfem.geometry.measures import shapes, volumes
from cellfem.results import vtu
from cellfem.results.atomic import check_folder, write_bytes, write_text
from cellfem.results.figures import figure_with, png
from cellfem.results.scene import DIRECTION, surface_images
from cellfem.results.shapes import Cut, cut, height_at
from cellfem.results.sides import active_surface, colours, draw_sides, shaded, show
from cellfem.results.values import embed
from cellfem.units import um

REGION_COLOURS = {"host": "#555555", "pore": "#8ecae6", "electrode": "#a3b18a", "electrolyte": "#dbeefa",
                  "separator": "#f4d58d"}
_EDGE = "#333333"
_SHARES = np.linspace(0.02, 0.98, 25)  # of the width in y, where a section is considered
_ALIKE = 0.1  # [-] relative, within which two sections show as much of the host
_SURFACES = ("collector", "counter", "host_surface", "mouth")


def format_mesh(geometry, mesh, coarsen: float = 1.0) -> str:
    """Counts, volumes, areas and quality of a design's mesh, as text: the numbers of `geometry.summary`."""
    numbers = summary(mesh, geometry, coarsen=coarsen)
    width = max(map(len, numbers))
    return "\n".join([f"{geometry.name}: {geometry.shape}, {mesh.dim()}-D", f"source: {geometry.source}", "",
                      *(f"{name:<{width}}  {value:>12.6g}" for name, value in numbers.items())])


def write_mesh(folder: str | Path, name: str, mesh) -> list[Path]:
    """Write `name.vtu` (the cells), `name_surfaces.vtu`, `name.png` and, in 3-D, the active surface seen from three
    sides, `name_sides.png`, into `folder`; returns their paths.

    Cells carry their region's number, in the order of `mesh.subdomains`, and their shape; surfaces are numbered
    collector, counter, host_surface, mouth, and then coatings, as far as the mesh has them.  Raises ValueError for a
    folder that cannot be written.
    """
    folder = check_folder(folder)
    pictures = {f"{name}.png": draw(mesh)}
    if mesh.dim() == 3 and len(mesh.boundaries.get("host_surface", ())):
        pictures[f"{name}_sides.png"] = draw_sides(mesh)
    cells = vtu.grid(embed(mesh.p), mesh.t.T)
    shown = (*_SURFACES, *(key for key in mesh.boundaries if key.startswith(COATING)))
    named = {key: mesh.boundaries[key] for key in shown if len(mesh.boundaries.get(key, ()))}
    number = np.concatenate([np.full(len(facets), i) for i, facets in enumerate(named.values())])
    surfaces = vtu.grid(embed(mesh.p), mesh.facets[:, np.concatenate(list(named.values()))].T)
    folder.mkdir(parents=True, exist_ok=True)
    in_cells = {"region [-]": region_numbers(mesh)}
    if mesh.dim() > 1:
        in_cells |= dict(zip(("least angle [degrees]", "aspect ratio [-]"), shapes(mesh), strict=True))
    return [write_text(folder / f"{name}.vtu", cells.xml({}, in_cells)),
            write_text(folder / f"{name}_surfaces.vtu", surfaces.xml({}, {"surface [-]": number})),
            *(write_bytes(folder / file, picture) for file, picture in pictures.items())]


def region_numbers(mesh) -> np.ndarray:
    """(cells,) index of each cell's region in the order of mesh.subdomains; -1 for none."""
    number = np.full(mesh.nelements, -1)
    for i, cells in enumerate(mesh.subdomains.values()):
        number[cells] = i
    return number


def draw(mesh) -> bytes:
    """PNG: the section in the x-z plane with its cells, coloured by region; in 3-D the active surface beside it."""
    from matplotlib.patches import Patch

    solid = mesh.dim() == 3 and len(mesh.boundaries.get("host_surface", ())) > 0
    figure = figure_with(8.0 if solid else 5.0, 6.5)
    axes = figure.subplots(1, 2 if solid else 1, squeeze=False)[0]
    _draw_strip(axes[0], mesh) if mesh.dim() == 1 else _draw_section(axes[0], mesh)
    axes[0].margins(0)
    axes[0].set_ylabel("z [um]")
    entries = {name: REGION_COLOURS[name] for name in mesh.subdomains}
    if solid:
        points, faces, names = active_surface(mesh)
        entries |= {f"coating: {name}": colour for name, colour in colours(names).items()}
        show(axes[1], surface_images([(points.T, faces, shaded(points, faces, names))])[0], points, DIRECTION)
        axes[1].set_title("host_surface, from above", fontsize=9)
    figure.legend(handles=[Patch(facecolor=colour, edgecolor=_EDGE, label=name) for name, colour in entries.items()],
                  fontsize=8, loc="outside lower center", ncols=5)
    return png(figure)


def _draw_section(ax, mesh) -> None:
    """Cells of a 2-D mesh, or of a 3-D mesh on the plane of `section_at`, coloured by region."""
    from matplotlib.collections import PolyCollection

    points, polygons, number = mesh.p.T, [mesh.t.T], region_numbers(mesh)
    if mesh.dim() == 3:
        at = section_at(mesh)
        found = cut(mesh.p, mesh.t, at)
        points, polygons, number = found.points, [found.triangles, found.quadrangles], number[found.cells]
        ax.set_title(f"section at y = {at / um:.3g} um", fontsize=9)
    numbers = np.split(number, np.cumsum([len(p) for p in polygons])[:-1])
    for corners, own in zip(polygons, numbers, strict=True):
        for i, name in enumerate(mesh.subdomains):
            ax.add_collection(PolyCollection(points[corners[own == i]] / um, facecolors=REGION_COLOURS[name],
                                             edgecolors=_EDGE, linewidths=0.2))
    ax.set(xlabel="x [um]", aspect="equal")
    ax.autoscale_view()


def section_at(mesh) -> float:
    """y [m] of the section that says most of a 3-D mesh: with about as much host as a section has in the mean.

    The nearest to the middle of those that are alike in it, so that no host stays unseen which fills a part of y.
    """
    cells = mesh.subdomains.get("host", np.zeros(0, int))
    shares = sorted(_SHARES, key=lambda share: abs(share - 0.5))
    if not len(cells):
        return height_at(mesh.p, shares[0])
    mean = volumes(mesh)[cells].sum() / np.ptp(mesh.p[1])
    areas = np.array([_area(cut(mesh.p, mesh.t[:, cells], height_at(mesh.p, share))) for share in shares])
    with np.errstate(divide="ignore"):  # a section without host is infinitely far off
        off = np.abs(np.log(areas / mean))
    return height_at(mesh.p, shares[np.flatnonzero(off <= off.min() + _ALIKE)[0]])


def _area(found: Cut) -> float:
    """Area [m2] of a cut."""
    x, z = found.points.T

    def double(corners: np.ndarray) -> np.ndarray:
        before = np.roll(corners, 1, axis=1)
        return np.abs((x[before] * z[corners] - x[corners] * z[before]).sum(axis=1))

    return float(double(found.triangles).sum() + double(found.quadrangles).sum()) / 2


def _draw_strip(ax, mesh) -> None:
    """Cells of a 1-D mesh as a strip, coloured by region."""
    bottom, top = np.sort(mesh.p[0, mesh.t], axis=0) / um
    for name, cells in mesh.subdomains.items():
        ax.bar(np.zeros(len(cells)), (top - bottom)[cells], bottom=bottom[cells], width=1.0, edgecolor=_EDGE,
               linewidth=0.4, color=REGION_COLOURS[name])
    ax.set_xticks([])

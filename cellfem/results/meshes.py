"""A mesh on its own, before anything is solved: quality, volumes, areas, a picture, and files for ParaView."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from cellfem.results import vtu
from cellfem.results.atomic import check_folder, write_bytes, write_text
from cellfem.results.figures import figure_with, png
from cellfem.results.scene import surface_images
from cellfem.results.values import embed, host_top
from cellfem.units import mm, um

REGION_COLOURS = {"host": "#555555", "pore": "#8ecae6", "electrode": "#a3b18a", "electrolyte": "#dbeefa",
                  "separator": "#f4d58d"}
_EDGE = "#333333"
_SURFACES = ("collector", "counter", "host_surface", "mouth")


def measures(points: np.ndarray, simplices: np.ndarray) -> np.ndarray:
    """Lengths, areas or volumes (m,) of simplices (vertices, m) with corners `points` (dimension, n); points: 1."""
    edges = points[:, simplices[1:]] - points[:, simplices[:1]]  # (dimension, k, m)
    gram = np.einsum("dim,djm->mij", edges, edges)
    return np.sqrt(np.linalg.det(gram).clip(0)) / math.factorial(len(simplices) - 1)


def quality(mesh) -> np.ndarray:
    """Shape quality (cells,) of the cells: 1 for regular simplices, toward 0 for flat and for stretched ones.

    The mean ratio: 4 sqrt(3) area/sum l^2 for triangles, 12 (3 volume)^(2/3)/sum l^2 for tetrahedra, l the edges'
    lengths (A. Liu, B. Joe, BIT 1994, 34, 268, doi 10.1007/BF01955874).  Layers that are graded on purpose are
    stretched, and have low values.
    """
    size, d = measures(mesh.p, mesh.t), mesh.dim()
    pairs = [(i, j) for i in range(d + 1) for j in range(i)]
    squares = sum(np.sum((mesh.p[:, mesh.t[i]] - mesh.p[:, mesh.t[j]]) ** 2, axis=0) for i, j in pairs)
    best = {1: size**2, 2: 4 * math.sqrt(3) * size, 3: 12 * (3 * size) ** (2 / 3)}[d]
    return best / squares


def format_mesh(geometry, mesh) -> str:
    """Quality, volumes and areas of a design's mesh, as text; per m2 of collector in 1-D, per m of depth in 2-D."""
    d = mesh.dim()
    size, shape = measures(mesh.p, mesh.t), quality(mesh)
    edges = np.linalg.norm(mesh.p[:, mesh.t[1:]] - mesh.p[:, mesh.t[:1]], axis=0)
    volume_unit, area_unit = {1: ("um", "-"), 2: ("um2", "um"), 3: ("um3", "um2")}[d]
    lines = [
        f"{geometry.name}: {geometry.shape}, {d}-D",
        f"source: {geometry.source}",
        f"{mesh.nelements} cells, {mesh.nvertices} nodes, edges {edges.min() / um:.3g} to {edges.max() / um:.3g} um",
        f"shape quality (1: regular; graded layers are stretched): least {shape.min():.3f}, "
        f"1st percentile {np.percentile(shape, 1):.3f}, median {np.median(shape):.3f}",
        "",
        f"{'region':<14}{'cells':>10}{f'volume [{volume_unit}]':>18}{'share [%]':>12}",
    ]
    for name, cells in mesh.subdomains.items():
        lines.append(f"{name:<14}{len(cells):>10}{size[cells].sum() / um**d:>18.6g}"
                     f"{100 * size[cells].sum() / size.sum():>12.3f}")
    lines += ["", f"{'surface':<14}{'facets':>10}{f'area [{area_unit}]':>18}"]
    areas = {name: measures(mesh.p, mesh.facets[:, mesh.boundaries[name]]).sum()
             for name in _SURFACES if len(mesh.boundaries.get(name, ()))}
    lines += [f"{name:<14}{len(mesh.boundaries[name]):>10}{area / um ** (d - 1):>18.6g}"
              for name, area in areas.items()]
    if "host_surface" in areas:
        lines.append(f"\nactive surface: {areas['host_surface'] / areas['collector']:.4g} times the collector's area"
                     + (f", {areas['host_surface'] / (areas['collector'] * host_top(mesh)) * mm:.4g} per mm of host"
                        if host_top(mesh) > 0 else ""))
    return "\n".join(lines)


def write_mesh(folder: str | Path, name: str, mesh) -> list[Path]:
    """Write `name.vtu` (cells with region and quality), `name_surfaces.vtu` and `name.png`; returns their paths.

    Regions and surfaces are numbered in the order of `format_mesh`.  Raises ValueError for a folder that cannot be
    written.
    """
    folder = check_folder(folder)
    picture = draw(mesh)
    cells = vtu.grid(embed(mesh.p), mesh.t.T)
    named = {key: mesh.boundaries[key] for key in _SURFACES if len(mesh.boundaries.get(key, ()))}
    number = np.concatenate([np.full(len(facets), i) for i, facets in enumerate(named.values())])
    surfaces = vtu.grid(embed(mesh.p), mesh.facets[:, np.concatenate(list(named.values()))].T)
    folder.mkdir(parents=True, exist_ok=True)
    in_cells = {"region [-]": region_numbers(mesh), "quality [-]": quality(mesh)}
    return [write_text(folder / f"{name}.vtu", cells.xml({}, in_cells)),
            write_text(folder / f"{name}_surfaces.vtu", surfaces.xml({}, {"surface [-]": number})),
            write_bytes(folder / f"{name}.png", picture)]


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
    figure.legend(handles=[Patch(facecolor=REGION_COLOURS[name], edgecolor=_EDGE, label=name)
                           for name in mesh.subdomains], fontsize=8, loc="outside lower center", ncols=5)
    if solid:
        facets = mesh.facets[:, mesh.boundaries["host_surface"]].T
        grey = np.full((len(facets), 3), 0.6)
        axes[1].imshow(surface_images([(mesh.p.T, facets, grey)])[0])
        axes[1].set_axis_off()
        axes[1].set_title("host_surface", fontsize=9)
    return png(figure)


def _draw_section(ax, mesh) -> None:
    """Cells of a 2-D mesh, or of the side of a 3-D mesh at the least y, coloured by region."""
    from matplotlib.colors import ListedColormap

    triangles, number = mesh.t.T, region_numbers(mesh)
    if mesh.dim() == 3:
        y = mesh.p[1][mesh.facets]
        side = np.flatnonzero((np.ptp(y, axis=0) == 0) & (y[0] == mesh.p[1].min()))
        triangles, number = mesh.facets[:, side].T, number[mesh.f2t[0, side]]
    for i, name in enumerate(mesh.subdomains):
        own = triangles[number == i]
        if len(own):
            ax.tripcolor(*mesh.p[[0, -1]] / um, own, facecolors=np.zeros(len(own)), edgecolors=_EDGE, linewidth=0.2,
                         cmap=ListedColormap([REGION_COLOURS[name]]))
    ax.set(xlabel="x [um]", aspect="equal")


def _draw_strip(ax, mesh) -> None:
    """Cells of a 1-D mesh as a strip, coloured by region."""
    bottom, top = np.sort(mesh.p[0, mesh.t], axis=0) / um
    for name, cells in mesh.subdomains.items():
        ax.bar(np.zeros(len(cells)), (top - bottom)[cells], bottom=bottom[cells], width=1.0, edgecolor=_EDGE,
               linewidth=0.4, color=REGION_COLOURS[name])
    ax.set_xticks([])

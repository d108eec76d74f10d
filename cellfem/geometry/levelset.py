"""Body-fitted tetrahedra of a body and of its pores, from its signed distance.

The surface is cut into a body-centred lattice (`levelset_lattice`, `levelset_cut`) in which nodes near it have moved
onto it; the layers above the host are further cubes of the same lattice, so that all fits together by construction.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from skfem import MeshTet1

from cellfem.errors import GeometryError, explain
from cellfem.geometry import levelset_check, levelset_cut, levelset_relax
from cellfem.geometry.levelset_box import box_of
from cellfem.geometry.levelset_cut import Distance
from cellfem.geometry.levelset_facets import named, tetrahedra
from cellfem.geometry.levelset_lattice import lattice
from cellfem.geometry.levelset_size import ACROSS, wanted
from cellfem.geometry.levelset_tree import Box, Tree, grow, halved
from cellfem.units import um

MOST_CELLS = 20e6


def body_fitted(distance: Distance, size: Sequence[float], cell_size: float, *, surface_cell_size: float | None = None,
                neck_cell_size: float | None = None, layers: Sequence[tuple[str, float]] = (),
                labels: Mapping[str, Callable] | None = None, periodic: tuple[bool, ...] = (False, False, False),
                floor_plates: bool = True, solid: bool = True, coarsen: float = 1.0, halvings: int = 0) -> MeshTet1:
    """Tetrahedra of a body in a box and of the pores around it, with their common surface named.

    Parameters
    ----------
    distance : x (3, n) [m] -> (n,) [m], the signed distance of the body's surface, negative inside; it has to be right
        in sign everywhere and nearly right in size near the surface
    size : x, y, z [m] of the host's box, [0, x] x [0, y] x [0, z]
    cell_size : [m] side of the lattice's cubes, away from the surface
    surface_cell_size : [m] the same at the surface, rounded to cell_size/2, /4, ...; None: `cell_size`
    neck_cell_size : [m] the least size, at surfaces where gaps or walls would have fewer than four cells across them;
        None: `surface_cell_size`
    layers : (region, thickness [m]) of the layers above the host, from below
    labels : name -> function of places (3, n) [m] on the surface -> (n,) bool; the parts of the active surface that it
        covers are named "coating:<name>"
    periodic : whether the cell repeats along x, y and (without layers) z; its opposite sides are then cut alike
    floor_plates : whether the bare floor z = 0 belongs to `host_surface`
    solid : whether the body itself is meshed, too; without it `host_surface` consists of outer facets
    coarsen : factor on all cell sizes; the cubes of 1/2, 1/4, ... are those of 1 halved once, twice, ...
    halvings : how often all cubes are halved, those next to necks and far from surfaces alike, so that errors shrink
        with their order

    Returns
    -------
    A mesh with the regions host, pore and those of `layers`, and the surfaces collector (z = 0), counter (the top),
    host_surface, mouth (the pores' part of the plane z = size[2]), periodic_x, periodic_y, periodic_z where it repeats.

    Raises GeometryError where the mesh would be too large or a layer is too thin for the lattice.
    """
    surface = cell_size if surface_cell_size is None else surface_cell_size
    least = surface if neck_cell_size is None else neck_cell_size
    finer = max(0, math.ceil(-math.log2(coarsen)))
    coarsen *= 2**finer
    box = box_of(size, cell_size, least, layers=layers, coarsen=coarsen, periodic=periodic)
    tree = grow(box, wanted(box, distance, surface * coarsen, ACROSS / coarsen))
    for _ in range(finer + halvings):
        tree = halved(tree)
    check_count(tree, cell_size)
    return fitted(tree, distance, layers=layers, labels=labels or {}, floor_plates=floor_plates, solid=solid)


def check_count(tree: Tree, cell_size: float) -> None:
    """Raise GeometryError where a mesh of the tree would have too many cells."""
    cells = 13.0 * sum(tree.leaves(level).shape[1] for level in range(tree.box.levels + 1))
    if cells > MOST_CELLS:
        raise GeometryError(explain("cell_size_um", f"found {cell_size / um:.4g}, that is some {cells:.2g} cells",
                                    f"at most {MOST_CELLS:.0g} can be meshed", "Enlarge cell_size_um or"
                                    " surface_cell_size_um, call mesh(coarsen=2), or mesh a smaller cell (size_um)."))


def fitted(tree: Tree, distance: Distance, *, layers, labels, floor_plates: bool, solid: bool) -> MeshTet1:
    """The mesh of a tree; see `body_fitted`."""
    background = lattice(tree)
    box = tree.box
    found = levelset_cut.cut(background, distance, 2 * box.marks[1])
    levelset_check.check_seen(background, box.places(background.at), found.value, distance)
    inside = levelset_cut.inside(found, distance)
    lowest = background.at[2][background.t].min(axis=0)[found.parent]
    layer = np.searchsorted(2 * np.array(box.marks), lowest, side="right") - 1
    region = np.where(inside, 0, layer + 1)  # 0: host, 1: pore, then the layers
    p, t = levelset_relax.relaxed(found.p, found.t, found.side, _held(found.p, box), distance), found.t
    if not solid:
        keep = region > 0
        nodes, t = np.unique(t[:, keep], return_inverse=True)
        t, p, region = t.reshape(4, -1), p[:, nodes], region[keep]
    names = ["host", "pore", *(name for name, _ in layers)]
    regions: dict[str, np.ndarray] = {}
    for k, name in enumerate(names):
        cells = np.flatnonzero(region == k)
        regions[name] = np.concatenate([regions[name], cells]) if name in regions else cells
    return named(tetrahedra(p, t), regions, height=box.planes[1], floor_plates=floor_plates, labels=labels,
                 periodic=box.periodic)


def _held(p: np.ndarray, box: Box) -> np.ndarray:
    """(3, nodes) along which axes a node has to stay: on sides and planes; all of them on periodic sides."""
    out = np.stack([(x == 0) | (x == length) for x, length in zip(p, (*box.size, box.planes[-1]), strict=True)])
    for k, repeats in enumerate(box.periodic):
        out |= out[k] & repeats
    out[2] |= np.isin(p[2], box.planes)
    return out

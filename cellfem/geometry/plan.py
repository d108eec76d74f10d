"""From a design to the planes, blocks and cell counts of its grid, and what must hold before it is cut into cells."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from cellfem.errors import GeometryError, TrustWarning, explain
from cellfem.geometry import gradients, grading, solids
from cellfem.geometry.checks import REGIONS, near
from cellfem.units import um

HOST = REGIONS.index("host")
MOST_CELLS = 20e6
MOST_SOLIDS = 10_000  # walls or sheets
MOST_GRADING = 100.0  # cell_size over the thinnest gap
SURFACE_SHARE = 0.25  # default cell size at surfaces over cell_size
# what to change where a gap is too thin along an axis
KEYS = {"walls": "walls.pitch_um or walls.thickness_um", "baffles": "baffles.gap_um, baffles.pitch_um,"
        " baffles.thickness_um or baffles.post_um", "slab": "size_um", "envelope": "size_um"}


@dataclass(frozen=True)
class Grid:
    axes: list[grading.Axis]
    blocks: np.ndarray  # (intervals of axis 0, ...) index into REGIONS

    @property
    def cells(self) -> int:
        """Simplices of the mesh."""
        return math.factorial(len(self.axes)) * math.prod(axis.cells for axis in self.axes)

    @property
    def nodes(self) -> int:
        return math.prod(axis.cells + 1 for axis in self.axes)


@dataclass(frozen=True)
class Gap:
    """A straight run of electrolyte between two faces of the host, or between the host and the end of the cell."""

    axis: int
    place: tuple[float, ...]  # [m] middle
    length: float  # [m] up to a symmetry plane: the mirrored run is part of it
    cells: int  # across the part inside the cell


def grid(design, coarsen: float = 1.0) -> Grid:
    """Planes where the design has edges, cell counts between them, and the region of every block."""
    check_coarsen(design, coarsen)
    if solids.count(design) > MOST_SOLIDS:
        raise GeometryError(explain(
            f"{design.file}: {design.shape}.pitch_um", f"found {solids.count(design):.3g} walls or sheets in one cell",
            f"at most {MOST_SOLIDS} can be meshed", "Widen the pitch, or mesh one period: sides are mirrors."))
    host, stack = solids.boxes(design), solids.layers(design)
    tops = np.cumsum([0.0] + [thickness for _, thickness in stack])
    extents = [*design.size[:-1], tops[-1]]
    same = solids.SAME * max(extents)
    surface = design.surface_cell_size or SURFACE_SHARE * design.cell_size
    axes, blocks_of = [], []
    for k, extent in enumerate(extents):
        vertical = k == len(extents) - 1
        layers = [*tops, *gradients.planes(design)] if vertical else []
        edges = np.concatenate([[0.0, extent], host[:, k].ravel(), layers])
        planes = _merged(np.clip(edges, 0, extent), same)
        active = np.concatenate([host[:, k].ravel(), [0.0, extent, design.size[-1]] if vertical else []])
        fine = np.isclose(planes[:, None], active, rtol=0, atol=same).any(axis=1)
        if not vertical:
            fine[[0, -1]] = False  # a wall cut by a mirror has no surface there
        if vertical or len(planes) > 2:
            axes.append(grading.graded(planes, fine, largest=design.cell_size, surface=surface, coarsen=coarsen))
        else:
            axes.append(grading.uniform(extent, coarsen))
        blocks_of.append(planes)
    return Grid(axes, _blocks(blocks_of, host, stack, tops))


def _merged(values: np.ndarray, same: float) -> np.ndarray:
    """Sorted values without those that differ from their lower neighbour by round-off."""
    values = np.unique(values)
    keep = np.diff(values, prepend=-np.inf) > same
    end = values[-1]
    values = values[keep]
    values[-1] = end
    return values


def _blocks(planes: list[np.ndarray], host: np.ndarray, stack: list, tops: np.ndarray) -> np.ndarray:
    middles = [(x[1:] + x[:-1]) / 2 for x in planes]
    layer = np.searchsorted(tops, middles[-1]) - 1
    region = np.array([REGIONS.index(name) for name, _ in stack])[layer]
    blocks = np.broadcast_to(region, [len(x) for x in middles]).copy()
    for box in host:
        inside = tuple(slice(*np.searchsorted(x, ends)) for x, ends in zip(middles, box, strict=True))
        blocks[inside] = HOST
    return blocks


def gaps(grid: Grid) -> list[Gap]:
    """All gaps in the pores, along every axis, between faces of the host, the host and its mirror, or the floor."""
    found = []
    for k, axis in enumerate(grid.axes if len(grid.axes) > 1 else ()):
        lines, first = np.unique(np.moveaxis(grid.blocks, k, -1).reshape(-1, len(axis.counts)), axis=0,
                                 return_index=True)
        places = np.unravel_index(first, [len(a.counts) for j, a in enumerate(grid.axes) if j != k])
        vertical = k == len(grid.axes) - 1
        for line, *row in zip(lines, *places, strict=True):
            for a, b in _pore_runs(line):
                faces = int(a > 0) + int(b < len(line) and line[b] == HOST)
                if faces == 0 or (vertical and not (b < len(line) and line[b] == HOST)):
                    continue  # no host on this line, or open to the layers above
                at = [*row[:k], slice(a, b), *row[k:]]
                ends = [x.planes[i] + x.planes[i + 1] if x is not axis else x.planes[a] + x.planes[b]
                        for x, i in zip(grid.axes, at, strict=True)]
                length = (axis.planes[b] - axis.planes[a]) * (2 if faces == 1 and not vertical else 1)
                found.append(Gap(k, tuple(x / 2 for x in ends), length, sum(axis.counts[a:b])))
    return found


def _pore_runs(line: np.ndarray):
    """(first, end) of every run of pore along a line of blocks."""
    steps = np.flatnonzero(np.diff(line == REGIONS.index("pore"), prepend=False, append=False))
    return zip(steps[::2].tolist(), steps[1::2].tolist(), strict=True)


def narrowest_gap(design, coarsen: float = 1.0) -> Gap | None:
    """The narrowest gap of the design; None where there is no host, or a body in place of boxes."""
    if design.body is not None:
        return None
    return min(gaps(grid(design, coarsen)), key=lambda gap: gap.length, default=None)


def check(design, grid: Grid) -> None:
    """Refuse what conducts no ions, what grading cannot resolve, and a mesh too large to make (GeometryError).

    Warns (TrustWarning) where two cells had to be forced across a gap.
    """
    _check_intervals(design, grid)
    _check_count(design, grid)
    _check_percolation(design, grid)
    _check_gaps(design, gaps(grid))


def _check_gaps(design, found: list[Gap]) -> None:
    gap = min(found, key=lambda gap: gap.length, default=None)
    if gap is None:
        return
    place = f"the gap of {gap.length / um:.4g} um {near(gap.place)}"
    surface = design.surface_cell_size
    if surface is not None and gap.length < 1.999 * surface:
        raise GeometryError(explain(
            f"{design.file}: surface_cell_size_um", f"found {surface / um:.4g}, less than two cells across {place}",
            "at least two cells are needed across every gap",
            f"Lower it to {gap.length / 2 / um:.4g} or less, leave it out, or change {KEYS[design.shape]}."))
    if gap.length < 1.999 * design.cell_size:
        warnings.warn(explain(
            f"{design.file}: cell_size_um", f"found {design.cell_size / um:.4g}, less than two cells across {place}",
            f"the mesh has {gap.cells} there", f"Lower it to {gap.length / 2 / um:.4g} or less for a gap that is"
            " resolved as finely as you asked elsewhere."), TrustWarning, stacklevel=4)


def _check_count(design, grid: Grid) -> None:
    if grid.cells > MOST_CELLS:
        raise GeometryError(explain(
            f"{design.file}: cell_size_um", f"found {design.cell_size / um:.4g}, that is {grid.cells:.3g} cells",
            f"at most {MOST_CELLS:.0g} can be meshed", "Enlarge cell_size_um, call mesh(coarsen=2), lower `dimension`,"
            " or mesh a smaller symmetry cell (size_um)."))


def check_coarsen(design, coarsen: float) -> None:
    """Raise ValueError unless `coarsen` is a factor that cell sizes can take."""
    if isinstance(coarsen, bool) or not isinstance(coarsen, int | float) or not 0.01 <= coarsen <= 100:
        raise ValueError(explain(f"{design.file}: coarsen", f"found {coarsen!r}", "a number from 0.01 to 100 is needed",
                                 "2 doubles all cell sizes, 0.5 halves them."))


def _check_intervals(design, grid: Grid) -> None:
    for name, axis in zip("xyz" if len(grid.axes) == 3 else "xz"[-len(grid.axes):], grid.axes, strict=True):
        k = int(np.argmin(np.diff(axis.planes)))
        low, high = axis.planes[k : k + 2]
        if len(axis.planes) > 2 and high - low < design.cell_size / MOST_GRADING:
            raise GeometryError(explain(
                f"{design.file}: cell_size_um", f"found {design.cell_size / um:.4g}, but only"
                f" {(high - low) / um:.4g} um lie between the planes {name} = {low / um:.6g} and {high / um:.6g} um",
                f"at most {MOST_GRADING:g} times the thinnest gap, sheet or layer can be graded",
                f"Lower cell_size_um, or change {KEYS[design.shape]} or the layer thicknesses."))


def _check_percolation(design, grid: Grid) -> None:
    """Every block of electrolyte must reach the counter electrode through shared faces."""
    fluid = grid.blocks != HOST
    part, _ = ndimage.label(fluid)
    reached = np.isin(part, np.unique(part[..., -1])) & fluid
    if design.shape in ("walls", "baffles") and not (grid.blocks == REGIONS.index("pore")).any():
        raise GeometryError(explain(f"{design.file}: {design.shape}", "found no pore: the host fills its layer",
                                    "ions need a way into the host", f"Change size_um, {KEYS[design.shape]}."))
    if (fluid & ~reached).any():
        sizes = np.ones(fluid.shape)
        for k, axis in enumerate(grid.axes):
            sizes = sizes * np.diff(axis.planes).reshape([-1 if j == k else 1 for j in range(fluid.ndim)])
        lost = fluid & ~reached
        worst = np.unravel_index(np.argmax(np.where(lost, sizes, 0)), lost.shape)
        place = tuple((axis.planes[i] + axis.planes[i + 1]) / 2 for axis, i in zip(grid.axes, worst, strict=True))
        raise GeometryError(explain(
            f"{design.file}: {design.shape}", f"found {sizes[lost].sum() / sizes[fluid].sum():.2g} of the electrolyte's"
            f" volume cut off from the counter electrode (largest {near(place)})",
            "all pores must be connected", f"Change {KEYS[design.shape]}."))

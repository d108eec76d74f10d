"""Body-centred lattices of tetrahedra in a stack of boxes, uniform or graded by an octree.

Every cube of the lattice has a node at its centre.  Two cubes of like size share four tetrahedra around their common
face, each with the two centres and one edge of the face; at the sides of the box, and at planes between layers, where
no cell may reach across, a node in the middle of the face takes the other centre's place, so that the planes are met
exactly and opposite sides are cut alike.  Where a cube meets four of half its size, each quarter of the face is cut in
two, from the middle of the large face, and joined to the centres on both sides; an edge that a smaller neighbour has
halved halves the cells around it.  Cubes that touch, even in a point, differ by one level at most.
Source: F. Labelle and J. R. Shewchuk, ACM Trans. Graph. 26 (2007) 57, doi:10.1145/1276377.1276448.

Places on the lattice are integers, in units of half the smallest cube, so that equal places are equal numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

# corners of a cube's face in the order in which they turn around its normal, in the other two axes
TURN = ((0, 0), (1, 0), (1, 1), (0, 1))
OUTWARD = ((0, -1), (1, 0), (0, 1), (-1, 0))  # across the edge from corner k to corner k + 1


@dataclass(frozen=True, eq=False)
class Box:
    """The outer box, its cubes of level 0, and the planes in z that no cell crosses."""

    counts: tuple[int, int, int]  # cubes of level 0 along x, y, z
    levels: int  # cubes are halved up to `levels` times
    size: tuple[float, float]  # [m] along x and y
    marks: tuple[int, ...]  # z of the planes, ascending from 0 to the top, in smallest cubes
    planes: tuple[float, ...]  # [m] the same
    periodic: tuple[bool, ...] = (False, False, False)  # opposite sides are cut alike; along z where there is one layer

    def shape(self, level: int) -> tuple[int, ...]:
        return tuple(n << level for n in self.counts)

    @property
    def extent(self) -> tuple[int, int, int]:
        """Of the box in lattice units: half of the smallest cubes."""
        nx, ny, _ = self.shape(self.levels)
        return 2 * nx, 2 * ny, 2 * self.marks[-1]

    def places(self, at: np.ndarray) -> np.ndarray:
        """(3, n) [m] of lattice places (3, n); planes and sides are met exactly."""
        x = np.empty(at.shape)
        for k, (length, units) in enumerate(zip(self.size, self.extent, strict=False)):
            x[k] = at[k] * (length / units)
            x[k, at[k] == units] = length
        x[2] = np.interp(at[2], 2 * np.array(self.marks), self.planes)
        return x

    def sides(self, level: int) -> np.ndarray:
        """(3,) [m] of the largest cube of a level: layers may stretch them."""
        units = 2 << (self.levels - level)
        step = max(np.diff(self.planes) / np.diff(self.marks)) / 2
        return units * np.array([self.size[0] / self.extent[0], self.size[1] / self.extent[1], step])


@dataclass(frozen=True, eq=False)
class Lattice:
    """Tetrahedra before the body's surface is cut in."""

    at: np.ndarray  # (3, nodes) lattice places
    t: np.ndarray  # (4, cells), positively oriented
    span: np.ndarray  # (cells,) lattice units: side of the cube that a cell belongs to, of the larger of two
    middles: int  # from this number on, nodes are middles of faces
    box: Box

    def held(self) -> np.ndarray:
        """(3, nodes) whether a node lies on a side or plane normal to the axis, and has to stay there."""
        out = np.empty(self.at.shape, dtype=bool)
        for k, units in enumerate(self.box.extent):
            out[k] = (self.at[k] == 0) | (self.at[k] == units)
        out[2] |= np.isin(self.at[2], 2 * np.array(self.box.marks))
        return out

    def originals(self) -> np.ndarray:
        """(nodes,) the node that each is a periodic image of; itself where it is none."""
        own = np.arange(self.at.shape[1])
        moved = np.zeros(len(own), dtype=bool)
        place = self.at.astype(np.int64)
        for k, repeats in enumerate(self.box.periodic):
            if repeats:
                moved |= place[k] == self.box.extent[k]
                place[k] %= self.box.extent[k]
        if not moved.any():
            return own
        keys = (place[0] * (self.box.extent[1] + 1) + place[1]) * (self.box.extent[2] + 1) + place[2]
        stay = np.flatnonzero(~moved)
        stay = stay[np.argsort(keys[stay])]
        own[moved] = stay[np.searchsorted(keys[stay], keys[moved])]
        return own


@dataclass(frozen=True, eq=False)
class Tree:
    """Which cubes of each level are halved: one dense array per level but the last."""

    box: Box
    halved: tuple[np.ndarray, ...]

    def exists(self, level: int, i, j, k) -> np.ndarray:
        """Whether cubes of a level are there, halved or not."""
        return np.ones(len(i), dtype=bool) if level == 0 else self.halved[level - 1][i >> 1, j >> 1, k >> 1]

    def leaves(self, level: int) -> np.ndarray:
        """(3, n) the cubes of a level that are not halved, below the top, in ascending order of their flat index."""
        shape = self.box.shape(level)
        there = np.ones(shape, dtype=bool)
        if level > 0:
            there = _doubled(self.halved[level - 1])
        if level < self.box.levels:
            there &= ~self.halved[level]
        above = -(-self.box.marks[-1] >> (self.box.levels - level))
        there[:, :, above:] = False
        return np.stack(np.nonzero(there))


def grow(box: Box, wanted: Callable[[np.ndarray, int], np.ndarray]) -> Tree:
    """The tree in which a cube of `level` at the places (3, n) [m] is halved where `wanted(places, level)` says so.

    Cubes that a plane would cut are halved too, then as many as balance needs.
    """
    halved: list[np.ndarray] = []
    for level in range(box.levels):
        split = np.zeros(box.shape(level), dtype=bool)
        there = np.ones(split.shape, dtype=bool)
        if level > 0:
            there = _doubled(halved[-1])
        cut = _cut_by_planes(box, level)
        split |= there & cut
        units = 2 << (box.levels - level)
        there[:, :, -(-box.marks[-1] >> (box.levels - level)):] = False
        cells = np.stack(np.nonzero(there & ~cut))
        if cells.shape[1]:
            split[tuple(cells)] = wanted(box.places(cells * units + units // 2), level)
        halved.append(split)
    return Tree(box, tuple(_balanced(box, halved)))


def halved(tree: Tree) -> Tree:
    """The tree with every cube halved: cells of the same shape at the same places, all of half the size."""
    box = replace(tree.box, counts=tuple(2 * n for n in tree.box.counts), marks=tuple(2 * m for m in tree.box.marks))
    return Tree(box, tuple(_doubled(split) for split in tree.halved))


def _doubled(cells: np.ndarray) -> np.ndarray:
    """Each of the cells (x, y, z) twice along every axis."""
    return np.repeat(np.repeat(np.repeat(cells, 2, 0), 2, 1), 2, 2)


def _cut_by_planes(box: Box, level: int) -> np.ndarray:
    """(1, 1, cubes along z) whether a plane lies within the cubes."""
    step = 1 << (box.levels - level)
    within = [mark // step for mark in box.marks if mark % step]
    cut = np.zeros(box.counts[2] << level, dtype=bool)
    cut[within] = True
    return cut[None, None, :]


def _balanced(box: Box, halved: list[np.ndarray]) -> list[np.ndarray]:
    """Touching cubes differ by one level at most; those on both sides of a plane, or of a periodic cell, by none."""
    for level in range(box.levels - 1, -1, -1):
        split = halved[level]
        step = 1 << (box.levels - level)
        for mark in box.marks[1:-1]:
            if mark % step == 0:
                k = mark // step
                either = split[:, :, k - 1] | split[:, :, k]
                split[:, :, k - 1] = split[:, :, k] = either
        for axis, repeats in enumerate(box.periodic):
            if repeats:
                ends = np.moveaxis(split, axis, 0)
                ends[0] = ends[-1] = ends[0] | ends[-1]
        if level > 0:
            wide = split
            for axis in range(3):
                wide = _dilated(wide, axis)
            parents = wide.reshape([n for size in halved[level - 1].shape for n in (size, 2)]).any(axis=(1, 3, 5))
            halved[level - 1] |= parents
    return halved


def _dilated(cells: np.ndarray, axis: int) -> np.ndarray:
    out = cells.copy()
    a, b = np.moveaxis(out, axis, 0), np.moveaxis(cells, axis, 0)
    a[1:] |= b[:-1]
    a[:-1] |= b[1:]
    return out


def lattice(tree: Tree) -> Lattice:
    """The tetrahedra of a tree."""
    return _Assembly(tree).lattice()


class _Assembly:
    """The tables behind a lattice: nodes are numbered centres first, then corners, then middles of faces."""

    def __init__(self, tree: Tree):
        self.tree, self.box = tree, tree.box
        levels = range(self.box.levels + 1)
        self.cells = [tree.leaves(level) for level in levels]
        self.flat = [np.ravel_multi_index(tuple(c), self.box.shape(n)) for n, c in zip(levels, self.cells, strict=True)]
        self.first = np.concatenate([[0], np.cumsum([c.shape[1] for c in self.cells])])
        self.span = [2 << (self.box.levels - level) for level in levels]
        pad = [np.pad(h, 1) for h in tree.halved] + [None]
        self.padded = pad
        self.stride = np.array([(self.box.extent[1] + 1) * (self.box.extent[2] + 1), self.box.extent[2] + 1, 1],
                               dtype=np.int64)
        corners = [self._keys(level, x, y, z) for level in levels for x in (0, 1) for y in (0, 1) for z in (0, 1)]
        self.corner_keys = np.unique(np.concatenate(corners))
        self.middles: list[np.ndarray] = []
        self.parts: list[np.ndarray] = []
        self.spans: list[np.ndarray] = []

    def _keys(self, level: int, x: int, y: int, z: int) -> np.ndarray:
        """Of the corner (x, y, z) of all leaves of a level."""
        span = self.span[level]
        return ((self.cells[level] + np.array([[x], [y], [z]])) * span * self.stride[:, None]).sum(axis=0)

    def lattice(self) -> Lattice:
        for level in range(self.box.levels + 1):
            if self.cells[level].shape[1]:
                self._centres = np.arange(self.first[level], self.first[level + 1])
                self._corners = {c: self._corner_ids(self._keys(level, *c)) for c in np.ndindex(2, 2, 2)}
                for axis in range(3):
                    self._faces(level, axis)
        at = np.concatenate([self._centre_places(), self._places(self.corner_keys)], axis=1)
        t = np.concatenate(self.parts, axis=1)
        middles = at.shape[1]
        if self.middles:
            keys, inverse = np.unique(np.concatenate(self.middles), return_inverse=True)
            fresh = t < 0  # -1 - position among the middles
            t[fresh] = middles + inverse[-1 - t[fresh]]
            at = np.concatenate([at, self._places(keys)], axis=1)
        return Lattice(at.astype(np.int32), t.astype(np.int32), np.concatenate(self.spans), middles, self.box)

    def _corner_ids(self, keys: np.ndarray) -> np.ndarray:
        return self.first[-1] + np.searchsorted(self.corner_keys, keys)

    def _centre_places(self) -> np.ndarray:
        return np.concatenate([c * span + span // 2 for c, span in zip(self.cells, self.span, strict=True)], axis=1)

    def _places(self, keys: np.ndarray) -> np.ndarray:
        x, rest = np.divmod(keys, self.stride[0])
        return np.stack([x, *np.divmod(rest, self.stride[1])])

    def _faces(self, level: int, axis: int) -> None:
        """All tetrahedra around the faces normal to an axis of the leaves of a level."""
        cells = self.cells[level]
        last = self.box.shape(level)[axis] - 1
        step = 1 << (self.box.levels - level)
        for up in (1, 0):
            beyond = cells.copy()
            beyond[axis] += 1 if up else -1
            side = (cells[axis] == last) if up else (cells[axis] == 0)
            if axis == 2:
                side = side | np.isin((cells[2] + up) * step, self.box.marks)
            self._against_side(level, axis, up, np.flatnonzero(side))
            inner = np.flatnonzero(~side)
            there = self.tree.exists(level, *beyond[:, inner])
            self._against_larger(level, axis, up, inner[~there], beyond)
            if up:
                alike = inner[there]
                if level < self.box.levels:
                    alike = alike[~self.tree.halved[level][tuple(beyond[:, alike])]]
                self._against_alike(level, axis, alike, beyond)

    def _ring(self, axis: int, up: int, which: np.ndarray) -> list[np.ndarray]:
        """Nodes at the four corners of the upper or lower face, turning around the axis."""
        b, c = (axis + 1) % 3, (axis + 2) % 3
        found = []
        for on_b, on_c in TURN:
            corner = [0, 0, 0]
            corner[axis], corner[b], corner[c] = up, on_b, on_c
            found.append(self._corners[tuple(corner)][which])
        return found

    def _around(self, level: int, axis: int, up: int, which: np.ndarray, below, above) -> None:
        """Cells from `below` to `above` (nodes) around the four edges of a face, halved where an edge is."""
        ring = self._ring(axis, up, which)
        b, c = (axis + 1) % 3, (axis + 2) % 3
        for k, (on_b, on_c) in enumerate(OUTWARD):
            one, two = ring[k], ring[(k + 1) % 4]
            halved = np.zeros(len(which), dtype=bool)
            if level < self.box.levels:
                beside = self.cells[level][:, which] + 1  # in the padded array
                beside[b] += on_b
                beside[c] += on_c
                halved = self.padded[level][tuple(beside)]
                beside[axis] += 1 if up else -1
                halved = halved | self.padded[level][tuple(beside)]
            self._add(level, below[~halved], above[~halved], one[~halved], two[~halved])
            if halved.any():
                keys = (self.corner_keys[one[halved] - self.first[-1]] + self.corner_keys[two[halved] - self.first[-1]])
                middle = self._corner_ids(keys // 2)
                self._add(level, below[halved], above[halved], one[halved], middle)
                self._add(level, below[halved], above[halved], middle, two[halved])

    def _against_alike(self, level: int, axis: int, which: np.ndarray, beyond: np.ndarray) -> None:
        flat = np.ravel_multi_index(tuple(beyond[:, which]), self.box.shape(level))
        other = self.first[level] + np.searchsorted(self.flat[level], flat)
        self._around(level, axis, 1, which, self._centres[which], other)

    def _against_side(self, level: int, axis: int, up: int, which: np.ndarray) -> None:
        if not len(which):
            return
        centre = np.full((3, 1), self.span[level] // 2)
        centre[axis] = self.span[level] * up
        keys = ((self.cells[level][:, which] * self.span[level] + centre) * self.stride[:, None]).sum(axis=0)
        middle = -1 - (sum(map(len, self.middles)) + np.arange(len(which)))
        self.middles.append(keys)
        ends = (self._centres[which], middle) if up else (middle, self._centres[which])
        self._around(level, axis, up, which, *ends)

    def _against_larger(self, level: int, axis: int, up: int, which: np.ndarray, beyond: np.ndarray) -> None:
        if not len(which):
            return
        large = np.ravel_multi_index(tuple(beyond[:, which] >> 1), self.box.shape(level - 1))
        large = self.first[level - 1] + np.searchsorted(self.flat[level - 1], large)
        small, ring = self._centres[which], np.array(self._ring(axis, up, which))
        b, c = (axis + 1) % 3, (axis + 2) % 3
        odd = self.cells[level][:, which] & 1
        from_middle = np.array([[0, 3], [1, 2]])[1 - odd[b], 1 - odd[c]]  # the corner in the middle of the large face
        low, high = (small, large) if up else (large, small)
        row = np.arange(len(which))
        for k in (1, 2):
            corners = [ring[from_middle, row], ring[(from_middle + k) % 4, row], ring[(from_middle + k + 1) % 4, row]]
            self._add(level if up else level - 1, low, *corners)
            self._add(level - 1 if up else level, high, corners[0], corners[2], corners[1])

    def _add(self, level: int, *nodes: np.ndarray) -> None:
        self.spans.append(np.full(len(nodes[0]), self.span[level], dtype=np.int32))
        self.parts.append(np.stack([np.asarray(n, dtype=np.int64) for n in nodes]))

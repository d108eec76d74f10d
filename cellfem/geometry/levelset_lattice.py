"""Body-centred lattices of tetrahedra in a stack of boxes, uniform or graded by an octree.

Every cube of the lattice has a node at its centre.  Two cubes of like size share four tetrahedra around their common
face, each with the two centres and one edge of the face; at the sides of the box, and at planes between layers, where
no cell may reach across, a node in the middle of the face takes the other centre's place, so that the planes are met
exactly and opposite sides are cut alike.  Where a cube meets four of half its size, each quarter of the face is cut in
two, from the middle of the large face, and joined to the centres on both sides; an edge that a smaller neighbour has
halved halves the cells around it.  The cubes are those of an octree (`levelset_tree`).
Source: F. Labelle and J. R. Shewchuk, ACM Trans. Graph. 26 (2007) 57, doi:10.1145/1276377.1276448.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cellfem.geometry.levelset_tree import Box, Tree

# corners of a cube's face in the order in which they turn around its normal, in the other two axes
TURN = ((0, 0), (1, 0), (1, 1), (0, 1))
OUTWARD = ((0, -1), (1, 0), (0, 1), (-1, 0))  # across the edge from corner k to corner k + 1


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

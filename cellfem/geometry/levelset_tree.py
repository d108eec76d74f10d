"""An octree over a stack of boxes: which cubes are halved, so that touching ones differ by one level at most.

Places are integers, in units of half the smallest cube, so that equal places are equal numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np


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

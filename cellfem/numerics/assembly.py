"""A sparse matrix whose entries come from many places: the pattern once, the values many times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp


@dataclass(frozen=True)
class Places:
    """The distinct (row, col) pairs among many, row by row, and which of them each pair is.  No comparison sort."""

    rows: np.ndarray  # (distinct,) int32
    cols: np.ndarray  # (distinct,) int32, ascending within a row
    position: np.ndarray  # (pairs,) int32

    @staticmethod
    def of(rows: np.ndarray, cols: np.ndarray, size: int) -> Places:
        order = _ranked(cols, size)
        order = order[_ranked(rows[order], size)]
        rows, cols = rows[order], cols[order]
        new = np.ones(len(order), dtype=bool)
        new[1:] = (rows[1:] != rows[:-1]) | (cols[1:] != cols[:-1])
        position = np.empty(len(order), dtype=np.int32)
        position[order] = np.cumsum(new, dtype=np.int32) - 1
        return Places(rows[new].astype(np.int32), cols[new].astype(np.int32), position)

    def indptr(self, size: int) -> np.ndarray:
        return np.concatenate([[0], np.cumsum(np.bincount(self.rows, minlength=size))]).astype(np.int32)


def _ranked(keys: np.ndarray, size: int) -> np.ndarray:
    """Stable order of integers below `size`: the counting sort by which scipy makes rows of triplets."""
    count = len(keys)
    ones = np.ones(count, dtype=np.int8)
    return sp.coo_array((ones, (keys, np.arange(count))), shape=(size, count)).tocsr().indices


@dataclass(frozen=True)
class Scatter:
    """Sums values given for (row, col) pairs into CSR matrices; pairs with a negative index are dropped."""

    size: int
    indptr: np.ndarray
    indices: np.ndarray
    source: np.ndarray  # (entries,) the first pair that counts at each, or one beyond the last pair: 0
    others: np.ndarray  # pairs that come on top
    tops: np.ndarray  # entries that have more than one pair
    top: np.ndarray  # (others,) which of `tops`

    @staticmethod
    def of(rows: np.ndarray, cols: np.ndarray, size: int) -> Scatter:
        kept = np.flatnonzero((rows >= 0) & (cols >= 0))
        diagonal = np.arange(size)  # always there, so that rows may be pinned
        places = Places.of(np.concatenate([rows[kept], diagonal]), np.concatenate([cols[kept], diagonal]), size)
        position = places.position[: len(kept)]
        source = np.full(len(places.cols), len(rows), dtype=np.int64)
        source[position[::-1]] = kept[::-1]  # the first pair writes last
        more = source[position] != kept
        tops, top = np.unique(position[more], return_inverse=True)
        return Scatter(size, places.indptr(size), places.cols, source, kept[more], tops, top)

    def matrix(self, *values: np.ndarray) -> sp.csr_matrix:
        """The matrix with the values of the pairs, given in one array or in several that follow each other."""
        given = np.concatenate([*values, [0.0]])
        data = given.take(self.source)
        data[self.tops] += np.bincount(self.top, given[self.others], len(self.tops))
        return sp.csr_matrix((data, self.indices, self.indptr), shape=(self.size,) * 2)


def pin(A: sp.csr_matrix, row: int, scale: float = 1.0) -> sp.csr_matrix:
    """A copy of A with `row` replaced by `scale` times the row of the identity."""
    A = A.copy()
    entries = slice(A.indptr[row], A.indptr[row + 1])
    A.data[entries] = np.where(A.indices[entries] == row, scale, 0.0)
    return A

"""A sparse matrix whose entries come from many places: the pattern once, the values many times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp


@dataclass(frozen=True)
class Scatter:
    """Sums values given for (row, col) pairs into CSR matrices; pairs with a negative index are dropped."""

    size: int
    kept: np.ndarray  # pairs that count
    position: np.ndarray  # (kept,) entry of the CSR matrix
    indptr: np.ndarray
    indices: np.ndarray

    @staticmethod
    def of(rows: np.ndarray, cols: np.ndarray, size: int) -> Scatter:
        kept = np.flatnonzero((rows >= 0) & (cols >= 0))
        keys = rows[kept].astype(np.int64) * size + cols[kept]
        keys = np.concatenate([keys, np.arange(size) * (size + 1)])  # a diagonal, so that rows may be pinned
        unique, inverse = np.unique(keys, return_inverse=True)
        indptr = np.concatenate([[0], np.cumsum(np.bincount(unique // size, minlength=size))])
        return Scatter(size, kept, inverse[: len(kept)].astype(np.int32), indptr.astype(np.int32),
                       (unique % size).astype(np.int32))

    def matrix(self, values: np.ndarray) -> sp.csr_matrix:
        data = np.bincount(self.position, weights=values[self.kept], minlength=len(self.indices))
        return sp.csr_matrix((data, self.indices, self.indptr), shape=(self.size,) * 2)


def pin(A: sp.csr_matrix, row: int, scale: float = 1.0) -> sp.csr_matrix:
    """A copy of A with `row` replaced by `scale` times the row of the identity."""
    A = A.copy()
    entries = slice(A.indptr[row], A.indptr[row + 1])
    A.data[entries] = np.where(A.indices[entries] == row, scale, 0.0)
    return A

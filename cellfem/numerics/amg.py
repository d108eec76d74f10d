"""Smoothed aggregation: a hierarchy of ever smaller matrices, and one V-cycle on it as a preconditioner.

For the diffusion-like blocks of the balances, whose near-null space is the constant and whose drift is weak: the
prolongation is the constant per aggregate, smoothed by one damped Jacobi step, and the restriction its transpose.
Everything is kept in single precision, which halves the memory traffic of a V-cycle; a preconditioner needs no more.
Aggregation after Vanek, Mandel and Brezina, Computing 1996, 56, 179, doi:10.1007/BF02238511, by pyamg's kernels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

THETA = 0.05  # [-] couplings weaker than this times the geometric mean of the diagonals do not aggregate
DAMPING = 4 / 3  # [-] of the prolongation's Jacobi step, over the spectral radius of D^-1 A
COARSEST = 200  # unknowns that are solved directly
POWER_STEPS = 8
MOST_LEVELS = 20


@dataclass(frozen=True, eq=False)
class Level:
    A: sp.csr_matrix
    lower: sp.csr_matrix  # with the diagonal
    upper: sp.csr_matrix  # without
    P: sp.csr_matrix
    R: sp.csr_matrix


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """One V-cycle of Gauss-Seidel smoothing (forward down, backward up) as a function of the residual."""

    levels: tuple[Level, ...]
    coarsest: np.ndarray  # pseudoinverse
    scale: float  # the matrix was divided by it, so that single precision neither over- nor underflows

    @staticmethod
    def of(A: sp.csr_matrix) -> Hierarchy:
        """Aggregates, prolongations and coarse matrices of A, a CSR matrix without empty rows."""
        scale = float(np.max(np.abs(A.diagonal()), initial=0.0)) or 1.0
        A = sp.csr_matrix(((A.data / scale).astype(np.float32), A.indices, A.indptr), shape=A.shape)
        levels = []
        while A.shape[0] > COARSEST and len(levels) < MOST_LEVELS:
            P = _prolongation(A)
            if P.shape[1] >= A.shape[0]:
                break
            R = P.T.tocsr()
            levels.append(Level(A, *_halves(A), P, R))
            A = (R @ (A @ P)).tocsr()
        return Hierarchy(tuple(levels), np.linalg.pinv(A.toarray().astype(float)), scale)

    def __call__(self, r: np.ndarray) -> np.ndarray:
        size = float(np.max(np.abs(r), initial=0.0))
        if size == 0:
            return np.zeros_like(r)
        x = self._descend(0, (r / size).astype(np.float32))
        return x.astype(float) * (size / self.scale)

    def _descend(self, k: int, b: np.ndarray) -> np.ndarray:
        from pyamg import amg_core

        if k == len(self.levels):
            return (self.coarsest @ b).astype(np.float32)
        level, n = self.levels[k], len(b)
        A, lower, x = level.A, level.lower, np.zeros_like(b)
        # from x = 0 a forward sweep solves lower x = b, and upper x is what is left
        amg_core.gauss_seidel(lower.indptr, lower.indices, lower.data, x, b, 0, n, 1)
        x -= level.P @ self._descend(k + 1, level.R @ (level.upper @ x))
        amg_core.gauss_seidel(A.indptr, A.indices, A.data, x, b, n - 1, -1, -1)
        return x


def _halves(A: sp.csr_matrix) -> tuple[sp.csr_matrix, sp.csr_matrix]:
    """The lower triangle of A with its diagonal, and what is above."""
    below = A.indices <= np.repeat(np.arange(A.shape[0], dtype=A.indices.dtype), np.diff(A.indptr))
    before = np.concatenate([[0], np.cumsum(below)])[A.indptr].astype(A.indptr.dtype)
    return tuple(sp.csr_matrix((A.data[half], A.indices[half], indptr), shape=A.shape)
                 for half, indptr in ((below, before), (~below, A.indptr - before)))


def _prolongation(A: sp.csr_matrix) -> sp.csr_matrix:
    """(1 - DAMPING/rho D^-1 A_F) T, with T the constants of the aggregates and A_F the strong part of A."""
    from pyamg.aggregation import standard_aggregation

    F = _strong(A)
    T = standard_aggregation(F)[0].astype(np.float32).tocsr()
    diagonal = A.diagonal()
    inverse = np.divide(1, diagonal, out=np.zeros_like(diagonal), where=diagonal != 0)
    weight = (DAMPING / _radius(F, inverse)) * inverse
    S = F @ T
    S.data *= np.repeat(-weight, np.diff(S.indptr)).astype(np.float32)
    return (T + S).tocsr()


def _strong(A: sp.csr_matrix) -> sp.csr_matrix:
    """A without the couplings with |a_ij|^2 < THETA^2 |a_ii a_jj|, whose row sums go to the diagonal.

    Weak couplings in the smoothed prolongation would do little but fill the coarse matrices (200 entries a row on
    layered meshes, against 50).
    """
    diagonal = np.abs(A.diagonal())
    rows = np.repeat(np.arange(A.shape[0], dtype=A.indices.dtype), np.diff(A.indptr))
    keep = A.data * A.data >= THETA**2 * diagonal[rows] * diagonal[A.indices]
    keep |= rows == A.indices
    lost = np.bincount(rows[~keep], A.data[~keep], A.shape[0]).astype(np.float32)
    rows, cols, data = rows[keep], A.indices[keep], A.data[keep]
    on = rows == cols
    data[on] += lost[rows[on]]
    indptr = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=A.shape[0]))]).astype(A.indptr.dtype)
    return sp.csr_matrix((data, cols, indptr), shape=A.shape)


def _radius(A: sp.csr_matrix, inverse: np.ndarray) -> float:
    """Spectral radius of D^-1 A, by a few power steps from a fixed start."""
    x = np.random.default_rng(0).standard_normal(A.shape[0]).astype(np.float32)
    radius = 1.0
    for _ in range(POWER_STEPS):
        x /= np.linalg.norm(x)
        x = inverse * (A @ x)
        radius = float(np.linalg.norm(x))
    return 1.1 * radius  # power steps come from below

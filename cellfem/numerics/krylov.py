"""Flexible GMRES: the residual of A x = b is minimised over directions that a preconditioner proposes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.linalg as la

GROWTH = 16  # directions for which room is made at a time


def fgmres(A, b: np.ndarray, apply: Callable, tolerance: float, limit: int) -> tuple[np.ndarray, int]:
    """(x, iterations) with |A x - b| <= tolerance |b| in exact arithmetic, from x = 0, or after `limit` iterations.

    Right preconditioning by `apply`, which may vary; no restart; classical Gram-Schmidt, done twice, by dense matrix
    products.  Stops where a direction brings nothing new.
    """
    size = float(np.linalg.norm(b))
    V, Z = np.empty((GROWTH + 1, len(b))), np.empty((GROWTH, len(b)))
    H, g = np.zeros((limit + 1, limit)), np.zeros(limit + 1)
    V[0], g[0] = b / size, size
    turns, k = [], 0
    while k < limit and abs(g[k]) > tolerance * size:
        if k == len(Z):
            V, Z = (np.concatenate([part, np.empty((GROWTH, len(b)))]) for part in (V, Z))
        Z[k] = apply(V[k])
        w = A @ Z[k]
        before = float(np.linalg.norm(w))
        for _ in range(2):
            h = V[: k + 1] @ w
            w -= h @ V[: k + 1]
            H[: k + 1, k] += h
        H[k + 1, k] = np.linalg.norm(w)
        if not np.isfinite(H[k + 1, k]):
            break
        fresh = H[k + 1, k] > 1e-15 * before
        if fresh:
            V[k + 1] = w / H[k + 1, k]
        _turn(H, g, turns, k)
        k += 1
        if not fresh:
            break
    if k == 0:
        return np.zeros_like(b), 0
    y = la.solve_triangular(H[:k, :k], g[:k], check_finite=False) if np.all(np.diag(H)[:k]) else \
        np.linalg.lstsq(H[:k, :k], g[:k], rcond=None)[0]
    return y @ Z[:k], k


def _turn(H: np.ndarray, g: np.ndarray, turns: list, k: int) -> None:
    """Givens rotations that make column k of H upper triangular; |g[k + 1]| is then the residual."""
    for j, (c, s) in enumerate(turns):
        H[j, k], H[j + 1, k] = c * H[j, k] + s * H[j + 1, k], c * H[j + 1, k] - s * H[j, k]
    r = float(np.hypot(H[k, k], H[k + 1, k]))
    c, s = (H[k, k] / r, H[k + 1, k] / r) if r else (1.0, 0.0)
    turns.append((c, s))
    H[k, k], H[k + 1, k] = r, 0.0
    g[k], g[k + 1] = c * g[k], -s * g[k]

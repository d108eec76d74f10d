"""Linear solves: direct while small, flexible GMRES with block AMG beyond; factors are kept while they serve.

The unknowns come in blocks (here: salt, then charge).  The preconditioner is block lower triangular, with one V-cycle
of smoothed aggregation per diagonal block, or, for small systems, a sparse LU factorisation of an earlier matrix.
"""

from __future__ import annotations

import math
import time
import warnings
import weakref
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as spla

from cellfem.errors import ConvergenceError, explain
from cellfem.numerics.amg import Hierarchy
from cellfem.numerics.krylov import fgmres

TINY = 4_000  # unknowns up to which a factorisation costs less than a Krylov iteration with an old one saves
DIRECT_LIMIT = 50_000  # unknowns up to which a factorisation is the faster preconditioner
REBUILD_AT = 12  # Krylov iterations by which an old preconditioner may exceed a fresh one before a solve starts anew
WORN = 0.6  # [-] share of the fresh rate of convergence below which the next solve has a new hierarchy
MAX_ITERATIONS = 300
ROUND_OFF = 1e-14  # [-] residual over |A| |x| that no solver can lower


@dataclass
class LinearSolver:
    """Solves A x = b; keeps the preconditioner from one solve to the next and counts the work.

    `split` is the number of unknowns of the first block.  `tolerance` is relative to |b| in the 2-norm; rows are
    expected in one physical unit.
    """

    split: int
    tolerance: float = 1e-8
    direct: bool | None = None  # None: by size
    solves: int = 0
    iterations: int = 0
    setups: int = 0
    longest: int = 0  # Krylov iterations of the hardest solve
    seconds: float = 0.0
    setup_seconds: float = 0.0
    _apply: object = field(default=None, repr=False)
    _own: object = field(default=None, repr=False)  # weak reference to the matrix that the preconditioner was made of
    _fresh_iterations: int = 0  # most that its own matrix took
    _fresh_rate: float = 0.0  # decades of the residual per Krylov iteration, the least there: smooth sides are easy
    _worn: bool = False

    def solve(self, A: sp.csr_matrix, b: np.ndarray, tolerance: float | None = None) -> np.ndarray:
        """x with |A x - b| <= tolerance |b|.

        Raises ConvergenceError where neither the kept nor a fresh preconditioner gets there.
        """
        started = time.perf_counter()
        self.solves += 1
        tolerance = tolerance or self.tolerance
        if not np.any(b):
            return np.zeros_like(b)
        fresh = self._apply is None or self._worn or self._apply.shape != A.shape or A.shape[0] <= TINY
        if fresh:
            self._build(A)
        limit = MAX_ITERATIONS if fresh else self._fresh_iterations + REBUILD_AT
        x, iterations, done = _krylov(A, b, self._apply, tolerance, limit)
        if not done and not fresh:
            self._build(A)
            x, iterations, done = _krylov(A, b, self._apply, tolerance, MAX_ITERATIONS)
            fresh = True
        rate = -math.log10(tolerance) / iterations
        if fresh:
            self._fresh_iterations, self._fresh_rate = iterations, rate
        elif self._own() is A:
            self._fresh_iterations = max(self._fresh_iterations, iterations)
            self._fresh_rate = min(self._fresh_rate, rate)
        self._worn = self.kind(A.shape[0]) != "direct" and rate < WORN * self._fresh_rate
        self.iterations += iterations
        self.longest = max(self.longest, iterations)
        self.seconds += time.perf_counter() - started
        if not done:
            raise ConvergenceError(explain(
                "linear solve", f"a relative residual above {tolerance:g} after {iterations} Krylov iterations",
                "it has to fall below", "Check the mesh quality (`cellfem mesh`) and the ratio of conductivities."))
        return x

    def _build(self, A: sp.csr_matrix) -> None:
        started = time.perf_counter()
        self._apply = _lu(A) if self.kind(A.shape[0]) == "direct" else _block_amg(A, self.split)
        self._own = weakref.ref(A)
        self.setups += 1
        self.setup_seconds += time.perf_counter() - started

    def kind(self, size: int) -> str:
        """What preconditions a system of that size."""
        direct = size <= DIRECT_LIMIT if self.direct is None else self.direct
        return "direct" if direct else "block AMG"


def _lu(A: sp.csr_matrix) -> spla.LinearOperator:
    with warnings.catch_warnings():
        warnings.simplefilter("error", spla.MatrixRankWarning)
        try:
            lu = spla.splu(A.tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.01,
                           options={"SymmetricMode": True})
        except (RuntimeError, spla.MatrixRankWarning) as error:
            raise ConvergenceError(explain("linear solve", f"the matrix is singular ({error})",
                                           "every field needs a path to a boundary that fixes it",
                                           "Check the design with `cellfem mesh`.")) from error
    return spla.LinearOperator(A.shape, matvec=lu.solve)


def _block_amg(A: sp.csr_matrix, split: int) -> spla.LinearOperator:
    """Block lower triangular preconditioner: first block, then the second with its right side updated."""
    coupling = A[split:, :split]
    first, second = (Hierarchy.of(block) for block in (A[:split, :split], A[split:, split:]))

    def apply(r):
        r = r.ravel()
        x = np.empty_like(r)
        x[:split] = first(r[:split])
        x[split:] = second(r[split:] - coupling @ x[:split])
        return x

    return spla.LinearOperator(A.shape, matvec=apply)


def _krylov(A, b, apply, tolerance: float, limit: int) -> tuple[np.ndarray, int, bool]:
    """Flexible GMRES: (x, iterations, whether |Ax - b| <= 2 tolerance |b| or is mere round-off)."""
    x, iterations = fgmres(A, b, apply.matvec, tolerance, min(limit, len(b)))
    left = np.linalg.norm(A @ x - b)
    done = left <= 2 * tolerance * np.linalg.norm(b) or left <= ROUND_OFF * np.linalg.norm(abs(A) @ np.abs(x))
    return x, max(iterations, 1), bool(done)

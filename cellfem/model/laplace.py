"""The linear conduction problem div(B grad u) = 0 on the electrolyte, behind limiting currents and tortuosity."""

from __future__ import annotations

import numpy as np

from cellfem.numerics.linear import LinearSolver
from cellfem.numerics.operators import CellOperators

DIRECT_3D = 8_000  # unknowns in 3-D beyond which multigrid is faster than LU for one right side


def conduct(ions: CellOperators, fixed: np.ndarray, values: np.ndarray, load: np.ndarray | None = None) -> np.ndarray:
    """u on the nodes of `ions` with u = values on the nodes numbered `fixed` and int B grad u . grad v = load v else.

    Raises ConvergenceError where a part of the domain has no path to a fixed node.
    """
    K = ions.pattern.matrix(ions.diffusion @ np.ones(len(ions.cells)))
    n = K.shape[0]
    u = np.zeros(n)
    u[fixed] = values
    free = np.setdiff1d(np.arange(n), fixed)
    if len(free):
        b = -(K @ u)[free] + (0.0 if load is None else load[free])
        spatial = ions.gradient.shape[0] == 3 * len(ions.cells)
        direct = False if spatial and len(free) > DIRECT_3D else None
        u[free] = LinearSolver(0, direct=direct).solve(K[free][:, free].tocsr(), b, 1e-11)
    return u


def energy(ions: CellOperators, u: np.ndarray) -> float:
    """int B grad u . grad u."""
    K = ions.pattern.matrix(ions.diffusion @ np.ones(len(ions.cells)))
    return float(u @ (K @ u))

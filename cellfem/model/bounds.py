"""Bounds that every effective tensor of a two-phase medium has to keep; a violation is a wrong number, not a result."""

from __future__ import annotations

import warnings

import numpy as np

from cellfem.errors import ConvergenceError, TrustWarning, explain

TOLERANCE = 1e-6  # [-] round-off of the solves
COARSEST = 5e-2  # [-] beyond, the number is wrong
COARSE = 5e-3  # [-] by which the energy on a coarse mesh, an upper bound of B, may pass the trace bound


def check_bounds(B: np.ndarray, eps: float, where: str, two_phase: bool = True) -> None:
    """Raise ConvergenceError unless B (3 x 3) is possible for a medium of which the share `eps` conducts.

    Symmetric; 0 <= B_i <= eps for its eigenvalues (O. Wiener 1912); for a conductor beside an insulator
    (`two_phase`) also

        sum_i 1/(1 - B_i) <= (3 - eps)/(1 - eps),

    an equality for parallel sheets, the bound of Hashin and Shtrikman where isotropic (doi:10.1063/1.1728579;
    anisotropic: G. W. Milton, The Theory of Composites, Cambridge 2002, doi:10.1017/CBO9780511613357).
    """
    if not np.max(np.abs(B - B.T)) <= TOLERANCE:
        _fail(where, f"an asymmetry of {np.max(np.abs(B - B.T)):.2g}", "the tensor is symmetric")
    values = np.linalg.eigvalsh((B + B.T) / 2)
    if not np.all(np.isfinite(values)) or values[0] < -TOLERANCE:
        _fail(where, f"the eigenvalue {values[0]:.6g}", "none is negative")
    if values[-1] > eps * (1 + TOLERANCE):
        _fail(where, f"the eigenvalue {values[-1]:.6g}", f"none exceeds the conducting share {eps:.6g}")
    if two_phase and eps < 1 - TOLERANCE:
        trace, most = float(np.sum(1 / (1 - values))), (3 - eps) / (1 - eps)
        if most * (1 + COARSE) < trace <= most * (1 + COARSEST):
            warnings.warn(explain(where, f"found sum 1/(1 - B_i) = {trace:.6g}", f"at most {most:.6g} is possible",
                                  "The mesh is coarse: its B is an upper bound, some per cent too large."),
                          TrustWarning, stacklevel=3)
        if trace > most * (1 + COARSEST):
            _fail(where, f"sum 1/(1 - B_i) = {trace:.6g}", f"at most (3 - eps)/(1 - eps) = {most:.6g} is possible")


def _fail(where: str, found: str, allowed: str) -> None:
    raise ConvergenceError(explain(where, f"found {found}", allowed, "The mesh is too coarse or badly shaped: refine it"
                                   " (coarsen=0.5) and look at `cellfem mesh`."))

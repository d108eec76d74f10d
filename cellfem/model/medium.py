"""What a region looks like at mesh scale: one class for the resolved and the homogenised scale."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cellfem.errors import explain
from cellfem.physics.deposit import PLATES, Growth

CONDUCTS_IONS = ("pore", "electrolyte", "separator", "electrode")
CONDUCTS_ELECTRONS = ("host", "electrode")
REGIONS = ("host", "pore", "electrode", "electrolyte", "separator")

Value = float | np.ndarray | Callable  # a number, a tensor, or a function of x (dimension, points) [m]


@dataclass(frozen=True, kw_only=True)
class Medium:
    """Effective properties of a region; numbers, tensors (3 x 3 or d x d), or functions of position.

    `B` = D_eff/D = kappa_eff/kappa = 1/N_M = eps/tau_F is the transport efficiency.  `electrolyte` is only given where
    a region has its own electrolyte (a single-ion conducting layer, say).
    """

    eps: Value = 1.0  # [-] porosity, 0 to 1
    B: Value | None = None  # [-] transport efficiency; None: eps (straight pores)
    sigma: Value = np.inf  # [S/m] effective electronic conductivity; inf: equipotential
    a_s: Value = 0.0  # [1/m] active surface per volume
    growth: Growth = PLATES  # how eps, B, sigma and a_s follow the deposit in an electrode
    electrolyte: Any = None  # an Electrolyte, or None for the cell's own

    @property
    def macmullin(self) -> np.ndarray:
        """MacMullin number N_M = 1/B as a 3 x 3 tensor; inf in blocked directions.

        Raises ValueError where eps or B vary with position: `homogenise` has the numbers of the whole.
        """
        if callable(self.eps) or callable(self._B):
            raise ValueError(explain("Medium.macmullin", "found properties that vary with position", "one number for"
                                     " the whole is needed", "Take cf.homogenise(mesh, media={'electrode': medium})."))
        return _inverse(_tensor(self._B, 3))

    @property
    def tortuosity_factor(self) -> np.ndarray:
        """Tortuosity factor tau_F = eps N_M as a 3 x 3 tensor."""
        return self.macmullin * self.eps

    @property
    def _B(self):
        return self.eps if self.B is None else self.B

    def porosity(self, x: np.ndarray, where: str) -> np.ndarray:
        """eps (points,) at x; ValueError outside (0, 1]."""
        eps = _at(self.eps, x, 0)
        _check(where + ".eps", eps, np.isfinite(eps) & (eps > 0) & (eps <= 1), "a porosity above 0 and up to 1")
        return eps

    def efficiency(self, x: np.ndarray, where: str) -> np.ndarray:
        """B (d, d, points) at x; ValueError unless 0 <= B <= eps in every direction."""
        d = x.shape[0]
        B = _at(self._B, x, d)
        eps = self.porosity(x, where)
        low, high = _eigenvalues(B)
        _check(where + ".B", low, np.isfinite(low) & (low >= -1e-9), "a tensor without negative eigenvalues")
        _check(where + ".B, z", B[-1, -1], B[-1, -1] > 0, "a way for ions through the thickness")
        _check(where + ".B", high, high <= eps * (1 + 1e-6), "eigenvalues up to the porosity (D_eff <= eps D)")
        return B

    def conductivity(self, x: np.ndarray, where: str) -> np.ndarray:
        """sigma (d, d, points) at x; ValueError unless finite, without negative eigenvalues, and positive along z.

        Across parallel sheets it may vanish.
        """
        sigma = _at(self.sigma, x, x.shape[0])
        low, high = _eigenvalues(sigma)
        _check(where + ".sigma", low, np.isfinite(low) & (low >= -1e-9 * high), "a tensor without negative eigenvalues"
               " [S/m]")
        _check(where + ".sigma, z", sigma[-1, -1], sigma[-1, -1] > 0, "a positive conductivity toward the collector"
               " [S/m]")
        return sigma

    def specific_surface(self, x: np.ndarray, where: str) -> np.ndarray:
        """a_s (points,) [1/m] at x; ValueError if negative."""
        a_s = _at(self.a_s, x, 0)
        _check(where + ".a_s", a_s, np.isfinite(a_s) & (a_s >= 0), "an area per volume >= 0 [1/m]")
        return a_s

    @property
    def equipotential(self) -> bool:
        """Whether the electronic conductivity is taken as infinite."""
        return not callable(self.sigma) and bool(np.any(np.isinf(self.sigma)))


def _at(value: Value, x: np.ndarray, d: int) -> np.ndarray:
    """A property at the points: (points,) for d = 0, else (d, d, points)."""
    points = x.shape[1]
    if callable(value):
        value = np.asarray(value(x), dtype=float)
        if d == 0 or value.ndim == 3:
            return np.broadcast_to(value, (points,)).copy() if d == 0 else value
        return np.eye(d)[..., None] * np.broadcast_to(value, (points,))
    value = np.asarray(value, dtype=float)
    if d == 0:
        return np.full(points, float(value))
    return np.repeat(_tensor(value, d)[..., None], points, axis=2)


def _tensor(value, d: int) -> np.ndarray:
    """A number or a 3 x 3 tensor as d x d; in 2-D x and z are kept, in 1-D z."""
    value = np.asarray(value, dtype=float)
    if value.ndim == 0:
        return float(value) * np.eye(d)
    keep = {1: [2], 2: [0, 2], 3: [0, 1, 2]}[d] if value.shape == (3, 3) else list(range(d))
    return value[np.ix_(keep, keep)]


def _eigenvalues(tensor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if not np.all(np.isfinite(tensor)):
        return np.full(tensor.shape[2], np.nan), np.full(tensor.shape[2], np.nan)
    values = np.linalg.eigvalsh(np.moveaxis((tensor + tensor.swapaxes(0, 1)) / 2, 2, 0))
    return values[:, 0], values[:, -1]


def _inverse(B: np.ndarray) -> np.ndarray:
    """Inverse of a symmetric tensor with inf for blocked directions."""
    values, vectors = np.linalg.eigh((B + B.T) / 2)
    open_ = values > 1e-14 * max(values.max(), 1e-300)
    inverse = (vectors[:, open_] / values[open_]) @ vectors[:, open_].T
    shut = vectors[:, ~open_] @ vectors[:, ~open_].T
    return np.where(np.abs(shut) > 1e-12, np.copysign(np.inf, shut), inverse)


def _check(where: str, found: np.ndarray, good: np.ndarray, allowed: str) -> None:
    if not np.all(good):
        bad = found[~good]
        raise ValueError(explain(where, f"found {bad[0]:g}" + (f" and {len(bad) - 1} more" if len(bad) > 1 else ""),
                                 f"{allowed} is needed", "Correct the medium of that region."))

"""Nucleation: a bare surface has to be overcome before metal plates on it, and gives back only what it carries.

Per true area, with q [C/m2] the plated charge and r the rate of the metal's own kinetics,

    i_n = r [theta + (1 - theta) S((-eta - eta_nuc)/w)]   where metal plates (r < 0)
    i_n = r theta                                         where it is stripped
    theta = 1 - exp(-q/q_n),   S(x) = 1/(1 + exp(-x))

A hard switch at eta_nuc would leave a fresh surface without any galvanostatic state.  Within a time step q moves with
the current, q = q_base - tau i_n, and the law is solved for i_n at each place: stripping stops by itself where a place
is empty, and theta, q and the charge that has passed agree to round-off.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from cellfem.errors import explain
from cellfem.physics.kinetics import Kinetics
from cellfem.physics.points import at_points

WIDTH = 2.5e-3  # [V] over which S rises
COVERING = 36.0  # [C/m2] = 1e-3 mAh/cm2, some 5 nm of lithium; illustrative
HIGHEST = 1.0  # [V] nucleation overpotentials beyond are millivolts by mistake
NO_METAL = 1e-9  # [-] charge over that of covering, below which a place carries no metal
LARGEST = 1e200  # [A/m2] rates far from the solution overflow
UNDERFLOW = 1e-300  # [-] least share that grows
_ITERATIONS = 100


@dataclass(frozen=True, kw_only=True)
class Nucleation:
    """How metal starts on a surface; numbers or functions of position x (dimension, points) [m].

    Raises ValueError for overpotentials outside 0 to 1 V (a function may give -inf, no barrier) and for charges and
    widths that are not positive.
    """

    eta: float | Callable | None = None  # [V] nucleation overpotential >= 0; None: no barrier
    q_n: float | Callable = COVERING  # [C/m2] charge per true area after which 63 % of a place is covered
    width: float | Callable = WIDTH  # [V]
    notes: tuple[str, ...] = ()  # evidence marks that the report repeats

    def __post_init__(self):
        if isinstance(self.eta, bool) or not (self.eta is None or callable(self.eta)
                                              or isinstance(self.eta, numbers.Real)):
            raise ValueError(explain("Nucleation.eta", f"found {self.eta!r}", "a number, a function of position or None"
                                     " (no barrier) is needed", "Give volts, 0.04 for copper, say."))
        if isinstance(self.eta, numbers.Real):
            _check_eta(np.array([float(self.eta)]))
        for name in ("q_n", "width"):
            if not callable(getattr(self, name)):
                _check_positive(name, getattr(self, name))

    def at(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """eta_nuc [V] (-inf: no barrier), q_n [C/m2] and width [V] at the points x (dimension, points) [m]."""
        eta = at_points("Nucleation.eta", -math.inf if self.eta is None else self.eta, x)
        if self.eta is not None:
            _check_eta(eta)
        others = []
        for name in ("q_n", "width"):
            values = at_points(f"Nucleation.{name}", getattr(self, name), x)
            wrong = ~(np.isfinite(values) & (values > 0))
            if np.any(wrong):
                _check_positive(name, float(values[wrong][0]))
            others.append(values)
        return eta, *others


def _check_eta(eta: np.ndarray) -> None:
    wrong = ~(np.isneginf(eta) | (eta >= 0) & (eta <= HIGHEST))
    if np.any(wrong):
        raise ValueError(explain("Nucleation.eta", f"found {eta[wrong][0]:g} V", "a nucleation overpotential from 0 to"
                                 f" {HIGHEST:g} V is needed", "Give its magnitude in volts (40 mV on copper: 0.04);"
                                 " None: no barrier."))


def _check_positive(name: str, value) -> None:
    if not (isinstance(value, numbers.Real) and math.isfinite(value) and value > 0):
        raise ValueError(explain(f"Nucleation.{name}", f"found {value!r}", "a positive number is needed",
                                 "q_n in C/m2 of true area (1 mAh/cm2 = 3.6e4 C/m2), width in V."))


def covered(q: np.ndarray, q_n) -> np.ndarray:
    """theta = 1 - exp(-q/q_n), the share of a place that metal covers; 0 without charge (branch on the real part)."""
    return np.where(np.real(q) > 0, -np.expm1(-np.where(np.real(q) > 0, q, 0.0) / q_n), 0.0)


def threshold(eta, eta_nuc, width):
    """S((-eta - eta_nuc)/w): the share of a bare place that nucleates at the overpotential eta."""
    x = (-eta - eta_nuc) / width
    small = np.exp(np.where(np.real(x) > 0, -x, x))  # of modulus below 1
    return np.where(np.real(x) > 0, 1 / (1 + small), small / (1 + small))


@dataclass(frozen=True, eq=False)
class Growing:
    """The kinetics of places that nucleate, as a law like any other: rate(c, eta, U, T) in A/m2.

    `q` is the plated charge [C/m2] before, `tau` the time [s] that the current itself adds to it: q - tau i_n.
    """

    kinetics: Kinetics
    eta_nuc: np.ndarray  # (places,) [V]; -inf: no barrier
    q_n: np.ndarray  # (places,) [C/m2]
    width: np.ndarray | float  # (places,) [V]
    q: np.ndarray  # (places,) [C/m2]; complex where it carries a derivative
    tau: np.ndarray | float = 0.0  # [s]

    def held(self, i_n) -> Growing:
        """The law at the charge that the current i_n leaves: an explicit one."""
        return replace(self, q=self.q - self.tau * i_n, tau=0.0)

    def rate(self, c, eta, U, T: float):
        r, moving = self.kinetics.rate(c, eta, U, T), np.any(self.tau)
        if np.all(np.isneginf(self.eta_nuc)) and np.all(np.real(r) <= 0):  # S = 1: what is covered makes no difference
            return np.clip(r, -LARGEST, LARGEST) if moving and not np.iscomplexobj(r) else r
        S = self._nucleating(eta, r)
        if not moving:
            theta = covered(self.q, self.q_n)
            return r * (theta + (1 - theta) * S)
        i = self._solved(np.real(r), np.real(S))
        if not (np.iscomplexobj(r) or np.iscomplexobj(S)):
            return i
        theta, slope = self._covered(i)
        F = i - r * (theta + (1 - theta) * S)
        return i - F / (1 + self.tau * np.real(r) * slope * (1 - np.real(S)))

    def by_charge(self, eta):
        """(places,) d ln[theta + (1 - theta) S]/dq [m2/C] where metal plates at the overpotential eta."""
        S, theta = self._threshold(eta), covered(self.q, self.q_n)
        return (1 - S) * (1 - theta) / self.q_n / np.maximum(theta + (1 - theta) * S, UNDERFLOW)

    def _threshold(self, eta):
        with np.errstate(invalid="ignore"):
            return np.where(np.isneginf(self.eta_nuc), 1.0, threshold(eta, np.maximum(self.eta_nuc, 0.0), self.width))

    def _nucleating(self, eta, r):
        """S where metal plates, 0 where it is stripped: a bare place has nothing to give."""
        return np.where(np.real(r) <= 0, self._threshold(eta), 0.0)

    def _covered(self, i):
        """theta and its slope by q; an empty place counts as about to be covered."""
        q = self.q - self.tau * i
        theta = covered(q, self.q_n)
        return theta, np.where(q > -NO_METAL * self.q_n, (1 - theta) / self.q_n, 0.0)

    def _solved(self, r, S):
        """i_n from i_n = r [theta(q - tau i_n) + (1 - theta) S], by Newton from the far side (it falls steadily).

        The function is convex in |i_n|, so the root on the side of r is the only one.
        """
        tau, r = np.asarray(self.tau, dtype=float), np.clip(r, -LARGEST, LARGEST)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            most = np.where(r > 0, np.minimum(r, np.where(tau > 0, np.maximum(self.q, 0.0) / tau, np.inf)), r)
        i = most
        for _ in range(_ITERATIONS):
            theta, slope = self._covered(i)
            F = i - r * (theta + (1 - theta) * S)
            step = F / (1 + tau * r * slope * (1 - S))
            new = np.where(r > 0, np.clip(i - step, 0.0, most), np.clip(i - step, most, 0.0))
            done = np.abs(new - i) <= 1e-15 * np.abs(r) + 4e-16 * np.abs(i)
            i = new
            if np.all(done | ~np.isfinite(r)):
                break
        return i

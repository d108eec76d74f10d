"""Films on the metal: a resistance per true area, inside the overpotential and therefore implicit in the current."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cellfem.errors import explain
from cellfem.physics.kinetics import Kinetics
from cellfem.units import thermal_voltage

_ITERATIONS = 200


@dataclass(frozen=True, kw_only=True)
class Film:
    """A film (SEI) of area-specific resistance R on the plating surface; a number, or a function of position."""

    R: float | Callable = 0.0  # [Ohm m2] per true area, >= 0; a function takes x (dimension, points) [m]

    def __post_init__(self):
        if not callable(self.R):
            _check(np.asarray(self.R, dtype=float))

    def resistance(self, x: np.ndarray) -> np.ndarray:
        """R [Ohm m2] at the points x (dimension, points) [m]."""
        R = self.R(x) if callable(self.R) else self.R
        R = np.broadcast_to(np.asarray(R, dtype=float), x.shape[1:])
        _check(R)
        return R


def _check(R: np.ndarray) -> None:
    if not np.all(np.isfinite(R)) or np.any(R < 0):
        raise ValueError(explain("Film.R", f"found {np.min(R):g}", "a finite film resistance >= 0 is needed",
                                 "Typical for lithium: 1e-3 to 1e-2 Ohm m2 (10 to 100 Ohm cm2)."))


def current(kinetics: Kinetics, c, delta, U, R, T: float):
    """i_n [A/m2] from i_n = rate(c, eta, U, T), eta = delta - i_n R, with delta = phi_s - phi_e (all (points,)).

    A safeguarded real Newton iteration finds eta; where the arguments are complex, one complex Newton step from it
    carries the exact derivative (complex step).
    """
    c_r, delta_r, U_r = np.real(c), np.real(delta), np.real(U)
    eta = delta_r if np.max(R, initial=0.0) == 0 else _overpotential(kinetics, c_r, delta_r, U_r, R, T)
    if np.iscomplexobj(c) or np.iscomplexobj(delta) or np.iscomplexobj(U):
        slope = 1 + R * _slope(kinetics, c_r, eta, U_r, T)
        eta = eta - (eta + R * kinetics.rate(c, eta, U, T) - delta) / slope
    return kinetics.rate(c, eta, U, T)


def _slope(kinetics, c, eta, U, T):
    return np.imag(kinetics.rate(c, eta + 1e-30j, U, T)) / 1e-30


def _overpotential(kinetics, c, delta, U, R, T):
    """Solve h(eta) = eta + R rate(eta) - delta = 0 by Newton's method within a shrinking bracket; h is increasing."""
    V = thermal_voltage(T)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        away = delta - R * kinetics.rate(c, delta, U, T)  # h has the opposite sign there
        low, high = np.minimum(delta, away), np.maximum(delta, away)
        at_rest = R * kinetics.rate(c, 0 * delta, U, T) - delta
        low = np.where(at_rest <= 0, np.maximum(low, 0.0), low)
        high = np.where(at_rest >= 0, np.minimum(high, 0.0), high)
        # far from rest the film carries delta: Butler-Volmer inverted at the current delta/R
        exchange = V * _slope(kinetics, c, 0 * delta, U, T)
        eta = np.clip(2 * V * np.arcsinh(delta / (2 * np.maximum(R, 1e-300) * exchange)), low, high)
        for _ in range(_ITERATIONS):
            h = eta + R * kinetics.rate(c, eta, U, T) - delta
            high, low = np.where(h > 0, eta, high), np.where(h > 0, low, eta)
            new = eta - h / (1 + R * _slope(kinetics, c, eta, U, T))
            new = np.where((new >= low) & (new <= high), new, 0.5 * (low + high))
            small = np.abs(new - eta) <= 1e-9 * V  # Newton's next error is this squared: below round-off
            eta = new
            if np.all(small):
                break
    return eta

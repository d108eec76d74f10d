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
    film = np.broadcast_to(R, np.shape(delta_r)) > 0
    eta = delta_r if not np.any(film) else _overpotential(kinetics, c_r, delta_r, U_r, R, T)
    if np.iscomplexobj(c) or np.iscomplexobj(delta) or np.iscomplexobj(U):
        slope = 1 + R * _slope(kinetics, c_r, eta, U_r, T)
        eta = eta - (eta + R * kinetics.rate(c, eta, U, T) - delta) / slope
    return kinetics.rate(c, eta, U, T)


def _slope(kinetics, c, eta, U, T):
    return np.imag(kinetics.rate(c, eta + 1e-30j, U, T)) / 1e-30


def _overpotential(kinetics, c, delta, U, R, T):
    """Solve h(eta) = eta + R rate(eta) - delta = 0; h is increasing, so a bracket is kept and halved when in doubt."""
    c, delta, U, R = (np.broadcast_to(a, np.broadcast_shapes(*map(np.shape, (c, delta, U, R)))).astype(float)
                      for a in (c, delta, U, R))
    V = thermal_voltage(T)
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = _bracket(kinetics, c, delta, U, R, T, V)
        eta = np.clip(np.zeros_like(delta), low, high)
        for _ in range(_ITERATIONS):
            h = eta + R * kinetics.rate(c, eta, U, T) - delta
            high, low = np.where(h > 0, eta, high), np.where(h > 0, low, eta)
            new = eta - h / (1 + R * _slope(kinetics, c, eta, U, T))
            doubt = ~((new >= low) & (new <= high)) | (np.abs(new - eta) > 4 * V)
            new = np.where(doubt, 0.5 * (low + high), new)
            done = np.abs(new - eta) <= 1e-15 * (1 + np.abs(new))
            eta = new
            if np.all(done):
                break
    return eta


def _bracket(kinetics, c, delta, U, R, T, V):
    """Ends of an interval that holds the root: the root lies on delta's side of the current at rest."""
    low, high = delta.copy(), delta.copy()
    step = np.full_like(delta, V)
    for _ in range(100):
        up = high + R * kinetics.rate(c, high, U, T) - delta < 0
        down = low + R * kinetics.rate(c, low, U, T) - delta > 0
        if not (np.any(up) or np.any(down)):
            break
        high, low = np.where(up, high + step, high), np.where(down, low - step, low)
        step = step * 2
    return low, high

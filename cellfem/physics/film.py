"""Films on the metal: a resistance per true area, inside the overpotential and therefore implicit in the current."""

from __future__ import annotations

import numbers
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cellfem.errors import TrustWarning, explain
from cellfem.physics.kinetics import Kinetics
from cellfem.physics.points import at_points
from cellfem.units import thermal_voltage

_ITERATIONS = 200


TYPICAL = "Typical for lithium: 1e-3 to 1e-2 Ohm m2 (10 to 100 Ohm cm2)."
THICKEST = 1e-3  # [m] layers beyond are nanometres by mistake
BULK = 5e-7  # [S/m] conductivities below this are those of bulk phases
HIGHEST_R = 1.0  # [Ohm m2] resistances beyond are Ohm cm2 by mistake


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer of a film, R = thickness/conductivity; numbers or functions of position x (dimension, points) [m].

    A conductivity of a bulk phase (below 5e-7 S/m) is warned about: it overstates R by two to three orders.
    """

    thickness: float | Callable | None = None  # [m], >= 0
    conductivity: float | Callable | None = None  # [S/m], > 0, of ions through the layer
    name: str = "layer"

    def __post_init__(self):
        if self.conductivity is None:
            raise ValueError(explain(f"Layer ({self.name}).conductivity", "found none", "a conductivity in S/m is"
                                     " needed", "Effective values are 1e-6 to 1e-5 S/m; or give Film(R=...)."))
        if self.thickness is None:
            raise ValueError(explain(f"Layer ({self.name}).thickness", "found none", "a thickness in m is needed",
                                     "20 nm is 20e-9; or give Film(R=...)."))
        for name in ("thickness", "conductivity"):
            value = getattr(self, name)
            _check_kind(f"Layer ({self.name}).{name}", value)
            if not callable(value):
                self._check(name, np.asarray(value, dtype=float))
        for note in self.notes():
            warnings.warn(note, TrustWarning, stacklevel=3)

    def resistance(self, x: np.ndarray) -> np.ndarray:
        """R [Ohm m2] at the points."""
        thickness, conductivity = (at_points(f"Layer ({self.name}).{name}", getattr(self, name), x)
                                   for name in ("thickness", "conductivity"))
        self._check("thickness", thickness)
        self._check("conductivity", conductivity)
        return thickness / conductivity

    def _check(self, name: str, values) -> None:
        if name == "conductivity" and not np.all(np.isfinite(values) & (values > 0)):
            raise ValueError(explain(f"Layer ({self.name}).conductivity", f"found {np.min(values):g}", "a positive"
                                     " number is needed", "S/m; 1 S/cm is 100 S/m."))
        wrong = ~(np.isfinite(values) & (values >= 0) & (values <= THICKEST))
        if name == "thickness" and np.any(wrong):
            raise ValueError(explain(f"Layer ({self.name}).thickness", f"found {values[wrong][0]:g} m", "a thickness"
                                     f" from 0 to {THICKEST:g} m is needed", "In metres: 20 nm is 20e-9."))

    def notes(self, x: np.ndarray | None = None) -> tuple[str, ...]:
        """What the report has to repeat; of a conductivity that varies, where it is least at the points x."""
        if x is None and callable(self.conductivity):
            return ()
        value = self.conductivity if x is None else np.min(at_points(self.name, self.conductivity, x), initial=np.inf)
        if value >= BULK:
            return ()
        return (f"film: {self.name}: a conductivity of {value:g} S/m is that of a bulk phase; films on real electrodes"
                " conduct as if by 1e-6 to 1e-5 S/m",)


@dataclass(frozen=True, kw_only=True)
class Film:
    """A film (SEI) on the plating surface: an area-specific resistance R, or layers in series.

    Layers whose conductivity is that of a bulk phase (Li2O, LiF: near 1e-7 S/m and below) overstate R by two to three
    orders of magnitude against measured cells; such a film carries a note that the report repeats.

    Raises ValueError where neither or both are given, and for values that no film has.
    """

    R: float | Callable | None = None  # [Ohm m2] per true area, >= 0; a function takes x (dimension, points) [m]
    layers: tuple[Layer, ...] = ()  # in series, in place of R

    def __post_init__(self):
        several = isinstance(self.layers, tuple | list)
        wrong = [layer for layer in self.layers if not isinstance(layer, Layer)] if several else [self.layers]
        if wrong:
            raise ValueError(explain("Film.layers", f"found {wrong[0]!r}", "a sequence of cf.Layer is"
                                     " needed", "For example [cf.Layer(thickness=20e-9, conductivity=5e-6)]."))
        layers = tuple(self.layers)
        object.__setattr__(self, "layers", layers)
        if (self.R is None) == (not layers):
            found = "found neither R nor layers" if self.R is None else "found both R and layers"
            raise ValueError(explain("Film", found, "one of them describes the film", "R=0.0 is no film; a layer of"
                                     " fixed resistance is thickness over conductivity."))
        if not layers:
            _check_kind("Film.R", self.R)
        if self.R is not None and not callable(self.R):
            _check(np.asarray(self.R, dtype=float))
        for note in () if layers else self.notes():  # layers have said theirs
            warnings.warn(note, TrustWarning, stacklevel=3)

    def resistance(self, x: np.ndarray) -> np.ndarray:
        """R [Ohm m2] at the points x (dimension, points) [m]: the sum over the layers, which lie in series."""
        if self.layers:
            return np.sum([layer.resistance(x) for layer in self.layers], axis=0)
        R = at_points("Film.R", self.R, x)
        _check(R)
        return R

    def notes(self, x: np.ndarray | None = None) -> tuple[str, ...]:
        """What the report has to repeat of the film at the points x."""
        found = [note for layer in self.layers for note in layer.notes(x)]
        if not self.layers and not callable(self.R) and self.R > HIGHEST_R:
            found.append(f"film: a resistance of {self.R:g} Ohm m2 is far from the usual 1e-3 to 1e-2 Ohm m2: it is"
                         " probably Ohm cm2 (1 Ohm cm2 = 1e-4 Ohm m2)")
        return tuple(found)


@dataclass(frozen=True, kw_only=True)
class MosaicFilm:
    """Patches of different films side by side.

    Patches much smaller than pores and diffusion lengths see the same electrolyte: each place then carries all of
    them in parallel, i_n = sum_k share_k i_k, every patch with a current (and a deposit) of its own.  With a
    `correlation_length` the patches are laid out by a Gaussian random field, each place having one film; the shares
    hold on the surface as a whole.
    """

    shares: tuple[float, ...]  # [-] of the surface; they add up to 1
    films: tuple[Film, ...]
    correlation_length: float | None = None  # [m]; None: vanishing
    seed: int = 0

    def __post_init__(self):
        for name in ("shares", "films"):
            value = getattr(self, name)
            object.__setattr__(self, name, tuple(value) if isinstance(value, tuple | list) else (value,))
        if len(self.shares) != len(self.films) or not all(isinstance(f, Film) for f in self.films):
            raise ValueError(explain("MosaicFilm", f"found {len(self.shares)} shares and {self.films!r}", "one share"
                                     " for each cf.Film is needed", "For example shares=(0.9, 0.1), films=(a, b)."))
        good = all(isinstance(s, numbers.Real) and 0 < s <= 1 for s in self.shares)
        if not good or abs(sum(self.shares) - 1) > 1e-9:
            raise ValueError(explain("MosaicFilm.shares", f"found {self.shares}", "shares above 0 that add up to 1 are"
                                     " needed", "Give area fractions, not per cent."))
        length = self.correlation_length
        if length is not None and not (isinstance(length, numbers.Real) and 0 < length < np.inf):
            raise ValueError(explain("MosaicFilm.correlation_length", f"found {length!r}", "a positive"
                                     " length [m] or None (vanishing) is needed", "5 um is 5e-6."))
        if isinstance(self.seed, bool) or not (isinstance(self.seed, numbers.Integral) and self.seed >= 0):
            raise ValueError(explain("MosaicFilm.seed", f"found {self.seed!r}", "a whole number is needed",
                                     "The seed lays out the patches; any will do."))

    def resistance(self, x: np.ndarray) -> np.ndarray:
        """R [Ohm m2] of all patches in parallel: 1/R = sum share_k/R_k."""
        parts = [film.resistance(x) for film in self.films]
        with np.errstate(divide="ignore"):
            return 1 / np.sum([share / R for share, R in zip(self.shares, parts, strict=True)], axis=0)

    def notes(self, x: np.ndarray | None = None) -> tuple[str, ...]:
        return tuple(note for film in self.films for note in film.notes(x))


def _check_kind(where: str, value) -> None:
    if not callable(value) and (isinstance(value, bool) or not isinstance(value, numbers.Real)):
        raise ValueError(explain(where, f"found {value!r}", "a number or a function of position is needed",
                                 "A function takes x (dimension, points) in m and returns one value per point."))


def _check(R: np.ndarray) -> None:
    if not np.all(np.isfinite(R)) or np.any(R < 0):
        raise ValueError(explain("Film.R", f"found {np.min(R):g}", "a finite film resistance >= 0 is needed", TYPICAL))


def current(kinetics: Kinetics, c, delta, U, R, T: float, eta=None):
    """i_n [A/m2] from i_n = rate(c, eta, U, T), eta = delta - i_n R, with delta = phi_s - phi_e (all (points,)).

    A safeguarded real Newton iteration finds eta; where the arguments are complex, one complex Newton step from it
    carries the exact derivative (complex step).  `eta` is that overpotential where it is known already.
    """
    c_r, delta_r, U_r = np.real(c), np.real(delta), np.real(U)
    eta = overpotential(kinetics, c_r, delta_r, U_r, R, T) if eta is None else eta
    if np.iscomplexobj(c) or np.iscomplexobj(delta) or np.iscomplexobj(U):
        slope = 1 + R * np.imag(_behind(kinetics, c_r, eta + 1e-30j, delta_r, U_r, R, T)) / 1e-30
        eta = eta - (eta + R * _behind(kinetics, c, eta, delta, U, R, T) - delta) / slope
    return _behind(kinetics, c, eta, delta, U, R, T)


def _behind(kinetics: Kinetics, c, eta, delta, U, R, T: float):
    """The rate behind a film that carries (delta - eta)/R: while it plates, a law that moves with charge is explicit
    there.  Where metal is stripped the charge runs out, and only the law itself knows how far the current may go.
    """
    held = getattr(kinetics, "held", None)
    if held is not None and np.all(R > 0) and np.all(np.real(delta) <= 0):
        kinetics = held((delta - eta) / R)
    return kinetics.rate(c, eta, U, T)


def _slope(kinetics, c, eta, U, T):
    return np.imag(kinetics.rate(c, eta + 1e-30j, U, T)) / 1e-30


def overpotential(kinetics: Kinetics, c, delta, U, R, T: float):
    """eta [V] from h(eta) = eta + R rate(eta) - delta = 0, by Newton's method within a bracket (h increases)."""
    if np.max(R, initial=0.0) == 0:
        return delta
    V = thermal_voltage(T)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        plain = getattr(kinetics, "kinetics", kinetics)  # a surface that nucleates carries at most what the metal does
        away = delta - R * plain.rate(c, delta, U, T)  # h has the opposite sign there
        low, high = np.minimum(delta, away), np.maximum(delta, away)
        at_rest = R * kinetics.rate(c, 0 * delta, U, T) - delta
        low = np.where(at_rest <= 0, np.maximum(low, 0.0), low)
        high = np.where(at_rest >= 0, np.minimum(high, 0.0), high)
        # far from rest the film carries delta: Butler-Volmer inverted at the current delta/R
        exchange = V * _slope(plain, c, 0 * delta, U, T)
        eta = np.clip(2 * V * np.arcsinh(delta / (2 * np.maximum(R * exchange, 1e-300))), low, high)
        last, small = high - low, 1e-9 * V  # Newton's next error is this squared: below round-off
        for _ in range(_ITERATIONS):
            rate = _behind(kinetics, c, eta + 1e-30j, delta, U, R, T)  # its slope comes along
            h = eta + R * rate.real - delta
            high, low = np.where(h > 0, eta, high), np.where(h > 0, low, eta)
            new = eta - h / (1 + R * rate.imag / 1e-30)
            step = np.abs(new - eta)
            good = (new >= low) & (new <= high) & (step <= np.maximum(0.5 * last, small))  # else it may run in circles
            eta, last = np.where(good, new, 0.5 * (low + high)), np.where(good, step, 0.5 * (high - low))
            if np.all(last <= small):
                break
    return eta

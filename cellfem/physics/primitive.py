"""Antiderivatives of a law of c, tabulated once and then as cheap as a polynomial.

The laws behind U(c), w(c) and G(c) vary like 1/c, 1 or anything between over many decades of c, so the antiderivative
is a piecewise polynomial in x = ln(c/c_0): on each panel the integrand c f(c) is interpolated at Chebyshev points and
integrated exactly, and panels are halved until the interpolant is resolved.  Kinks of the law are panel edges.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.polynomial import chebyshev, polynomial

DEGREE = 10  # of the integrand's interpolant on a panel
RESOLVED = 1e-13  # size of the last Chebyshev coefficients relative to the largest
NARROWEST = 1e-6  # [-] panel width in ln c at which an undeclared kink is narrow enough
MOST_PANELS = 4000  # a law with noise of its own is never resolved: stop halving here


@dataclass(frozen=True, eq=False)
class Primitive:
    """F(c) = constant + int f dc on panels in ln(c/c_0); beyond the table f is continued as 1/c or as a constant."""

    f: Callable  # the integrand: c -> dF/dc
    c_0: float  # [mol/m3] where x = 0
    edges: np.ndarray  # (panels + 1,) x = ln(c/c_0)
    values: np.ndarray  # (panels + 1,) F at the edges
    coefficients: np.ndarray  # (degree + 1, panels) of F - F(left edge), in t = -1..1 on the panel
    flat_below: bool  # below the table f is constant; else it goes as 1/c
    flat_above: bool  # the same above

    def __call__(self, c):
        """F(c), of c's shape; a complex c carries its derivative f(c) along."""
        c = np.asarray(c)
        real = np.asarray(c.real, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            x = np.log(real / self.c_0)
        lo, hi = self.edges[0], self.edges[-1]
        panel = np.clip(np.searchsorted(self.edges, x, side="right") - 1, 0, len(self.edges) - 2)
        left, right = self.edges[panel], self.edges[panel + 1]
        t = (2 * np.clip(x, lo, hi) - left - right) / (right - left)
        value = self.values[panel] + _horner(self.coefficients, panel, t)
        value = self._continued(value, real, 0, self.flat_below, x < lo)
        value = self._continued(value, real, -1, self.flat_above, x > hi)
        if np.iscomplexobj(c):
            value = value + 1j * c.imag * self.f(real)
        return value[()]

    def _continued(self, value, c, end: int, flat: bool, outside):
        """`value`, replaced where c lies beyond the table's first (end = 0) or last (end = -1) edge."""
        if not np.any(outside):
            return value
        edge = self.c_0 * np.exp(self.edges[end])
        with np.errstate(divide="ignore", invalid="ignore"):
            step = c - edge if flat else edge * np.log(c / edge)
        return np.where(outside, self.values[end] + float(self.f(edge)) * step, value)

    def inverse(self, F):
        """c with F(c) = F for a primitive that increases with c; Newton on the panel, kept inside it by bisection.

        Beyond the table the continuation is inverted; where it is flat below, F < 0 of a primitive that vanishes at
        c = 0 gives c < 0.
        """
        F = np.asarray(F)
        target = np.asarray(F.real, dtype=float)
        panel = np.clip(np.searchsorted(self.values, target, side="right") - 1, 0, len(self.edges) - 2)
        t = _invert(self.coefficients, panel, target - self.values[panel], self.values[panel + 1] - self.values[panel])
        left, right = self.edges[panel], self.edges[panel + 1]
        c = self.c_0 * np.exp(0.5 * (left + right) + 0.5 * (right - left) * t)
        for end, flat, outside in ((0, self.flat_below, target < self.values[0]),
                                   (-1, self.flat_above, target > self.values[-1])):
            if np.any(outside):
                edge = self.c_0 * np.exp(self.edges[end])
                step = (target - self.values[end]) / float(self.f(edge))
                c = np.where(outside, edge + step if flat else edge * np.exp(step / edge), c)
        if np.iscomplexobj(F):
            c = c + 1j * F.imag / self.f(c)
        return c[()]


def primitive(f: Callable, c_0: float, low: float, high: float, kinks=(), *, flat_below: bool = False,
              flat_above: bool = False) -> Primitive:
    """Tabulate int f dc for low <= c <= high [mol/m3]; `kinks` become panel edges.

    F vanishes at `low`, or at c = 0 where f is flat below.
    """
    inner = [k for k in kinks if low < k < high]
    x = np.log(np.unique([low, *inner, high]) / c_0)
    left, right = x[:-1], x[1:]
    nodes, to_coefficients, to_primitive = _matrices()
    done, count = [], 0
    while left.size:
        half = 0.5 * (right - left)
        at = c_0 * np.exp(0.5 * (left + right)[:, None] + half[:, None] * nodes)
        with np.errstate(all="ignore"):  # far above c_0 a user's law may end
            g = at * f(at)  # (panels, nodes)
            spectrum = np.abs(g @ to_coefficients.T)
        good = (spectrum[:, -2:].max(axis=1) <= RESOLVED * spectrum.max(axis=1)) | (2 * half < NARROWEST)
        good |= (count + left.size > MOST_PANELS) | ~np.any(np.isfinite(g), axis=1)
        count += np.count_nonzero(good)
        with np.errstate(invalid="ignore"):
            done.append((left[good], right[good], half[good, None] * (g[good] @ to_primitive.T)))
        middle = 0.5 * (left + right)[~good]
        left, right = np.concatenate([left[~good], middle]), np.concatenate([middle, right[~good]])
    left, right, coefficients = (np.concatenate(parts) for parts in zip(*done, strict=True))
    order = np.argsort(left)
    coefficients = coefficients[order].T
    edge = c_0 * np.exp(x[0])
    at_low = float(f(edge)) * edge if flat_below else 0.0
    values = at_low + np.append(0.0, np.cumsum(coefficients.sum(axis=0)))  # t = 1 adds every coefficient
    needed = np.flatnonzero(np.any(coefficients != 0, axis=1))
    coefficients = coefficients[: needed[-1] + 1] if needed.size else coefficients[:1]
    return Primitive(f=f, c_0=c_0, edges=np.append(left[order], right[order][-1]), values=values,
                     coefficients=np.ascontiguousarray(coefficients), flat_below=flat_below, flat_above=flat_above)


@lru_cache(maxsize=1)
def _matrices():
    """Chebyshev points, values there -> Chebyshev coefficients, values there -> monomial primitive from t = -1."""
    nodes = chebyshev.chebpts1(DEGREE + 1)
    to_coefficients = np.linalg.inv(chebyshev.chebvander(nodes, DEGREE))
    columns = []
    for unit in to_coefficients.T:
        columns.append(chebyshev.cheb2poly(chebyshev.chebint(unit, lbnd=-1)))
    return nodes, to_coefficients, np.array(columns).T


def _horner(coefficients, panel, t):
    value = coefficients[-1][panel]
    for row in coefficients[-2::-1]:
        value = value * t + row[panel]
    return value


def _invert(coefficients, panel, target, total):
    """t in [-1, 1] with p(t) = target on each panel, p increasing from 0 to `total`."""
    slopes = polynomial.polyder(coefficients)
    low, high = np.full(target.shape, -1.0), np.full(target.shape, 1.0)
    t = np.clip(2 * target / total - 1, -1.0, 1.0)
    for _ in range(60):
        excess = _horner(coefficients, panel, t) - target
        low, high = np.where(excess <= 0, t, low), np.where(excess >= 0, t, high)
        new = t - excess / _horner(slopes, panel, t)
        new = np.where((new >= low) & (new <= high), new, 0.5 * (low + high))
        settled = np.all(np.abs(new - t) <= 1e-14)
        t = new
        if settled:
            break
    return t

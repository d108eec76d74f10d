"""What a region looks like at mesh scale: one class for the resolved and the homogenised scale."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from cellfem.errors import did_you_mean, explain
from cellfem.model.tensors import check, eigenvalues, inverse, inverted, scalar_at, seen, tensor_at
from cellfem.physics.deposit import PLATES, Growth

CONDUCTS_IONS = ("pore", "electrolyte", "separator", "electrode")
CONDUCTS_ELECTRONS = ("host", "electrode")
REGIONS = ("host", "pore", "electrode", "electrolyte", "separator")

Value = float | np.ndarray | Callable  # a number, a tensor, or a function of x (dimension, points) [m]


@dataclass(frozen=True, kw_only=True)
class Medium:
    """Effective properties of a region; numbers, tensors (3 x 3 or d x d), or functions of position.

    `B` = D_eff/D = kappa_eff/kappa = 1/N_M = eps/tau_F is the transport efficiency; `Medium.of` takes N_M or tau_F in
    its place.  `electrolyte` is only given where a region has its own electrolyte (a single-ion conducting layer, say).

    Raises ValueError for numbers and tensors that no medium has; functions of position are checked by the Cell.

    >>> Medium.of(eps=0.8, tortuosity_factor=2.0, a_s=1e5).B
    0.4
    """

    eps: Value = 1.0  # [-] porosity, 0 to 1; 1 is free electrolyte
    B: Value | None = None  # [-] transport efficiency; None: eps (straight pores)
    sigma: Value = np.inf  # [S/m] effective electronic conductivity; inf: equipotential
    a_s: Value = 0.0  # [1/m] active surface per volume
    growth: Growth = PLATES  # how eps, B, sigma and a_s follow the deposit in an electrode
    electrolyte: Any = None  # an Electrolyte, or None for the cell's own

    def __new__(cls, **given):
        known = [field.name for field in fields(cls)]
        for name in given:
            if name not in known:
                do = did_you_mean(name, known) if name not in (*FACTORS, "tortuosity") else "Write Medium.of(eps=...," \
                    " tortuosity_factor=...) or Medium.of(eps=..., macmullin=...); square a geometric tortuosity first."
                raise TypeError(explain(f"Medium.{name}", "found a name that is no property of a medium",
                                        f"{', '.join(known)} are known, where B = eps/tau_F = 1/N_M", do))
        return super().__new__(cls)

    @staticmethod
    def of(*, eps: Value, tortuosity_factor: Value | None = None, macmullin: Value | None = None, **rest) -> Medium:
        """The medium with B = eps/tau_F or 1/N_M: a number, a tensor (inf in blocked directions) or a function of x.

        `rest` is what else Medium takes: sigma, a_s, growth, electrolyte.  Raises ValueError unless one of
        `tortuosity_factor` (of a geometric tortuosity, its square) and `macmullin` is given.
        """
        if (tortuosity_factor is None) == (macmullin is None) or "B" in rest:
            found = [name for name, value in zip((*FACTORS, "B"), (tortuosity_factor, macmullin, rest.get("B")),
                                                 strict=True) if value is not None]
            raise ValueError(explain("Medium.of", f"found {' and '.join(found) or 'neither'}",
                                     "one of tortuosity_factor and macmullin is needed",
                                     "B itself belongs to Medium(B=...)."))
        if macmullin is not None:
            return Medium(eps=eps, B=over(1.0, macmullin, "Medium.of: macmullin"), **rest)
        return Medium(eps=eps, B=over(eps, tortuosity_factor, "Medium.of: tortuosity_factor"), **rest)

    def __post_init__(self):
        for name, law, inside in (("eps", self.porosity, True), ("a_s", self.specific_surface, True),
                                  ("B", self._efficiency, self.B is not None),
                                  ("sigma", self._conductivity, not self.equipotential)):
            value = getattr(self, name)
            if inside and not callable(value):
                law(_anywhere(value), "Medium")

    @property
    def macmullin(self) -> np.ndarray:
        """MacMullin number N_M = 1/B as a 3 x 3 tensor; inf in blocked directions.

        Raises ValueError where eps or B vary with position: `homogenise` has the numbers of the whole.
        """
        if callable(self.eps) or callable(self._B):
            raise ValueError(explain("Medium.macmullin", "found properties that vary with position", "one number for"
                                     " the whole is needed", "Take cf.homogenise(mesh, media={'electrode': medium})."))
        return inverse(tensor_at(self._B, np.zeros((3, 1)), "Medium.B")[..., 0])

    @property
    def tortuosity_factor(self) -> np.ndarray:
        """Tortuosity factor tau_F = eps N_M as a 3 x 3 tensor."""
        return self.macmullin * self.eps

    @property
    def _B(self):
        return self.eps if self.B is None else self.B

    def porosity(self, x: np.ndarray, where: str) -> np.ndarray:
        """eps (points,) at x; ValueError outside (0, 1], in an electrode outside (0, 1)."""
        eps = scalar_at(self.eps, x, where + ".eps")
        check(where + ".eps", (eps > 0) & (eps <= 1), lambda k: f"{eps[k]:.6g}", "a porosity above 0 and up to 1 is"
              " needed", "Give a share, not a percentage; 1 is free electrolyte.", x)
        if where == "electrode":
            check(where + ".eps", eps < 1, "found 1", "a porosity below 1 is needed", "A host takes room: free"
                  " electrolyte is the region electrolyte.", x)
        return eps

    def efficiency(self, x: np.ndarray, where: str) -> np.ndarray:
        """B (d, d, points) at x; ValueError unless 0 <= B <= eps in every direction, and B > 0 along z."""
        B = seen(self._efficiency(x, where), len(x))
        check(where + ".B, z", B[-1, -1] > 0, lambda k: f"{B[-1, -1, k]:.6g}", "a way for ions through the thickness is"
              " needed", "Open the pores, or correct the entry zz.", x)
        return B

    def _efficiency(self, x: np.ndarray, where: str) -> np.ndarray:
        """B as given, 3 x 3 or d x d, at x."""
        B = tensor_at(self._B, x, where + ".B")
        low, high = eigenvalues(B)
        check(where + ".B", low >= -1e-9, lambda k: f"the eigenvalue {low[k]:.6g}", "a tensor without negative"
              " eigenvalues is needed", "Correct the entries; B = D_eff/D is the inverse of N_M.", x)
        if where != "Medium" or not callable(self.eps):
            eps = self.porosity(x, where)
            check(where + ".B", high <= eps * (1 + 1e-6), lambda k: f"{high[k]:.6g} where eps = {eps[k]:.6g}",
                  "eigenvalues up to the porosity are needed (D_eff <= eps D)",
                  "B = eps/tau_F = 1/N_M: tortuosity factors are 1 or more.", x)
        return B

    def conductivity(self, x: np.ndarray, where: str) -> np.ndarray:
        """sigma (d, d, points) at x; ValueError unless finite, without negative eigenvalues, and positive along z.

        Across parallel sheets it may vanish.
        """
        sigma = seen(self._conductivity(x, where), len(x))
        check(where + ".sigma, z", sigma[-1, -1] > 0, lambda k: f"{sigma[-1, -1, k]:.6g}", "a positive conductivity"
              " toward the collector [S/m] is needed", "Join the host to the collector, or correct the entry zz.", x)
        return sigma

    def _conductivity(self, x: np.ndarray, where: str) -> np.ndarray:
        """sigma as given, 3 x 3 or d x d, at x."""
        sigma = tensor_at(self.sigma, x, where + ".sigma")
        low, high = eigenvalues(sigma)
        check(where + ".sigma", low >= -1e-9 * high, lambda k: f"the eigenvalue {low[k]:.6g}", "a tensor without"
              " negative eigenvalues [S/m] is needed", "Correct the entries; inf alone makes a host equipotential.", x)
        return sigma

    def specific_surface(self, x: np.ndarray, where: str) -> np.ndarray:
        """a_s (points,) [1/m] at x; ValueError if negative."""
        a_s = scalar_at(self.a_s, x, where + ".a_s")
        check(where + ".a_s", np.isfinite(a_s) & (a_s >= 0), lambda k: f"{a_s[k]:.6g}", "an area per volume >= 0 [1/m]"
              " is needed", "1e5 is 100 per mm.", x)
        return a_s

    @property
    def equipotential(self) -> bool:
        """Whether the electronic conductivity is taken as infinite."""
        return not callable(self.sigma) and np.ndim(self.sigma) == 0 and self.sigma == np.inf


FACTORS = ("tortuosity_factor", "macmullin")


def check_electrons(media: Mapping[str, Medium], centroids: np.ndarray, subdomains: Mapping[str, np.ndarray]) -> None:
    """Raise ValueError where a host conducts electrons as no medium does; `media` by region."""
    for name in CONDUCTS_ELECTRONS:
        if name in media and not media[name].equipotential:
            media[name].conductivity(centroids[:, subdomains[name]], name)


def over(share: Value, factor: Value, where: str) -> Value:
    """share/factor [-], B = eps/tau_F or 1/N_M, with the inverse of a tensor; a function of x where one of them is.

    Raises ValueError for a factor that is not positive; inf blocks a direction.
    """
    if callable(share) or callable(factor):
        return lambda x: scalar_at(share, x, "eps") * inverted(factor, x, where)
    x = _anywhere(factor)
    found = (scalar_at(share, x, "eps") * inverted(factor, x, where))[..., 0]
    return found if found.ndim else float(found)


def _anywhere(value: Value) -> np.ndarray:
    """A point, of the dimension that a tensor has."""
    rows = len(value) if isinstance(value, np.ndarray | list | tuple) else 0
    return np.zeros((rows if rows in (1, 2) else 3, 1))

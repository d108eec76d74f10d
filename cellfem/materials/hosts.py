"""Solids that scaffolds are made of."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

from cellfem.errors import TrustWarning, explain
from cellfem.materials import substrates
from cellfem.materials.substrates import Substrate

HANDBOOK = "handbook tables of resistivity at 20 degC"
PERIODICTABLE = "periodictable 2.1.0"


@dataclass(frozen=True, kw_only=True)
class Host:
    """The solid of a scaffold; `sigma` = inf makes it equipotential (no host cells are solved)."""

    name: str
    sigma: float  # [S/m] electronic conductivity of the solid
    rho: float  # [kg/m3] density of the solid
    substrate: Substrate | None = None  # its bare surface; None: metal grows on it without a barrier
    source: str = ""
    mark: str = ""  # what the report has to repeat

    def __post_init__(self):
        for field, value, upper in (("sigma", self.sigma, math.inf), ("rho", self.rho, 1e9)):
            if not (isinstance(value, int | float) and 0 < value <= upper):
                raise ValueError(explain(f"{self.name}: {field}", f"found {value!r}", "a positive number is needed",
                                         "sigma in S/m (inf: equipotential), rho in kg/m3."))
        if not 100.0 <= self.rho <= 3e4:
            warnings.warn(f"{self.name}: a density of {self.rho:g} kg/m3 is outside the plausible 100 to 30000 kg/m3:"
                          " it is probably g/cm3 (1 g/cm3 = 1000 kg/m3)", TrustWarning, stacklevel=3)

    @property
    def notes(self) -> tuple[str, ...]:
        return (f"{self.name}: {self.mark}",) if self.mark else ()


GRAPHENE = Host(name="graphene", sigma=math.inf, rho=2200.0, substrate=substrates.CARBON,
                source=f"rho: {PERIODICTABLE} (graphite, 1900-2300)",
                mark="taken as equipotential: its 1e2 to 1e4 S/m dwarf the 1 S/m of an electrolyte")
COPPER = Host(name="copper", sigma=5.96e7, rho=8960.0, substrate=substrates.COPPER,
              source=f"sigma: {HANDBOOK}; rho: {PERIODICTABLE}")
NICKEL = Host(name="nickel", sigma=1.43e7, rho=8902.0, substrate=substrates.NICKEL,
              source=f"sigma: {HANDBOOK}; rho: {PERIODICTABLE}")
CARBON = Host(name="carbon", sigma=2e3, rho=1800.0, substrate=substrates.CARBON,
              mark="illustrative: sigma and rho differ widely among carbons (amorphous: 1.25e3 to 2e3 S/m)")

"""Separators with measured MacMullin numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cellfem.errors import explain

LANDESFEIND_2016 = ("Landesfeind, Hattendorff, Ehrl, Wall, Gasteiger, J. Electrochem. Soc. 163 (2016) A1373,"
                    " doi 10.1149/2.1141607jes, Table II, read in a digest (without the erratum)")


@dataclass(frozen=True, kw_only=True)
class Separator:
    """A separator as a homogenised layer: eps, N_M = D/D_eff = kappa/kappa_eff, thickness.

    Raises ValueError unless 0 < eps <= 1 and N_M >= 1/eps (a tortuosity factor of at least 1).
    """

    name: str
    eps: float  # [-] porosity
    macmullin: float  # [-] MacMullin number N_M
    thickness: float  # [m] as sold; a design's `separator_um` is what is meshed
    macmullin_error: float = 0.0  # [-] standard deviation of the measurement
    source: str = ""
    mark: str = ""  # what the report has to repeat

    def __post_init__(self):
        if not 0 < self.eps <= 1:
            raise ValueError(explain(f"{self.name}: eps", f"found {self.eps!r}", "a porosity above 0 and up to 1 is"
                                     " needed", "Give a fraction, not a percentage."))
        if not 1 / self.eps * (1 - 1e-9) <= self.macmullin < math.inf:
            raise ValueError(explain(f"{self.name}: macmullin", f"found {self.macmullin!r} at a porosity of {self.eps}",
                                     f"at least 1/eps = {1 / self.eps:.3g} is possible",
                                     "Give kappa/kappa_eff, not a tortuosity."))
        if not 0 < self.thickness < math.inf:
            raise ValueError(explain(f"{self.name}: thickness", f"found {self.thickness!r}", "a positive length in m is"
                                     " needed", "25 um is 25e-6."))

    @property
    def B(self) -> float:
        """Transport efficiency 1/N_M [-]."""
        return 1 / self.macmullin

    @property
    def tortuosity_factor(self) -> float:
        """tau_F = eps N_M [-] (not its square root)."""
        return self.eps * self.macmullin

    @property
    def notes(self) -> tuple[str, ...]:
        return (f"{self.name}: {self.mark}",) if self.mark else ()


def _measured(name, eps, thickness_um, macmullin, error) -> Separator:
    return Separator(name=name, eps=eps, macmullin=macmullin, macmullin_error=error, thickness=thickness_um * 1e-6,
                     source=LANDESFEIND_2016)


CELGARD_2320 = _measured("Celgard 2320 (trilayer)", 0.39, 20.0, 10.0, 0.1)
CELGARD_2325 = _measured("Celgard 2325 (trilayer)", 0.39, 25.0, 10.0, 0.6)
CELGARD_2500 = _measured("Celgard 2500 (PP)", 0.55, 25.0, 4.5, 0.3)
CELGARD_3500 = _measured("Celgard 3500 (coated PP)", 0.55, 25.0, 6.1, 0.2)
CELGARD_H2013 = _measured("Celgard H2013 (trilayer)", 0.47, 20.0, 6.9, 0.5)
CELGARD_C480 = _measured("Celgard C480 (trilayer)", 0.50, 21.5, 7.3, 0.5)
HDPE = _measured("HDPE no. 1 (monolayer)", 0.39, 18.5, 14.0, 1.1)
HDPE_2 = _measured("HDPE no. 2 (monolayer)", 0.43, 16.0, 16.0, 0.3)
FREUDENBERG_FS_3001 = _measured("Freudenberg FS-3001-30 (PET nonwoven)", 0.60, 28.0, 4.6, 0.1)
GLASS_FIBRE = Separator(name="glass fibre", eps=0.9, macmullin=1.3, thickness=260e-6,
                        mark="illustrative: eps 0.9, N_M 1.3 and 260 um (GF/A, dry) are not measured values, and glass"
                             " fibre loses about half its thickness under load")

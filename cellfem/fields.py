"""One table of what cellfem computes: key -> symbol, name, unit, and how SI is shown.

A name is written once, here; tables, ParaView arrays, pictures and docs take it from `FIELDS[key].label`.
"""

from __future__ import annotations

from dataclasses import dataclass

from cellfem.units import cm, mA, mAh, um


@dataclass(frozen=True)
class Field:
    symbol: str  # as in docs/theory.md
    name: str  # the field's standard term
    unit: str  # as shown
    shown: float = 1.0  # SI value of one shown unit: shown value = SI value / `shown`
    kind: str = "scalar"  # or "vector"

    @property
    def label(self) -> str:
        """The name of the array in files and of the column in tables: `concentration [mol/m3]`."""
        return f"{self.name} [{self.unit}]"


FIELDS: dict[str, Field] = {
    # on the nodes of the electrolyte, separator, pore and electrode
    "c": Field("c", "concentration", "mol/m3"),
    "c_ratio": Field("c/c_0", "concentration over initial c/c_0", "-"),
    "depletion": Field("1 - c/c_0", "depletion", "-"),
    "psi": Field("psi", "reduced potential", "V"),
    "phi_e": Field("phi_e", "electrolyte potential", "V"),
    "phi_s": Field("phi_s", "host potential", "V"),
    # on cells
    "i_e": Field("i_e", "ionic current density", "A/m2", kind="vector"),
    "i_s": Field("i_s", "electronic current density", "A/m2", kind="vector"),
    "N_plus": Field("N+", "cation flux", "mol/m2/s", kind="vector"),
    # on the active surface, per true area
    "plating": Field("-i_n", "plating current density", "mA/cm2", mA / cm**2),
    "eta": Field("eta", "surface overpotential", "V"),
    "q": Field("q", "plated charge", "mAh/cm2", mAh / cm**2),
    "thickness": Field("q V_m/F", "deposit thickness", "um", um),
    "growth": Field("n q V_m/F", "deposit growth", "m", kind="vector"),  # along the normal; in m, as files give points
    "nucleated": Field("theta", "nucleated share", "-"),
    "filling": Field("q V_m/F over the half gap or eps/a_s", "pore filling", "%", 0.01),
    "R_film": Field("R_film", "film resistance", "Ohm m2"),
    "porosity": Field("eps", "porosity", "-"),
    "risk": Field("risk", "risk", "-"),
    "local_sand": Field("t_target/risk^2", "local Sand's time (estimate)", "s"),
    "regime": Field("regime", "regime", "-"),
}


def label(key: str) -> str:
    """`FIELDS[key].label`.

    >>> label("c")
    'concentration [mol/m3]'
    """
    return FIELDS[key].label

"""The unknowns: which node of which field is solved for, in natural scales.

y = [c/c_0 | psi f, phi_s f, one scalar]: salt first, then charge.  The scalar is the potential of the counter
electrode (foil, reservoir of uniform potential) or, where the current density there is uniform, that current.
Fixed nodes (c at a reservoir, phi_s at the collector) have the number -1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cellfem.model.cell import Cell
from cellfem.model.counter import Reservoir, UniformFlux
from cellfem.units import thermal_voltage

CURRENT_SCALE = 10.0  # [A/m2]


@dataclass(frozen=True, eq=False)
class Unknowns:
    c: np.ndarray  # (electrolyte nodes,) number of c, or -1 where c = c_0 is fixed
    psi: np.ndarray  # (electrolyte nodes,)
    phi_s: np.ndarray  # (host nodes,), or -1 where phi_s = 0 is fixed
    scalar: int
    salt: int  # how many unknowns belong to the salt block
    size: int
    c_0: float
    V: float  # thermal voltage [V]
    scalar_scale: float  # [V] or [A/m2]

    @staticmethod
    def of(cell: Cell, ionic_nodes: np.ndarray, host_nodes: np.ndarray) -> Unknowns:
        n, counter = len(ionic_nodes), np.isin(ionic_nodes, cell.counter_sites.nodes)
        reservoir = isinstance(cell.counter, Reservoir)
        c = _number(~counter if reservoir else np.ones(n, dtype=bool), 0)
        salt = int(c.max(initial=-1)) + 1
        shared = reservoir and not cell.counter.uniform
        psi = _number(~counter if shared else np.ones(n, dtype=bool), salt)
        after = salt + int(np.sum(psi >= 0))
        grounded = np.isin(host_nodes, np.unique(cell.mesh.facets[:, cell.mesh.boundaries["collector"]]))
        phi_s = _number(~grounded, after)
        scalar = after + int(np.sum(~grounded))
        if shared:
            psi[counter] = scalar
        V = thermal_voltage(cell.temperature)
        uniform = isinstance(cell.counter, UniformFlux) or (reservoir and cell.counter.uniform)
        return Unknowns(c, psi, phi_s, scalar, salt, scalar + 1, cell.electrolyte.c_0, V,
                        CURRENT_SCALE if uniform else V)

    @property
    def scalar_is_current(self) -> bool:
        return self.scalar_scale == CURRENT_SCALE

    def unpack(self, y: np.ndarray):
        """c [mol/m3], psi [V], phi_s [V] on their nodes, and the scalar in SI."""
        c = np.where(self.c >= 0, y[self.c], 1.0) * self.c_0
        phi_s = np.where(self.phi_s >= 0, y[self.phi_s], 0.0) * self.V
        return c, y[self.psi] * self.V, phi_s, y[self.scalar] * self.scalar_scale

    def pack(self, c, psi, phi_s, scalar) -> np.ndarray:
        y = np.zeros(self.size)
        y[self.c[self.c >= 0]] = c[self.c >= 0] / self.c_0
        y[self.phi_s[self.phi_s >= 0]] = phi_s[self.phi_s >= 0] / self.V
        y[self.scalar] = scalar / self.scalar_scale
        own = self.psi != self.scalar
        y[self.psi[own]] = psi[own] / self.V
        return y


def _number(free: np.ndarray, start: int) -> np.ndarray:
    out = np.full(len(free), -1, dtype=np.int64)
    out[free] = start + np.arange(int(free.sum()))
    return out

"""Currents at reaction sites, with their exact derivatives by a complex step."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cellfem.model.surface import Bare
from cellfem.physics.film import current, overpotential
from cellfem.physics.kinetics import Idle, Kinetics
from cellfem.physics.nucleation import Growing
from cellfem.physics.transport import Transport

STEP = 1e-30  # complex step: no cancellation, so as small as you like


@dataclass(frozen=True, eq=False)
class Plated:
    """The charge at the sites: q - tau i_n."""

    q: np.ndarray  # (sites,) [C/m2]
    tau: float = 0.0  # [s]


@dataclass(frozen=True, eq=False)
class Reaction:
    """One electrode's law at its sites."""

    kinetics: Kinetics
    R: np.ndarray  # (sites,) [Ohm m2]
    transport: Transport
    T: float
    bare: Bare | None = None  # nucleation at the sites
    surface: np.ndarray | float = 1.0  # (sites,) reacting area over that at the start

    def current(self, c, potential, plated: Plated | None = None):
        """i_n [A/m2 of area at the start] for c [mol/m3] and potential = phi_s - psi [V] (both (sites,)).

        Without `plated` the metal is there already (theta = 1).
        """
        U = self.transport.U(c)
        return self.surface * current(self._law(plated), c, potential - U, U, self.R, self.T)

    @property
    def idle(self) -> Reaction:
        """The same places while nothing reacts there."""
        return replace(self, kinetics=Idle(), bare=None)

    def _law(self, plated: Plated | None):
        if self.bare is None or plated is None:
            return self.kinetics
        return Growing(self.kinetics, self.bare.eta_nuc, self.bare.q_n, self.bare.width, plated.q,
                       plated.tau * self.surface)

    def tangent(self, c, potential, plated: Plated | None = None):
        """(i_n, d i_n/d c, d i_n/d potential)."""
        law, U = self._law(plated), self.transport.U(c + STEP * 1j)
        eta = overpotential(law, c, potential - U.real, U.real, self.R, self.T)
        by_c = self.surface * current(law, c + STEP * 1j, potential - U, U, self.R, self.T, eta)
        by_potential = self.surface * current(law, c, potential + STEP * 1j - U.real, U.real, self.R, self.T, eta)
        return by_c.real, by_c.imag / STEP, by_potential.imag / STEP

    def rate_by_charge(self, c, potential, plated: Plated, i_n):
        """(sites,) d ln|i_n|/dq [m2/C] at the overpotential that the current i_n leaves: of a place that nucleates."""
        U = self.transport.U(c)
        return self._law(plated).by_charge(potential - U - i_n / self.surface * self.R)

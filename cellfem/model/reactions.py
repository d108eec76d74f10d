"""Currents at reaction sites, with their exact derivatives by a complex step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cellfem.physics.film import current
from cellfem.physics.kinetics import Kinetics
from cellfem.physics.transport import Transport

STEP = 1e-30  # complex step: no cancellation, so as small as you like


@dataclass(frozen=True, eq=False)
class Reaction:
    """One electrode's law at its sites."""

    kinetics: Kinetics
    R: np.ndarray  # (sites,) [Ohm m2]
    transport: Transport
    T: float

    def current(self, c, potential):
        """i_n [A/m2] for c [mol/m3] and potential = phi_s - psi [V] (both (sites,))."""
        U = self.transport.U(c)
        return current(self.kinetics, c, potential - U, U, self.R, self.T)

    def tangent(self, c, potential):
        """(i_n, d i_n/d c, d i_n/d potential)."""
        by_c = self.current(c + STEP * 1j, potential)
        by_potential = self.current(c, potential + STEP * 1j)
        return by_c.real, by_c.imag / STEP, by_potential.imag / STEP

"""How wrong a time step may be: its estimated local errors, measured in what people read from a run."""

from __future__ import annotations

import numpy as np

from cellfem.model.reactions import Plated
from cellfem.model.system import System
from cellfem.numerics.timestepping import Step
from cellfem.units import FARADAY

IDLE = 1e-6  # [-] charge over that of the salt in the cell, below which its relative error is round-off at rest
CHARGE = 0.3  # [-] weight of the charge of a place over the mean charge that has passed, and of the covered share
RATE = 0.03  # [-] weight of the relative error that a wrong share makes in the current of a place


def local_errors(system: System, step: Step, y: np.ndarray, i_n: np.ndarray) -> np.ndarray:
    """(5,) local errors of a step that ends at y with the currents i_n, of which the tolerance is the limit.

    Of c/c_0 where metal plates and in the mean square; of the charge; of the covered share theta; and of the factor
    theta + (1 - theta) S where metal plates.  The last is the voltage's: -eta moves by RT/(alpha F) times the relative
    error of that factor, and a place that nucleates beside others grows exponentially, so that a small error while
    there is hardly any metal is the delay with which it takes over.

    Not the largest error of all nodes: where c passes the end of a property's range the law has a kink, which
    costs a few nodes an order of accuracy for a moment and nobody a digit.
    """
    n, sites = len(system.pore_volume), system.cell.sites
    ratio, q, missed = step.error[:n] / system.unknowns.c_0, step.x1[n:-1], step.error[n:-1]
    plating = system.site_ionic if np.sum(i_n * sites.area) <= 0 else system.counter_ionic
    at_sites = np.max(np.abs(ratio[plating]))
    in_bulk = 2 * np.sqrt(ratio**2 @ system.pore_volume / system.pore_volume.sum())
    salt = FARADAY * system.unknowns.c_0 * system.pore_volume.sum() / sites.area.sum()
    passed = max(np.mean(np.abs(i_n)) * (step.s + step.h) ** 2, IDLE * salt)
    charge = CHARGE * np.max(np.abs(missed), initial=0.0) / passed
    bare, covering, rate = system.reaction.bare, 0.0, 0.0
    if bare is not None:
        slope = np.exp(-np.maximum(q, 0.0) / bare.q_n) / bare.q_n
        covering = CHARGE * np.sqrt(sites.mean((slope * missed) ** 2))
        gains = np.where(i_n < 0, system.rate_by_charge(y, Plated(q), i_n), 0.0)
        rate = RATE * np.sqrt(sites.mean((gains * missed) ** 2))
    return np.array([at_sites, in_bulk, charge, covering, rate])

"""No place gives more metal than it carries: how the explicit part of a time step is kept within what there is.

An implicit stage takes from each place at most what its base holds (`physics/nucleation.py`).  The base itself comes
from slopes at earlier times, at which a place that runs empty within the step was still giving.  What such a place
would lack is then taken from the places that the step has moved, in proportion to what it has moved there (from all
that carry metal, where these do not hold enough), salt included: charge and salt stay what they are, and the change is
as small as the step's own error.
"""

from __future__ import annotations

import numpy as np

from cellfem.errors import ConvergenceError, explain
from cellfem.model.system import System
from cellfem.units import FARADAY


def within_metal(system: System, start: np.ndarray, base: np.ndarray) -> np.ndarray:
    """The base [c, q, inflow] of a stage, with q >= 0 at every site; `start` is the state where the step begins.

    Raises ConvergenceError where the other places do not hold what is lacking: the step is too long.
    """
    n = len(system.pore_volume)
    q, area = base[n:-1], system.cell.sites.area
    if system.cell.bare is None or not np.any(q < 0):
        return base
    lacking, held = np.maximum(-q, 0.0), np.maximum(q, 0.0)
    for movable in (np.minimum(np.abs(q - start[n:-1]), held), held):
        share = float(lacking @ area) / max(float(movable @ area), 1e-300)
        if share <= 1:
            break
    else:
        raise ConvergenceError(explain("time step", "the host gives more metal than it carries", "a step within the"
                                       " metal that is left is needed", "Shorter steps follow by themselves."))
    change = lacking - share * movable
    out = base.copy()
    out[n:-1] = np.maximum(q + change, 0.0)
    salt = (1 - system.t_ref) * np.bincount(system.site_ionic, change * area, n) / FARADAY
    out[:n] -= salt / system.pore_volume
    return out

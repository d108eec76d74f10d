"""Sand's time of a plane in an endless layer, exact for any D(c) and t+(c): the yardstick of departures from J^-2.

Nothing but the current sets a length or a time there, so J^2 t is one number for each electrolyte (invariance under
x -> l x, t -> l^2 t, J -> J/l).  It comes from the salt balance alone, dc/dt = d/dx (D dc/dx + t+ J/F).
"""

from __future__ import annotations

import math
import warnings
from functools import lru_cache

import numpy as np
from scipy.integrate import solve_ivp

from cellfem.physics.transport import Transport
from cellfem.studies.planar import mean_properties
from cellfem.units import FARADAY

NODES = 200  # of the layer, graded toward the plane: 0.01 %
DEPTH = 8.0  # [-] of the layer over sqrt(D t)
GRADING = 5.0  # ln(largest over smallest spacing)
STOP = 1e-3  # [-] c_s/c_0 from which the rest is a straight line in sqrt(t)
LONGEST = 3.0  # [-] sqrt of the longest time over that of mean properties


@lru_cache(maxsize=64)
def sand_number(transport: Transport) -> float:
    """J^2 t [A2 s/m4] of depletion of a bare plane in an endless layer of free electrolyte; inf where t+ = 1.

    Control volumes around graded nodes, in s = sqrt(t).  NaN where a law ends on the way to c = 0.
    """
    D, t_plus = mean_properties(transport)
    if transport.single_ion:
        return math.inf
    c_0, tau = transport.c_0, math.pi / 4 * D * (FARADAY * transport.c_0 / (1 - t_plus)) ** 2  # at 1 A/m2
    x = DEPTH * math.sqrt(D * tau) * np.expm1(GRADING * np.linspace(0, 1, NODES + 1)) / math.expm1(GRADING)
    h = np.diff(x)
    volume = np.append(h, 0) / 2 + np.append(0, h) / 2
    entering = float(np.real(transport.t_plus(np.array(c_0)))) / FARADAY

    def slope(s, y):
        middle = c_0 * np.maximum(0.5 * (y[1:] + y[:-1]), 1e-9)
        flux = c_0 * np.real(transport.D(middle)) * np.diff(y) / h + np.real(transport.t_plus(middle)) / FARADAY
        return 2 * s * tau * np.diff(flux, prepend=1 / FARADAY, append=entering) / (volume * c_0)

    def empty(s, y):
        return y[0] - STOP

    empty.terminal = True
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the integrator, where a law ends: no event then
        run = solve_ivp(slope, (0, LONGEST), np.ones(NODES + 1), method="LSODA", lband=1, uband=1, rtol=1e-7,
                        atol=1e-9, events=empty)
        if not len(run.t_events[0]):
            return math.nan
        s, y = run.t_events[0][0], run.y_events[0][0]
        return float(tau * (s - y[0] / slope(s, y)[0]) ** 2)

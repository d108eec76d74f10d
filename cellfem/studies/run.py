"""The record of a run: moments, counts, and what one protocol step hands to the next."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from cellfem.model.solve import Worker
from cellfem.model.start import PLAIN
from cellfem.studies.displaced import Displaced


@dataclass(frozen=True, eq=False)
class Frame:
    """One recorded moment."""

    time: float  # [s]
    step_index: int
    y: np.ndarray
    i_n: np.ndarray  # (sites,) [A/m2]
    i_counter: np.ndarray  # (counter sites,) [A/m2]
    q: np.ndarray  # (sites,) [C/m2] plated
    current: float  # [A/m2]
    inflow: float  # [C] F times int (N+ - t_ref i_e/F) through a reservoir
    displaced: float = 0.0  # [mol] of salt that deposit in the pores has moved to where the foil was
    surface: np.ndarray | float = 1.0  # (sites,) reacting area over that at the start, as the current saw it
    floating: bool = False  # open circuit of a host without metal: its potential is free


@dataclass
class Run:
    """The state of a run while it goes on."""

    worker: Worker
    tolerance: float  # [-] local error of c/c_0 per time step
    progress: object = None  # called with (fraction of the protocol step, time [s])
    frames: list[Frame] = field(default_factory=list)
    steps: int = 0
    rejected: int = 0
    start: str = PLAIN  # the hardest start that a step needed
    displaced: Displaced = field(default_factory=Displaced)

    @property
    def system(self):
        return self.worker.system


def carried(run: Run, c_0: np.ndarray):
    """Concentration, plated charge and inflow that the next protocol step starts from."""
    if not run.frames:
        return c_0, run.system.cell.metal_at_start, 0.0, 0.0
    last = run.frames[-1]
    return run.system.unknowns.unpack(last.y)[0], last.q, last.inflow, last.time

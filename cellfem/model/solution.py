"""What a run returns: times, fields, surface quantities, outcome, work done and the audit.  Data only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from cellfem.model.cell import Cell
    from cellfem.model.protocol import Step


@dataclass(frozen=True)
class Outcome:
    """How a run ended.  `finished` and `steady` reached what was asked; the others are physics, not a failure."""

    kind: str  # "finished", "steady", "depleted" (of electrolyte), "closed" (a pore) or "stripped" (no metal left)
    message: str  # for the user, with place and time
    time: float | None = None  # [s] of the stop
    place: tuple[float, ...] | None = None  # [m] of the depleted site
    time_to_depletion: float | None = None  # [s] from the step's start, extrapolated to c_s = 0; None if not depleted
    sustainable_current: float | None = None  # [A/m2] largest steady current, where it was asked for


@dataclass(frozen=True)
class Audit:
    """Balances recomputed from the fields with code of its own (docs/theory.md)."""

    charge: float  # [-] largest charge imbalance over the charge passed
    salt: float  # [-] largest salt imbalance over int eps c_0 dV
    beyond: float = 0.0  # [-] most charge that a place gave beyond the metal it carried, over that of covering


@dataclass(frozen=True)
class Stats:
    """The work behind a solution."""

    unknowns: int = 0
    time_steps: int = 0
    rejected_steps: int = 0
    newton_steps: int = 0
    linear_solves: int = 0
    krylov_iterations: int = 0
    factorisations: int = 0  # LU factorisations or AMG set-ups
    solver: str = "direct"  # or "block AMG"
    start: str = "plain"  # or the stages that the start needed
    seconds: dict[str, float] = field(default_factory=dict)  # per stage
    peak_memory: float = 0.0  # [bytes] of the process


@dataclass(frozen=True, eq=False)
class Solution:
    """A solved run.

    `fields[key]` has the shape (times, nodes) and is NaN on nodes outside the field's regions; `surface[key]` has the
    shape (times, facets), one column per facet of `cell.sites.facets` (none where only `electrode` cells react);
    `sites[key]` (times, sites) is what both scales share: one column per reaction site of `cell.sites`.
    Keys and SI units as in `fields.py`: fields c, psi, phi_e, phi_s; surface and sites c, plating, q, eta.
    """

    cell: Cell
    protocol: tuple[Step, ...]
    times: np.ndarray  # (times,) [s]
    step_index: np.ndarray  # (times,) which step of the protocol each time belongs to
    fields: dict[str, np.ndarray]
    surface: dict[str, np.ndarray]
    sites: dict[str, np.ndarray]
    current: np.ndarray  # (times,) [A/m2] superficial; > 0 plates
    voltage: np.ndarray  # (times,) [V] counter electrode against collector
    outcome: Outcome
    stats: Stats
    audit: Audit
    warnings: tuple[str, ...] = ()  # trust warnings met on the way, repeated in the report

    def write(self, folder, name: str | None = None):
        """Write the .pvd and its parts for ParaView into `folder`; returns the path of the .pvd."""
        from cellfem.results.export import write_solution

        return write_solution(self, folder, name)

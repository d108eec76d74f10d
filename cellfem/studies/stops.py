"""What else ends a protocol step: pores full of metal, and hosts without any."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cellfem.model.cell import Cell
from cellfem.model.deposit import FULL, filling, host_pore_volume, within_host
from cellfem.model.solution import Outcome
from cellfem.numerics.timestepping import Step
from cellfem.physics.nucleation import NO_METAL
from cellfem.units import cm, mAh

NEARLY_EMPTY = 1e-3  # [-] charge over that at the start, below which a step without any state is out of metal
LEAVES = 1e-6, 0.1  # [-] least and largest share of the remaining metal that a time step leaves: less and less
CLOSE = 1e-6  # [-] filling short of full that counts as full
NEAR = 1e-3  # [V] of the voltage at which stripping ends


def has_metal(cell: Cell, q: np.ndarray) -> bool:
    """Whether a place of a host that starts bare carries metal."""
    return bool(np.any(q > NO_METAL * cell.bare.q_n))


@dataclass(frozen=True, eq=False)
class Stops:
    """The stops of one protocol step; states and slopes are those of the time steps in s = sqrt(t - start)."""

    march: object  # the March that asks
    limit: np.ndarray  # (sites,) filling at which a place is closed
    metal: float  # [C] at the start of the step
    within: np.ndarray  # (sites,) filling of all pores together per charge [m2/C]: a sum over the sites

    @staticmethod
    def of(march, x: np.ndarray) -> Stops:
        sites = march.run.system.cell.sites
        inside = sites.kind == sites.kinds.index("electrode") if "electrode" in sites.kinds else False
        limit = np.where(inside, FULL, 1.0) * np.ones(len(sites.nodes))
        cell = march.run.system.cell
        pores = host_pore_volume(cell)
        within = within_host(cell) * cell.metal.thickness_per_charge / pores if pores > 0 else 0 * limit
        return Stops(march, limit, _metal(march, x), within)

    @property
    def cell(self) -> Cell:
        return self.march.run.system.cell

    @property
    def stripping(self) -> bool:
        current = self.march.load.current
        return current is not None and current < 0 and self.cell.bare is not None

    def aim(self, s: float, x: np.ndarray, k: np.ndarray) -> float:
        """Length of a step that runs neither out of metal nor (along the tangent) far into a full pore."""
        if self.stripping:
            current, metal = -self.march.load.current * self.cell.area, _metal(self.march, x)
            gives = (1 - np.clip(metal / self.metal, *LEAVES)) * metal / current
            return gives / (np.sqrt(s * s + gives) + s)
        room = self.limit - filling(self.cell, self.march._charge(x))
        rate = filling(self.cell, np.maximum(self.march._charge(k), 0.0))
        ahead = (rate > 0) & (room > CLOSE)
        return 1.5 * min(float(np.min(room[ahead] / rate[ahead], initial=np.inf)), self._to_full(x, k))

    def _to_full(self, x: np.ndarray, k: np.ndarray) -> float:
        """Length of a step after which the metal takes as much as there is of pores, along the tangent."""
        left, rate = 1 - self.within @ self.march._charge(x), self.within @ self.march._charge(k)
        return left / rate if rate > 0 and left > CLOSE else np.inf

    def shorter(self, step: Step, y: np.ndarray) -> float | None:
        """The length at which a step that went too far would have met a stop; None where it did not."""
        over = self._over(step)
        if len(over):
            return self._to_closing(step, over)
        before, after = (float(self.within @ self.march._charge(x)) for x in (step.x0, step.x1))
        if before < 1 and after > 1 + CLOSE:  # the sum grows with the charge that passes, in time
            share = (1 - before) / (after - before)
            return float(np.sqrt(step.s**2 + share * step.h * (2 * step.s + step.h))) - step.s
        if self.beyond_cutoff(y):
            last, now = (self._voltage(v) + self.march.cutoff for v in (self.march.run.frames[-1].y, y))
            return step.h * float(np.clip(last / (last - now), 0.05, 0.95))
        return None

    def beyond_cutoff(self, y: np.ndarray) -> bool:
        """Whether the cell voltage lies past the one at which stripping ends."""
        return self.stripping and self.march.cutoff is not None and self._voltage(y) < -self.march.cutoff - NEAR

    def at_cutoff(self, time: float, x: np.ndarray) -> Outcome:
        """The outcome at the last moment before the voltage at which stripping ends."""
        return self._stripped(time, x, f" at {-self.march.cutoff:g} V")

    def _to_closing(self, step: Step, over: np.ndarray) -> float:
        """The length at which the first of the sites `over` is closed, by dense output."""
        n = len(self.march.run.system.pore_volume)
        u = np.linspace(0, 1, 2001)
        track = np.array([step.at(step.s + v * step.h, n + over) for v in u])
        scale = self.cell.metal.thickness_per_charge / self.cell.room[over]
        first = np.argmax(track * scale >= self.limit[over], axis=0)
        k = int(first.min())
        place = int(np.argmin(first))
        a, b = track[k - 1, place] * scale[place], track[k, place] * scale[place]
        return step.h * (u[k - 1] + (u[k] - u[k - 1]) * (self.limit[over[place]] - a) / (b - a))

    def _over(self, step: Step) -> np.ndarray:
        """Sites that a step has filled by more than is closed."""
        return np.flatnonzero(self._share(step) > 1 + CLOSE)

    def _share(self, step: Step) -> np.ndarray:
        """(sites,) filling over that of a closed pore, 0 where the deposit does not grow."""
        q0, q1 = self.march._charge(step.x0), self.march._charge(step.x1)
        return np.where(q1 > q0, filling(self.cell, q1) / self.limit, 0.0)

    def met(self, step: Step, y: np.ndarray) -> Outcome | None:
        """The outcome where an accepted step ends at a stop."""
        time = self.march.start + (step.s + step.h) ** 2
        q = self.march._charge(step.x1)
        share = self._share(step)
        worst = int(np.argmax(share))
        whole = self.within @ (q - self.march._charge(step.x0)) > 0 and self.within @ q >= 1 - CLOSE
        if share[worst] >= 1 - CLOSE or whole:
            place = self.cell.sites.x[:, worst]
            closing = time if whole else time + self._until_full(step, worst)
            plated = (float(q @ self.cell.sites.area) / self.cell.area + (closing - time) * self._current(step))
            found = "its metal takes all of the pores' volume" if whole else "the deposit fills it there"
            return Outcome("closed", f"pore closed at ({self.cell.place(place)}), t = {closing:.4g} s: {found},"
                           f" {plated / (mAh / cm**2):.4g} mAh/cm2 are in the host", closing, tuple(map(float, place)))
        if self._emptied(step):
            return self._stripped(time, step.x1)
        if self.stripping:
            if self.march.cutoff is not None and self._voltage(y) <= -self.march.cutoff + NEAR:
                return self.at_cutoff(time, step.x1)
        return None

    def _until_full(self, step: Step, place: int) -> float:
        """Time [s] from the step's end to a full pore: the rest of its room at the present rate."""
        left = 1 - filling(self.cell, self.march._charge(step.x1))[place]
        rate = filling(self.cell, np.maximum(self.march._charge(step.k1), 0.0))[place] / (2 * (step.s + step.h))
        return float(left / rate) if rate > 0 else 0.0

    def _current(self, step: Step) -> float:
        """Superficial plating current density [A/m2] at the step's end."""
        return float(self.march._charge(step.k1) @ self.cell.sites.area) / (2 * (step.s + step.h) * self.cell.area)

    def _emptied(self, step: Step) -> bool:
        """Whether the host, which starts bare, has given its last metal in this step."""
        if self.cell.bare is None:
            return False
        before, after = (has_metal(self.cell, self.march._charge(x)) for x in (step.x0, step.x1))
        return not after and (self.stripping or before)

    def exhausted(self, time: float, x: np.ndarray) -> Outcome | None:
        """The outcome where no step succeeds any more because hardly any metal is left."""
        if self.stripping and _metal(self.march, x) <= NEARLY_EMPTY * self.metal:
            return self._stripped(time, x)
        return None

    def _stripped(self, time: float, x: np.ndarray, where: str = "") -> Outcome:
        left = _metal(self.march, x) / self.cell.area / (mAh / cm**2)
        return Outcome("stripped", f"stripped{where} at t = {time:.4g} s: {left:.3g} mAh/cm2 stay behind", time)

    def _voltage(self, y: np.ndarray) -> float:
        system = self.march.run.system
        c, psi, _, scalar = system.unknowns.unpack(y)
        return system.voltage(c, psi, scalar)


def _metal(march, x: np.ndarray) -> float:
    """Charge [C] of the metal on the host."""
    return float(march._charge(x) @ march.run.system.cell.sites.area)

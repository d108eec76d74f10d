"""Transient runs: steps of a protocol, adaptive in time, stopped where the electrolyte is depleted."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from cellfem.errors import ConvergenceError, explain
from cellfem.model.protocol import Galvanostatic, Potentiostatic, Rest
from cellfem.model.reactions import Plated
from cellfem.model.solution import Outcome
from cellfem.model.start import PLAIN, balanced
from cellfem.model.system import Load, Storage
from cellfem.numerics.timestepping import Step, next_step, tr_bdf2
from cellfem.studies.depletion import busy_nodes
from cellfem.studies.emptying import within_metal
from cellfem.studies.local_error import local_errors
from cellfem.studies.run import Frame, Run
from cellfem.studies.stops import Stops, has_metal

LANDING = 0.02  # [-] relative width of the window in which a stop counts as met
SMALLEST = 1e-10  # [-] step over the length of the protocol step, below which a run gives up
LAST = 1e-13  # [-] the same of a step that is short because it ends at a stop
COMPLETE = 1e-9  # [-] of a step's length, within which a host that runs empty has given all that was asked for
FIRST = 0.001  # [-] first step over the length of the protocol step
# the open circuit of a host without metal: so far above the metal's potential that nothing would plate either
FLOATING = Load(voltage=-0.5)


def run_step(run: Run, index: int, protocol, c: np.ndarray, q: np.ndarray, start: float, inflow: float) -> Outcome:
    """Carry one protocol step out from the concentration c and the plated charge q at the time `start` [s]."""
    (load, duration), cell = _load(protocol), run.system.cell
    bare = cell.bare is not None and not has_metal(cell, q)
    if bare and load.current is not None and load.current < 0:
        return Outcome("stripped", f"stripped: the host carries no metal at t = {start:.4g} s", start)
    reaction = run.system.reaction
    if bare and load.current == 0:  # nothing can react, and no reaction fixes the host's potential
        load, run.worker.system = FLOATING, replace(run.system, reaction=reaction.idle)
    try:
        return _carried_out(run, index, protocol, load, duration, c, q, start, inflow)
    finally:
        run.worker.system = replace(run.system, reaction=reaction)


def _carried_out(run: Run, index: int, protocol, load: Load, duration: float, c, q, start: float, inflow: float):
    march = March(run, index, load, start, getattr(protocol, "stop_ratio", 1e-3), getattr(protocol, "cutoff", None))
    run.worker.system = run.system.with_deposit(q)
    y, start = balanced(run.worker, c, load, Plated(q))
    run.start = run.start if start == PLAIN else start
    x = np.concatenate([c, q, [inflow]])
    if not run.frames:
        march.record(0.0, y, x)
    if isinstance(protocol, Rest):
        march.stop_ratio = 0.0
    return march.to(math.sqrt(duration), y, x)


def _load(protocol: Galvanostatic | Potentiostatic | Rest) -> tuple[Load, float]:
    if isinstance(protocol, Galvanostatic):
        return Load(current=float(protocol.current)), protocol.time
    if isinstance(protocol, Potentiostatic):
        return Load(voltage=float(protocol.voltage)), protocol.duration
    return Load(current=0.0), protocol.duration


@dataclass
class March:
    """Time steps of one protocol step, in s = sqrt(t - start)."""

    run: Run
    index: int
    load: Load
    start: float
    stop_ratio: float
    cutoff: float | None = None  # [V] at which a stripping step ends
    y: np.ndarray | None = None  # at the last accepted time
    flowing: tuple | None = None  # currents at the end of the last step
    y_stage: np.ndarray | None = None

    def to(self, s_end: float, y: np.ndarray, x: np.ndarray) -> Outcome:
        run, s, h, k = self.run, 0.0, FIRST * s_end, np.zeros_like(x)
        stops, volume = Stops.of(self, x), run.system.pore_volume
        self.y, previous, landing, accepted = y, [], False, None
        while s < s_end * (1 - 1e-12):
            h = min(h, s_end - s)
            if s_end - s - h < 0.1 * h and not landing:  # no sliver at the end
                h = s_end - s
            to_stop = stops.aim(s, x, k)
            h = min(h, self._aim(x, k), to_stop)
            if not h >= (LAST if h == to_stop else SMALLEST) * s_end:
                return stops.exhausted(self.start + s * s, x) or self._stuck(s, y, x, previous, s_end)
            run.worker.system = run.system.with_deposit(self._charge(x) + 0.5 * _lasting(s, h) * self._charge(k))
            slope = self._rescaled(k, volume)
            try:
                begin = run.displaced.ahead(run.worker.system, x)
                step = tr_bdf2(s, h, begin, slope, self._solver(s, h, y, previous, (self._charge(x), self._charge(k))),
                               partial(within_metal, run.worker.system, begin))
            except ConvergenceError as error:
                run.rejected += 1
                self.last_error = error
                h /= 4
                continue
            errors = local_errors(run.worker.system, step, self.y, self.flowing[0]) / run.tolerance
            if not np.max(errors) <= 1:
                run.rejected += 1
                h = next_step(h, errors)
                continue
            reached = self._event(step)
            if reached is not None and reached < h * (1 - LANDING / 10) and h > 1e-7 * s_end:
                run.rejected += 1
                h, landing = reached, True
                continue
            shorter = stops.shorter(step, self.y)
            if shorter is not None and h > 10 * SMALLEST * s_end:
                run.rejected += 1
                h, landing = shorter, True
                continue
            if shorter is not None and stops.beyond_cutoff(self.y):  # it drops past that within the shortest step
                return stops.at_cutoff(self.start + s * s, x)
            run.displaced.book(run.worker.system, x, step.x1, self._charge)
            previous = [*previous[-1:], (s, y)]
            s, x, k, y = s + h, step.x1, step.k1, self.y
            volume, landing = run.system.pore_volume, False
            run.steps += 1
            self.record(s, y, x)
            if run.progress:
                run.progress(s * s / s_end**2, self.start + s * s)
            if reached is not None:
                return self._depleted(step, y)
            ended = stops.met(step, y)
            if ended is not None and (ended.kind != "stripped" or s < s_end * (1 - COMPLETE)):
                return ended
            h, accepted = next_step(h, errors, accepted), (h, errors)
        return Outcome("finished", f"finished after {self.start + s * s:.4g} s", self.start + s * s)

    def _solver(self, s0: float, h: float, y0: np.ndarray, previous, charge):
        """The stage solver of one time step: predicts, solves, and keeps y at the end of the step in self.y.

        Conduction and reacting area of a filling electrode follow the charge extrapolated to the stage, volumes stay
        those of the middle of the step: so the salt that deposit displaces can be booked exactly.
        """
        worker, middle = self.run.worker, self.run.system
        n = len(middle.pore_volume)
        points = [*previous, (s0, y0)]

        def solve(stage, base, tau, s):
            worker.system = system = middle.conducting(charge[0] + _lasting(s0, s - s0) * charge[1])
            storage = Storage(base[:n], tau, Plated(base[n:-1], tau))
            y = worker.stage(_predict(points, s, system.unknowns.salt), self.load, storage)
            points.append((s, y))
            self.y = y
            self.flowing = system.currents(y, storage.plated)
            i_n = self.flowing[0]
            c = system.unknowns.unpack(y)[0]
            return np.concatenate([c, base[n:-1] - tau * i_n, [base[-1] + tau * system.inflow(y, storage)]])

        return solve

    def _charge(self, x: np.ndarray) -> np.ndarray:
        """(sites,) the part of a state that is plated charge."""
        return x[len(self.run.system.pore_volume): -1]

    def _rescaled(self, k: np.ndarray, volume: np.ndarray) -> np.ndarray:
        """Slopes k for the pore volumes of this step, given those of the last: the salt that flows in is the same."""
        now = self.run.system.pore_volume
        if now is volume:
            return k
        out = k.copy()
        out[: len(now)] *= volume / now
        return out

    # -- depletion ----------------------------------------------------------------------------------------------------

    def _aim(self, x, k) -> float:
        """Length of step that meets the stop along the tangent."""
        if self.stop_ratio == 0:
            return np.inf
        nodes = busy_nodes(self.run.system, self.y, Plated(self._charge(x)), self.flowing)
        floor = self.stop_ratio * self.run.system.unknowns.c_0
        falling = nodes[(k[nodes] < 0) & (x[nodes] > floor)]
        return float(np.min((x[falling] - floor) / -k[falling], initial=np.inf))

    def _event(self, step: Step) -> float | None:
        """Distance from the step's start at which the stop is met (at most h, or a hair more), None if it is not."""
        nodes = busy_nodes(self.run.system, self.y, flowing=self.flowing)
        floor = self.stop_ratio * self.run.system.unknowns.c_0
        low = nodes[step.x1[nodes] <= floor * (1 + LANDING)]
        if len(low) == 0 or self.stop_ratio == 0:
            return None
        if np.min(step.x1[low]) >= floor * (1 - LANDING):
            return step.h
        u = np.linspace(0, 1, 2001)[1:, None]
        track = np.min(step.at(step.s + u * step.h, low), axis=1)
        first = int(np.argmax(track <= floor))
        return float(u[first, 0] * step.h)

    def _depleted(self, step: Step, y: np.ndarray) -> Outcome:
        """Where and when, and the time to c = 0."""
        system, cell = self.run.system, self.run.system.cell
        nodes = busy_nodes(system, y, flowing=self.flowing)
        worst = nodes[np.argmin(step.x1[nodes])]
        time, place = self.start + (step.s + step.h) ** 2, cell.mesh.p[:, system.ions.pattern.nodes[worst]]
        where = "the counter electrode" if worst in system.counter_ionic else "the host"
        return Outcome("depleted", f"depleted on {where} at ({cell.place(place)}), t = {time:.4g} s:"
                       f" c = {self.stop_ratio:g} c_0 there", time, tuple(float(v) for v in place),
                       step.zero(worst, self._end(y, worst)))

    def _end(self, y: np.ndarray, node: int) -> float:
        """c [mol/m3] that a node is heading for, by one Newton step to the steady state; -inf where that fails.

        One linear solve on the state as it is: from slopes of the last steps it would be the error of the steps, which
        within a per cent of a limiting current is as large as what is left.
        """
        unknowns = self.run.system.unknowns
        try:
            end = self.run.worker.heading(y, self.load)[unknowns.c[node]] * unknowns.c_0
        except ConvergenceError:
            return -np.inf
        return float(end) if np.isfinite(end) else -np.inf

    def _stuck(self, s, y, x, previous, s_end):
        """No step succeeds any more: depletion if c is nearly gone where the metal plates, else an error."""
        system = self.run.system
        nodes = busy_nodes(system, y, Plated(self._charge(x)))
        lowest = np.min(x[nodes], initial=np.inf) / system.unknowns.c_0
        if lowest < 0.05 and len(nodes):
            worst = nodes[np.argmin(x[nodes])]
            place = system.cell.mesh.p[:, system.ions.pattern.nodes[worst]]
            time = self.start + s * s
            return Outcome("depleted", f"depleted at ({system.cell.place(place)}), t = {time:.4g} s: no galvanostatic"
                           f" state beyond c = {lowest:.2g} c_0 there", time, tuple(map(float, place)), s * s)
        emptiest = int(np.argmin(x[: len(system.pore_volume)]))
        place = system.cell.place(system.cell.mesh.p[:, system.ions.pattern.nodes[emptiest]])
        raise ConvergenceError(explain(
            f"time step at t = {self.start + s * s:.4g} s", f"no step longer than {SMALLEST:g} of the run converges",
            "a converged field is needed", f"c/c_0 is lowest, {x[emptiest] / system.unknowns.c_0:.2g}, at ({place});"
            f" at a plating place {lowest:.2g}. Refine the cells there (coarsen, cell_size_um), or lower the current."),
            getattr(self.last_error, "history", ()))

    last_error: Exception | None = None

    def record(self, s: float, y: np.ndarray, x: np.ndarray) -> None:
        n = len(self.run.system.pore_volume)
        # those of the stage: on a place that is nearly empty, a current from the rounded charge would be off
        i_n, i_counter, current = self.flowing or self.run.system.currents(y, Plated(x[n:-1]))
        self.run.frames.append(Frame(self.start + s * s, self.index, y, i_n, i_counter, x[n:-1].copy(), current,
                                     float(x[-1]), self.run.displaced.salt, self.run.system.reaction.surface,
                                     self.load is FLOATING))


def _lasting(s: float, h: float) -> float:
    """The factor by which a slope d/ds becomes the change over a step from s to s + h at a rate d/dt that lasts."""
    return ((s + h) ** 2 - s * s) / (2 * s) if s > 0 else h


def _predict(points, s: float, salt: int) -> np.ndarray:
    """Extrapolate y by the polynomial through the last three points; c stays above a third of its last value."""
    points = points[-3:]
    at, last = np.array([p[0] for p in points]), points[-1][1]
    if s - at[-1] > 3 * (at[-1] - at[0]):  # too far ahead for these points (a long first step, say)
        return last
    weights = [np.prod([(s - b) / (a - b) for b in at if b != a]) for a in at]
    y = sum(w * p[1] for w, p in zip(weights, points, strict=True))
    y[:salt] = np.maximum(y[:salt], last[:salt] / 3)
    return y

"""Where a run starts: potentials that balance charge at a given concentration, by stages where it must be.

Primary (kinetics linearised about rest), secondary (the kinetics as they are), then the whole system (tertiary); each
stage starts from the one before.  If the secondary stage fails as well, the load grows from a small share.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cellfem.errors import ConvergenceError
from cellfem.model.reactions import STEP, Plated, Reaction
from cellfem.model.solve import Worker
from cellfem.model.surface import Bare
from cellfem.model.system import Load, System
from cellfem.physics.kinetics import Linear
from cellfem.units import thermal_voltage

PLAIN, STAGED, RAMPED = "plain", "primary, secondary, tertiary", "load ramp"
SMALLEST = 1e-3  # [-] share of the load by which a ramp goes on at least


def balanced(worker: Worker, c: np.ndarray, load: Load, plated: Plated | None = None) -> tuple[np.ndarray, str]:
    """(y with the concentration c [mol/m3] on the electrolyte nodes and its potentials, the start that it took).

    Raises ConvergenceError where no start converges.
    """
    guess = first_guess(worker.system, c, load, plated)
    try:
        return worker.potentials(guess, load, plated), PLAIN
    except ConvergenceError:
        try:
            return worker.potentials(primary(worker, guess, load), load, plated), STAGED
        except ConvergenceError:
            return _ramped(worker, c, load, plated), RAMPED


def primary(worker: Worker, guess: np.ndarray, load: Load) -> np.ndarray:
    """The potentials with every reaction replaced by its straight line about rest: a linear problem."""
    system = worker.system
    lines = {"reaction": _line(system.reaction)}
    if system.counter_reaction is not None:
        lines["counter_reaction"] = _line(system.counter_reaction)
    return Worker(replace(system, **lines), worker.direct).potentials(guess, load)


def _line(reaction: Reaction) -> Reaction:
    c = reaction.transport.c_0
    slope = np.imag(reaction.kinetics.rate(c, STEP * 1j, 0.0, reaction.T)) / STEP
    line = Linear(i_0=float(slope) * thermal_voltage(reaction.T), order=0.0, c_ref=c)
    return replace(reaction, bare=None, kinetics=line)


def _ramped(worker: Worker, c: np.ndarray, load: Load, plated: Plated | None) -> np.ndarray:
    """The potentials under a load that grows from a tenth."""
    def part(share):
        return Load(current=None if load.current is None else share * load.current,
                    voltage=None if load.voltage is None else share * load.voltage)

    share, step = 0.0, 0.1
    y = first_guess(worker.system, c, part(step), plated)
    while share < 1:
        target = min(share + step, 1.0)
        try:
            y = worker.potentials(y, part(target), plated)
        except ConvergenceError:
            step /= 2
            if step < SMALLEST:
                raise
            continue
        share, step = target, 1.5 * step
    return y


def first_guess(system: System, c: np.ndarray, load: Load, plated: Plated | None = None) -> np.ndarray:
    """Uniform potentials at which the mean current flows through both electrodes at the mean concentration."""
    cell = system.cell
    phi_s = np.zeros(len(system.electrons.pattern.nodes) if system.electrons else 0)
    c_mean = float(system.pore_volume @ c / system.pore_volume.sum())
    current = load.current
    if current is None:
        current = 0.0
    host = _drop(system.reaction, c_mean, -current * cell.area / cell.sites.area.sum(), plated)
    psi = -host
    at_counter = current * cell.area / cell.counter_sites.area.sum()
    scalar = at_counter
    if not system.unknowns.scalar_is_current:
        scalar = psi
        if system.counter_reaction is not None:
            scalar = psi + _drop(system.counter_reaction, c_mean, at_counter)
        if load.voltage is not None:
            psi, scalar = 0.5 * load.voltage, load.voltage
    return system.unknowns.pack(c, np.full(len(c), psi), phi_s, scalar)


def _drop(reaction: Reaction, c: float, i_n: float, plated: Plated | None = None) -> float:
    """phi_s - psi [V] at which the uniform current density i_n flows, with the mean film, charge and barrier."""
    one = np.array([c])
    mean = Reaction(reaction.kinetics, np.array([reaction.R.mean()]), reaction.transport, reaction.T)
    if reaction.bare is not None and plated is not None:
        easiest = np.array([np.argmin(reaction.bare.eta_nuc)])
        bare = Bare(*(values[easiest] for values in (reaction.bare.eta_nuc, reaction.bare.q_n, reaction.bare.width)))
        mean, plated = replace(mean, bare=bare), Plated(np.array([plated.q.mean()]))
    else:
        plated = None
    high = 60.0 + abs(i_n) * float(reaction.R.mean())
    low = -high
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(80):  # the current grows with the potential: bisection
            middle = 0.5 * (low + high)
            value = float(mean.current(one, np.array([middle]), plated)[0])
            low, high = (middle, high) if value < i_n else (low, middle)
    return 0.5 * (low + high)

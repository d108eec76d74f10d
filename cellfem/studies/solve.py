"""`solve`: a cell and a protocol in, a `Solution` out."""

from __future__ import annotations

import numbers
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np
from threadpoolctl import threadpool_limits

from cellfem.errors import ConvergenceError, explain, shown
from cellfem.model.audit import audit
from cellfem.model.cell import Cell
from cellfem.model.counter import Foil
from cellfem.model.protocol import Galvanostatic, Rest, Steady, Step
from cellfem.model.solution import Outcome, Solution, Stats
from cellfem.model.solve import Worker
from cellfem.model.system import System
from cellfem.physics.kinetics import reversible
from cellfem.physics.nucleation import NO_METAL
from cellfem.studies.asked import need_cell
from cellfem.studies.notes import notes_of
from cellfem.studies.run import Frame, Run, carried
from cellfem.studies.steady import steady_state
from cellfem.studies.transient import run_step

TOLERANCE = 5e-4  # [-] local error of c/c_0 per time step
LOOSEST = 0.1  # [-] a larger tolerance controls nothing
CHARGE_LIMIT, SALT_LIMIT = 1e-6, 1e-8  # audits beyond these are wrong fields, which are not returned


@threadpool_limits.wrap(limits=1, user_api="blas")  # the matrices are sparse: BLAS threads spin and do not help
def solve(cell: Cell, protocol: Step | Sequence[Step], *, tolerance: float = TOLERANCE,
          progress: Callable[[float, float], None] | None = None) -> Solution:
    """Run a protocol.

    Parameters
    ----------
    cell : Cell
    protocol : a step (Steady, Galvanostatic, Potentiostatic, Rest) or a list of steps; `Steady` stands alone.
    tolerance : local error of c/c_0 per time step [-]
    progress : called with (fraction of the present step, time [s])

    Returns
    -------
    Solution, whose `outcome.kind` is "finished", "steady", "depleted", "closed" or "stripped".

    Raises
    ------
    ConvergenceError where a field did not converge or its audit fails: a wrong field is not returned.
    """
    need_tolerance("solve.tolerance", tolerance)
    need_cell("solve.cell", cell)
    started = time.perf_counter()
    steps = _steps(protocol)
    _check_reversible(cell, steps)
    system = System.of(cell)
    worker = Worker(system)
    compiled = time.perf_counter()
    if isinstance(steps[0], Steady):
        frames, outcome, start = steady_state(worker, steps[0])
        counts = {"start": start}
    else:
        run = Run(worker, tolerance, progress)
        outcome = _march(run, steps)
        frames, counts = run.frames, {"time_steps": run.steps, "rejected_steps": run.rejected, "start": run.start}
    seconds = {"compile": compiled - started, "solve": time.perf_counter() - compiled,
               "linear": worker.full.seconds + worker.charge.seconds,
               "factorise": worker.full.setup_seconds + worker.charge.setup_seconds}
    return _solution(system, steps, frames, outcome, _stats(worker, seconds, counts))


def need_tolerance(where: str, tolerance) -> None:
    """Refuse what is no error of a time step."""
    if not (isinstance(tolerance, numbers.Real) and 0 < tolerance <= LOOSEST):
        raise ValueError(explain(where, f"found {tolerance!r}", f"a number above 0 and up to {LOOSEST} is allowed",
                                 f"It is the error of c/c_0 per time step; the default is {TOLERANCE}."))


def _steps(protocol) -> tuple[Step, ...]:
    steps = tuple(protocol) if isinstance(protocol, Sequence) else (protocol,)
    if not steps or not all(isinstance(step, Step) for step in steps):
        raise ValueError(explain("solve", f"found the protocol {shown(protocol)}", "Steady, Galvanostatic,"
                                 " Potentiostatic, Rest or a list of them is needed",
                                 "For example Galvanostatic(current=20.0, capacity=3.6e4)."))
    if len(steps) > 1 and any(isinstance(step, Steady) for step in steps):
        raise ValueError(explain("solve", "found Steady in a list of steps", "a steady state stands alone",
                                 "Solve it by itself, or replace it by a long Galvanostatic step."))
    return steps


def _check_reversible(cell: Cell, steps) -> None:
    """Refuse a current, or a rest, for which an electrode would have to strip and its law cannot."""
    electrodes = [("Cell.kinetics", cell.kinetics_used, -1)]
    if isinstance(cell.counter, Foil):
        electrodes.append(("Foil.kinetics", cell.counter_kinetics, 1))
    for step in steps:
        current = 0.0 if isinstance(step, Rest) else getattr(step, "current", None)
        for where, kinetics, sign in electrodes:
            if current is not None and sign * current >= 0 and not reversible(kinetics):
                raise ValueError(explain(where, f"found {type(kinetics).__name__}, which only plates, with {step}",
                                         "an electrode that strips or rests needs a law for both directions",
                                         "Use ButlerVolmer or Linear."))


def _march(run: Run, steps) -> Outcome:
    c_0 = np.full(len(run.system.pore_volume), run.system.unknowns.c_0)
    for index, step in enumerate(steps):
        c, q, inflow, start = carried(run, c_0)
        outcome = run_step(run, index, step, c, q, start, inflow)
        if outcome.kind not in ("finished", "stripped"):
            break
    return outcome


def _solution(system: System, steps, frames: list[Frame], outcome: Outcome, stats: Stats) -> Solution:
    cell = system.cell
    fields = _fields(system, frames)
    plating = np.array([-frame.i_n for frame in frames]).reshape(len(frames), len(cell.sites.nodes))
    q = np.array([frame.q for frame in frames]).reshape(plating.shape)
    c, psi, phi_s = (fields[key][:, cell.sites.nodes] for key in ("c", "psi", "phi_s"))
    U = cell.transport.U(c) if len(frames) else c
    surface = np.array([np.broadcast_to(frame.surface, cell.sites.nodes.shape) for frame in frames]).reshape(q.shape)
    eta = np.nan_to_num(phi_s) - psi - U + plating / surface * cell.film_resistance
    sites = {"c": c, "plating": plating, "q": q, "eta": eta, "surface": surface}
    times = np.array([frame.time for frame in frames])
    index = np.array([frame.step_index for frame in frames], dtype=int)
    current = np.array([frame.current for frame in frames])
    voltage = np.array([np.nan if frame.floating else system.voltage(*_ionic(system, frame.y)) for frame in frames])
    result = audit(cell, times, index, fields, sites, np.array([frame.i_counter for frame in frames]),
                   np.array([frame.inflow for frame in frames]), np.array([frame.displaced for frame in frames]),
                   current,
                   np.array([_applied(steps[frame.step_index]) for frame in frames]), isinstance(steps[0], Steady))
    _trust(result, fields)
    notes = notes_of(cell, fields["c"], q, voltage)
    surface = {key: cell.sites.on_facets(values) for key, values in sites.items()} if len(cell.sites.facets) else {}
    return Solution(cell, steps, times, index, fields, surface, sites, current, voltage, outcome, stats, result, notes)


def _ionic(system: System, y):
    c, psi, _, scalar = system.unknowns.unpack(y)
    return c, psi, scalar


def _applied(step: Step) -> float:
    if isinstance(step, Galvanostatic | Steady):
        return float(step.current)
    return 0.0 if isinstance(step, Rest) else np.nan


def _fields(system: System, frames: list[Frame]) -> dict[str, np.ndarray]:
    n, cell = system.cell.mesh.nvertices, system.cell
    out = {key: np.full((len(frames), n), np.nan) for key in ("c", "psi", "phi_e", "phi_s")}
    ions = system.ions.pattern
    for k, frame in enumerate(frames):
        c, psi, phi_s, _ = system.unknowns.unpack(frame.y)
        out["c"][k], out["psi"][k] = ions.at_nodes(c), ions.at_nodes(psi)
        out["phi_e"][k] = ions.at_nodes(psi + cell.transport.U(c))
        if system.electrons is not None:
            out["phi_s"][k] = system.electrons.pattern.at_nodes(phi_s)
        for name in ("host", "electrode"):
            if name in cell.medium and cell.medium[name].equipotential:
                out["phi_s"][k, np.unique(cell.mesh.t[:, cell.mesh.subdomains[name]])] = 0.0
    return out


def _trust(result, fields) -> None:
    """Refuse to return what is wrong."""
    bad = [key for key, values in fields.items() if np.any(np.isinf(values))]
    lost = result.beyond > NO_METAL
    if bad or lost or not result.charge <= CHARGE_LIMIT or not result.salt <= SALT_LIMIT:
        raise ConvergenceError(explain(
            "audit", f"charge balance {result.charge:.1e}, salt balance {result.salt:.1e}"
            + (f", a place that gave {result.beyond:.1e} q_n more metal than it had" if lost else "")
            + (f", values that are not finite in {', '.join(bad)}" if bad else ""),
            f"at most {CHARGE_LIMIT:g} and {SALT_LIMIT:g} are trusted",
            "The field is not returned. Refine the mesh or tighten `tolerance`."))


def _stats(worker: Worker, seconds, counts) -> Stats:
    full, charge = worker.full, worker.charge
    return Stats(unknowns=worker.system.unknowns.size, newton_steps=worker.newton_steps,
                 linear_solves=full.solves + charge.solves, krylov_iterations=full.iterations + charge.iterations,
                 factorisations=full.setups + charge.setups, solver=full.kind(worker.system.unknowns.size),
                 seconds=seconds, peak_memory=_peak_memory(), **counts)


def _peak_memory() -> float:
    """Largest resident memory of this process so far [bytes]; NaN where the system does not tell (Windows)."""
    try:
        import resource
    except ImportError:
        return float("nan")
    unit = 1.0 if sys.platform == "darwin" else 1024.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

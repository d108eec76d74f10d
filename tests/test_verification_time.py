"""Time integration.

TR-BDF2 in `s = sqrt(t)`, with implicit stages that solve all balances together.
"""

from __future__ import annotations

import numpy as np
from test_verification_manufactured import FILM, KINETICS, TENSOR
from verification import cells
from verification import manufactured as mms

import cellfem as cf
from cellfem.model.solve import Worker
from cellfem.model.system import Load, Storage, System
from cellfem.numerics.timestepping import tr_bdf2
from cellfem.units import FARADAY

END = 30.0  # [s]


def test_order_in_time(page):
    """Order in time of the coupled balances.

    Problem: a resolved 2-D host as in the manufactured solutions. Nodal values that move smoothly in time are chosen;
    their residual, with `dc/dt` exact, is the source, so that the mesh leaves no error. N equal steps in sqrt(t).

    Exact: the chosen nodal values at the end, and the charge plated until then.
    """
    system, exactly = moving()
    unknowns, n = system.unknowns, len(system.pore_volume)
    load = Load(current=80.0)
    steps, errors = (6, 12, 24), {"c": [], "psi": [], "phi_s": [], "plated charge": []}
    nodes, weights = np.polynomial.legendre.leggauss(30)
    charge = -END / 2 * weights @ np.array([system.currents(exactly(t)[0])[0] for t in END / 2 * (nodes + 1)])
    for count in steps:
        y, x = march(system, exactly, load, count)
        goal = exactly(END)[0]
        parts = zip(unknowns.unpack(y)[:3], unknowns.unpack(goal)[:3], (1000.0, unknowns.V, unknowns.V), strict=True)
        for key, (found, wanted, scale) in zip(errors, parts, strict=False):
            errors[key].append(np.max(np.abs(found - wanted)) / scale)
        errors["plated charge"].append(np.max(np.abs(x[n:] / charge - 1)))
    sizes = [np.sqrt(END) / count for count in steps]
    for key, found in errors.items():
        page.order(key, sizes, found, 1.9)
    page.convergence("step in sqrt(t) [s^0.5]", {key: (sizes, found) for key, found in errors.items()})


def moving():
    """A small resolved cell, and a function of t that gives the exact unknowns and dc/dt."""
    def parts(x):
        low, solid = x[-1] < 0.5, x[0] < 0.5
        return np.where(low & solid, "host", np.where(low, "pore", "separator"))

    cell = cf.Cell(mms.block_mesh(2, 4, parts), metal=cells.LITHIUM, electrolyte=mms.LIQUID, kinetics=KINETICS,
                   film=FILM, host=cf.Host(name="resistive", sigma=2.0, rho=2000.0),
                   media={"separator": cf.Medium(eps=0.5, B=TENSOR)})
    system = System.of(cell)
    x = cell.mesh.p[:, system.ions.pattern.nodes] / mms.SIZE
    at = cell.mesh.p[:, system.electrons.pattern.nodes] / mms.SIZE
    u, v = np.sin(2 * x[1] + x[0]), np.cos(x[0] - x[1])
    w = at[1] * (1 + at[0])

    def exactly(t):
        a, b = 0.4 * np.sin(2.5 * t / END), 0.4 * 2.5 / END * np.cos(2.5 * t / END)
        y = system.unknowns.pack(1000 * (1 + a * u), mms.V_T * (0.3 + t / END) * v, mms.V_T * np.cos(t / END) * w, 0.05)
        return y, 1000 * b * u

    return system, exactly


def march(system, exactly, load, count: int):
    """`count` equal steps in sqrt(t) with the source that makes `exactly` the answer."""
    n, unknowns = len(system.pore_volume), system.unknowns
    sourced = mms.Sourced(system, np.zeros(unknowns.size))
    worker = Worker(sourced)
    y, _ = exactly(0.0)
    h = np.sqrt(END) / count
    last = {"y": y}

    def solve(stage, base, tau, s):
        wanted, rate = exactly(s * s)
        source = system.residual(wanted, load)
        source[unknowns.c] += FARADAY * system.pore_volume * rate
        sourced.source = source
        last["y"] = worker.stage(last["y"], load, Storage(base[:n], tau))
        i_n, _, _ = system.currents(last["y"])
        return np.concatenate([unknowns.unpack(last["y"])[0], base[n:] - tau * i_n])

    x = np.concatenate([unknowns.unpack(y)[0], np.zeros(len(system.site_ionic))])
    k = np.zeros_like(x)
    for step in range(count):
        done = tr_bdf2(step * h, h, x, k, solve)
        x, k = done.x1, done.k1
    return last["y"], x


def test_step_control(page):
    """Step control.

    Problem: a plane at 0.9 of its limiting current for one diffusion time; the tolerance per step is 1e-2 or 1e-3.

    Exact: the same mesh with a tolerance of 5e-5. What is left of the errors of all steps in c at the plane stays below
    the tolerance of one.
    """
    cell = cells.make(cells.plane())
    protocol = cf.Galvanostatic(current=0.9 * cells.limit(cell), duration=2.0)
    runs = {tolerance: cf.solve(cell, protocol, tolerance=tolerance) for tolerance in (1e-2, 1e-3, 5e-5)}
    goal = runs.pop(5e-5).sites["c"][-1, 0]
    for tolerance, run in runs.items():
        page.close(f"c_s/c_0, tolerance {tolerance:g}", run.sites["c"][-1, 0] / 1000, goal / 1000, tolerance, "-")
    counts = [run.stats.time_steps for run in runs.values()]
    assert counts[0] < counts[1]
    page.draw(lambda axes: [axes.plot(np.sqrt(run.times), run.sites["c"][:, 0] / 1000, ".-", label=f"{tolerance:g}")
                            for tolerance, run in runs.items()]
              and (axes.set(xlabel="sqrt(t) [s^0.5]", ylabel="c_s/c_0 [-]"), axes.legend()))

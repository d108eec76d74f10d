"""Plating into a graded homogenised host in 3-D: 1e5 nodes, at least fifty time steps, balances beside the time.

    python benchmarks/homogenised_3d.py                        equipotential host, and one of finite conductivity
    python benchmarks/homogenised_3d.py --nodes 2e4 --beside   a smaller one, and a stage by other means

The host: the porosity gradient of geometries/graded_porosity.toml, 200 x 200 um wide, all of its properties varying
across it too; Li plating at 2 mA/cm2 from LiPF6 EC:DMC.  Beside it, one implicit stage of the same run each: our
matrix by sparse LU instead of multigrid, and its assembly by scikit-fem's own forms.  CPU seconds are those of this
process (one thread); wall times depend on who else uses the machine.
"""

from __future__ import annotations

import argparse
import math
import resource
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import scipy.sparse.linalg as spla

import cellfem as cf
from cellfem.geometry import layered, plan
from cellfem.materials import CELGARD_2500, LIPF6_EC_DMC, LITHIUM
from cellfem.model.solve import Worker
from cellfem.model.start import balanced
from cellfem.model.system import Load, Storage, System
from cellfem.numerics.operators import cell_basis, diffusion, drift
from cellfem.units import FARADAY, cm, mA, mAh, um

DESIGN = Path(__file__).parents[1] / "geometries" / "graded_porosity.toml"
WIDTH = 200 * um
CURRENT, CAPACITY = 2 * mA / cm**2, 0.2 * mAh / cm**2
RUN = ("{nodes:7d} nodes {unknowns:7d} unknowns  sigma {sigma:g} S/m  {steps:3d} steps ({rejected} rejected)  updates"
       " {newton:4d}  Krylov {krylov:5d}  set-ups {setups:3d}  CPU {cpu:6.1f} s (mesh {mesh:.1f})  wall {wall:6.1f} s"
       " (compile {compile wall:.1f}, linear {linear wall:.1f})  peak {peak GB:.2f} GB  charge {charge:.0e}"
       "  salt {salt:.0e}")
STAGE = ("        one stage, CPU s: tangent {tangent:.2f} (scikit-fem {scikit-fem:.2f}), linear solve {multigrid:.2f}"
         " and {setup:.2f} for a set-up (sparse LU {LU:.1f}), difference {difference:.0e}")
TOLERANCE = 2e-6  # [-] per time step: makes fifty of them and some
BAR = {"nodes": 1e5, "steps": 50, "seconds": 180.0}  # at least, at least, at most


def cell(nodes: float, sigma: float) -> cf.Cell:
    """The host on so many nodes, or a few more; sigma [S/m], inf: equipotential."""
    design = cf.Geometry.load(DESIGN)
    grid = plan.grid(replace(design, dimension=3, size=(WIDTH, WIDTH, design.size[-1])), 2.2 * (1e5 / nodes) ** (1 / 3))
    across = math.ceil((nodes / (grid.axes[2].cells + 1)) ** 0.5) - 1
    axes = [replace(axis, counts=(across,)) for axis in grid.axes[:2]] + [grid.axes[2]]
    mesh = layered.build(axes, grid.blocks, plan.REGIONS, floor_plates=False, mouth_at=design.size[-1])
    by_depth = cf.graded(design)["media"]["electrode"]

    def across_too(law, share):
        def value(x):
            wave = np.cos(np.pi * x[0] / WIDTH) * np.cos(np.pi * x[1] / WIDTH)
            return (law(x) if callable(law) else law) * (1 + share * wave)
        return value

    medium = replace(by_depth, eps=across_too(by_depth.eps, 0.1), B=across_too(by_depth.B, 0.1),
                     a_s=across_too(by_depth.a_s, -0.3), sigma=sigma if np.isinf(sigma) else across_too(sigma, 0.3))
    return cf.Cell(mesh, metal=LITHIUM, electrolyte=LIPF6_EC_DMC, separator=CELGARD_2500,
                   media={"electrode": medium}, film=cf.Film(R=5e-3))


def run(nodes: float, sigma: float) -> dict:
    """The whole run: mesh, compilation, time steps."""
    cpu, wall = time.process_time(), time.perf_counter()
    made = cell(nodes, sigma)
    meshed = time.process_time()
    solution = cf.solve(made, cf.Galvanostatic(current=CURRENT, capacity=CAPACITY), tolerance=TOLERANCE)
    stats = solution.stats
    return {"nodes": made.mesh.nvertices, "unknowns": stats.unknowns, "sigma": sigma, "steps": stats.time_steps,
            "rejected": stats.rejected_steps, "newton": stats.newton_steps, "krylov": stats.krylov_iterations,
            "setups": stats.factorisations, "cpu": time.process_time() - cpu, "mesh": meshed - cpu,
            "wall": time.perf_counter() - wall, "compile wall": stats.seconds["compile"],
            "linear wall": stats.seconds["linear"], "charge": solution.audit.charge, "salt": solution.audit.salt,
            "peak GB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, "voltage": solution.voltage[-1]}


def beside(nodes: float, sigma: float) -> dict:
    """CPU seconds of one stage's tangent and of one linear solve to 1e-8, by our means and by the usual ones."""
    system = System.of(cell(nodes, sigma))
    worker, load = Worker(system, direct=False), Load(current=CURRENT)
    c_0 = np.full(len(system.pore_volume), system.unknowns.c_0)
    y, _ = balanced(worker, c_0, load)
    storage = Storage(c_0, 5.0)
    R, J = system.evaluate(y, load, storage)
    own = _cpu(lambda: system.evaluate(y, load, storage))
    worker.full.solve(J, -R, 1e-8)
    multigrid = _cpu(lambda: worker.full.solve(J, -R, 1e-8))
    x = worker.full.solve(J, -R, 1e-8)
    found = []
    lu = _cpu(lambda: found.append(spla.spsolve(J.tocsc(), -R, permc_spec="MMD_AT_PLUS_A")))
    return {"tangent": own, "scikit-fem": _cpu(lambda: _assembled(system, y)), "multigrid": multigrid,
            "setup": worker.full.setup_seconds / worker.full.setups, "LU": lu,
            "difference": float(np.max(np.abs(x - found[0])) / np.max(np.abs(x)))}


def _assembled(system: System, y: np.ndarray) -> None:
    """The bulk part of the tangent by scikit-fem: four diffusions and two drifts."""
    c, psi, *_ = system.unknowns.unpack(y)
    laws, ions = system._laws(c + 1e-30j), system.ions
    basis, B = cell_basis(system.cell.mesh, ions.cells), system.cell.efficiency[:, :, ions.cells][..., None]
    for law in (FARADAY * laws[0].real, laws[1].real, laws[2].real, laws[3].real):
        diffusion.assemble(basis, a=law[:, None], B=B)
    for law, u in ((laws[0].imag, c), (laws[2].imag, psi)):
        drift.assemble(basis, a=(law * ions.bent_grad(u))[..., None])


def _cpu(job) -> float:
    started = time.process_time()
    job()
    return time.process_time() - started


def verdict(row: dict) -> str:
    """Whether a run keeps the bar, and where not, why."""
    bar = f"        bar, {BAR['steps']} steps on {BAR['nodes']:g} nodes in {BAR['seconds']:g} s: "
    small = [f"{row[key]} {key}" for key in ("nodes", "steps") if row[key] < BAR[key]]
    if small:
        return bar + f"not judged, the run has {' and '.join(small)}"
    if row["wall"] <= BAR["seconds"]:
        return bar + f"kept, {row['steps']} steps in {row['wall']:.0f} s"
    if row["cpu"] <= BAR["seconds"]:
        return bar + f"kept in CPU time, {row['steps']} steps in {row['cpu']:.0f} s; the machine was shared"
    return bar + f"MISSED, {row['steps']} steps in {row['wall']:.0f} s"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--nodes", type=float, default=1e5)
    arguments.add_argument("--beside", action="store_true", help="compare with sparse LU and scikit-fem")
    given = arguments.parse_args()
    for sigma in (np.inf, 3.0):
        row = run(given.nodes, sigma)
        print(RUN.format(**row), flush=True)
        print(verdict(row), flush=True)
        if given.beside:
            print(STAGE.format(**beside(given.nodes, sigma)), flush=True)


if __name__ == "__main__":
    main()

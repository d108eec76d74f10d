"""Steady solves of a resolved 3-D host with all three fields, at rising size.

    python benchmarks/steady_scaling.py                      1e5, 3e5 and 1e6 unknowns
    python benchmarks/steady_scaling.py --unknowns 1e5       one size
    python benchmarks/steady_scaling.py --direct 1e5         the same solve by sparse LU beside it: time and difference
    python benchmarks/steady_scaling.py --sweep 3e4          Krylov counts over i_0 and sigma

Each row runs in a process of its own, so that the peak memory is its own.  The host: horizontal sheets joined by posts
(geometries/hga_posts.toml), finite sigma, Li plating at 2 mA/cm2 in LiPF6 EC:DMC against a Li foil.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

import cellfem as cf
from cellfem.materials import CELGARD_2500, GRAPHENE, LIPF6_EC_DMC, LITHIUM
from cellfem.model.solve import Worker
from cellfem.model.start import balanced
from cellfem.model.system import Load, System

DESIGN = Path(__file__).parents[1] / "geometries" / "hga_posts.toml"
CURRENT = 20.0  # [A/m2]


def coarsen_for(unknowns: float) -> float:
    """The factor on the cell sizes that gives at least this many unknowns; cells shrink in three directions."""
    geometry = cf.Geometry.load(DESIGN)
    low, high = 0.2, 6.0
    for _ in range(30):
        middle = (low * high) ** 0.5
        nodes = grid_nodes(geometry, middle)
        low, high = (middle, high) if 1.9 * nodes > unknowns else (low, middle)
    return low


def grid_nodes(geometry, coarsen: float) -> int:
    from cellfem.geometry import plan

    return plan.grid(geometry, coarsen).nodes


def run(unknowns: float, sigma: float, i_0: float, direct: bool) -> dict:
    """One steady solve; seconds by stage, counts and peak memory."""
    clock = [time.perf_counter()]
    mesh = cf.Geometry.load(DESIGN).mesh(coarsen=coarsen_for(unknowns))
    clock.append(time.perf_counter())
    cell = cf.Cell(mesh, metal=LITHIUM, electrolyte=LIPF6_EC_DMC, host=replace(GRAPHENE, sigma=sigma),
                   separator=CELGARD_2500, kinetics=cf.ButlerVolmer(i_0=i_0))
    system = System.of(cell)
    clock.append(time.perf_counter())
    worker = Worker(system, direct=direct)
    y, _ = balanced(worker, np.full(len(system.pore_volume), system.unknowns.c_0), Load(current=CURRENT))
    y = worker.steady(y, Load(current=CURRENT))
    clock.append(time.perf_counter())
    c, psi, _, scalar = system.unknowns.unpack(y)
    current = system.currents(y)[2]
    return {"unknowns": system.unknowns.size, "cells": mesh.nelements, "sigma": sigma, "i_0": i_0,
            "mesh s": clock[1] - clock[0], "compile s": clock[2] - clock[1], "solve s": clock[3] - clock[2],
            "linear s": worker.full.seconds + worker.charge.seconds, "newton": worker.newton_steps,
            "solves": worker.full.solves + worker.charge.solves,
            "krylov": worker.full.iterations + worker.charge.iterations,
            "longest": max(worker.full.longest, worker.charge.longest),
            "setups": worker.full.setups + worker.charge.setups,
            "peak GB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
            "voltage": system.voltage(c, psi, scalar), "charge": abs(current / CURRENT - 1),
            "salt": abs(float(c @ system.pore_volume) / system.pore_volume.sum() / system.unknowns.c_0 - 1)}


def apart(**arguments) -> dict:
    """`run` in a process of its own."""
    done = subprocess.run([sys.executable, __file__, "--one", json.dumps(arguments)], capture_output=True, text=True,
                          check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout)


def show(row: dict) -> None:
    print(f"{row['unknowns']:>9} unknowns {row['cells']:>9} cells  mesh {row['mesh s']:6.1f} s  compile"
          f" {row['compile s']:6.1f} s  solve {row['solve s']:7.1f} s (linear {row['linear s']:7.1f} s)  Newton"
          f" {row['newton']:>2}  solves {row['solves']:>2}  Krylov {row['krylov']:>4} (at most {row['longest']} each)"
          f"  peak {row['peak GB']:5.2f} GB  charge {row['charge']:.0e}  salt {row['salt']:.0e}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--unknowns", type=float, nargs="+", default=[1e5, 3e5, 1e6])
    parser.add_argument("--direct", type=float, help="compare with sparse LU at this size")
    parser.add_argument("--sweep", type=float, help="Krylov counts over i_0 and sigma at this size")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(run(**json.loads(arguments.one))))
    elif arguments.direct:
        rows = [apart(unknowns=arguments.direct, sigma=1e3, i_0=95.0, direct=direct) for direct in (False, True)]
        for row in rows:
            show(row)
        print(f"LU takes {rows[1]['solve s'] / rows[0]['solve s']:.1f} times the seconds and"
              f" {rows[1]['peak GB'] / rows[0]['peak GB']:.1f} times the memory of block AMG; the cell voltages differ"
              f" by {abs(rows[1]['voltage'] / rows[0]['voltage'] - 1):.0e}")
    elif arguments.sweep:
        sigmas = [1e-2, 1.0, 1e2, 1e4, 1e6]
        print("largest Krylov count of a solve;  sigma [S/m]:", *(f"{s:8g}" for s in sigmas))
        for i_0 in (0.01, 0.1, 1.0, 10.0, 100.0, 1e3):
            row = [apart(unknowns=arguments.sweep, sigma=s, i_0=i_0, direct=False)["longest"] for s in sigmas]
            print(f"i_0 = {i_0:6g} A/m2".ljust(45), *(f"{n:8d}" for n in row), flush=True)
    else:
        for unknowns in arguments.unknowns:
            show(apart(unknowns=unknowns, sigma=1e3, i_0=95.0, direct=False))


if __name__ == "__main__":
    main()

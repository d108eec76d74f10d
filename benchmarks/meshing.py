"""Body-fitted meshes at rising size: seconds, cells per second, memory, least angle, and Krylov counts on them.

    python benchmarks/meshing.py                     uniform and graded lattices, the bars, and 1e7 cells
    python benchmarks/meshing.py --cells 1e7         one size, uniform
    python benchmarks/meshing.py --krylov            counts beside those of a box-shaped mesh of the same size

Each row runs in a process of its own, so that the peak memory is its own.  The body is a gyroid of 2 x 2 x 2 periods.
Seconds are those of the processor, with one thread.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time

import numpy as np

PERIODS = 2
KINDS = {"uniform": 1, "graded": 4}  # cell size over that at the surface
BARS = {"uniform": 200_000, "graded": 50_000}  # cells per second on one core that are meant to be kept
MOST = 1e7  # cells that are meant to be possible


def gyroid(x):
    """A first-order distance from the gyroid sin x cos y + sin y cos z + sin z cos x = 0.3."""
    angle = 2 * np.pi * PERIODS * x
    s, c = np.sin(angle), np.cos(angle)
    f = s[0] * c[1] + s[1] * c[2] + s[2] * c[0] - 0.3
    slope = np.stack([c[0] * c[1] - s[2] * s[0], c[1] * c[2] - s[0] * s[1], c[2] * c[0] - s[1] * s[2]])
    return f / (2 * np.pi * PERIODS * np.maximum(np.linalg.norm(slope, axis=0), 0.3))


def size_for(cells: float, ratio: int) -> float:
    """The surface's cell size that gives about so many cells."""
    if ratio == 1:
        return (12.5 / cells) ** (1 / 3)
    return (12.5 * 3.4 * 3.1 * PERIODS / cells) ** 0.5


def mesh(kind: str, cells: float, solid: bool = True):
    from cellfem.geometry.levelset import body_fitted

    ratio = KINDS[kind]
    least = size_for(cells, ratio)
    return body_fitted(gyroid, (1.0, 1.0, 1.0), least * ratio, surface_cell_size=least, solid=solid)


def run_mesh(kind: str, cells: float) -> dict:
    mesh(kind, 3e4)  # imports
    started = time.process_time()
    found = mesh(kind, cells)
    seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    from cellfem.geometry.levelset_relax import least_angle

    parts = np.array_split(found.t, max(1, found.nelements // 500_000), axis=1)
    angle = min(least_angle(found.p[:, t]).min() for t in parts)
    speed = found.nelements / seconds
    return {"kind": kind, "cells": found.nelements, "seconds": seconds, "cells per second": speed,
            f"at least {BARS[kind]:,}": "kept" if speed >= BARS[kind] else "missed", "peak GB": peak,
            "least angle [degrees]": float(angle)}


def run_krylov(kind: str, cells: float) -> dict:
    """Krylov iterations of through-transport in the pores, by multigrid at every size."""
    from skfem import MeshTet1

    from cellfem.numerics.linear import LinearSolver
    from cellfem.numerics.operators import CellOperators

    if kind == "boxes":
        n = round((cells / 6) ** (1 / 3))
        found = MeshTet1.init_tensor(*(np.linspace(0, 1, n + 1),) * 3)
    else:
        found = mesh(kind, cells, solid=False)
    wet = np.arange(found.nelements)
    ions = CellOperators.compile(found, wet, np.repeat(np.eye(3)[..., None], len(wet), axis=2), with_drift=False)
    K = ions.pattern.matrix(ions.diffusion @ np.ones(len(wet)))
    z = found.p[2, ions.pattern.nodes]
    free = np.flatnonzero((z > 0) & (z < 1))
    b = -(K @ np.where(z == 1, 1.0, 0.0))[free]
    solver = LinearSolver(0, direct=False)
    started = time.process_time()
    solver.solve(K[free][:, free].tocsr(), b, 1e-9)
    return {"kind": kind, "cells": found.nelements, "unknowns": len(free), "Krylov iterations": solver.iterations,
            "seconds": time.process_time() - started}


def apart(what: str, kind: str, cells: float) -> dict:
    """One row, in a process of its own with one thread."""
    job = [sys.executable, __file__, "--job", what, "--kind", kind, "--cells", str(cells)]
    out = subprocess.run(job, check=True, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    return json.loads(out.stdout.splitlines()[-1])


def show(row: dict) -> None:
    print("  ".join(f"{key}: {value:,.4g}" if isinstance(value, float) else f"{key}: {value}"
                    for key, value in row.items()), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=float)
    parser.add_argument("--kind", choices=[*KINDS, "boxes"])
    parser.add_argument("--krylov", action="store_true")
    parser.add_argument("--job", choices=["mesh", "krylov"], help=argparse.SUPPRESS)
    a = parser.parse_args()
    if a.job:
        print(json.dumps({"mesh": run_mesh, "krylov": run_krylov}[a.job](a.kind, a.cells)))
    elif a.krylov:
        for cells in [a.cells] if a.cells else [5e4, 2e5, 8e5]:
            for kind in ("boxes", *KINDS):
                show(apart("krylov", kind, cells))
    else:
        for kind in [a.kind] if a.kind else KINDS if a.cells is None else ["uniform"]:
            for cells in [a.cells] if a.cells else [1e5, 1e6] + [MOST] * (kind == "uniform"):
                show(apart("mesh", kind, cells))


if __name__ == "__main__":
    main()

"""Effective diffusivity of eight pore spaces: error against time, cellfem beside TauFactor on the same processor.

    python benchmarks/against_taufactor.py                       cellfem alone
    python -m venv tau && tau/bin/pip install torch==2.13.0 taufactor==1.2.1
    python benchmarks/against_taufactor.py --taufactor tau/bin/python --voxels 32 64 128

TauFactor (S. J. Cooper et al., SoftwareX 5 (2016) 203, doi:10.1016/j.softx.2016.09.002) solves on voxels, here on the
CPU, in a Python of its own; it is no dependency.  It fixes the values at the voxels' outer faces as cellfem does at the
sides.  cellfem extrapolates from two nested meshes and gives an error bar; `size` is the cubes per unit edge of the
lattice, in narrow gaps, and the factor on all cells of the coarser mesh.  Seconds are those of the wall, meshing or
drawing the voxels included, with `--threads` threads (default 2).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time

import numpy as np

FCC = np.array([(0, 0, 0), (1, 1, 0), (1, 0, 1), (0, 1, 1)], dtype=float)
# name -> (centres of spheres or of cylinders along z, radius, box, axis of transport, D_eff/D)
CASES = {"spheres, face-centred": (FCC, 0.7247844507, (1.0, 1.0, 1.0), 2, 0.108938),
         "spheres, simple cubic": (FCC[:1], 0.6, (1.0, 1.0, 1.0), 2, 0.8393817)}
# cubes per unit edge, how many times smaller they are in narrow gaps, and the factor on all cells of the coarser mesh
LATTICES = {"spheres, face-centred": ((12, 8, 2), (24, 8, 4), (32, 8, 4)),
            "spheres, simple cubic": ((5, 1, 1), (7, 1, 1), (10, 1, 1))}
ARRAYS = {"square": (FCC[:1, :2], 1.0, {0.2: 0.6665306777, 0.5: 0.3246544724, 0.7: 0.1345404422}),
          "hexagonal": (np.array([(0, 0), (1, 3**0.5)]), 3**0.5,
                        {0.2: 0.6666653258, 0.5: 0.3328090121, 0.7: 0.1720834748})}
for _name, (_centres, _width, _exact) in ARRAYS.items():
    for _phi, _answer in _exact.items():
        _key = f"cylinders, {_name}, {_phi}"
        CASES[_key] = (_centres, (4 * _phi * _width / np.pi / len(_centres)) ** 0.5, (1.0, _width, 0.0), 0, _answer)
        LATTICES[_key] = ((8, 1, 1), (16, 1, 1), (24, 1, 1))


def distance(centres, radius):
    d = centres.shape[1]
    return lambda x: np.min([np.linalg.norm(x[:d] - c[:, None], axis=0) for c in centres], axis=0) - radius


def by_cellfem(case: str, lattice: tuple[int, int, float]) -> dict:
    """Two nested meshes, extrapolated to second order; the error bar is what that adds."""
    started = time.perf_counter()
    coarse, fine = (through(case, lattice, halvings) for halvings in (0, 1))
    B, exact = fine[1] + (fine[1] - coarse[1]) / 3, CASES[case][-1]
    return {"unknowns": fine[0], "error [%]": 100 * (B / exact - 1), "bar [%]": 100 * abs(B - fine[1]) / B,
            "seconds": time.perf_counter() - started}


def through(case: str, lattice: tuple[int, int, float], halvings: int) -> tuple[int, float]:
    """(nodes of the pores, D_eff/D) on one mesh."""
    from cellfem.geometry.levelset import body_fitted
    from cellfem.model.laplace import conduct, energy
    from cellfem.numerics.operators import CellOperators

    centres, radius, box, axis, _ = CASES[case]
    n, finer, coarsen = lattice
    size = (*box[:2], box[2] or 1 / n)
    mesh = body_fitted(distance(centres, radius), size, 1 / n, neck_cell_size=1 / n / finer, solid=False,
                       coarsen=coarsen, halvings=halvings)
    wet = mesh.subdomains["pore"]
    ions = CellOperators.compile(mesh, wet, np.repeat(np.eye(3)[..., None], len(wet), axis=2), with_drift=False)
    x = mesh.p[axis, ions.pattern.nodes] / size[axis]
    ends = np.flatnonzero((x == 0) | (x == 1))
    return len(x), energy(ions, conduct(ions, ends, x[ends])) * size[axis] ** 2 / np.prod(size)


def by_taufactor(case: str, voxels: int) -> dict:
    """Runs in TauFactor's own Python: numpy, torch and taufactor alone."""
    import taufactor
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    centres, radius, box, axis, exact = CASES[case]
    started = time.perf_counter()
    counts = [max(1, round(length * voxels)) for length in box]
    grid = np.meshgrid(*((np.arange(k) + 0.5) / voxels for k in counts), indexing="ij")
    pore = distance(centres, radius)(np.stack([g.ravel() for g in grid])).reshape(counts) > 0
    solver = taufactor.Solver(np.moveaxis(pore, axis, 0).astype(np.uint8), device="cpu")
    solver.solve(iter_limit=100_000, verbose=False, conv_crit=1e-3)
    B = float(np.ravel(np.asarray(solver.D_eff))[0])
    return {"unknowns": int(pore.sum()), "error [%]": 100 * (B / exact - 1), "bar [%]": float("nan"),
            "seconds": time.perf_counter() - started}


def apart(python: str, tool: str, case: str, size, threads: int) -> dict:
    """One row, in a process of its own."""
    out = subprocess.run([python, __file__, "--job", json.dumps([tool, case, size])], check=True, capture_output=True,
                         text=True, env=os.environ | {"OMP_NUM_THREADS": str(threads)})
    return json.loads(out.stdout.splitlines()[-1])


def job(tool: str, case: str, size) -> dict:
    if tool == "cellfem":
        by_cellfem(case, (4, 1, 1))  # imports
        return by_cellfem(case, tuple(size))
    by_taufactor(case, 8)
    return by_taufactor(case, size)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--taufactor", metavar="PYTHON", help="a Python that has torch and taufactor")
    parser.add_argument("--voxels", type=int, nargs="+", default=[32, 64], help="per unit edge")
    parser.add_argument("--cases", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--job", help=argparse.SUPPRESS)
    a = parser.parse_args()
    if a.job:
        print(json.dumps(job(*json.loads(a.job))))
        return
    print(f"{'pore space':<26} {'by':<10} {'size':>8} {'unknowns':>9} {'error [%]':>10} {'bar [%]':>8} {'seconds':>8}")
    for case in a.cases:
        rows = [(sys.executable, "cellfem", lattice, "x".join(map(str, lattice))) for lattice in LATTICES[case]]
        rows += [(a.taufactor, "taufactor", n, f"{n}^3" if CASES[case][2][2] else f"{n}^2")
                 for n in (a.voxels if a.taufactor else [])]
        for python, tool, size, text in rows:
            row = apart(python, tool, case, size, a.threads)
            print(f"{case:<26} {tool:<10} {text:>8} {row['unknowns']:>9} {row['error [%]']:>10.3f}"
                  f" {row['bar [%]']:>8.3f} {row['seconds']:>8.2f}", flush=True)


if __name__ == "__main__":
    main()

"""The commands that look at designs without a run: `cellfem mesh`, `cellfem tortuosity`."""

from __future__ import annotations

import argparse
from pathlib import Path

from tqdm import tqdm

import cellfem as cf
from cellfem.errors import explain
from cellfem.results.atomic import check_folder
from cellfem.results.meshes import format_mesh, write_mesh
from cellfem.results.tables import RUN
from cellfem.results.tortuosity import GEOMETRIC_SURFACE, host_numbers

DRAWN = ("porosity [-]", GEOMETRIC_SURFACE, "MacMullin number, z [-]", "tortuosity factor, z [-]",
         "electrode tortuosity factor, z [-]")


def load(designs: list[str]) -> dict[str, cf.Geometry]:
    """The designs by the names of their files, which have to differ."""
    stems = [Path(design).stem for design in designs]
    if len(set(stems)) < len(stems):
        raise ValueError(explain("designs", f"found {' '.join(designs)}", "the file names tell the runs apart and"
                                 " have to differ", "Copy or rename one of the designs."))
    return {stem: cf.Geometry.load(design) for stem, design in zip(stems, designs, strict=True)}


def run_mesh(a: argparse.Namespace) -> None:
    """Quality, volumes and areas of a mesh; its files."""
    [(stem, geometry)] = load(a.designs).items()
    out = check_folder(a.out or Path("results") / f"{stem}_mesh")
    mesh = geometry.mesh(coarsen=a.coarsen)
    print(format_mesh(geometry, mesh, a.coarsen))
    for path in write_mesh(out, stem, mesh):
        print(path)


def run_tortuosity(a: argparse.Namespace) -> None:
    """What the hosts of designs do to transport, side by side; with --out as a table and a picture, too."""
    out = a.out and check_folder(a.out)
    designs = load(a.designs)
    for geometry in designs.values():
        if geometry.shape == "slab":
            raise ValueError(explain(f"{geometry.file}: shape", 'found "slab"', "a design with a host is needed",
                                     "Leave it out: a plane has no tortuosity."))
    rows = [{RUN: stem, **_numbers(a, geometry)} for stem, geometry in tqdm(designs.items(), desc="tortuosity",
                                                                            disable=None)]
    print(f"Host {a.host.name}; sigma_eff = inf: equipotential\n{cf.format_table(rows)}")
    rows = [{**row, "shape": designs[row[RUN]].shape} for row in rows]
    if out:
        print(f"\nTable: {cf.write_table(out, 'tortuosity', rows)}")
        print(f"Picture: {cf.write_dots(out, 'tortuosity', rows, names=RUN, values=DRAWN, group='shape')}")


def _numbers(a: argparse.Namespace, geometry: cf.Geometry) -> dict[str, float]:
    given = cf.graded(geometry)
    return host_numbers(geometry.mesh(coarsen=a.coarsen), a.host, given.get("media"), given.get("blocked", 0.0))

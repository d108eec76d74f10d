"""Cells of the verification problems."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from skfem import MeshLine1

import cellfem as cf
from cellfem.materials import CELGARD_2500, GRAPHENE, LITHIUM
from cellfem.materials.electrolyte import constant
from cellfem.units import FARADAY

GEOMETRIES = Path(__file__).parents[2] / "geometries"
FAST = cf.ButlerVolmer(i_0=1e7)  # as good as reversible: 3e-9 Ohm m2
NO_FILM = cf.Film(R=0.0)
SALT = constant(D=3e-10, kappa=1.0, t_plus=0.38)  # D and t+ of the planar reference problems


def plane(*, dimension: int = 1, free: float = 25.0, separator: float = 0.0, coarsen: float = 1.0, **keys):
    """The mesh of a bare plane under `free` um of electrolyte and a separator, graded as designs are by default."""
    size = {1: [free], 2: [4.0, free], 3: [4.0, 3.0, free]}[dimension]
    keys = {"name": "plane", "shape": "slab", "source": "reference problem", "dimension": dimension, "size_um": size,
            "separator_um": separator, "cell_size_um": 0.5} | keys
    return cf.Geometry.from_dict(keys).mesh(coarsen)


def shipped(name: str, coarsen: float = 1.0):
    """The mesh of a design in geometries/."""
    return cf.Geometry.load(GEOMETRIES / f"{name}.toml").mesh(coarsen)


def make(mesh, electrolyte=SALT, **given) -> cf.Cell:
    """A lithium cell with the materials that its regions need; `given` replaces what it names."""
    defaults = {"metal": LITHIUM, "electrolyte": electrolyte, "host": GRAPHENE, "separator": CELGARD_2500}
    return cf.Cell(mesh, **(defaults | given))


def layer(thickness: float, cells: int, region: str = "electrode"):
    """A 1-D mesh of one region between collector and counter plane, `thickness` in m."""
    mesh = MeshLine1.init_tensor(np.linspace(0, thickness, cells + 1))
    top = int(np.flatnonzero(mesh.p[0][mesh.facets[0]] == thickness)[0])
    floor = int(np.flatnonzero(mesh.p[0][mesh.facets[0]] == 0)[0])
    return mesh.with_subdomains({region: np.arange(cells)}).with_boundaries(
        {"collector": np.array([floor]), "counter": np.array([top])})


def limit(cell: cf.Cell, *, closed: bool = True) -> float:
    """Limiting current [A/m2] of a plane under layers of constant properties: 2 F c_0 .../((1 - t+) L) by hand.

    With resistances r = L/B and pore lengths of each layer, w is linear in the resistance r(z), and the mean of c
    over the pore volume is c_0 in a closed cell; c_0 is the value at the counter plane with a reservoir.
    """
    mesh, transport = cell.mesh, cell.transport
    z = np.sort(mesh.p[-1])
    D, t_plus, c_0 = float(transport.D(1.0)), float(transport.t_plus(1.0)), cell.electrolyte.c_0
    order = np.argsort(mesh.p[-1][mesh.t].mean(axis=0))
    eps, B = cell.porosity[order], cell.efficiency[0, 0, order]
    h = np.diff(z)
    r = np.concatenate([[0.0], np.cumsum(h / B)])
    mean = float(np.sum(eps * h * (r[1:] + r[:-1]) / 2) / np.sum(eps * h))
    return FARADAY * D * c_0 / ((1 - t_plus) * (mean if closed else r[-1]))

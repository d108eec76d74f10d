"""Curved hosts.

Body-fitted meshes of bodies given by a signed distance, in units of the cell's edge. Cubes per edge are those of the
lattice. Transport is solved in the pores alone, between two opposite faces.
"""

from __future__ import annotations

import numpy as np
from test_levelset import UNIT, gyroid, sphere, torus, volume_and_area

from cellfem.geometry.levelset import body_fitted
from cellfem.geometry.measures import volumes
from cellfem.model.laplace import conduct, energy
from cellfem.numerics.operators import CellOperators

FCC = np.array([(0, 0, 0), (1, 1, 0), (1, 0, 1), (0, 1, 1)], dtype=float)[..., None]


def through(mesh, axis: int, size) -> float:
    """D_eff/D of the pores along an axis, from the energy."""
    cells = mesh.subdomains["pore"]
    ions = CellOperators.compile(mesh, cells, np.repeat(np.eye(3)[..., None], len(cells), axis=2), with_drift=False)
    x = mesh.p[axis, ions.pattern.nodes] / size[axis]
    ends = np.flatnonzero((x == 0) | (x == 1))
    return energy(ions, conduct(ions, ends, x[ends])) * size[axis] ** 2 / np.prod(size)


def test_bodies_to_second_order(page):
    """Volumes and areas of curved bodies.

    Problem: a sphere of radius 0.37 and a torus of radii 0.27 and 0.12 off the lattice's symmetry, and the gyroid; then
    a sphere with 12 cubes of the lattice across its diameter, of which a staircase of voxels has 1.5 times the area.

    Exact: elementary; the gyroid's area per unit cell is 3.0914 (A. H. Schoen, NASA TN D-5541, 1970).
    """
    cells, errors = np.array([10, 14, 20, 28]), {}
    for name, body, volume, area in (
            ("sphere", sphere(0.47, 0.52, 0.5, radius=0.37), 4 / 3 * np.pi * 0.37**3, 4 * np.pi * 0.37**2),
            ("torus", torus, 2 * np.pi**2 * 0.27 * 0.12**2, 4 * np.pi**2 * 0.27 * 0.12),
            ("gyroid", gyroid, None, 3.0914)):
        found = [volume_and_area(body_fitted(body, UNIT, 1 / n, floor_plates=False)) for n in cells]
        if volume:
            errors[f"volume, {name}"] = [abs(v / volume - 1) for v, _ in found]
        errors[f"area, {name}"] = [abs(a / area - 1) for _, a in found]
    for quantity, found in errors.items():
        page.order(quantity, 1 / cells, found, 1.7)
    page.convergence("cell size [-]", {quantity: (1 / cells, found) for quantity, found in errors.items()})
    coarse = body_fitted(sphere(0.5, 0.5, 0.5, radius=0.4), UNIT, 0.8 / 12, floor_plates=False)
    page.close("area, sphere of 12 cubes", volume_and_area(coarse)[1], 4 * np.pi * 0.4**2, 1e-2)


def test_face_centred_spheres(page):
    """Pores between overlapping spheres.

    Problem: the cube of edge 1, an octant of a face-centred cubic cell, less spheres of radius 0.7247844507 (1.025
    times touching) around (0, 0, 0), (1, 1, 0), (1, 0, 1), (0, 1, 1). The throats between three spheres are 0.18 wide
    and rule the transport; the lattice is four times as fine there.

    Exact: curved elements of third order, three meshes that agree within 3e-5.
    """
    def body(x):
        return np.linalg.norm(x - FCC, axis=1).min(axis=0) - 0.7247844507

    finest, errors = (1 / 16, 1 / 32, 1 / 64), []
    for size in finest:
        mesh = body_fitted(body, UNIT, 1 / 16, neck_cell_size=size, solid=False)
        B = through(mesh, 2, UNIT)
        errors.append(abs(B / 0.108938 - 1))
    volume = volumes(mesh).sum()
    page.close("porosity", volume, 0.20682, 1e-3)
    page.close("D_eff/D", B, 0.108938, 1e-3)
    page.close("tortuosity factor", volume / B, 1.8985, 2e-3)
    page.convergence("cell size in the throats [-]", {"D_eff/D": (finest, errors)})


def test_simple_cubic_spheres(page):
    """Pores between spheres on a simple cubic lattice.

    Problem: spheres of radius 0.3 in a cell of edge 1, an octant of it; 10 and 14 cubes along half of the edge, and
    extrapolated from both to second order.

    Exact: 0.8393817, curved elements of third order.
    """
    cells, exact = np.array([7, 10, 14]), 0.8393817
    found = [through(body_fitted(sphere(0, 0, 0, radius=0.6), UNIT, 1 / n, solid=False), 2, UNIT) for n in cells]
    page.close("D_eff/D, 14 cubes", found[2], exact, 2e-3)
    page.close("D_eff/D, extrapolated", found[2] + (found[2] - found[1]) / (1.4**2 - 1), exact, 5e-4)
    errors = np.abs(np.array(found) / exact - 1)
    page.order("D_eff/D", 1 / cells, errors, 1.7)
    page.convergence("cell size [-]", {"D_eff/D": (1 / cells, errors)})


def test_arrays_of_cylinders(page):
    """Pores across arrays of cylinders.

    Problem: cylinders along z in square and hexagonal arrays of volume share phi, transport along x; a quarter of a
    cell, one cube deep, 24 and 48 cubes along x.

    Exact: Rayleigh's multipoles to order 40 (W. T. Perrins, D. R. McKenzie and R. C. McPhedran, Proc. R. Soc. Lond. A
    369 (1979) 207).
    """
    arrays = {"square": (1.0, np.array([(0, 0)]), (0.6665306777, 0.3246544724, 0.1345404422)),
              "hexagonal": (3**0.5, np.array([(0, 0), (1, 3**0.5)]), (0.6666653258, 0.3328090121, 0.1720834748))}
    shown = {}
    for name, (width, centres, exact) in arrays.items():
        for phi, answer in zip((0.2, 0.5, 0.7), exact, strict=True):
            radius = (4 * phi * width / np.pi / len(centres)) ** 0.5

            def body(x, centres=centres, radius=radius):
                return np.linalg.norm(x[:2] - centres[..., None], axis=1).min(axis=0) - radius

            errors = []
            for n in (24, 48):
                size = (1.0, width, 1 / n)
                B = through(body_fitted(body, size, 1 / n, solid=False), 0, size)
                errors.append(abs(B / answer - 1))
            page.close(f"D_eff/D, {name}, phi = {phi}", B, answer, 1e-3)
            page.order(f"D_eff/D, {name}, phi = {phi}", (1 / 24, 1 / 48), errors, 1.6)
            shown[f"{name}, {phi}"] = ((1 / 24, 1 / 48), errors)
    page.convergence("cell size [-]", shown)

"""Manufactured solutions.

Fields of sines and exponentials are chosen; the sources that make them the answer come from the continuous weak form,
with laws of its own. Cubes of 20 um, uniform meshes; errors are relative to the variation of the field.
"""

from __future__ import annotations

import numpy as np
import pytest
from verification import manufactured as mms

import cellfem as cf

TENSOR = np.array([[0.40, 0.04, 0.06], [0.04, 0.30, -0.05], [0.06, -0.05, 0.25]])  # eigenvalues 0.19 to 0.45
SIGMA = np.array([[3.0, 0.4, 0.5], [0.4, 2.0, 0.3], [0.5, 0.3, 1.5]])  # [S/m]
FIELDS = ("c", "psi", "phi_s")


def across(x):
    """A direction that is no axis, across z, which is last."""
    return 0.3 + sum(slope * at for slope, at in zip((0.5, -0.4), x[:-1], strict=False))


def resolved(dimension: int, n: int):
    """A block of host in free electrolyte under a separator with another liquid, foil, one implicit time step."""
    def parts(x):
        low, solid = x[-1] < 0.5, x[0] < (0.25 if dimension == 1 else 0.5)
        return np.where(low & solid, "host", np.where(low, "pore", "separator"))

    cell = cf.Cell(mms.block_mesh(dimension, n, parts), metal=METAL, electrolyte=mms.LIQUID,
                   host=cf.Host(name="resistive", sigma=2.0, rho=2000.0), kinetics=KINETICS, film=FILM,
                   media={"separator": cf.Medium(eps=0.5, B=TENSOR, electrolyte=mms.OTHER)})
    problem = mms.Problem(c=lambda x: 1000 * (1 + 0.25 * np.sin(2 * x[-1] + across(x))),
                          psi=lambda x: mms.V_T * (0.9 * x[-1] ** 2 + 0.6 * np.cos(1.5 * across(x) - x[-1])),
                          phi_s=lambda x: mms.V_T * np.sin(1.5 * x[-1]) * (1.2 + 0.8 * across(x)),
                          base=lambda x: 1000 * (1 + 0.1 * np.cos(3 * x[-1])), tau=0.4, scalar=0.05,
                          other=("separator",))
    return cell, problem


def homogenised(dimension: int, n: int):
    """An electrode with full tensors B and sigma and a_s(x) under free electrolyte, reservoir, steady."""
    def parts(x):
        return np.where(x[-1] < 0.5, "electrode", "electrolyte")

    medium = cf.Medium(eps=0.5, B=TENSOR, sigma=SIGMA, a_s=lambda x: 1e5 * (1 + x[-1] / mms.SIZE))
    cell = cf.Cell(mms.block_mesh(dimension, n, parts), metal=METAL, electrolyte=mms.LIQUID, kinetics=KINETICS,
                   film=FILM, media={"electrode": medium}, counter=cf.Reservoir())
    problem = mms.Problem(c=lambda x: 1000 * (1 + 0.3 * (x[-1] - 1) * np.exp(0.5 * across(x))),
                          psi=lambda x: mms.V_T * (1.1 * np.sin(x[-1] + 0.3) + 0.5 * np.cos(1.4 * across(x))),
                          phi_s=lambda x: mms.V_T * np.sin(1.3 * x[-1]) * (0.9 - 0.5 * across(x)),
                          base=None, tau=None, scalar=100.0)
    return cell, problem


METAL = cf.Metal(symbol="Li", name="lithium", M=6.94e-3, rho=534.0, E0=-3.04, R_film=0.0, kinetics=cf.ButlerVolmer())
KINETICS = cf.ButlerVolmer(i_0=400.0, alpha_a=0.4, alpha_c=0.6)
FILM = cf.Film(R=lambda x: 4e-5 * (1 + 0.5 * x[-1] / mms.SIZE))


def observe(page, case, dimension: int, cells_per_edge, cell_current=False) -> None:
    errors: dict[str, list[float]] = {}
    for n in cells_per_edge:
        for key, error in mms.solve(*case(dimension, n)).items():
            errors.setdefault(key, []).append(error)
    sizes = [1e6 * mms.SIZE / n for n in cells_per_edge]
    name = f"{dimension}-D"
    for key in FIELDS:
        page.order(f"{name}: {key}, L2", sizes, errors[f"{key}, L2"], 1.9)
        page.order(f"{name}: {key}, H1", sizes, errors[f"{key}, H1"], 0.9)
    page.order(f"{name}: total current of the host", sizes, errors["wall current"], 1.9)
    if cell_current:
        page.order(f"{name}: current density at the counter plane", sizes, errors["counter"], 1.9)
    page.convergence(f"cell size [um], {name}", {key: (sizes, errors[f"{key}, L2"]) for key in FIELDS})


def test_resolved_host(page):
    """Resolved host, 1-D and 2-D.

    Problem: a block of host (sigma = 2 S/m) that touches the collector, electrolyte beside it, a separator above with
    eps = 0.5, a full tensor B and a liquid of its own; D(c), kappa(c), t+(c), TDF(c); Butler-Volmer walls
    (alpha_a = 0.4) with a film R(x), a foil at a given voltage, one implicit time step.

    Exact: the chosen c, psi, phi_s and the current of the wall. Expected: order 2 in L2, 1 in H1.
    """
    observe(page, resolved, 1, (16, 32, 64, 128))
    observe(page, resolved, 2, (8, 16, 32, 64))


def test_homogenised_host(page):
    """Homogenised host, 1-D and 2-D.

    Problem: an electrode with full tensors B and sigma and a surface a_s(x), free electrolyte above, c = c_0 and a
    uniform current density at the top, which follows from the voltage; steady, the same laws.

    Exact: the chosen c, psi and phi_s and their total current.
    """
    observe(page, homogenised, 1, (16, 32, 64, 128), cell_current=True)
    observe(page, homogenised, 2, (8, 16, 32, 64), cell_current=True)


@pytest.mark.slow
def test_resolved_host_in_3d(page):
    """Resolved host, 3-D.

    Problem: the resolved host in three dimensions.

    Exact: the chosen fields and the current of the wall.
    """
    observe(page, resolved, 3, (8, 12, 16))


@pytest.mark.slow
def test_homogenised_host_in_3d(page):
    """Homogenised host, 3-D.

    Problem: the homogenised host in three dimensions.

    Exact: the chosen fields and the currents.
    """
    observe(page, homogenised, 3, (8, 12, 16), cell_current=True)

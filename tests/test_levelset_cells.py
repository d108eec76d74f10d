"""Physics on body-fitted meshes: the balances, and answers that settle to second order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from test_levelset import gyroid, union

import cellfem as cf
from cellfem.errors import GeometryError, TrustWarning
from cellfem.geometry.measures import facet_areas
from cellfem.geometry.summary import summary
from cellfem.materials import CELGARD_2500, GRAPHENE, LIPF6_EC_DMC, LITHIUM
from cellfem.units import cm, mA, mAh, um

SIZE = 20 * um


def design(body=None, **keys):
    """A cube of 20 um of some host under a separator."""
    base = dict(name="test", shape="minimal_surface", source="made up", dimension=3, size=(SIZE, SIZE, SIZE),
                cell_size=3.4 * um, separator=10 * um, body=body or (lambda x: SIZE * gyroid(x / SIZE, 0.3)))
    return cf.Geometry(**(base | keys))


def cell(mesh, **keys):
    return cf.Cell(mesh, metal=LITHIUM, electrolyte=LIPF6_EC_DMC, host=GRAPHENE, separator=CELGARD_2500, **keys)


def test_balances_hold_in_time():
    run = cf.solve(cell(design().mesh()), cf.Galvanostatic(current=5 * mA / cm**2, capacity=0.05 * mAh / cm**2))
    row = cf.report(run)
    assert row["charge balance [-]"] < 1e-9 and row["salt balance [-]"] < 1e-11
    mesh = run.cell.mesh
    assert np.isclose(run.cell.sites.area.sum(), facet_areas(mesh, mesh.boundaries["host_surface"]).sum())


@pytest.mark.parametrize("kind", ["finite sigma", "periodic", "coated"])
def test_balances_hold_on_every_kind_of_body(kind):
    keys = {"name": kind, "shape": "minimal_surface", "source": "made up", "dimension": 3,
            "size_um": [10.0, 10.0, 10.0], "separator_um": 5.0, "cell_size_um": 2.0, "periodic": kind == "periodic",
            "minimal_surface": {"kind": "gyroid", "sheet": False, "period_um": 10.0, "porosity": 0.7}}
    if kind == "coated":
        keys["coatings"] = {"top": {"depth_um": [0.0, 4.0], "blocked": 0.6, "film_Ohm_m2": 0.02}}
    made = cf.Geometry.from_dict(keys)
    host = replace(GRAPHENE, sigma=30.0) if kind == "finite sigma" else GRAPHENE
    on = cf.Cell(made.mesh(), metal=LITHIUM, electrolyte=LIPF6_EC_DMC, host=host, separator=CELGARD_2500,
                 **cf.graded(made))
    run = cf.solve(on, cf.Galvanostatic(current=5 * mA / cm**2, capacity=0.02 * mAh / cm**2))
    row = cf.report(run)
    assert row["charge balance [-]"] < 1e-9 and row["salt balance [-]"] < 1e-11
    assert on.resolved_host == (kind == "finite sigma")


def test_answers_settle_to_second_order():
    """Voltage and mean concentration on the surface of a sphere, steady, on 5, 7 and 12 cubes across the cell.

    The limit is extrapolated from the two finest; what is left of the others falls with order 2.
    """
    def ball(x):
        return np.linalg.norm(x - SIZE * np.array([[0.5], [0.5], [0.45]]), axis=0) - 0.36 * SIZE

    cells, found = np.array([5, 7, 12]), []
    for n in cells:
        run = cf.solve(cell(design(ball, cell_size=SIZE / n).mesh()), cf.Steady(current=5 * mA / cm**2))
        area = run.cell.sites.area
        found.append([run.voltage[-1], area @ run.sites["c"][-1] / area.sum()])
    found = np.array(found)
    limit = found[2] + (found[2] - found[1]) / ((cells[2] / cells[1]) ** 2 - 1)
    orders = -np.polyfit(np.log(cells[:2]), np.log(np.abs(found[:2] - limit)), 1)[0]
    assert (orders > 1.5).all() and (orders < 2.6).all(), (orders, found)
    assert np.abs(found[2] / limit - 1).max() < 2e-3


def test_krylov_counts_are_those_of_boxes():
    from skfem import MeshTet1

    from cellfem.geometry.levelset import body_fitted
    from cellfem.numerics.linear import LinearSolver
    from cellfem.numerics.operators import CellOperators

    def count(mesh):
        cells = np.arange(mesh.nelements)
        ions = CellOperators.compile(mesh, cells, np.repeat(np.eye(3)[..., None], len(cells), axis=2),
                                     with_drift=False)
        K = ions.pattern.matrix(ions.diffusion @ np.ones(len(cells)))
        z = mesh.p[2, ions.pattern.nodes]
        free = np.flatnonzero((z > 0) & (z < 1))
        solver = LinearSolver(0, direct=False)
        solver.solve(K[free][:, free].tocsr(), -(K @ (z == 1))[free], 1e-9)
        return solver.iterations

    boxes = count(MeshTet1.init_tensor(*(np.linspace(0, 1, 21),) * 3))
    for body, sizes in ((gyroid, {}), (union(2), {}), (gyroid, {"surface_cell_size": 0.035})):
        assert count(body_fitted(body, (1.0, 1.0, 1.0), 0.07 if sizes else 0.045, solid=False, **sizes)) <= 2 * boxes


def test_a_mesh_is_held_against_its_body():
    radius = 7 * um
    g = design(lambda x: np.linalg.norm(x - SIZE / 2, axis=0) - radius, cell_size=1.6 * um)
    row = summary(g.mesh(), g)
    assert np.isclose(row["volume of the body [um3]"], 4 / 3 * np.pi * 7**3, rtol=5e-4)
    assert np.isclose(row["area of the body [um2]"], 4 * np.pi * 7**2, rtol=5e-4)
    assert abs(row["volume of host against the body [%]"]) < 2 and abs(row["area of host against the body [%]"]) < 1


def bubble(radius):
    """A host with a closed pore in it, and an open half."""
    def distance(x):
        closed = np.linalg.norm(x - np.array([[0.5], [0.5], [0.3]]) * SIZE, axis=0) - radius
        return -np.minimum(closed, 0.6 * SIZE - x[2])

    return distance


def test_closed_pores_are_left_out_while_they_are_few():
    with pytest.raises(GeometryError, match="design: minimal_surface: found 1 closed pores"):
        design(bubble(0.25 * SIZE), cell_size=2 * um).mesh()
    with pytest.warns(TrustWarning, match="found 1 closed pores"):
        mesh = design(bubble(0.12 * SIZE), cell_size=2 * um).mesh()
    assert cf.solve(cell(mesh), cf.Steady(current=1 * mA / cm**2)).outcome.kind == "steady"


@pytest.mark.parametrize("keys, message", [
    ({"shape": "slab"}, "a body has a shape of its own"),
    ({"dimension": 2, "size": (SIZE, SIZE)}, 'shape = "minimal_surface" needs 3'),
    ({"neck_cell_size": 5 * um}, "neck_cell_size_um: found 5"),
    ({"body": lambda x: np.full(x.shape[1], 1.0)}, "found no solid"),
    ({"body": lambda x: np.full(x.shape[1], -1.0)}, "found no pore"),
])
def test_designs_that_cannot_be(keys, message):
    with pytest.raises(ValueError, match=message):
        g = design(**({"body": None} | keys)) if keys.get("shape") != "slab" else design(**keys)
        g.mesh()

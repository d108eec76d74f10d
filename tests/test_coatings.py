"""What design files say of coatings: films, nucleation and blocked shares, and what cannot be."""

from __future__ import annotations

import warnings
from dataclasses import replace
from math import inf
from pathlib import Path

import meshio
import numpy as np
import pytest

import cellfem as cf
from cellfem.errors import GeometryError, TrustWarning
from cellfem.geometry.measures import facet_areas
from cellfem.materials import CELGARD_2500, LIPF6_EC_DMC, LITHIUM, NICKEL
from cellfem.results import sides
from cellfem.results.meshes import write_mesh
from cellfem.results.render import seen_from
from cellfem.results.tortuosity import host_numbers
from cellfem.units import um

DESIGNS = Path(__file__).parents[1] / "geometries"
KEYS = {"name": "balls", "shape": "spheres", "source": "made up", "size_um": [10.0, 10.0, 12.0], "separator_um": 5.0,
        "cell_size_um": 2.0, "surface_cell_size_um": 1.0,
        "spheres": {"diameter_um": 6.0, "centres_um": [[5.0, 5.0, 3.0], [5.0, 5.0, 8.0]]}}
UPPER, LOWER = {"depth_um": [0.0, 6.0]}, {"depth_um": [6.0, 13.0]}


def design(coatings, **change):
    return cf.Geometry.from_dict(KEYS | {"coatings": coatings} | change)


def cell(design, mesh=None, **keys):
    keys = {"host": replace(NICKEL, sigma=inf)} | keys
    return cf.Cell(design.mesh() if mesh is None else mesh, metal=LITHIUM, electrolyte=LIPF6_EC_DMC,
                   separator=CELGARD_2500, **keys)


def area(made, name):
    on = made.sites.kind == made.sites.kinds.index(name)
    return made.sites.area[on].sum()


def test_coatings_of_a_design_reach_the_cell():
    g = design({"alumina": UPPER | {"blocked": 0.75}, "gold": LOWER | {"nucleation_mV": 0.0, "film_Ohm_m2": 0.02}})
    given = cf.graded(g)
    assert set(given) == {"film", "substrate", "blocked"}
    mesh = g.mesh()
    made, bare = cell(g, mesh, **given), cell(g, mesh)
    assert area(made, "coating:alumina") == pytest.approx(0.25 * area(bare, "coating:alumina"))
    assert area(made, "coating:gold") == pytest.approx(area(bare, "coating:gold"))
    gold = made.sites.kind == made.sites.kinds.index("coating:gold")
    assert np.all(made.film_resistance[gold] == 0.02) and np.all(made.film_resistance[~gold] == LITHIUM.R_film)
    assert np.all(made.bare.eta_nuc[gold] == 0) and np.all(made.bare.eta_nuc[~gold] > 0)
    assert cf.report(cf.solve(made, cf.Steady(current=10.0)))["charge balance [-]"] < 1e-9


def test_the_rest_of_the_surface_keeps_what_the_design_says_of_it():
    g = design({"gold": LOWER | {"film_Ohm_m2": 0.02, "blocked": 0.5}},
               surface={"film_Ohm_m2": 0.005, "blocked": 0.1})
    made = cell(g, **cf.graded(g))
    assert set(np.unique(made.film_resistance)) == {0.005, 0.02}
    mesh = made.mesh
    gold = facet_areas(mesh, mesh.boundaries["coating:gold"]).sum()
    whole = facet_areas(mesh, mesh.boundaries["host_surface"]).sum()
    assert made.sites.area.sum() == pytest.approx(0.5 * gold + 0.9 * (whole - gold), rel=1e-6)


def test_blocked_shares_by_surface():
    g = design({"gold": UPPER})
    mesh = g.mesh()
    whole = facet_areas(mesh, mesh.boundaries["host_surface"]).sum()
    gold = facet_areas(mesh, mesh.boundaries["coating:gold"]).sum()
    floor = facet_areas(mesh, np.intersect1d(mesh.boundaries["collector"], mesh.boundaries["host_surface"])).sum()
    for blocked, free in (({"coating:gold": 1.0}, whole - gold), ({"host_surface": 1.0}, gold + floor),
                          ({"collector": lambda x: 0.5 + 0 * x[2], "coating:gold": 0.5}, whole - (gold + floor) / 2)):
        assert cell(g, mesh, blocked=blocked).sites.area.sum() == pytest.approx(free, rel=1e-9)
    tau = [host_numbers(mesh, blocked=blocked)["electrode tortuosity factor, z [-]"]
           for blocked in (0.0, {"coating:gold": 1.0})]
    assert tau[1] > 1.2 * tau[0], "deep places alone draw"
    with pytest.raises(ValueError, match=r"Cell\.blocked: found the surface 'coating:gald'.*coating:gold"):
        cell(g, mesh, blocked={"coating:gald": 1.0})
    with pytest.raises(ValueError, match=r"Cell\.blocked: found 2; a share"):
        cell(g, mesh, blocked={"coating:gold": 2.0})


def test_shipped_designs_use_their_coatings():
    assert set(cf.graded(cf.Geometry.load(DESIGNS / "ni_scaffold.toml"))) == {"substrate", "blocked"}
    assert set(cf.graded(cf.Geometry.load(DESIGNS / "yolk_shell.toml"))["substrate"]) == {"coating:core"}


def test_coatings_that_say_nothing_are_told_of():
    with pytest.warns(TrustWarning, match=r"coatings\.x: found where it is, and not what"):
        assert cf.graded(design({"x": UPPER})) == {}


def test_coatings_that_overlap():
    alike = design({"a": {"depth_um": [0.0, 8.0]}, "b": LOWER})
    assert {"coating:a", "coating:b"} <= set(alike.mesh().boundaries)
    unlike = design({"a": {"depth_um": [0.0, 8.0], "blocked": 1.0}, "b": LOWER | {"blocked": 0.0}})
    with pytest.raises(GeometryError, match=r"coatings\.a: found .*% of it under coatings\.b, too"):
        unlike.mesh()


def test_coatings_of_nothing_are_told_of():
    with pytest.warns(TrustWarning, match=r"coatings\.x: found nothing that it covers"):
        design({"x": {"depth_um": [-9.0, -5.0]}}).mesh()


def test_pictures_and_files_show_coatings(tmp_path):
    mesh = design({"alumina": UPPER, "gold": {"depth_um": [6.0, 11.0]}}).mesh()
    write_mesh(tmp_path, "balls", mesh)
    surfaces = meshio.read(tmp_path / "balls_surfaces.vtu").cell_data["surface [-]"][0]
    assert len(np.unique(surfaces)) == 6, "collector, counter, host_surface, mouth, two coatings"
    assert np.sum(surfaces == 4) == len(mesh.boundaries["coating:alumina"])
    points, faces, names = sides.active_surface(mesh)
    assert set(names) == {"", "alumina", "gold"} and len(set(sides.colours(names).values())) == 2
    seen = sides.shaded(points, faces, names)
    assert np.ptp(seen[names == ""], axis=1).max() < 1e-9 < np.ptp(seen[names == "gold"], axis=1).min(), "grey is bare"
    with np.errstate(all="raise"):
        _, up, towards = seen_from(sides.SIDES["front, from below"])
    assert up[2] > 0 > towards[2], "seen from below, z still points up"


@pytest.mark.parametrize("shape, table", [("walls", {"pitch_um": 10.0, "thickness_um": 2.0}),
                                          ("baffles", {"pitch_um": 5.0, "thickness_um": 1.0, "gap_um": 3.0})])
def test_boxes_have_no_coatings(shape, table):
    with pytest.raises(ValueError, match=f'coatings: found beside shape = "{shape}"; it belongs to the shapes'):
        cf.Geometry.from_dict({k: v for k, v in KEYS.items() if k != "spheres"}
                              | {"shape": shape, shape: table, "coatings": {"x": UPPER}})


def test_functions_are_no_coatings():
    with pytest.raises(ValueError, match=r"design: coatings: found dict; a tuple of CoatingDesign"):
        cf.Geometry(name="x", shape="ball", source="made up", dimension=3, size=(10 * um,) * 3, separator=5 * um,
                    cell_size=2 * um, body=lambda x: x[2], coatings={"a": lambda x: x[0] > 0})


def test_a_design_without_coatings_says_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert cf.graded(cf.Geometry.from_dict(KEYS)) == {}

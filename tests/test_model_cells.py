"""Cells: their sites, their media, and what they refuse to be."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from verification import cells
from verification.manufactured import block_mesh

import cellfem as cf
from cellfem.errors import GeometryError
from cellfem.materials import GRAPHENE, LIPF6_EC_DMC, LITHIUM, NAPF6_EC_PC, SODIUM
from cellfem.model.unknowns import Unknowns

PARTS = re.compile(r"^[^:]+: .+; .+\. .+", re.S)  # where: found; allowed. do


def four_parts(error) -> bool:
    return bool(PARTS.match(str(error.value)))


@pytest.mark.parametrize("design, area", [
    # both faces in half a period, the sheet's top against the separator (eps 0.55), and the floor between the sheets
    ("vga_2d", 100.0 + 0.55 * 0.5 + 10.0), ("vga", 5 * (100.0 + 0.55 * 0.5 + 10.0)), ("slab", 0.55)])
def test_areas_of_sites(design, area):
    cell = cells.make(cells.shipped(design, 3))
    scale = {1: 1.0, 2: 1e-6, 3: 1e-12}[cell.mesh.dim()]
    assert cell.sites.area.sum() == pytest.approx(area * scale, rel=1e-12)
    assert cell.sites.facet_area.sum() == pytest.approx(area * scale, rel=1e-12)
    assert cell.counter_sites.area.sum() == pytest.approx(0.55 * cell.area, rel=1e-12)


def test_a_node_of_two_surfaces_is_two_sites():
    cell = cells.make(cells.shipped("vga_2d", 4))
    sites = cell.sites
    assert sites.kinds == ("host_surface", "collector")
    corner = np.flatnonzero((np.abs(sites.x[0] - 0.5e-6) < 1e-12) & (sites.x[1] == 0))
    assert len(corner) == 2 and set(sites.kind[corner]) == {0, 1}
    assert np.array_equal(sites.x, cell.mesh.p[:, sites.nodes])


def test_facet_means_and_area_means():
    sites = cells.make(cells.shipped("vga_2d", 4)).sites
    values = 3.0 + sites.x[-1] / 1e-6
    on_facets = sites.on_facets(values)
    centres = sites.x[-1][sites.facet_sites].mean(axis=1) / 1e-6
    assert np.allclose(on_facets, 3.0 + centres)
    assert sites.mean(values) == pytest.approx(float(on_facets @ sites.facet_area / sites.facet_area.sum()), rel=1e-12)


def test_a_current_collector_that_does_not_plate():
    keys = {"name": "walls", "shape": "walls", "source": "made up", "dimension": 2, "size_um": [10.0, 20.0],
            "separator_um": 10.0, "cell_size_um": 3.0, "walls": {"pitch_um": 20.0, "thickness_um": 2.0}}
    plating, bare = (cf.Geometry.from_dict(keys | {"collector_plates": plates}).mesh() for plates in (True, False))
    assert "collector" in cells.make(plating).sites.kinds and "collector" not in cells.make(bare).sites.kinds


def test_unknowns_of_every_kind_of_cell():
    """Which fields are solved where, and which nodes are fixed."""
    mesh = cells.shipped("vga_2d", 4)
    for host, counter, fixed_c in ((GRAPHENE, cf.Foil(), 0), (cf.Host(name="foam", sigma=5.0, rho=2e3), cf.Foil(), 0),
                                   (GRAPHENE, cf.Reservoir(), 1), (GRAPHENE, cf.Reservoir(uniform=False), 1)):
        cell = cells.make(mesh, host=host, counter=counter)
        ionic = np.unique(mesh.t[:, cell.ionic_cells])
        solid = np.unique(mesh.t[:, mesh.subdomains["host"]]) if np.isfinite(host.sigma) else np.zeros(0, dtype=int)
        unknowns = Unknowns.of(cell, ionic, solid)
        assert np.sum(unknowns.c < 0) == fixed_c * len(cell.counter_sites.nodes)
        shared = isinstance(counter, cf.Reservoir) and not counter.uniform
        assert np.sum(unknowns.psi == unknowns.scalar) == shared * len(cell.counter_sites.nodes)
        assert np.sum(unknowns.phi_s < 0) == np.sum(mesh.p[-1, solid] == 0)
        y = np.random.default_rng(0).uniform(0.5, 1.5, unknowns.size)
        c, psi, phi_s, scalar = unknowns.unpack(y)
        assert np.allclose(unknowns.pack(c, psi, phi_s, scalar), y, rtol=1e-14)


def test_default_media():
    cell = cells.make(cells.shipped("vga_2d", 4))
    assert cell.medium["separator"].B == pytest.approx(1 / 4.5) and cell.medium["separator"].eps == 0.55
    assert cell.medium["pore"].eps == cell.medium["pore"].B == 1.0
    assert cell.medium["host"].equipotential and not cell.resolved_host
    assert set(np.unique(cell.porosity)) == {0.0, 0.55, 1.0}


def test_media_of_position_and_tensors():
    mesh = block_mesh(2, 4, lambda x: np.where(x[-1] < 0.5, "electrode", "electrolyte"))
    full = np.array([[0.4, 0.1, 0.05], [0.1, 0.3, 0.0], [0.05, 0.0, 0.2]])
    cell = cells.make(mesh, media={"electrode": cf.Medium(eps=lambda x: 0.5 + 0.1 * x[0] / 20e-6, B=full,
                                                          a_s=lambda x: 1e5 * x[-1] / 20e-6)})
    inside = mesh.subdomains["electrode"]
    assert np.allclose(cell.efficiency[:, :, inside[0]], full[np.ix_([0, 2], [0, 2])]), "2-D keeps x and z"
    assert np.allclose(cell.porosity[inside], 0.5 + 0.1 * cell.centroids[0, inside] / 20e-6)
    assert cell.sites.area.sum() == pytest.approx(1e5 * 0.25 * 10e-6 * 20e-6, rel=1e-12)


def test_macmullin_and_tortuosity_factor():
    medium = cf.Medium(eps=0.5, B=np.diag([0.25, 0.5, 0.0]))
    assert np.allclose(np.diag(medium.macmullin), [4, 2, np.inf])
    assert np.allclose(np.diag(medium.tortuosity_factor)[:2], [2, 1])
    assert cf.Medium(eps=0.5).tortuosity_factor[0, 0] == 1.0, "straight pores"


def test_the_transport_efficiency_from_factors():
    tensor = np.array([[2.0, 0.5, 0.0], [0.5, 3.0, 0.0], [0.0, 0.0, np.inf]])
    medium = cf.Medium.of(eps=0.8, tortuosity_factor=tensor, a_s=1e5)
    assert np.allclose(medium.B[:2, :2], 0.8 * np.linalg.inv(tensor[:2, :2])) and not medium.B[2].any()
    assert np.allclose(cf.Medium.of(eps=0.8, macmullin=medium.macmullin).B, medium.B)
    assert cf.Medium.of(eps=0.8, macmullin=4.0) == cf.Medium(eps=0.8, B=0.25)
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    varying = cf.Medium.of(eps=lambda x: 0.1 * x[0], tortuosity_factor=lambda x: x[1])
    assert np.allclose(varying.efficiency(x, "separator"), np.eye(2)[..., None] * [0.1 / 3, 0.2 / 4])
    full = cf.Medium.of(eps=0.5, macmullin=lambda x: np.multiply.outer([[4.0, 1.0], [1.0, 4.0]], x[0]))
    assert np.allclose(full.efficiency(x, "separator")[..., 1], np.linalg.inv([[8.0, 2.0], [2.0, 8.0]]))


@pytest.mark.parametrize("given, found", [
    ({"macmullin": 2.0, "tortuosity_factor": 1.0}, "macmullin"), ({}, "neither"), ({"B": 0.2}, "found B"),
    ({"macmullin": -2.0}, "found -2; a positive factor"), ({"tortuosity_factor": 0.5}, "found 1 where eps = 0.5"),
    ({"tortuosity_factor": np.diag([1.0, -1.0, 1.0])}, "the eigenvalue -1; positive eigenvalues"),
    ({"macmullin": "x"}, "real numbers")])
def test_factors_that_no_medium_has(given, found):
    with pytest.raises(ValueError, match=found) as error:
        cf.Medium.of(eps=0.5, **given)
    assert four_parts(error)


@pytest.mark.parametrize("name", ["tortuosity", "tortuosity_factor", "macmullin"])
def test_a_medium_says_how_to_give_tortuosity(name):
    with pytest.raises(TypeError, match=r"Medium\.of\(eps=\.\.\., tortuosity_factor=") as error:
        cf.Medium(**{name: 2.0})
    assert four_parts(error)


TENSOR = np.diag([0.1, 0.1, 0.1])
IMPOSSIBLE = [
    ({"eps": 0.0, "B": 0.0}, r"Medium\.eps: found 0; a porosity above 0"), ({"eps": 1.2}, "porosity"),
    ({"eps": math.nan}, "porosity"), ({"eps": TENSOR}, r"eps: found an array of shape \(3, 3\)"),
    ({"eps": "x"}, r"eps: found 'x'; real numbers"), ({"eps": None}, "real numbers"),
    ({"B": 0.6}, "found 0.6 where eps = 0.5; eigenvalues up to the porosity"),
    ({"B": np.diag([0.6, 0.1, 0.1])}, "found 0.6 where eps = 0.5"),
    ({"B": -0.1}, "the eigenvalue -0.1; a tensor without negative"), ({"B": "x"}, r"Medium\.B: found 'x'"),
    ({"B": np.eye(4)}, r"shape \(4, 4\)"), ({"B": 0.1 * np.ones((2, 3))}, r"shape \(2, 3\)"),
    ({"B": [0.1, 0.2]}, r"shape \(2,\)"), ({"B": [[0.1, 0.2], [0.1]]}, "real numbers"),
    ({"B": math.nan}, r"Medium\.B: found a value that is not finite"), ({"B": math.inf}, "not finite"),
    ({"B": TENSOR + np.array([[0, 0.05, 0], [0, 0, 0], [0, 0, 0]])}, "not symmetric"),
    ({"sigma": -1.0}, r"Medium\.sigma.*negative"), ({"sigma": -math.inf}, r"Medium\.sigma.*not finite"),
    ({"sigma": math.nan}, r"Medium\.sigma.*not finite"), ({"sigma": np.eye(4)}, r"shape \(4, 4\)"),
    ({"sigma": np.diag([-1.0, 1.0, 1.0])}, "the eigenvalue -1"),
    ({"sigma": np.diag([math.inf, 1.0, 1.0])}, r"Medium\.sigma.*not finite.*the number inf"),
    ({"a_s": -1.0}, "area per volume"), ({"a_s": math.inf}, "area per volume")]


@pytest.mark.parametrize("given, found", IMPOSSIBLE)
def test_a_medium_refuses_impossible_numbers(given, found):
    with pytest.raises(ValueError, match=found) as error:
        cf.Medium(**({"eps": 0.5, "a_s": 1.0} | given))
    assert four_parts(error)


@pytest.mark.parametrize("given, found", [
    ({"eps": 1.0, "B": 0.5}, r"electrode\.eps: found 1 near .*; a porosity below 1"),
    ({"eps": lambda x: 0.5 + 1e5 * x[-1], "B": 0.1}, r"electrode\.eps: found 1\.25 near z=7\.5 um"),
    ({"eps": lambda x: 0.5}, None), ({"B": lambda x: 0.5}, None),
    ({"eps": lambda x: np.full((1, 1), 0.5), "B": 0.1}, r"eps: found a function that returns .* shape \(1, 1\)"),
    ({"B": lambda x: 0.1 * np.ones(7)}, r"electrode\.B: found a function that returns an array of shape \(7,\)"),
    ({"B": lambda x: "x"}, "a function that returns 'x'"), ({"B": TENSOR[:2, :2]}, r"shape \(2, 2\)"),
    ({"B": lambda x: 0.4 + 2e4 * x[-1]}, r"electrode\.B: found 0\.\d+ where eps = 0\.5 near z=.*up to the porosity"),
    ({"B": lambda x: np.diag([0.6, 0.1, 0.1])}, "found 0.6 where eps = 0.5"),
    ({"B": lambda x: x[-1] * math.nan}, r"electrode\.B.*not finite"),
    ({"B": np.diag([0.1, 0.1, 0.0])}, r"electrode\.B, z: found 0 .*; a way for ions"),
    ({"sigma": lambda x: 1.0 - 2e5 * x[-1]}, r"electrode\.sigma: found the eigenvalue -.* near z="),
    ({"sigma": lambda x: np.inf + x[-1]}, r"electrode\.sigma.*not finite"),
    ({"sigma": lambda x: np.diag([-1.0, 1.0, 1.0])}, "the eigenvalue -1"),
    ({"sigma": np.diag([1.0, 1.0, 0.0])}, r"electrode\.sigma, z: found 0 .*; a positive conductivity"),
    ({"a_s": lambda x: x[-1] - 1.0}, r"electrode\.a_s.*area per volume"),
    ({"a_s": 0.0}, "no reaction site")])
def test_a_cell_refuses_impossible_media(given, found):
    mesh = block_mesh(1, 4, lambda x: np.where(x[-1] < 0.5, "electrode", "electrolyte"))
    media = {"electrode": cf.Medium(**({"eps": 0.5, "a_s": 1.0} | given))}
    if found is None:
        assert cells.make(mesh, media=media).efficiency[0, 0, 0] == 0.5
        return
    with pytest.raises(ValueError, match=found) as error:
        cells.make(mesh, media=media)
    assert four_parts(error)


def test_the_counter_electrode_takes_what_can_strip():
    mesh = cells.shipped("slab", 4)
    assert cells.make(mesh).counter_kinetics is LITHIUM.kinetics
    assert cells.make(mesh, kinetics=cf.Tafel()).counter_kinetics is LITHIUM.kinetics
    assert cells.make(mesh, kinetics=cf.Linear()).counter_kinetics == cf.Linear()
    own = cf.Foil(kinetics=cf.ButlerVolmer(i_0=3.0), film=cf.Film(R=1e-3))
    cell = cells.make(mesh, counter=own)
    assert cell.counter_kinetics.i_0 == 3.0 and cell.counter_film.R == 1e-3
    assert cells.make(mesh, film=cf.Film(R=7e-3)).counter_film.R == 7e-3
    assert cells.make(mesh, film=cf.Film(R=lambda x: 0 * x[0])).counter_film.R == LITHIUM.R_film


def test_assumptions_are_those_in_use():
    mesh = cells.shipped("vga_2d", 4)
    marked = cells.make(mesh, LIPF6_EC_DMC).assumptions
    assert any("R_film" in note for note in marked) and any("equipotential" in note for note in marked)
    chosen = cells.make(mesh, LIPF6_EC_DMC, film=cf.Film(R=1e-3)).assumptions
    assert not any("R_film" in note for note in chosen) and len(set(chosen)) == len(chosen)


def without(mesh, region=None, boundary=None):
    subdomains = {name: ids for name, ids in mesh.subdomains.items() if name != region}
    boundaries = {name: ids for name, ids in mesh.boundaries.items() if name != boundary}
    bare = type(mesh)(mesh.p, mesh.t)
    return bare.with_subdomains(subdomains).with_boundaries(boundaries)


@pytest.mark.parametrize("make, found", [
    (lambda mesh: cells.make(mesh, separator=None), "separator"),
    (lambda mesh: cells.make(mesh, host=None), "host"),
    (lambda mesh: cells.make(mesh, temperature=25.0), "absolute"),
    (lambda mesh: cells.make(mesh, temperature=math.nan), "150 to 500 K"),
    (lambda mesh: cells.make(mesh, media={"seperator": cf.Medium()}), 'Did you mean "separator"'),
    (lambda mesh: cells.make(without(mesh, boundary="counter")), "counter"),
    (lambda mesh: cells.make(without(mesh, boundary="collector")), "collector"),
    (lambda mesh: cells.make(without(mesh, boundary="host_surface")), "no reaction site"),
    (lambda mesh: cells.make(mesh, film=cf.Film(R=-1.0)), "film resistance"),
    (lambda mesh: cells.make(mesh, film=cf.Film(R=lambda x: x[-1] - 1.0)), "film resistance"),
    (lambda mesh: cells.make(mesh, kinetics=cf.ButlerVolmer(i_0=-1.0)), "positive"),
    (lambda mesh: cells.make(mesh, kinetics=cf.ButlerVolmer(alpha_a=0.5, alpha_c=0.7)), "add up to 1"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_refusals(make, found):
    with pytest.raises(ValueError, match=found) as error:
        cell = make(cells.shipped("vga_2d", 5))
        cf.solve(cell, cf.Steady(current=1.0))
    assert four_parts(error)


def test_a_host_that_touches_nothing_needs_posts():
    foam = cf.Host(name="foam", sigma=10.0, rho=2000.0)
    with pytest.raises(GeometryError, match=r"do not touch 'collector'.*post_um"):
        cells.make(cells.shipped("hga_2d", 5), host=foam)
    assert cells.make(cells.shipped("hga_2d", 5), host=GRAPHENE).sites.area.sum() > 0, "equipotential hosts may"


def test_the_wrong_metal_for_a_salt():
    with pytest.raises(ValueError, match=r"NaPF6.*cation is Na.*one with Li") as error:
        cells.make(cells.shipped("slab", 5), NAPF6_EC_PC, metal=LITHIUM)
    assert four_parts(error)
    assert cells.make(cells.shipped("slab", 5), NAPF6_EC_PC, metal=SODIUM).metal.symbol == "Na"
    assert cells.make(cells.shipped("slab", 5), cells.SALT, metal=SODIUM).metal.symbol == "Na", "a nameless salt fits"

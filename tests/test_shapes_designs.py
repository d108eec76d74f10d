"""Bodies as design files say them: every table, common keys, coatings, messages; the shipped designs mesh."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from cellfem.errors import GeometryError, TrustWarning
from cellfem.geometry import Geometry, bodies, filling, summary
from cellfem.geometry.checks import islands
from cellfem.geometry.measures import facet_areas, shapes, volumes

UM = 1e-6
ROOT = Path(__file__).parents[1]
COMMON = {"name": "x", "source": "made up", "size_um": [10.0, 10.0, 12.0], "separator_um": 5.0, "cell_size_um": 1.0}
TABLES = {
    "spheres": {"diameter_um": 4.0, "porosity": 0.6},
    "fibres": {"diameter_um": 2.0, "porosity": 0.8, "tilts_degrees": [0.0, 20.0, 40.0],
               "tilt_weights": [1.0, 1.0, 0.0]},
    "sheets": {"pitch_um": 5.0, "thickness_um": 2.0, "tilt_degrees": 90.0},
    "flakes": {"extent_um": 6.0, "thickness_um": 1.5, "porosity": 0.8, "tilt_degrees": 0.0},
    "foam": {"pore_um": 8.0, "porosity": 0.85},
    "minimal_surface": {"kind": "gyroid", "period_um": 10.0, "porosity": 0.6, "sheet": False},
    "gaussian": {"correlation_um": [2.0, 2.0, 3.0], "porosity": 0.6},
    "particles": {"diameter_um": 5.0, "porosity": 0.5, "gap_um": -0.3},
}


def design(shape: str, **change) -> Geometry:
    table = {**TABLES[shape], **change.pop("table", {})}
    return Geometry.from_dict({**COMMON, "shape": shape, shape: {k: v for k, v in table.items() if v is not None},
                               **change})


@pytest.mark.parametrize("shape", TABLES)
def test_every_table_makes_its_body(shape):
    body = bodies.body_of(design(shape))
    target = TABLES[shape].get("porosity", 0.6)
    assert filling.porosity(body, COMMON["size_um"] * np.array(UM), 30_000) == pytest.approx(target, abs=8e-3)
    assert bodies.body_of(design(shape)) is body


@pytest.mark.parametrize("shape", ["spheres", "gaussian"])
def test_inverted_bodies_keep_the_porosity(shape):
    body = bodies.body_of(design(shape, table={"inverted": True, "porosity": 0.7}))
    assert filling.porosity(body, COMMON["size_um"] * np.array(UM), 30_000) == pytest.approx(0.7, abs=8e-3)


def test_an_offset_by_depth_grades_the_struts_at_the_same_porosity():
    graded = bodies.body_of(design("foam", table={"offset_um": {"linear": [-0.5, 0.5]}}))
    x = filling.places(COMMON["size_um"] * np.array(UM), 60_000)
    free = graded(x) > 0
    assert free.mean() == pytest.approx(0.85, abs=8e-3)
    top, bottom = x[2] > 8 * UM, x[2] < 4 * UM
    assert free[top].mean() > free[bottom].mean() + 0.15


def test_coatings_cover_what_they_say():
    g = design("particles", coatings={
        "top": {"depth_um": [-0.01, 4.03]}, "half": {"particles": True, "share": 0.5},
        "patchy": {"share": 0.3, "patch_um": 1.0}, "corner": {"box_um": [[-1.0, 5.03], [-1.0, 5.03], [-1.0, 13.0]]}})
    mesh = g.mesh()
    surface = mesh.boundaries["host_surface"]
    middle = mesh.p[:, mesh.facets[:, surface]].mean(axis=1)
    assert np.array_equal(np.sort(mesh.boundaries["coating:top"]), np.sort(surface[middle[2] >= 7.97 * UM]))
    inside = (middle[:2] <= 5.03 * UM).all(axis=0)
    assert np.array_equal(np.sort(mesh.boundaries["coating:corner"]), np.sort(surface[inside]))
    whole = facet_areas(mesh, surface).sum()
    assert facet_areas(mesh, mesh.boundaries["coating:patchy"]).sum() == pytest.approx(0.3 * whole, rel=0.35)
    body = bodies.body_of(g)
    coated = mesh.facets[:, mesh.boundaries["coating:half"]]
    owners = body.packing.owners[body.nearest(mesh.p[:, coated].mean(axis=1))[1]]
    others = np.setdiff1d(surface, mesh.boundaries["coating:half"])
    rest = body.packing.owners[body.nearest(mesh.p[:, mesh.facets[:, others]].mean(axis=1))[1]]
    assert not np.intersect1d(owners, rest).size


@pytest.mark.parametrize("shape, change, said", [
    ("fibres", {"table": {"porosity": 85.0}}, r"fibres.porosity: found 85.0; less than 1.0 is needed \(0.8, not 80\)"),
    ("fibres", {"table": {"diameter_um": -1.0}}, r"diameter_um: found -1.0; more than 0.0 is needed"),
    ("fibres", {"table": {"diameter_nm": 1.0}}, r'Use "diameter_um"'),
    ("fibres", {"table": {"tilt_weights": [1.0]}}, r"tilts_degrees: found angles and weights"),
    ("fibres", {"table": {"wave_um": 1.0}}, r"wavelength_um: found nothing beside wave_um"),
    ("fibres", {"periodic": True}, r"length_um: found nothing beside periodic"),
    ("fibres", {"table": {"diameter_um": 0.01}}, r"diameter_um: found so little"),
    ("spheres", {"table": {"lattice": "simple-cubic"}}, r"found porosity and lattice of"),
    ("spheres", {"table": {"porosity": None, "lattice": "cubic"}}, r"period_um: found nothing; a lattice"),
    ("spheres", {"table": {"porosity": None, "lattice": "cubic", "period_um": 5.0}}, r'lattice: found "cubic"'),
    ("sheets", {"table": {"thickness_um": 6.0}}, r"less than .*pitch_um = 5 is needed"),
    ("foam", {"table": {"strut_um": 1.0}}, r"found it beside strut_um; a porosity or"),
    ("foam", {"table": {"porosity": None}}, r"found nothing; a porosity or"),
    ("foam", {"table": {"pore_um": 0.01}}, r"^design: foam\.pore_um: found so little"),
    ("minimal_surface", {"table": {"kind": "giroid"}}, r'Did you mean "gyroid"'),
    ("minimal_surface", {"table": {"sheet": True, "porosity": 0.02}}, r"found walls that would be"),
    ("gaussian", {"table": {"correlation_um": [1.0, 2.0]}}, r"found 2 numbers; one or three"),
    ("gaussian", {"table": {"correlation_um": 0.01}}, r"grid points are needed; at most"),
    ("particles", {"table": {"porosity": 0.2}}, r"particles take 0.8 of the box; at most"),
    ("particles", {"table": {"shell_um": 3.0}}, r"shell and core must fit"),
    ("particles", {"table": {"core_um": 1.0}}, r"beside a core or windows"),
    ("particles", {"dimension": 2, "size_um": [10.0, 12.0]}, r"needs 3"),
    ("foam", {"walls": {"pitch_um": 1.0, "thickness_um": 0.1}}, r"\[walls\]: found beside"),
    ("foam", {"flakes": TABLES["flakes"]}, r"\[flakes\]: found beside shape = \"foam\""),
    ("foam", {"coatings": {"x": {}}}, r"found nothing that says where it is"),
    ("foam", {"coatings": {"x": {"cores": True}}}, r"only \[particles\] has them"),
    ("foam", {"coatings": {"x": {"share": 0.3}}}, r"patch_um and particles"),
    ("foam", {"coatings": {"x": {"depth_um": [3.0, 1.0]}}}, r"a lower and a higher end"),
    ("foam", {"coatings": {"a/b": {"depth_um": [0.0, 1.0]}}}, r"a name without"),
])
def test_messages(shape, change, said):
    with pytest.raises(ValueError, match=said) as caught:
        design(shape, **change).mesh()
    assert str(caught.value).startswith("design: ")


def test_a_body_of_ones_own():
    def slab(x):
        return x[2] - 6 * UM

    g = Geometry(name="own", shape="half", source="made up", dimension=3, size=(8 * UM, 8 * UM, 12 * UM),
                 separator=4 * UM, cell_size=2 * UM, body=slab, collector_plates=False)
    mesh = g.mesh()
    assert volumes(mesh)[mesh.subdomains["host"]].sum() == pytest.approx(384 * UM**3, rel=1e-9)
    assert facet_areas(mesh, mesh.boundaries["host_surface"]).sum() == pytest.approx(64 * UM**2, rel=1e-9)
    with pytest.raises(GeometryError, match="has a signed distance"):
        bodies.body_of(Geometry.load(ROOT / "geometries" / "vga.toml"))


CREASED = ("flakes", "fibres", "particles", "combination")  # grooves where their parts meet are cut off
SHIPPED = [path for path in sorted((ROOT / "geometries").glob("*.toml")) if Geometry.load(path).body is not None]


@pytest.mark.slow
@pytest.mark.parametrize("coarsen", [1.0, 2.0])
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_bodies_mesh_well(path, coarsen):
    """Angles, connection, names; at their own cell sizes also porosity, volume and area."""
    g = Geometry.load(path)
    body = bodies.body_of(g)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TrustWarning)
        mesh = g.mesh(coarsen=coarsen)
    assert shapes(mesh)[0].min() >= 5
    assert set(mesh.boundaries) >= {"collector", "counter", "host_surface", "mouth"}
    assert {f"coating:{c.name}" for c in g.coatings} <= set(mesh.boundaries)
    host = volumes(mesh)[mesh.subdomains["host"]].sum()
    assert sum(island.volume for island in islands(mesh, "host")) < 0.1 * host
    if coarsen == 1:
        free = filling.porosity(body, g.size)
        layer = host + volumes(mesh)[mesh.subdomains["pore"]].sum()
        assert 1 - host / layer == pytest.approx(free, abs=5e-3)
        target = dict(g.body.arguments).get("porosity")
        if target is not None and g.shape != "particles":  # theirs is that between the particles
            assert 1 - host / layer == pytest.approx(target, abs=5e-3)
        found = summary(mesh, g)
        assert abs(found["volume of host against the body [%]"]) < 2
        assert abs(found["area of host against the body [%]"]) < (6.5 if g.shape in CREASED else 2.5)


@pytest.mark.parametrize("body, said", [
    (lambda x: 1.0, r"found values of the shape \(\) and type float64"),
    (lambda x: x, r"found values of the shape \(3, \d+\)"),
    (lambda x: np.where(x[2] > 6 * UM, np.nan, -UM), r"values that are not finite at"),
    (lambda x: np.linalg.norm(x / UM - 30, axis=0) - 1.0, r"found no solid .* metres, not um")])
def test_functions_that_give_no_distances(body, said):
    with pytest.raises(ValueError, match=r"design: .*" + said):
        Geometry(name="own", shape="half", source="made up", dimension=3, size=(8 * UM,) * 3, separator=4 * UM,
                 cell_size=2 * UM, body=body).mesh()


def test_crumpled_balls_are_as_porous_as_they_say():
    g = design("particles", table={"diameter_um": 6.0, "porosity": 0.5, "gap_um": -0.2, "crumple_um": 1.0,
                                   "crumple_porosity": 0.6})
    body, balls = bodies.body_of(g), bodies.body_of(design("particles", table={"diameter_um": 6.0, "porosity": 0.5,
                                                                               "gap_um": -0.2}))
    x = filling.places(g.size)
    inside = x[:, balls(x) < 0]
    assert (body(inside) > 0).mean() == pytest.approx(0.6, abs=5e-3)


def test_parts_that_become_far_thinner_are_told():
    """One fibre in a small box: its diameter makes up for what the count cannot."""
    thin = Geometry.from_dict({"name": "felt", "shape": "fibres", "source": "test", "size_um": [30.0, 30.0, 40.0],
                               "separator_um": 5.0, "cell_size_um": 3.0, "surface_cell_size_um": 0.5,
                               "fibres": {"diameter_um": 6.0, "porosity": 0.998, "seed": 1}})
    with pytest.warns(TrustWarning, match=r"fibres.diameter_um: found 6 um, of which the porosity 0.998 of this box"):
        bodies.body_of(thin)

"""Bodies combined in a design, and bodies that vary with depth: distances, porosities, coatings, messages, meshes."""

from __future__ import annotations

import numpy as np
import pytest

from cellfem.geometry import Geometry, bodies, by_depth, distance, filling
from cellfem.geometry.measures import facet_areas, shapes, volumes
from cellfem.geometry.profiles import read_profile

UM = 1e-6
COMMON = {"name": "x", "source": "made up", "size_um": [10.0, 10.0, 12.0], "separator_um": 5.0, "cell_size_um": 1.0}
BALL = {"spheres": {"diameter_um": 6.0, "centres_um": [[5.0, 5.0, 4.0]]}}
OTHER = {"spheres": {"diameter_um": 4.0, "centres_um": [[5.0, 5.0, 7.0]]}}
WALL = {"sheets": {"pitch_um": 20.0, "thickness_um": 2.0}}


def design(table, shape="combination", **change) -> Geometry:
    return Geometry.from_dict({**COMMON, "shape": shape, shape: table, **change})


def places(n=4000):
    return np.random.default_rng(0).uniform(0, 1, (3, n)) * np.array([[10.0], [10.0], [12.0]]) * UM


BIG, SMALL = distance.sphere([5 * UM, 5 * UM, 4 * UM], 3 * UM), distance.sphere([5 * UM, 5 * UM, 7 * UM], 2 * UM)


@pytest.mark.parametrize("table, expected", [
    ({"bodies": [BALL, OTHER]}, distance.union(BIG, SMALL)),
    ({"operation": "intersection", "bodies": [BALL, OTHER]}, distance.intersection(BIG, SMALL)),
    ({"operation": "difference", "bodies": [BALL, OTHER]}, distance.difference(BIG, SMALL)),
    ({"blend_um": 1.0, "bodies": [BALL, OTHER]}, distance.smooth_union(BIG, SMALL, width=UM)),
    ({"bodies": [{**BALL, "shell_um": 0.5}]}, distance.shell(BIG, 0.5 * UM)),
    ({"operation": "difference", "inverted": True, "bodies": [BALL, {"combination": {"bodies": [OTHER]}}]},
     distance.complement(distance.difference(BIG, SMALL))),
])
def test_operations(table, expected):
    x = places()
    np.testing.assert_allclose(bodies.body_of(design(table))(x), expected(x), atol=1e-15)


def test_rounded_differences_cut_off_edges_and_leave_the_rest():
    sharp, blunt = (bodies.body_of(design({"operation": "difference", "blend_um": width, "bodies": [BALL, OTHER]}))
                    for width in (0.0, 1.0))
    x = places()
    assert (blunt(x) >= sharp(x) - 1e-15).all() and (blunt(x) > sharp(x) + 0.1 * UM).any()
    apart = np.abs(BIG(x) + SMALL(x)) > UM
    np.testing.assert_allclose(blunt(x[:, apart]), sharp(x[:, apart]), atol=1e-15)


def test_a_combination_meets_its_porosity():
    table = {"bodies": [{"fibres": {"diameter_um": 1.5, "porosity": 0.9}}, {"spheres": {"diameter_um": 3.0,
             "porosity": 0.9}}], "porosity": 0.7}
    g = design(table)
    assert filling.porosity(bodies.body_of(g), g.size) == pytest.approx(0.7, abs=5e-3)


def test_coatings_by_body_and_percolation():
    g = design({"bodies": [WALL, {"spheres": {"diameter_um": 6.0, "centres_um": [[0.0, 0.0, 3.0]]}}]},
               coatings={"ball": {"body": 2, "nucleation_mV": 0.0}}, cell_size_um=0.8)
    mesh = g.mesh()
    coated = mesh.boundaries["coating:ball"]
    quarter = np.pi * 3.0 * (3 + 3 - 1 - 0) / 2  # zone of a sphere between the wall's top and its own
    assert facet_areas(mesh, coated).sum() / UM**2 == pytest.approx(quarter, rel=0.06)
    assert shapes(mesh)[0].min() >= 5
    closed = {"bodies": [{"sheets": {"pitch_um": 20.0, "thickness_um": 2.0, "phase": 0.3}}, BALL]}
    with pytest.raises(ValueError, match=r"design: combination: found 1 closed pores, .* mind how its parts"):
        design(closed).mesh()


@pytest.mark.parametrize("table, said", [
    ({"bodies": []}, r"combination.bodies: found \[\]; "),
    ({"operation": "sum", "bodies": [BALL]}, r'combination.operation: found "sum"; one of union, intersection, differ'),
    ({"bodies": [{}]}, r"combination.bodies#1: found no table of a shape; the table of one shape is needed"),
    ({"bodies": [BALL, {**BALL, **WALL}]}, r"bodies#2: found spheres and sheets; the table of one shape"),
    ({"bodies": [BALL, {"sphere": {}}]}, r'combination.bodies#2.sphere: found a key that is .* Did you mean "spheres"'),
    ({"bodies": [{"spheres": {"diametr_um": 1.0}}]}, r'bodies#1.spheres.diametr_um: .* Did you mean "diameter_um"'),
    ({"bodies": [BALL, {"fibres": {"diameter_um": 1.0, "porosity": 7.0}}]}, r"bodies#2.fibres.porosity: found 7.0"),
    ({"bodies": [BALL, {"foam": {"pore_um": 5.0}}]}, r"combination.bodies#2.foam.porosity: found nothing; a porosity"),
    ({"bodies": [BALL], "blend": 1.0}, r'combination.blend: found a key that is not known here.*Use "blend_um"'),
    ({"bodies": [{"combination": {"bodies": [{"combination": {"bodies": [{"combination": {"bodies": [{
        "combination": {"bodies": [{"combination": {"bodies": [BALL]}}]}}]}}]}}]}}]}, r"found more than 4 com"),
])
def test_messages_of_combinations(table, said):
    with pytest.raises(ValueError, match=said) as caught:
        bodies.body_of(design(table))
    assert str(caught.value).startswith("design: ")


def test_coatings_of_a_body_that_is_not_there():
    with pytest.raises(ValueError, match=r"coatings.x.body: found 3, and 2 bodies in the combination"):
        design({"bodies": [BALL, WALL]}, coatings={"x": {"body": 3}}).mesh()


# -- by depth ---------------------------------------------------------------------------------------------------------

WIDE = {"size_um": [30.0, 30.0, 24.0], "cell_size_um": 1.0}
LAWS = [{"linear": [0.9, 0.6]}, {"piecewise": [0.9, 0.6], "edges_um": [10.0]},
        {"table": [0.9, 0.9, 0.6], "depth_um": [0.0, 6.0, 24.0]}, {"exponential": [0.9, 0.5]}]


def free_by_depth(g, layers=4, samples=60_000):
    """(places [m], their depths [m], whether they are free, their layer)."""
    x = filling.places(g.size, samples)
    depth = g.size[2] - x[2]
    return x, depth, bodies.body_of(g)(x) > 0, np.minimum((depth / g.size[2] * layers).astype(int), layers - 1)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: next(iter(law)))
@pytest.mark.parametrize("shape, table, scatter", [
    ("gaussian", {"correlation_um": 1.5}, 0.02),
    ("gaussian", {"correlation_um": 1.5, "walls": True}, 0.02),
    ("minimal_surface", {"kind": "gyroid", "period_um": 6.0}, 0.01),
])
def test_porosity_by_depth(shape, table, scatter, law):
    g = design({**table, "porosity": law}, shape, **WIDE)
    _, depth, free, layer = free_by_depth(g)
    asked = read_profile(law, "x").at(depth, g.size[2])
    assert free.mean() == pytest.approx(asked.mean(), abs=5e-3)
    if "piecewise" in law:
        layer, scatter = (depth > 10 * UM).astype(int), 8e-3
    for k in range(layer.max() + 1):
        assert free[layer == k].mean() == pytest.approx(asked[layer == k].mean(), abs=scatter)


@pytest.mark.parametrize("shape, table", [
    ("foam", {"pore_um": 6.0}), ("fibres", {"diameter_um": 1.5}), ("spheres", {"diameter_um": 2.5}),
    ("flakes", {"extent_um": 6.0, "thickness_um": 1.2}),
    ("combination", {"bodies": [{"fibres": {"diameter_um": 1.5, "porosity": 0.9}}]})])
def test_random_parts_meet_the_mean_of_a_porosity_by_depth(shape, table):
    g = design({**table, "porosity": {"linear": [0.9, 0.6]}}, shape)
    _, _, free, layer = free_by_depth(g, 2)
    assert free.mean() == pytest.approx(0.75, abs=5e-3)
    assert free[layer == 0].mean() > free[layer == 1].mean() + 0.1


def test_inverted_porosity_by_depth():
    g = design({"correlation_um": 1.0, "porosity": {"linear": [0.9, 0.6]}, "inverted": True}, "gaussian", **WIDE)
    _, _, free, layer = free_by_depth(g, 2)
    assert free.mean() == pytest.approx(0.75, abs=5e-3)
    assert free[layer == 0].mean() > free[layer == 1].mean() + 0.1


@pytest.mark.parametrize("law", [{"linear": [1.0, 3.0]}, {"exponential": [1.0, 3.0]},
                                 {"piecewise": [1.0, 3.0], "edges_um": [6.0]}])
def test_thickness_by_depth(law):
    """Upright walls of a graded thickness: their share at each depth, and a true distance beside them."""
    g = design({"pitch_um": 5.0, "thickness_um": law, "tilt_degrees": 90.0}, "sheets")
    x, depth, free, layer = free_by_depth(g, 6)
    thick = read_profile(law, "x", UM).at(depth, g.size[2])
    for k in range(6):
        assert 1 - free[layer == k].mean() == pytest.approx(thick[layer == k].mean() / (5 * UM), abs=6e-3)
    body, small = bodies.body_of(g), 1e-3 * UM
    x = x[:, np.abs(body(x)) < 0.2 * UM]
    slope = np.stack([body(x + small * e[:, None]) - body(x - small * e[:, None]) for e in np.eye(3)]) / (2 * small)
    steep = np.linalg.norm(slope, axis=0)
    assert np.percentile(steep, 2) > 0.98 and np.percentile(steep, 98) < 1.02


def test_pitch_by_depth():
    g = design({"pitch_um": {"linear": [2.0, 4.0]}, "thickness_um": 0.5}, "sheets")
    body = bodies.body_of(g)
    z = np.linspace(0, 12, 24001) * UM
    inside = body(np.stack([np.zeros_like(z), np.zeros_like(z), z])) < 0
    ends = np.flatnonzero(np.diff(inside.astype(int)))
    middles = (z[ends[1::2]] + z[ends[2::2]])[: -1 if len(ends) % 2 == 0 else None] / 2
    # numbers of pitches from z = 0: int dz/p with p = 4 - z/6 (z in um) is -6 ln(1 - z/24)
    numbers = -6 * np.log(1 - middles / (24 * UM))
    assert len(middles) == 4
    np.testing.assert_allclose(numbers, [1, 2, 3, 4], atol=1e-3)


def test_spheres_by_depth_of_their_centres():
    g = design({"lattice": "simple-cubic", "period_um": 4.0, "diameter_um": {"linear": [1.0, 3.0]}}, "spheres")
    x = places()
    exact = distance.union(*(distance.sphere([i * 4 * UM, j * 4 * UM, k * 4 * UM], r * UM) for i in range(4)
                             for j in range(4) for k, r in ((0, 1.5), (1, 1.5 - 1 / 3), (2, 1.5 - 2 / 3), (3, 0.5))))
    np.testing.assert_allclose(bodies.body_of(g)(x), exact(x), atol=1e-12)


@pytest.mark.parametrize("shape, table", [
    ("foam", {"pore_um": 6.0, "strut_um": {"linear": [1.2, 2.4]}}),
    ("foam", {"pore_um": 6.0, "strut_um": {"piecewise": [1.2, 2.4], "edges_um": [6.0]}}),
    ("minimal_surface", {"kind": "gyroid", "period_um": 10.0, "porosity": {"linear": [0.8, 0.5]}, "sheet": False}),
    ("fibres", {"diameter_um": {"linear": [1.5, 3.0]}, "porosity": 0.75})])
def test_graded_bodies_mesh_well(shape, table):
    g = design(table, shape)
    mesh = g.mesh()
    host, pore = (volumes(mesh)[mesh.subdomains[name]].sum() for name in ("host", "pore"))
    assert shapes(mesh)[0].min() >= 5
    assert pore / (host + pore) == pytest.approx(filling.porosity(bodies.body_of(g), g.size), abs=0.015)


def test_layers_join_without_a_surface_between_them():
    body = by_depth.grown(BIG, read_profile({"piecewise": [0.0, 1.0], "edges_um": [8.0]}, "x", UM), 12 * UM, "x")
    x = places(20_000)
    lower = x[2] < 4 * UM  # depth of 8 um: the middle of the ball
    radius = np.linalg.norm(x - 1e-6 * np.array([[5.0], [5.0], [4.0]]), axis=0)
    assert ((body(x) < 0) == (radius < np.where(lower, 4 * UM, 3 * UM))).all()
    along = np.stack([np.full(100, 5 * UM), np.full(100, 5 * UM), np.linspace(1.5, 6.5, 100) * UM])
    assert (body(along) < -0.4 * UM).all()


@pytest.mark.parametrize("shape, table, said", [
    ("foam", {"pore_um": 6.0, "porosity": {"linear": [0.9, 1.5]}}, r"foam.porosity: found 1.5; less than 1.0"),
    ("foam", {"pore_um": 6.0, "porosity": {"linear": [0.9]}}, r"foam.porosity.linear: found 1 values; two values"),
    ("foam", {"pore_um": 6.0, "porosity": {"lin": [0.9, 0.8]}}, r"foam.porosity: found the keys lin; .*mean \"linear"),
    ("foam", {"pore_um": 6.0, "porosity": {"table": [0.9, 0.8], "depth_um": [0.0, 50.0]}}, r"found 50; depths up to"),
    ("fibres", {"diameter_um": {"linear": [1.0, 2.0]}, "porosity": {"linear": [0.9, 0.8]}}, r"found a profile beside"),
    ("sheets", {"pitch_um": {"linear": [2.0, 4.0]}, "thickness_um": 1.0, "tilt_degrees": 30.0}, r"only sheets"),
    ("foam", {"pore_um": 12.0, "strut_um": {"table": [1.0, 9.0], "depth_um": [5.0, 6.0]}}, r"moves 4 um per um of dep"),
    ("spheres", {"diameter_um": {"linear": [1.0, -3.0]}, "porosity": 0.7}, r"diameter_um: found -3.0; more than 0.0"),
])
def test_messages_of_profiles(shape, table, said):
    with pytest.raises(ValueError, match=said) as caught:
        bodies.body_of(design(table, shape))
    assert str(caught.value).startswith("design: ")

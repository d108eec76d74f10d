"""Meshes of designs: they fill their box once, and every named volume and area is exact."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from skfem import Basis, BilinearForm, ElementTetP1, ElementTriP1
from skfem.helpers import dot, grad

from cellfem.errors import GeometryError, TrustWarning
from cellfem.geometry import Geometry, grading, plan, summary
from cellfem.geometry.checks import check_cells, check_percolation, check_regions, host_connected
from cellfem.geometry.measures import facet_areas, shapes, volumes
from cellfem.units import um

GEOMETRIES = Path(__file__).parents[1] / "geometries"
QUICK = settings(max_examples=12, deadline=None, derandomize=True)


def design(shape="walls", **keys):
    """A design in um with defaults that are always possible."""
    base = {"name": "test", "shape": shape, "source": "made up", "size_um": [21.0, 4.0, 30.0], "separator_um": 10.0,
            "cell_size_um": 4.0}
    if shape == "walls":
        base["walls"] = {"pitch_um": 14.0, "thickness_um": 2.0}
    if shape == "baffles":
        base["baffles"] = {"pitch_um": 11.0, "thickness_um": 2.0, "gap_um": 7.0}
    table = keys.pop(shape, {})
    base |= keys
    if shape in base:
        base[shape] = base[shape] | table
    return Geometry.from_dict(base)


def lengths(low, high):
    return st.floats(low, high).map(lambda x: round(x, 3))


@st.composite
def walls(draw):
    thickness = draw(lengths(0.5, 4))
    normal = draw(st.sampled_from("xy"))
    dimension = 3 if normal == "y" else draw(st.sampled_from([2, 3]))
    extent = draw(lengths(8, 30))
    pitch = thickness + draw(lengths(3, 12))
    return design("walls", dimension=dimension, size_um=[extent, 12.0, draw(lengths(10, 40))],
                  electrolyte_um=draw(st.sampled_from([0.0, 3.0])), collector_plates=draw(st.booleans()),
                  walls={"normal": normal, "pitch_um": pitch, "thickness_um": thickness})


@st.composite
def baffles(draw, posts=False):
    thickness = draw(lengths(0.5, 3))
    dimension = draw(st.sampled_from([2, 3]))
    holes = dimension == 3 and draw(st.booleans())
    size = [draw(lengths(20, 30)), draw(lengths(20, 30)), draw(lengths(10, 40))]
    return design("baffles", dimension=dimension, size_um=size,
                  counter_electrolyte_um=draw(st.sampled_from([0.0, 3.0])), collector_plates=draw(st.booleans()),
                  baffles={"pitch_um": thickness + draw(lengths(2, 9)), "thickness_um": thickness, "holes": holes,
                           "gap_um": draw(lengths(4, 9)), "post_um": draw(lengths(1, 3)) if posts else 0.0})


def extents(g):
    """x, y, z of the host layer in um, 1 for dropped axes."""
    size = [x / um for x in g.size]
    return {1: [1, 1, *size], 2: [size[0], 1, size[-1]], 3: size}[g.dimension]


def mesh_of(g):
    """Coarse, so that many can be made; a design whose random planes nearly coincide is refused, and skipped here."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", TrustWarning)
            return g.mesh(4)
    except GeometryError as error:
        assume("lie between the planes" not in str(error))
        raise


def check_box(mesh, g):
    """Conforming, filling the box once, with names that partition it."""
    check_cells(mesh)
    check_regions(mesh)
    check_percolation(mesh)
    x, y, _ = extents(g)
    top = (g.size[-1] + g.electrolyte + g.separator + g.counter_electrolyte) / um
    s = summary(mesh)
    d = g.dimension
    assert np.isclose(volumes(mesh).sum(), x * y * top * um**d, rtol=1e-12)
    outer = mesh.f2t[1] < 0
    hull = np.zeros_like(outer)
    for k in range(d):  # every outer facet lies on the box: nothing hangs inside
        at = mesh.p[k][mesh.facets]
        hull |= (at == at.min()).all(axis=0) | (at == at.max()).all(axis=0)
    assert (hull == outer).all()
    base = x * y
    for name in ("collector", "counter", "mouth"):
        area = facet_areas(mesh, mesh.boundaries[name]).sum() / um ** (d - 1)
        assert np.isclose(area, base if d > 1 else 1, rtol=1e-12), name
    return s


def of(s, kind, name):
    return next((value for key, value in s.items() if key.startswith(f"{kind} of {name} [")), 0.0)


@QUICK
@given(walls())
def test_walls_have_exact_volumes_and_areas(g):
    mesh = mesh_of(g)
    s = check_box(mesh, g)
    x, y, z = extents(g)
    across, depth = (x, y) if g.walls.normal == "x" else (y, x)
    pitch, half = g.walls.pitch / um, g.walls.thickness / um / 2
    solid, faces = 0.0, 0
    for centre in np.arange(0, across + pitch, pitch):
        low, high = max(centre - half, 0), min(centre + half, across)
        solid += max(high - low, 0.0)
        faces += sum(bool(0 < face < across) for face in (centre - half, centre + half))
    assert np.isclose(of(s, "volume", "host"), solid * depth * z, rtol=1e-9)
    assert np.isclose(of(s, "volume", "pore"), (across - solid) * depth * z, rtol=1e-9)
    floor = (across - solid) * depth if g.collector_plates else 0
    assert np.isclose(of(s, "area", "host_surface"), faces * depth * z + solid * depth + floor, rtol=1e-9)
    host_connected(mesh)


@QUICK
@given(baffles())
def test_baffles_have_exact_volumes_and_areas(g):
    mesh = mesh_of(g)
    s = check_box(mesh, g)
    x, y, z = extents(g)
    b = g.baffles
    pitch, thick, gap = b.pitch / um, b.thickness / um, b.gap / um
    sheets = sum(z - k * pitch - thick > 1e-6 for k in range(int(z / pitch) + 2))
    sheet = x * y - gap**2 if b.holes else (x - gap) * y
    edge = 2 * gap * thick if b.holes else thick * y
    assert np.isclose(of(s, "volume", "host"), sheets * sheet * thick, rtol=1e-9)
    assert np.isclose(of(s, "volume", "pore"), x * y * z - sheets * sheet * thick, rtol=1e-9)
    floor = x * y if g.collector_plates else 0
    assert np.isclose(of(s, "area", "host_surface"), sheets * (2 * sheet + edge) + floor, rtol=1e-9)


@QUICK
@given(baffles(posts=True))
def test_posts_join_all_sheets_to_the_collector(g):
    mesh = mesh_of(g)
    check_box(mesh, g)
    host_connected(mesh)


def test_area_of_posts():
    # 2-D: sheets 2 um thick at z = 28-30, 17-19 and 6-8 of 30; posts 3 wide at both ends; slits of 7 leave 4 open
    s = summary(design("baffles", dimension=2, cell_size_um=2.0, baffles={"post_um": 3.0}).mesh(2))
    rung = 21 - 7 - 3  # a sheet between its free edge and the post that carries it
    assert np.isclose(s["volume of host [um2]"], 3 * rung * 2 + 2 * 3 * 30)
    posts = 2 * 30 - 3 * 2 + 2 * 3  # their sides less the roots of the rungs, and their tops
    assert np.isclose(s["area of host_surface [um]"], posts + 3 * (2 * rung + 2) + (21 - 2 * 3))


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_slab_has_layers_and_a_plating_floor(dimension):
    g = design("slab", dimension=dimension, size_um=[5.0, 4.0, 3.0], electrolyte_um=2.0, counter_electrolyte_um=1.0)
    mesh = g.mesh()
    s = check_box(mesh, g)
    base = {1: 1, 2: 5, 3: 20}[dimension]
    assert np.isclose(of(s, "volume", "electrolyte"), 6 * base)
    assert np.isclose(of(s, "volume", "separator"), 10 * base)
    for name in ("host_surface", "mouth"):
        np.testing.assert_array_equal(mesh.boundaries[name], mesh.boundaries["collector"])
    assert set(mesh.subdomains) == {"electrolyte", "separator"}


def test_slab_may_be_a_bare_separator():
    mesh = design("slab", dimension=1, size_um=[0.0]).mesh()
    assert set(mesh.subdomains) == {"separator"}
    assert np.isclose(mesh.p.max(), 10 * um)


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_envelope_is_the_box_without_host(dimension):
    g = design("baffles", electrolyte_um=2.0).envelope(dimension)
    mesh = g.mesh()
    assert set(mesh.subdomains) == {"electrode", "electrolyte", "separator"}
    assert set(mesh.boundaries) == {"collector", "counter", "mouth"}
    assert np.isclose(volumes(mesh)[mesh.subdomains["electrode"]].sum() / um**dimension,
                      {1: 30, 2: 630, 3: 2520}[dimension])


def test_orientation_and_place_of_regions():
    mesh = design("walls", electrolyte_um=3.0).mesh(2)
    assert (mesh.orientation() == 1).all()
    z = mesh.p[2][mesh.t].mean(axis=0) / um
    x = mesh.p[0][mesh.t].mean(axis=0) / um
    tops = {"host": (0, 30), "pore": (0, 30), "electrolyte": (30, 33), "separator": (33, 43)}
    for name, (low, high) in tops.items():
        cells = mesh.subdomains[name]
        assert low < z[cells].min() and z[cells].max() < high
    in_wall = (x < 1) | ((x > 13) & (x < 15))
    assert (np.sort(mesh.subdomains["host"]) == np.flatnonzero(in_wall & (z < 30))).all()


@pytest.mark.parametrize("name", ["vga_2d", "vga"])
def test_no_angle_is_obtuse_so_the_laplacian_is_an_m_matrix(name):
    mesh = Geometry.load(GEOMETRIES / f"{name}.toml").mesh(2)

    @BilinearForm
    def laplacian(u, v, w):
        return dot(grad(u), grad(v))

    matrix = laplacian.assemble(Basis(mesh, ElementTriP1() if mesh.dim() == 2 else ElementTetP1())).tocoo()
    off = matrix.row != matrix.col
    assert matrix.data[off].max() < 1e-9 * matrix.data.max()


def test_shapes_of_regular_cells():
    from skfem import MeshTet1, MeshTri1
    triangle = MeshTri1(np.array([[0, 1, 0.5], [0, 0, np.sqrt(3) / 2]]), np.array([[0], [1], [2]]))
    tetrahedron = MeshTet1(np.array([[1, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1.0]]), np.array([[0], [1], [2], [3]]))
    np.testing.assert_allclose(np.ravel(shapes(triangle)), [60, 2 / np.sqrt(3)])
    np.testing.assert_allclose(np.ravel(shapes(tetrahedron)), [np.degrees(np.arccos(1 / 3)), np.sqrt(3 / 2)])


@pytest.mark.parametrize(("name", "cells"), [("vga_2d", 4), ("vga", 8), ("hga_2d", 4), ("slab", 2)])
def test_halving_the_cells_bisects_every_one(name, cells):
    g = Geometry.load(GEOMETRIES / f"{name}.toml")
    coarse, fine = g.mesh(1), g.mesh(0.5)
    assert fine.nelements == cells * coarse.nelements
    for k in range(coarse.dim()):
        a, b = np.unique(coarse.p[k]), np.unique(fine.p[k])
        np.testing.assert_allclose(b[::2], a, rtol=0, atol=1e-9 * a[-1])
    assert plan.grid(g, 2).cells < coarse.nelements / (cells / 2)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.floats(-1.5, 2), min_size=1, max_size=5), st.lists(st.booleans(), min_size=6, max_size=6),
       st.floats(0.1, 1), st.floats(1, 10))
def test_neighbouring_cells_are_of_like_size(logs, flags, surface, ratio):
    planes = np.concatenate([[0], np.cumsum(10.0 ** np.array(logs))])
    axis = grading.graded(planes, flags[: len(planes)], largest=ratio * surface, surface=surface)
    points = axis.points()
    steps = np.diff(points)
    assert np.isin(planes, points).all()
    assert len(steps) == axis.cells
    assert steps.max() <= 1.1 * ratio * surface
    if len(steps) > 1:
        assert max((steps[1:] / steps[:-1]).max(), (steps[:-1] / steps[1:]).max()) < 1.8
    for k in np.flatnonzero(flags[: len(planes)]):
        beside = np.flatnonzero(points == planes[k])[0]
        assert steps[max(beside - 1, 0) : beside + 1].max() < 1.6 * surface


def test_shipped_designs_load_and_mesh():
    found = sorted(GEOMETRIES.glob("*.toml"))
    assert {path.stem for path in found} >= {"vga", "hga", "hga_holes", "hga_posts", "slab", "vga_2d", "hga_2d"}
    for path in found:
        g = Geometry.load(path)
        if g.body is not None:  # tests/test_shapes_designs.py
            continue
        mesh = g.mesh(4 if path.stem == "hga_holes" else 2)
        check_box(mesh, g)
        if path.stem in ("vga", "vga_2d", "hga_posts"):
            host_connected(mesh)
        if g.shape not in ("slab", "envelope"):
            assert summary(mesh, g, coarsen=2)["cells across the narrowest gap [-]"] >= 2
            assert plan.narrowest_gap(g).cells >= 4


def test_default_meshes_of_vga_and_hga_are_small_and_those_of_holes_are_not():
    nodes = {name: plan.grid(Geometry.load(GEOMETRIES / f"{name}.toml")).nodes for name in ("vga", "hga", "hga_holes")}
    assert nodes["vga"] < 4000 and nodes["hga"] < 15_000 and 100_000 < nodes["hga_holes"] < 200_000


def test_cells_are_small_at_edges_of_the_host_and_not_at_mirrors():
    x = np.diff(np.unique(Geometry.load(GEOMETRIES / "hga_2d.toml").mesh().p[0])) / um
    assert x[0] > 1.2 and x[-1] > 1.2 and x.min() < 0.6 and x.max() > 1.8


def test_gaps_are_found_on_every_axis():
    g = design("baffles", dimension=3, baffles={"holes": True, "gap_um": 3.0})
    found = {(gap.axis, round(gap.length / um, 6)) for gap in plan.gaps(plan.grid(g))}
    # holes with their mirrors; between sheets, to the floor, and both once more through a hole
    assert found == {(0, 6.0), (1, 6.0), (2, 9.0), (2, 6.0), (2, 20.0), (2, 17.0)}


def test_walls_with_normal_y_are_walls_with_normal_x_turned():
    a = design("walls", size_um=[21.0, 4.0, 30.0]).mesh(2)
    b = design("walls", size_um=[4.0, 21.0, 30.0], walls={"normal": "y"}).mesh(2)
    assert a.nvertices == b.nvertices
    np.testing.assert_array_equal(a.p[:, np.lexsort(a.p)], b.p[[1, 0, 2]][:, np.lexsort(b.p[[1, 0, 2]])])


def test_a_design_can_be_changed_by_replace():
    g = design("walls")
    wider = replace(g, walls=replace(g.walls, thickness=3 * um))
    assert of(summary(wider.mesh(2)), "volume", "host") > of(summary(g.mesh(2)), "volume", "host")


@pytest.mark.slow
def test_a_million_cells_take_seconds():
    import time

    start = time.perf_counter()
    mesh = Geometry.load(GEOMETRIES / "hga_holes.toml").mesh()
    check_box(mesh, Geometry.load(GEOMETRIES / "hga_holes.toml"))
    assert mesh.nelements > 7e5
    assert time.perf_counter() - start < 120

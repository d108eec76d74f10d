"""Body-fitted meshes: they fill their box once, meet the body to second order, and have no flat cell."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial import cKDTree
from skfem import MeshTet1

import cellfem as cf
from cellfem.errors import GeometryError, TrustWarning
from cellfem.geometry import fibres, foam, packing, random_media
from cellfem.geometry import sheets as stacks
from cellfem.geometry.checks import check_cells, check_percolation, check_regions
from cellfem.geometry.graph import components
from cellfem.geometry.levelset import body_fitted
from cellfem.geometry.levelset_box import box_of
from cellfem.geometry.levelset_facets import tetrahedra
from cellfem.geometry.levelset_lattice import lattice
from cellfem.geometry.levelset_tree import Box, grow
from cellfem.geometry.measures import facet_areas, shapes, volumes

SMOOTH, SHARP = 10.0, 5.0  # [degrees] least dihedral angles promised
UNIT = (1.0, 1.0, 1.0)


def sphere(*centre, radius):
    c = np.array(centre)[:, None]
    return lambda x: np.linalg.norm(x - c, axis=0) - radius


def torus(x):
    return np.hypot(np.hypot(x[0] - 0.5, x[1] - 0.5) - 0.27, x[2] - 0.5) - 0.12


def cylinder(x):
    return np.hypot(x[0] - 0.48, x[2] - 0.51) - 0.3


def gyroid(x, level=0.0):
    s, c = np.sin(2 * np.pi * x), np.cos(2 * np.pi * x)
    f = s[0] * c[1] + s[1] * c[2] + s[2] * c[0] - level
    slope = np.stack([c[0] * c[1] - s[2] * s[0], c[1] * c[2] - s[0] * s[1], c[2] * c[0] - s[1] * s[2]])
    return f / (2 * np.pi * np.maximum(np.linalg.norm(slope, axis=0), 0.3))


def union(seed, count=12, radius=0.2):
    """Spheres that overlap: sharp grooves everywhere, also on the sides."""
    rng = np.random.default_rng(seed)
    centres, radii = rng.random((count, 3)), radius * (0.5 + rng.random(count))
    return lambda x: np.min([np.linalg.norm(x - c[:, None], axis=0) - r for c, r in zip(centres, radii, strict=True)],
                            axis=0)


def bars(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 9))
    at, u, radii = rng.random((n, 3, 1)), rng.normal(size=(n, 3)), 0.06 + 0.06 * rng.random(n)
    u = u / np.linalg.norm(u, axis=1)[:, None]

    def distance(x):
        away = [x - a for a in at]
        return np.min([np.sqrt(np.maximum((y**2).sum(axis=0) - (v @ y) ** 2, 0)) - r
                       for y, v, r in zip(away, u, radii, strict=True)], axis=0)

    return distance


def sheets(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 6))
    at, u, half = rng.random((n, 3, 1)), rng.normal(size=(n, 3)), 0.05 + 0.04 * rng.random(n)
    u = u / np.linalg.norm(u, axis=1)[:, None]
    return lambda x: np.min([np.abs(v @ (x - a)) - h for a, v, h in zip(at, u, half, strict=True)], axis=0)


def waves(seed):
    """A level of a random periodic field: smooth."""
    rng = np.random.default_rng(seed)
    k = rng.integers(1, 3, size=(20, 3)) * rng.choice([-1, 1], size=(20, 3)) * 2 * np.pi * 0.7
    phase = 2 * np.pi * rng.random(20)

    def distance(x):
        angle = k @ x + phase[:, None]
        return (np.cos(angle).sum(axis=0) + 0.5) / np.maximum(np.linalg.norm(k.T @ np.sin(angle), axis=0), 2.0)

    return distance


def least_angle(mesh) -> float:
    return float(shapes(mesh)[0].min())


def check_box(mesh, extents):
    """Conforming, filling the box once, every cell in one region."""
    check_cells(mesh)
    check_regions(mesh)
    assert np.isclose(volumes(mesh).sum(), np.prod(extents), rtol=1e-12)
    hull = np.zeros(mesh.nfacets, dtype=bool)
    for x in mesh.p:
        at = x[mesh.facets]
        hull |= (at == x.min()).all(axis=0) | (at == x.max()).all(axis=0)
    assert (hull == (mesh.f2t[1] < 0)).all()  # nothing hangs inside


def volume_and_area(mesh):
    return (volumes(mesh)[mesh.subdomains["host"]].sum(),
            facet_areas(mesh, mesh.boundaries["host_surface"]).sum())


@pytest.mark.parametrize("marks, planes, periodic", [
    ((0, 40), (0.0, 1.25), (False, False, False)),
    ((0, 13, 30, 38), (0.0, 0.4, 0.9, 1.25), (False, False, False)),
    ((0, 13, 30, 38), (0.0, 0.4, 0.9, 1.25), (True, True, False)),
    ((0, 40), (0.0, 1.25), (True, True, True)),
])
def test_graded_lattices_conform(marks, planes, periodic):
    rng = np.random.default_rng(1)
    box = Box((3, 4, 5), 3, (0.75, 1.0), marks, planes, periodic)
    found = lattice(grow(box, lambda x, level: rng.random(x.shape[1]) < (0.1, 0.03, 0.01)[level]))
    mesh = MeshTet1(box.places(found.at), found.t, sort_t=False)
    mesh._subdomains = {"pore": np.arange(mesh.nelements)}
    check_box(mesh, (0.75, 1.0, 1.25))
    assert least_angle(mesh) > 35
    x = mesh.p[:, mesh.t]
    assert (np.linalg.det(np.moveaxis(x[:, 1:] - x[:, :1], 2, 0)) > 0).all()
    for plane in planes:  # no cell reaches across
        assert not ((x[2].min(axis=0) < plane - 1e-12) & (x[2].max(axis=0) > plane + 1e-12)).any()
    for k, repeats in enumerate(periodic):
        if repeats:
            low, high = (set(map(tuple, np.delete(found.at, k, axis=0)[:, found.at[k] == end].T))
                         for end in (0, box.extent[k]))
            assert low == high


def test_facets_are_those_of_scikit_fem():
    mesh = body_fitted(gyroid, UNIT, 0.2)
    ours, theirs = tetrahedra(mesh.p, mesh.t), MeshTet1(mesh.p, mesh.t, sort_t=False)
    for name in ("facets", "t2f", "f2t"):
        assert (getattr(ours, name) == getattr(theirs, name)).all()


@pytest.mark.parametrize("body, volume, area", [
    (sphere(0.47, 0.52, 0.5, radius=0.37), 4 / 3 * np.pi * 0.37**3, 4 * np.pi * 0.37**2),
    (cylinder, np.pi * 0.3**2, 2 * np.pi * 0.3),
    (torus, 2 * np.pi**2 * 0.27 * 0.12**2, 4 * np.pi**2 * 0.27 * 0.12),
    (gyroid, 0.5, 3.0914),  # area of the gyroid in a unit cell: A. H. Schoen, NASA TN D-5541 (1970)
])
def test_volume_and_area_are_met_to_second_order(body, volume, area):
    cells = np.array([8, 12, 16, 24])
    found = np.array([volume_and_area(body_fitted(body, UNIT, 1 / n, floor_plates=False)) for n in cells])
    errors = np.abs(found / [volume, area] - 1)
    orders = -np.polyfit(np.log(cells), np.log(errors + 1e-9), 1)[0]
    if body is gyroid:  # half of the volume by symmetry
        assert errors[:, 0].max() < 2e-3
        orders = orders[1:]
    assert (orders > 1.7).all(), (orders, errors)
    assert (errors[-1] < 0.01).all()


def test_area_of_a_sphere_with_twelve_cells_across():
    mesh = body_fitted(sphere(0.5, 0.5, 0.5, radius=0.4), UNIT, 0.8 / 12, floor_plates=False)
    assert abs(volume_and_area(mesh)[1] / (4 * np.pi * 0.4**2) - 1) < 0.01


@pytest.mark.parametrize("body, least", [(sphere(0.47, 0.53, 0.21, radius=0.33), SMOOTH), (gyroid, SMOOTH),
                                         (torus, SMOOTH), (waves(1), SMOOTH), (union(1), SHARP), (bars(1), SHARP),
                                         (sheets(4), SHARP)])
@pytest.mark.parametrize("sizes", [{}, {"surface_cell_size": 0.07}])
def test_no_flat_or_inverted_cells(body, least, sizes):
    mesh = body_fitted(body, UNIT, 0.14 if sizes else 0.09, **sizes)
    check_box(mesh, UNIT)
    assert least_angle(mesh) >= least


RANDOM = {  # every random shape of the library: sharp where parts cross, smooth where a field is cut
    "foam": (SHARP, lambda seed: foam.open_foam(UNIT, pore=0.55, porosity=0.85, seed=seed)),
    "fibres": (SHARP, lambda seed: fibres.fibre_mat(UNIT, diameter=0.22, porosity=0.75, seed=seed, tilt=0.2,
                                                    tilt_spread=0.3)),
    "flakes": (SHARP, lambda seed: stacks.flakes(UNIT, extent=0.6, thickness=0.16, porosity=0.8, seed=seed)),
    "gaussian": (SMOOTH, lambda seed: random_media.gaussian_medium(UNIT, correlation_lengths=0.2, porosity=0.6,
                                                                   seed=seed)),
    "spheres": (SHARP, lambda seed: random_media.overlapping_spheres(UNIT, diameter=0.4, porosity=0.6, seed=seed,
                                                                     spread=0.2)),
    "particles": (SHARP, lambda seed: packing.particles(UNIT, diameter=0.45, porosity=0.6, gap=-0.02, seed=seed)),
}


@pytest.mark.slow
def test_two_hundred_random_scaffolds():
    worst = dict.fromkeys(RANDOM, 90.0)
    for seed in range(200):
        kind = list(RANDOM)[seed % len(RANDOM)]
        body = RANDOM[kind][1](seed)
        cubes = 0.05 if seed % 12 < 6 else 0.1
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", TrustWarning)
            mesh = body_fitted(body, UNIT, cubes, surface_cell_size=0.05)
        check_box(mesh, UNIT)
        worst[kind] = min(worst[kind], least_angle(mesh))
        # a pocket that lies between the nodes of the coarse lattice is not seen, so nothing refines toward it
        check_parts(mesh, body, cubes)
    assert all(angle >= RANDOM[kind][0] for kind, angle in worst.items()), worst


def holding(mesh, x, candidates):
    """The first of the candidate cells in which the point lies."""
    corners = mesh.p[:, mesh.t[:, candidates]]
    edges = np.moveaxis(corners[:, 1:] - corners[:, :1], 2, 0)
    part = np.linalg.solve(edges, (x[:, None] - corners[:, 0]).T[..., None])[..., 0]
    inside = (part.min(axis=1) > -1e-9) & (part.sum(axis=1) < 1 + 1e-9)
    return candidates[np.argmax(inside)] if inside.any() else candidates[0]


def check_parts(mesh, distance, size):
    """What hangs together through passages wider than a cell does so in the mesh; none of it is lost."""
    n = 50
    grid = (np.indices((n, n, n)).reshape(3, -1) + 0.5) / n
    d = distance(grid)
    region = np.full(mesh.nelements, -1)
    for name, sign in (("host", -1), ("pore", 1)):
        cells = mesh.subdomains.get(name, np.zeros(0, dtype=int))
        region[cells] = components(mesh, cells) if len(cells) else 0
        parts, count = ndimage.label((sign * d > 0.6 * size).reshape(n, n, n))
        deep = np.flatnonzero(parts.ravel())
        if count == 0:
            continue
        tree = cKDTree(mesh.p[:, mesh.t].mean(axis=1).T)
        nearest = tree.query(grid[:, deep].T)[1]
        across = np.flatnonzero(~np.isin(nearest, cells))  # a small cell across the surface may have the nearest centre
        nearest[across] = [holding(mesh, x, tree.query(x, 3000)[1]) for x in grid[:, deep[across]].T]
        assert np.isin(nearest, cells).all(), name  # nothing is lost
        pairs = np.unique(np.stack([parts.ravel()[deep], region[nearest]]), axis=1)
        assert len(np.unique(pairs[0])) == pairs.shape[1], name  # nothing is torn apart


def test_layers_are_met_exactly_and_named():
    layers = (("electrolyte", 0.1), ("separator", 0.25), ("electrolyte", 0.04))
    mesh = body_fitted(gyroid, (1.0, 1.0, 1.0), 0.2, layers=layers, labels={"top": lambda x: x[2] > 0.5})
    check_box(mesh, (1.0, 1.0, 1.39))
    check_percolation(mesh)
    volume = {name: volumes(mesh)[cells].sum() for name, cells in mesh.subdomains.items()}
    area = {name: facet_areas(mesh, facets).sum() for name, facets in mesh.boundaries.items()}
    assert np.isclose(volume["electrolyte"], 0.14) and np.isclose(volume["separator"], 0.25)
    assert np.isclose(volume["host"] + volume["pore"], 1.0)
    for name in ("collector", "counter", "mouth"):
        assert np.isclose(area[name], 1.0)
    middle = mesh.p[2][mesh.facets[:, mesh.boundaries["coating:top"]]].mean(axis=0)
    assert middle.min() > 0.5 and np.isin(mesh.boundaries["coating:top"], mesh.boundaries["host_surface"]).all()
    assert least_angle(mesh) > SMOOTH


def test_pores_alone_are_those_of_the_whole_mesh():
    layers = (("separator", 0.25),)
    whole = body_fitted(gyroid, UNIT, 0.15, layers=layers)
    pores = body_fitted(gyroid, UNIT, 0.15, layers=layers, solid=False)
    assert "host" not in pores.subdomains
    check_cells(pores)
    for name in ("pore", "separator"):
        assert np.isclose(volumes(whole)[whole.subdomains[name]].sum(), volumes(pores)[pores.subdomains[name]].sum())
    for name in ("host_surface", "counter"):
        assert np.isclose(facet_areas(whole, whole.boundaries[name]).sum(),
                          facet_areas(pores, pores.boundaries[name]).sum())


def test_coarsen_doubles_cells():
    sizes = [body_fitted(gyroid, UNIT, 0.1, coarsen=c).nelements for c in (2.0, 1.0)]
    assert 6 < sizes[1] / sizes[0] < 9
    fine, coarse = (box_of((1.0, 0.7, 2.3), 0.1, 0.05, coarsen=c) for c in (0.5, 1.0))
    assert tuple(2 * n for n in coarse.counts) == fine.counts


def test_periodic_cells_have_matching_sides():
    mesh = body_fitted(lambda x: gyroid(x + 0.123), UNIT, 0.13, periodic=(True, True, True))
    B = cf.homogenise(mesh, periods=np.eye(3)).B  # refuses sides that do not match
    assert np.allclose(B, np.eye(3) * B[0, 0], atol=0.01) and 0.2 < B[0, 0] < 0.5


def test_walls_that_the_lattice_cannot_see_are_refused():
    n = np.array([0.6, 0.3, 0.74])
    n /= np.linalg.norm(n)

    def wall(thickness):
        return lambda x: np.abs(n @ x - n.sum() / 2) - thickness / 2

    for distance, kind in ((wall(0.05), "walls"), (lambda x: -wall(0.05)(x), "gaps")):
        with pytest.raises(GeometryError, match=f"found {kind} that slip.*surface_cell_size_um"):
            body_fitted(distance, UNIT, 0.1)
    mesh = body_fitted(wall(0.12), UNIT, 0.1)  # one cell across: no hole
    assert len(np.unique(components(mesh, mesh.subdomains["pore"]))) == 2
    assert len(np.unique(components(mesh, mesh.subdomains["host"]))) == 1
    assert abs(volume_and_area(mesh)[0] / volume_and_area(body_fitted(wall(0.12), UNIT, 0.05))[0] - 1) < 0.03


def test_necks_are_refined_until_four_cells_span_them():
    def neck(x):  # a solid with a hole of 0.1 through it
        return np.maximum(0.05 - np.hypot(x[0] - 0.5, x[1] - 0.5), np.abs(x[2] - 0.5) - 0.2)

    mesh = body_fitted(neck, UNIT, 0.1, neck_cell_size=0.025)
    pore = mesh.subdomains["pore"]
    middle = mesh.p[:, mesh.t[:, pore]].mean(axis=1)
    within = (np.hypot(middle[0] - 0.5, middle[1] - 0.5) < 0.05) & (np.abs(middle[2] - 0.5) < 0.15)
    assert volumes(mesh)[pore[within]].mean() < 0.03**3 / 6 < 0.1**3 / 12


@pytest.mark.parametrize("changes, message", [
    ({"layers": (("separator", 1e-4),)}, "times the thinnest layer"),
    ({"cell_size": 1e-3}, "cubes to search|can be meshed"),
])
def test_what_cannot_be_meshed_is_refused(changes, message):
    keys = {"cell_size": 0.1, "layers": ()} | changes
    with pytest.raises(GeometryError, match=message):
        body_fitted(gyroid, UNIT, keys["cell_size"], layers=keys["layers"])

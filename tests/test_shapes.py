"""Shapes as signed distances: exact values, volumes and areas; unit gradients; porosities that are reached."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from cellfem.geometry import crowds, distance, fibres, filling, foam, packing, random_media, sheets, surfaces
from cellfem.geometry.tabulated import cubic

UM = 1e-6
SIZE = np.array([20.0, 20.0, 30.0]) * UM
UNIT = (1.0, 1.0, 1.0)


def places(count: int, size=SIZE, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 1, (3, count)) * np.asarray(size)[:, None]


def cube(resolution: int) -> tuple[np.ndarray, float]:
    """Places at the middles of small cubes in the unit cube, and their edge."""
    x = (np.arange(resolution) + 0.5) / resolution
    return np.stack(np.meshgrid(x, x, x, indexing="ij")).reshape(3, -1), 1 / resolution


@pytest.mark.parametrize("body, points, exact", [
    (distance.sphere([1, 2, 3], 2), [[1, 2, 3], [1, 2, 7], [4, 2, 3]], [-2, 2, 1]),
    (distance.cylinder([0, 0, 5], [0, 0, 2], 1), [[3, 4, -9], [0, 0, 0]], [4, -1]),
    (distance.capsule([0, 0, 0], [0, 0, 4], 1), [[3, 0, 2], [0, 3, 8], [0, 0, -3]], [2, 4, 2]),
    (distance.torus([0, 0, 0], [0, 0, 1], 3, 1), [[3, 0, 0], [0, 0, 0], [0, 7, 3]], [-1, 2, 4]),
    (distance.half_space([0, 0, 1], [0, 0, 3]), [[5, 5, 3], [0, 0, 0]], [2, -1]),
    (distance.plate([0, 0, 1], [0, 0, 1], 0.5), [[9, 9, 2], [0, 0, 1]], [0.75, -0.25]),
    (distance.box([0, 0, 0], [2, 2, 2]), [[1, 1, 1], [5, 6, 1], [3, 1, 1]], [-1, 5, 1]),
    (distance.box([0, 0, 0], [2, 2, 2], rounding=0.5), [[3, 1, 1], [1.5 + 3, 1.5 + 4, 1]], [1, 4.5]),
])
def test_primitives_are_exact(body, points, exact):
    np.testing.assert_allclose(body(np.array(points, dtype=float).T), exact, atol=1e-12)


def test_combinations():
    a, b = distance.sphere([0, 0, 0], 1), distance.sphere([3, 0, 0], 1)
    x = np.array([[0, 0, 0], [3, 0, 0], [1.5, 0, 0], [0, 0, 3]], dtype=float).T
    np.testing.assert_allclose(distance.union(a, b)(x), [-1, -1, 0.5, 2])
    np.testing.assert_allclose(distance.intersection(a, b)(x), [2, 2, 0.5, np.sqrt(18) - 1])
    np.testing.assert_allclose(distance.difference(a, b)(x), [-1, 2, 0.5, 2])
    np.testing.assert_allclose(distance.shell(a, 0.2)(x), [0.9, 1.9, 0.4, 1.9])
    np.testing.assert_allclose(distance.hollow(a, 0.2)(x), [0.8, 2, 0.5, 2])
    np.testing.assert_allclose(distance.offset(a, lambda x: 0.1 * x[2])(x), [-1, 2, 0.5, 1.7])
    np.testing.assert_allclose(distance.moved(a, [3, 0, 0])(x), b(x))
    turn = np.array([[0, 0, 1], [0, 1, 0], [-1, 0, 0]], dtype=float)
    np.testing.assert_allclose(distance.turned(b, turn)(np.array([[0, 0, -3.0]]).T), [-1])
    np.testing.assert_allclose(distance.repeated(a, [3, np.inf, np.inf])(x), [-1, -1, 0.5, 2])
    np.testing.assert_allclose(distance.graded(a, b, lambda x: np.clip(x[0] / 3, 0, 1))(x), [-1, -1, 0.5, 2])


def test_a_smooth_union_fills_the_groove_and_nothing_else():
    a, b = distance.half_space([0, 0, 0], [1, 0, 0]), distance.half_space([0, 0, 0], [0, 0, 1])
    blend = distance.smooth_union(a, b, width=0.4)
    x = np.array([[0.05, 0, 0.05], [3, 0, 0.1], [0.1, 0, 3]]).T
    np.testing.assert_allclose(blend(x), [0.05 - 0.1, 0.1, 0.1])
    np.testing.assert_allclose(distance.union(a, b)(x), [0.05, 0.1, 0.1])


def volume_and_area(body, resolution: int) -> tuple[float, float]:
    """Of the part in the unit cube: volume by smoothed counting, area from the volume within a thin layer."""
    x, edge = cube(resolution)
    d = body(x)
    grown, shrunk = (np.clip(0.5 - (d - by) / edge, 0, 1).mean() for by in (edge, -edge))
    return float(np.clip(0.5 - d / edge, 0, 1).mean()), float((grown - shrunk) / (2 * edge))


@pytest.mark.parametrize("body, volume, area", [
    (distance.sphere([0.5] * 3, 0.4), 4 / 3 * np.pi * 0.4**3, 4 * np.pi * 0.4**2),
    (distance.cylinder([0.5] * 3, [0, 1, 0], 0.3), np.pi * 0.3**2, 2 * np.pi * 0.3),
    (distance.torus([0.5] * 3, [0, 0, 1], 0.3, 0.12), 2 * np.pi**2 * 0.3 * 0.12**2, 4 * np.pi**2 * 0.3 * 0.12),
    (random_media.sphere_lattice(UNIT, lattice="face-centred", period=1.0, diameter=0.5), 4 * np.pi / 6 * 0.125,
     4 * np.pi * 0.25),
    (random_media.sphere_lattice(UNIT, lattice="simple-cubic", period=0.5, diameter=0.4), 8 * np.pi / 6 * 0.064,
     8 * np.pi * 0.16),
    (sheets.sheet_stack(UNIT, pitch=0.25, thickness=0.05, tilt=np.pi / 2), 0.2, 8.0),
    (sheets.sheet_stack(UNIT, pitch=0.5, thickness=0.1, tilt=np.pi / 4, direction=0.3), None, None),
])
def test_volumes_and_areas(body, volume, area):
    found = volume_and_area(body, 96)
    if volume is None:
        volume, area = 0.2, 4.0  # in the mean over places, not in one cube
        assert found[0] == pytest.approx(volume, rel=0.1) and found[1] / found[0] == pytest.approx(20, rel=0.02)
        return
    assert found[0] == pytest.approx(volume, rel=2e-3)
    assert found[1] == pytest.approx(area, rel=5e-3)


def test_minimal_surfaces_have_their_known_areas():
    """Area per cubic cell of edge 1: 3.0915 (gyroid), 2.3451 (P), 3.8378 (D); nodal forms come within 1 %."""
    for kind, area in {"gyroid": 3.0915, "schwarz-p": 2.3451, "diamond": 3.8378}.items():
        body = surfaces.minimal_surface(UNIT, kind=kind, period=1.0, porosity=0.5, sheet=False)
        volume, found = volume_and_area(body, 80)
        assert volume == pytest.approx(0.5, abs=2e-3)
        assert found == pytest.approx(area, rel=0.012), kind


def test_a_gyroid_wall_has_its_thickness():
    wall = surfaces.minimal_surface(UNIT, kind="gyroid", period=1.0, thickness=0.06)
    volume, area = volume_and_area(wall, 96)
    assert volume == pytest.approx(0.06 * 3.0915, rel=0.01)
    assert area == pytest.approx(2 * 3.0915, rel=0.02)


def some(*quick):
    """All random bodies, of which only the quick ones belong to the default suite."""
    return [name if name in quick else pytest.param(name, marks=pytest.mark.slow) for name in RANDOM]


def once(make):
    """Made once for all tests."""
    return lru_cache(maxsize=4)(make)


RANDOM = {
    "fibres": lambda seed: fibres.fibre_mat(SIZE, diameter=2 * UM, porosity=0.85, seed=seed),
    "wavy fibres": lambda seed: fibres.fibre_mat(SIZE, diameter=2 * UM, porosity=0.8, seed=seed, tilt=0.0, wave=UM,
                                                 tilt_spread=0.1, wavelength=15 * UM),
    "short fibres": lambda seed: fibres.fibre_mat(SIZE, diameter=UM, porosity=0.93, seed=seed, length=15 * UM,
                                                  periodic=True),
    "flakes": lambda seed: sheets.flakes(SIZE, extent=8 * UM, thickness=0.6 * UM, porosity=0.9, seed=seed),
    "foam": lambda seed: foam.open_foam(SIZE, pore=9 * UM, porosity=0.92, seed=seed),
    "spheres": lambda seed: random_media.overlapping_spheres(SIZE, diameter=4 * UM, porosity=0.5, seed=seed),
    "mixed spheres": lambda seed: random_media.overlapping_spheres(SIZE, diameter=4 * UM, porosity=0.7, seed=seed,
                                                                   spread=0.3, periodic=True),
    "gaussian": lambda seed: random_media.gaussian_medium(SIZE, correlation_lengths=3 * UM, porosity=0.6, seed=seed),
    "lamellae": lambda seed: random_media.gaussian_medium(SIZE, correlation_lengths=[6 * UM, 6 * UM, 2 * UM],
                                                          porosity=0.6, seed=seed, walls=True, periodic=True),
    "particles": lambda seed: packing.particles(SIZE, diameter=5 * UM, porosity=0.48, seed=seed),
    "necked particles": lambda seed: packing.particles(SIZE, diameter=4 * UM, porosity=0.42, seed=seed, spread=0.2,
                                                       gap=-0.2 * UM),
}
RANDOM = {name: once(make) for name, make in RANDOM.items()}
TARGETS = {"fibres": 0.85, "wavy fibres": 0.8, "short fibres": 0.93, "flakes": 0.9, "foam": 0.92, "spheres": 0.5,
           "mixed spheres": 0.7, "gaussian": 0.6, "lamellae": 0.6, "particles": 0.48, "necked particles": 0.42}


@pytest.mark.parametrize("name", some("fibres", "spheres", "gaussian", "particles"))
def test_random_bodies_reach_their_porosity(name):
    share = (RANDOM[name](3)(places(60_000, seed=5)) > 0).mean()
    assert share == pytest.approx(TARGETS[name], abs=5e-3)  # a count of other places: scatters by 0.002


@pytest.mark.parametrize("name", ["spheres", "gaussian", "particles"])
def test_seeds_repeat_and_differ(name):
    x = places(300)
    assert np.array_equal(RANDOM[name].__wrapped__(3)(x), RANDOM[name](3)(x))
    assert not np.allclose(RANDOM[name](4)(x), RANDOM[name](3)(x))


@pytest.mark.parametrize("name", some("fibres", "spheres", "gaussian", "particles"))
def test_distances_are_true_near_the_surface(name):
    body, x, h = RANDOM[name](3), places(12_000), 1e-10
    d = body(x)
    x = x[:, np.abs(d) < 0.3 * UM]
    assert x.shape[1] > 300
    slope = np.stack([(body(x + h * e[:, None]) - body(x - h * e[:, None])) / (2 * h) for e in np.eye(3)])
    steep = np.linalg.norm(slope, axis=0)
    assert np.median(steep) == pytest.approx(1, abs=1e-3)
    assert (np.abs(steep - 1) < 0.05).mean() > 0.97
    assert steep.max() < 1.5 or (steep > 1.5).mean() < 2e-3


@pytest.mark.parametrize("name", ["lamellae", "particles", pytest.param("short fibres", marks=pytest.mark.slow),
                                  pytest.param("mixed spheres", marks=pytest.mark.slow)])
def test_periodic_bodies_repeat_at_the_sides(name):
    body, x = RANDOM[name](3), places(4000)
    for axis in (0, 1):
        low, high = x.copy(), x.copy()
        low[axis], high[axis] = 0.0, SIZE[axis]
        near = np.abs(body(low)) < 0.5 * UM
        np.testing.assert_allclose(body(low)[near], body(high)[near], atol=1e-3 * UM)


def test_a_crowd_finds_the_nearest_part_among_all():
    rng = np.random.default_rng(0)
    starts, ends = rng.uniform(0, 1, (2, 150, 3))
    x = rng.uniform(-0.2, 1.2, (3, 5000))
    every = np.min([distance.capsule(a, b, 0.02)(x) for a, b in zip(starts, ends, strict=True)], axis=0)
    np.testing.assert_allclose(crowds.bars(starts, ends, 0.02, spacing=0.007)(x), every, atol=1e-9)
    radii = rng.uniform(0.01, 0.1, 150)
    every = np.min([distance.sphere(c, r)(x) for c, r in zip(starts, radii, strict=True)], axis=0)
    np.testing.assert_allclose(crowds.balls(starts, radii)(x), every, atol=1e-12)
    assert crowds.balls(starts, radii).nearest(starts.T)[1].shape == (150,)


def test_a_tile_is_a_rounded_box():
    x = np.random.default_rng(1).uniform(-1, 1, (3, 2000))
    tile = crowds.tiles(np.zeros((1, 3)), np.eye(3)[None], np.array([[0.5, 0.4, 0.1]]))
    np.testing.assert_allclose(tile(x), distance.box([-0.5, -0.4, -0.1], [0.5, 0.4, 0.1], rounding=0.1)(x), atol=1e-12)


def test_random_spheres_follow_the_poisson_law():
    """exp(-n v) of the space is free of n independent spheres per volume: with their number, not with growth."""
    x = places(3000, (0.8, 0.8, 0.8), seed=4) + 0.1
    counts = [crowds.needed(crowds.balls(places(4000, (1, 1, 1), seed=seed).T, np.full(4000, 0.05)), x, 0.4)
              for seed in range(6)]
    assert np.mean(counts) == pytest.approx(-np.log(0.4) / (4 / 3 * np.pi * 0.05**3), rel=0.06)


def test_fibres_follow_their_angles():
    rng = np.random.default_rng(0)
    flat = fibres._axes(rng, 5000, 0.0, np.radians(10), None, None)
    assert np.degrees(np.std(np.arcsin(flat[:, 2]))) == pytest.approx(10, rel=0.05)
    even = fibres._axes(rng, 5000, None, 0, None, None)
    np.testing.assert_allclose((even**2).mean(axis=0), 1 / 3, atol=0.02)
    cloth = fibres._axes(rng, 100, 0.0, 0.0, None, [0, np.pi / 2])
    np.testing.assert_allclose(np.abs(cloth[::2]), np.tile([1, 0, 0], (50, 1)), atol=1e-12)
    tilts = np.arcsin(fibres._axes(rng, 20_000, None, 0, ([0, 0.5, 1.0], [0, 1, 0]), None)[:, 2])
    assert tilts.mean() == pytest.approx(0.5, abs=0.01) and tilts.std() == pytest.approx(0.5 / np.sqrt(6), rel=0.03)


def test_an_undisturbed_foam_is_kelvins():
    """Struts as long as the edges of truncated octahedra, edge/cell = 1/(2 sqrt 2) of the lattice."""
    size = np.array([4.0, 4.0, 4.0])
    starts, ends = foam.edges(size, (3 / np.pi) ** (1 / 3), 0, 0.0, 1.0, False)
    np.testing.assert_allclose(np.linalg.norm(ends - starts, axis=1), 1 / np.sqrt(8), rtol=1e-6)


def test_packed_particles_do_not_overlap():
    found = packing.pack(SIZE, diameter=5 * UM, share=0.5, seed=1, spread=0.15, gap=0.1 * UM)
    gaps = np.linalg.norm(found.centres[:, None] - found.centres[None], axis=2)
    gaps -= found.radii[:, None] + found.radii[None]
    assert gaps[~np.eye(len(gaps), dtype=bool)].min() >= 0.1 * UM * (1 - 1e-9)
    assert (found.centres[:, 2] >= found.radii).all() and (found.centres[:, 2] <= SIZE[2] - found.radii).all()
    assert 4 / 3 * np.pi * (found.radii[::9] ** 3).sum() == pytest.approx(0.5 * SIZE.prod(), rel=1e-9)


@pytest.mark.slow
def test_yolk_shell_particles():
    make = dict(diameter=8 * UM, porosity=0.55, seed=3, gap=0.2 * UM)
    full, shells = packing.particles(SIZE, **make), packing.particles(SIZE, shell=0.5 * UM, **make)
    yolk = packing.particles(SIZE, shell=0.5 * UM, core=4 * UM, **make)
    radii = yolk.packing.radii[::9]
    scale = radii / np.median(radii)
    wall = (4 / 3 * np.pi * (radii**3 - (radii - 0.5 * UM * scale) ** 3)).sum() / SIZE.prod()
    cores = (np.pi / 6 * (4 * UM * scale) ** 3).sum() / SIZE.prod()
    x = places(200_000, seed=8)
    assert (shells(x) < 0).mean() == pytest.approx(wall, abs=4e-3)
    assert (yolk(x) < 0).mean() == pytest.approx(wall + cores, abs=5e-3)
    outer = np.abs(full(x)) < 0.05 * UM
    np.testing.assert_allclose(yolk(x)[outer], full(x)[outer], atol=1e-12)
    surface = x[:, np.abs(yolk(x)) < 0.05 * UM]
    assert 0.1 < yolk.in_core(surface).mean() < 0.3
    open_ = packing.particles(SIZE, shell=0.5 * UM, window=2 * UM, windows=4, **make)
    lost = 4 * len(radii) * np.pi * UM**2 * 0.5 * UM / SIZE.prod()
    assert (shells(x) < 0).mean() - (open_(x) < 0).mean() == pytest.approx(lost, rel=0.25)


def test_growth_hits_the_target_on_exact_bodies():
    half = distance.half_space([0, 0, 0.5], [0, 0, 1])
    assert filling.growth(half, UNIT, 0.3, "x") == pytest.approx(0.2, abs=2e-3)
    assert filling.porosity(half, UNIT) == pytest.approx(0.5, abs=1e-3)


def test_splines_are_fourth_order():
    errors = []
    for n in (12, 24):
        axis = np.linspace(0, np.pi, n + 1)
        values = np.cos(axis[:, None, None]) * np.cos(2 * axis[None, :, None]) * np.cos(axis[None, None, :])
        level = cubic(values, [0, 0, 0], [np.pi / n] * 3)
        x = places(2000, [np.pi] * 3)
        f, slope = level(x)
        errors.append(np.abs(f - np.cos(x[0]) * np.cos(2 * x[1]) * np.cos(x[2])).max())
        assert np.abs(slope[0] + np.sin(x[0]) * np.cos(2 * x[1]) * np.cos(x[2])).max() < 30 * n**-3.0
    assert errors[0] / errors[1] > 12

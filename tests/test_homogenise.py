"""Effective media: exact labyrinths, channels and layers; percolation, bounds, electrode factors, periodic cells."""

from __future__ import annotations

import itertools
import re
import warnings
from dataclasses import replace
from pathlib import Path

import mpmath
import numpy as np
import pytest
from skfem import MeshTri1

import cellfem as cf
from cellfem.geometry.layered import cut, name_surfaces
from cellfem.materials import CARBON
from cellfem.model.bounds import check_bounds
from cellfem.model.homogenise import electrode_tortuosity_factor
from cellfem.units import um

DESIGNS = Path(__file__).parents[1] / "geometries"


def named(points, solid, mouth=None):
    """A host layer cut into cells; `solid` says of centroids (d, cells) which are host."""
    mesh = cut([np.asarray(x, dtype=float) for x in points])
    host = solid(mesh.p[:, mesh.t].mean(axis=1))
    mesh._subdomains = {name: np.flatnonzero(cells).astype(np.int32)
                        for name, cells in (("pore", ~host), ("host", host)) if cells.any()}
    top = mesh.p[-1].max() if mouth is None else mouth
    mesh._boundaries = name_surfaces(mesh, host, floor_plates=False, mouth_at=top)
    return mesh


def graded(planes, finest, cells):
    """Points that crowd geometrically at every plane."""
    step = np.concatenate([[0], np.geomspace(finest, 1, cells)]) / 2
    unit = np.concatenate([step, 1 - step[-2::-1]])
    return np.unique(np.concatenate([a + (b - a) * unit for a, b in itertools.pairwise(planes)]))


# -- exact ------------------------------------------------------------------------------------------------------------

ROWS = [(1, 1, 0.25, 2.3061069528), (1, 0.5, 0.10, 6.9182556103), (1, 0.25, 0.10, 18.0360123851),
        (1, 0.2, 0.05, 30.7877701482), (2, 0.25, 0.125, 65.4340839840)]


def baffle(a, h, b):
    """MacMullin number of staggered sheets without thickness, by Schwarz and Christoffel's map."""
    with mpmath.workdps(40):
        q = mpmath.exp(-2 * mpmath.pi * mpmath.mpf(h) / a)
        m = (mpmath.jtheta(2, 0, q) / mpmath.jtheta(3, 0, q)) ** 4
        quarter, sn = mpmath.pi / 2 * mpmath.jtheta(3, 0, q) ** 2, lambda u: mpmath.ellipfun("sn", u, m=m)
        A, B, C = mpmath.mpf(-1), sn(quarter * (2 * mpmath.mpf(b) / a - 1)), 1 / mpmath.sqrt(m)
        s = sn(quarter * (2 * (mpmath.mpf(a) - b) / a - 1))
        D = mpmath.inf if s == 0 else C / s
        m0 = (B - A) / (C - A) if s == 0 else (B - A) * (D - C) / ((C - A) * (D - B))
        return float(mpmath.mpf(a) / h * mpmath.ellipk(1 - m0) / mpmath.ellipk(m0))


@pytest.mark.parametrize("a, h, b, exact", ROWS)
def test_staggered_sheets(a, h, b, exact):
    """Sheets of 1e-6 of the spacing on both faces of a period: the gap lines are equipotentials by symmetry."""
    assert baffle(a, h, b) == pytest.approx(exact, rel=1e-10)
    found = []
    for cells in (14, 28):
        x, z = graded([0, b, a - b, a], 2e-4, cells), graded([0, h], 2e-4, cells)
        t = 1e-6 * h
        mesh = named([x, np.concatenate([[-t], z, [h + t]])],
                     lambda x: ((x[1] < 0) & (x[0] > b)) | ((x[1] > h) & (x[0] < a - b)))
        found.append(cf.homogenise(mesh).macmullin[2, 2])
    assert found[0] < found[1] < exact * (1 + 1e-5), "the energy bounds D_eff from above, N_M from below"
    assert found[1] == pytest.approx(exact, rel=5e-3)
    assert found[1] + (found[1] - found[0]) / 3 == pytest.approx(exact, rel=5e-4)


def test_straight_channels_are_exact():
    for name in ("vga", "vga_2d"):
        mesh = cf.Geometry.load(DESIGNS / f"{name}.toml").mesh(coarsen=4)
        medium = cf.homogenise(mesh, host=replace(CARBON, sigma=7.0))
        assert medium.eps == pytest.approx(20 / 21, rel=1e-12)
        assert np.allclose(np.diag(medium.B), [0, 20 / 21, 20 / 21], rtol=1e-10, atol=0)
        assert np.allclose(np.diag(medium.sigma), [0, 7 / 21, 7 / 21], rtol=1e-10, atol=0)
        assert medium.tortuosity_factor[2, 2] == pytest.approx(1, rel=1e-10)
        assert medium.macmullin[0, 0] == np.inf
        assert medium.a_s == pytest.approx((2 * 100 + 20 + 1) / (21 * 100) / um, rel=1e-12)


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_layers_in_series_and_parallel_are_exact(dimension):
    design = cf.Geometry.from_dict({"name": "layers", "shape": "envelope", "source": "made up", "dimension": dimension,
                                    "size_um": [10.0, 5.0, 100.0], "separator_um": 10.0, "cell_size_um": 5.0,
                                    "collector_plates": False, "surface_cell_size_um": 5.0})
    mesh = design.mesh()
    z = np.unique(mesh.p[-1][mesh.p[-1] <= 100 * um])
    at, top = z[len(z) // 2], z[-1]
    share = at / top

    def step(low, high):
        return lambda x: np.where(x[-1] < at, low, high)

    medium = cf.Medium(eps=step(0.5, 0.8), B=step(0.2, 0.7), sigma=step(3.0, 30.0), a_s=step(1e5, 3e5))
    found = cf.homogenise(mesh, media={"electrode": medium})
    assert found.eps == pytest.approx(share * 0.5 + (1 - share) * 0.8, rel=1e-12)
    assert found.a_s == pytest.approx(share * 1e5 + (1 - share) * 3e5, rel=1e-12)
    assert found.B[2, 2] == pytest.approx(1 / (share / 0.2 + (1 - share) / 0.7), rel=1e-10)
    assert found.sigma[2, 2] == pytest.approx(1 / (share / 3 + (1 - share) / 30), rel=1e-10)
    assert found.B[0, 0] == pytest.approx(share * 0.2 + (1 - share) * 0.7, rel=1e-10)


# -- percolation and bounds -------------------------------------------------------------------------------------------

def test_isolated_pores_are_named_and_left_out():
    x = np.linspace(0, 1, 11) * 10 * um

    def solid(at):
        inside = (np.abs(at[0] - 7 * um) < 2 * um) & (np.abs(at[1] - 5 * um) < 2 * um)
        core = (np.abs(at[0] - 7 * um) < 1 * um) & (np.abs(at[1] - 5 * um) < 1 * um)
        return inside & ~core

    mesh = named([x, x], solid)
    with pytest.warns(cf.TrustWarning, match=r"1 isolated pore, 4\.\d+% of the pore volume \(.* near x=7, z=5"):
        medium = cf.homogenise(mesh)
    assert medium.eps == pytest.approx(1 - 16 / 100, rel=1e-12)


def test_a_blocked_direction_has_an_infinite_macmullin_number():
    x = np.linspace(0, 1, 11)
    mesh = named([x, x], lambda at: np.abs(at[1] - 0.35) < 0.06)
    with pytest.warns(cf.TrustWarning, match="isolated"):
        medium = cf.homogenise(mesh)
    assert medium.macmullin[2, 2] == np.inf and medium.tortuosity_factor[2, 2] == np.inf
    assert medium.B[0, 0] == pytest.approx(0.6)
    with pytest.raises(ValueError, match="a way for ions"):
        medium.efficiency(np.zeros((2, 1)), "electrode")


def test_a_host_that_touches_by_an_edge_alone_does_not_conduct():
    mesh = named([np.arange(5), np.arange(3)], lambda at: np.abs(at[0] - np.where(at[1] < 1, 1.5, 2.5)) < 0.5)
    assert np.all(np.diag(cf.homogenise(mesh, host=CARBON).sigma)[[0, 2]] == 0)


@pytest.mark.parametrize("B, eps", [
    (np.diag([0.5, 0.5, 0.61]), 0.6), (np.diag([-1e-3, 0.5, 0.5]), 0.6), (np.diag([0.6, 0.6, 0.6]), 0.6),
    (np.array([[0.5, 0.2, 0], [0.1, 0.5, 0], [0, 0, 0.5]]), 0.6), (np.diag([np.nan, 0.1, 0.1]), 0.6)])
def test_bounds_refuse(B, eps):
    with pytest.raises(cf.ConvergenceError, match="refine it"):
        check_bounds(B, eps, "a tensor")


def test_bounds_let_sheets_and_the_best_isotropic_medium_pass():
    eps = 0.6
    check_bounds(np.diag([0, eps, eps]), eps, "sheets")
    check_bounds(np.eye(3) * 2 * eps / (3 - eps), eps, "coated spheres")


# -- the electrode's own factor ---------------------------------------------------------------------------------------

def wedge(wide_at_the_mouth: bool):
    """A channel of two widths in series, each half its length; the wall is host."""
    x, z = np.linspace(0, 1, 21), np.linspace(0, 20, 101)

    def solid(at):
        wide = (at[1] > 10) == wide_at_the_mouth
        return at[0] > np.where(wide, 0.9, 0.3)

    return named([x, z], solid)


def test_pores_that_narrow_or_widen_differ_only_as_electrodes():
    through, electrode = {}, {}
    for wide in (True, False):
        through[wide] = cf.homogenise(wedge(wide)).tortuosity_factor[2, 2]
        electrode[wide] = electrode_tortuosity_factor(wedge(wide))
    assert through[True] == pytest.approx(through[False], rel=1e-3)
    assert through[True] == pytest.approx(0.6 * (0.5 / 0.9 + 0.5 / 0.3), rel=0.03)
    assert electrode[True] < 0.9 * through[True] and electrode[False] > 1.1 * through[False]


def test_electrode_factor_of_straight_pores_is_one_and_dead_ends_count():
    x, z = np.linspace(0, 1, 11), np.linspace(0, 50, 101)
    straight = named([x, z], lambda at: at[0] > 0.8)
    assert electrode_tortuosity_factor(straight) == pytest.approx(1, abs=1e-3)
    dead = named([x, z], lambda at: (at[0] > 0.8) | ((at[1] < 1) & (at[0] > 0.1)))  # nearly shut at the bottom
    assert cf.homogenise(dead).tortuosity_factor[2, 2] > 1.05
    assert electrode_tortuosity_factor(dead) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("floor", [False, True], ids=["walls alone", "with floor"])
def test_electrode_factor_of_ever_narrower_channels(floor):
    """VGA without its floor tends to 1, second order in the width; a floor of the share s of the surface draws its
    current through the whole depth: 3 (s^2 + s (1 - s) + (1 - s)^2/3).  Tops that face the separator do not count."""
    vga, above = cf.Geometry.load(DESIGNS / "vga_2d.toml"), []
    for pitch in (21 * um, 11 * um, 6 * um):
        narrow = replace(vga, collector_plates=floor, size=(pitch / 2, vga.size[1]), cell_size=vga.cell_size * pitch
                         / vga.walls.pitch, walls=replace(vga.walls, pitch=pitch))
        width = (pitch - vga.walls.thickness) / 2
        s = width / (vga.size[1] + width) if floor else 0.0
        above.append(electrode_tortuosity_factor(narrow.mesh()) - 3 * (s**2 + s * (1 - s) + (1 - s) ** 2 / 3))
    assert 0.01 > above[0] > 3 * above[1] > 9 * above[2] > 0


def test_the_electrode_factor_of_the_shipped_vga_is_that_of_the_docs():
    found = electrode_tortuosity_factor(cf.Geometry.load(DESIGNS / "vga_2d.toml").mesh())
    assert found == pytest.approx(1.107, abs=5e-4)
    assert "1.107" in (DESIGNS.parent / "docs" / "conventions.md").read_text(encoding="utf-8")


def test_electrode_factor_of_a_uniform_electrode_is_its_tortuosity_factor():
    mesh = cf.Geometry.load(DESIGNS / "vga_2d.toml").envelope(dimension=1).mesh(coarsen=0.25)
    medium = cf.Medium(eps=0.6, B=0.2, a_s=1e5)
    assert electrode_tortuosity_factor(mesh, media={"electrode": medium}) == pytest.approx(3.0, rel=1e-4)


# -- periodic cells ---------------------------------------------------------------------------------------------------

def tilted(n=24):
    """A periodic cell with slanted lumps of host: a full tensor."""
    x = np.linspace(0, 1, n + 1)
    wave = 2 * np.pi
    return named([x, 0.5 * x], lambda at: np.cos(wave * (at[0] - 2 * at[1])) + 0.5 * np.sin(2 * wave * at[1]) > 0.6)


def test_rotated_cells_have_rotated_tensors():
    mesh, periods = tilted(), np.diag([1.0, 0.5])
    B = cf.homogenise(mesh, periods=periods).B[np.ix_([0, 2], [0, 2])]
    assert abs(B[0, 1]) > 0.05, "the cell is oblique"
    assert np.allclose(B, B.T, atol=1e-12) and np.linalg.eigvalsh(B).min() > 0
    for angle in (0.3, 1.2):
        R = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        turned = MeshTri1(R @ mesh.p, mesh.t, sort_t=False)
        turned._subdomains = mesh.subdomains
        found = cf.homogenise(turned, periods=periods @ R.T).B[np.ix_([0, 2], [0, 2])]
        assert np.abs(found - R @ B @ R.T).max() < 1e-9


def test_periodic_and_mirror_cells_agree_where_both_hold():
    x = np.linspace(-1, 1, 41)
    mesh = named([x, x], lambda at: np.maximum(np.abs(at[0]), np.abs(at[1])) < 0.6)
    mirror, periodic = cf.homogenise(mesh), cf.homogenise(mesh, periods=np.diag([2.0, 2.0]))
    assert np.allclose(periodic.B, mirror.B, rtol=1e-2)  # Kuhn's cut is not mirror-symmetric
    assert periodic.eps == pytest.approx(1 - 0.36)


def test_periodic_percolation():
    x = np.linspace(0, 1, 21)
    mesh = named([x, x, x], lambda at: np.abs((at[0] - at[2]) % 1 - 0.5) < 0.26)  # slanted sheets: x - z
    B = cf.homogenise(mesh, periods=np.eye(3)).B
    n = np.array([1, 0, -1]) / np.sqrt(2)
    assert np.abs(B @ n).max() < 1e-12, "nothing crosses the sheets"
    assert B[1, 1] == pytest.approx(cf.homogenise(mesh, periods=np.eye(3)).eps, rel=1e-9)
    lump = named([x, x], lambda at: np.maximum(np.abs(at[0] - 0.5), np.abs(at[1] - 0.5)) < 0.3)
    around = cf.homogenise(lump, host=CARBON, periods=np.eye(2))
    assert np.all(around.sigma[np.ix_([0, 2], [0, 2])] == 0), "an island carries no electrons"


def test_laminates_are_exact_in_periodic_cells():
    x = np.linspace(0, 1, 11)
    mesh = named([x, x], lambda at: at[0] > 2)
    mesh._subdomains = {"electrode": np.arange(mesh.nelements)}
    medium = cf.Medium(eps=0.9, B=lambda x: np.where(x[0] < 0.4, 0.2, 0.7), a_s=1.0)
    B = cf.homogenise(mesh, media={"electrode": medium}, periods=np.eye(2)).B
    assert B[0, 0] == pytest.approx(1 / (0.4 / 0.2 + 0.6 / 0.7), rel=1e-9)
    assert B[2, 2] == pytest.approx(0.4 * 0.2 + 0.6 * 0.7, rel=1e-9) and abs(B[0, 2]) < 1e-9


@pytest.mark.parametrize("periods", [np.eye(2), np.eye(3), [[1.0, 0.0], [0.0, np.nan]], 1.0])
def test_wrong_periods_are_refused(periods):
    with pytest.raises(cf.GeometryError, match="one lattice vector"):
        cf.homogenise(tilted(8), periods=periods)


def test_sides_that_are_cut_differently_are_refused():
    mesh = tilted(8)
    moved = mesh.p.copy()
    moved[1, (mesh.p[0] == 0) & (mesh.p[1] == 0.25)] += 0.01
    other = MeshTri1(moved, mesh.t, sort_t=False)
    other._subdomains = mesh.subdomains
    with pytest.raises(cf.GeometryError, match="without one partner"):
        cf.homogenise(other, periods=np.diag([1.0, 0.5]))


def test_a_mesh_without_host_layer_is_refused():
    mesh = cf.Geometry.load(DESIGNS / "slab.toml").mesh()
    with pytest.raises(cf.GeometryError, match="host layer"):
        cf.homogenise(mesh)
    assert np.isnan(electrode_tortuosity_factor(mesh))


def test_no_public_name_says_a_bare_tortuosity():
    names = [name for kind in (cf.Medium, cf.Geometry) for name in dir(kind)] + dir(cf)
    assert not [name for name in names if re.fullmatch("tortuosity", name)]
    with warnings.catch_warnings(), pytest.raises(TypeError):
        cf.Medium(tortuosity=2.0)

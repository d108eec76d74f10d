"""Films: layers in series, patches in parallel, mosaics laid out over the surface."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.optimize import brentq
from skfem import MeshTri1
from verification import cells

import cellfem as cf
from cellfem.materials.electrolyte import constant
from cellfem.units import thermal_voltage

f = 1 / thermal_voltage(298.15)
X = np.zeros((2, 5))
THIN, THICK = cf.Film(R=1e-3), cf.Film(R=2e-2)
SALT = constant(D=9e-9, kappa=7.9, t_plus=0.999)


def test_layers_lie_in_series():
    film = cf.Film(layers=[cf.Layer(thickness=10e-9, conductivity=5e-6, name="inner"),
                           cf.Layer(thickness=lambda x: 30e-9 + 0 * x[0], conductivity=1e-5, name="outer")])
    np.testing.assert_allclose(film.resistance(X), 10e-9 / 5e-6 + 30e-9 / 1e-5, rtol=1e-14)
    assert film.notes() == ()


def test_a_bulk_conductivity_is_noted_in_the_report():
    with pytest.warns(cf.TrustWarning, match="bulk phase"):
        film = cf.Film(layers=[cf.Layer(thickness=10e-9, conductivity=1e-8, name="LiF")])
    cell = cells.make(cells.plane(coarsen=4), film=film)
    run = cf.solve(cell, cf.Galvanostatic(current=0.1, duration=1.0))
    assert any("LiF" in note and "bulk phase" in note for note in run.warnings)
    assert any("LiF" in note and "bulk phase" in note for note in cell.assumptions)
    assert film.resistance(X)[0] == pytest.approx(1.0)


def test_a_bulk_conductivity_is_noted_wherever_it_is_found():
    """Also where it varies, and where a design gives it as a resistivity."""
    layer = cf.Layer(thickness=10e-9, conductivity=lambda x: np.where(x[0] > 1e-6, 1e-6, 1e-8), name="patchy LiF")
    for film in (cf.Film(layers=[layer]), cf.MosaicFilm(shares=(0.5, 0.5), films=(THIN, cf.Film(layers=[layer])))):
        cell = cells.make(cells.shipped("vga_2d", 5), film=film)
        assert [note for note in cell.assumptions if "patchy LiF: a conductivity of 1e-08 S/m" in note]
    design = {"name": "felt", "shape": "envelope", "source": "made up", "dimension": 1, "size_um": [50.0],
              "separator_um": 25.0, "collector_plates": False, "cell_size_um": 5.0,
              "electrode": {"porosity": 0.8, "specific_surface_per_mm": 40.0},
              "surface": {"film_thickness_nm": 10.0, "film_resistivity_Ohm_m": 1e9}}
    with pytest.warns(cf.TrustWarning, match="1e-09 S/m is that of a bulk phase"):
        cf.graded(cf.Geometry.from_dict(design))


def test_a_film_in_another_unit_is_warned_of_and_noted():
    with pytest.warns(cf.TrustWarning, match="a resistance of 50 Ohm m2 .* probably Ohm cm2"):
        film = cf.Film(R=50)
    assert [note for note in cells.make(cells.plane(coarsen=4), film=film).assumptions if "probably Ohm cm2" in note]


def test_a_layer_may_conduct_differently_from_place_to_place():
    layer = cf.Layer(thickness=2e-8, conductivity=lambda x: 1e-6 * (1 + x[1]))
    x = np.array([[0.0, 0.0], [0.0, 3.0]])
    np.testing.assert_allclose(cf.Film(layers=[layer]).resistance(x), [2e-2, 5e-3], rtol=1e-14)


def test_surfaces_have_mosaics_of_their_own():
    mesh = cells.shipped("vga_2d", 4)
    mosaic = cf.MosaicFilm(shares=(0.5, 0.5), films=(THIN, THICK), correlation_length=5e-6)
    cell = cells.make(mesh, film={"host_surface": mosaic, "collector": cf.Film(R=7e-3)})
    on_floor = cell.sites.kind == cell.sites.kinds.index("collector")
    assert np.all(cell.film_resistance[on_floor] == 7e-3)
    walls = cell.film_resistance[~on_floor]
    area = cell.sites.area[~on_floor]
    assert set(walls) == {1e-3, 2e-2} and walls @ area / area.sum() == pytest.approx(1.05e-2, rel=0.1)
    fine = cf.MosaicFilm(shares=(0.3, 0.7), films=(THIN, THICK))
    cell = cells.make(mesh, film={"host_surface": fine, "collector": cf.Film(R=7e-3)})
    first, second = cell.sites.patches(cell.film_resistance)
    floor = cell.sites.patches(cell.sites.kind)[0] == cell.sites.kinds.index("collector")
    assert np.all(first[floor] == second[floor]) and np.all(first[~floor] == 1e-3) and np.all(second[~floor] == 2e-2)
    other = cf.MosaicFilm(shares=(0.5, 0.5), films=(THIN, THICK))
    with pytest.raises(ValueError, match="the same shares"):
        cells.make(mesh, film={"host_surface": fine, "collector": other})


def test_patches_lie_in_parallel():
    mosaic = cf.MosaicFilm(shares=(0.8, 0.2), films=(THICK, THIN))
    np.testing.assert_allclose(mosaic.resistance(X), 1 / (0.8 / 2e-2 + 0.2 / 1e-3), rtol=1e-14)


def patch_current(voltage: float, R: float) -> float:
    return brentq(lambda i: i - 190.0 * np.sinh(0.5 * f * (voltage - i * R)), 0, voltage / R, xtol=1e-13)


def test_patches_of_a_vanishing_length_carry_their_own_currents():
    """Closed form: each patch is a film and Butler-Volmer kinetics under the same voltage."""
    I = 30.0
    cell = cells.make(cells.plane(coarsen=4), SALT, film=cf.MosaicFilm(shares=(0.8, 0.2), films=(THICK, THIN)),
                      counter=cf.UniformFlux())
    run = cf.solve(cell, cf.Steady(current=I))
    V = brentq(lambda v: 0.8 * patch_current(v, 2e-2) + 0.2 * patch_current(v, 1e-3) - I, 1e-6, 1.0, xtol=1e-15)
    thick, thin = run.sites["plating"][0]
    assert [thick, thin] == pytest.approx([patch_current(V, 2e-2), patch_current(V, 1e-3)], rel=2e-3)
    assert cell.sites.area.sum() == pytest.approx(cell.area)
    assert run.surface["plating"][0] == pytest.approx([I], rel=1e-9), "a facet shows the mean of its patches"
    assert run.audit.charge < 1e-9


def test_two_equal_films_are_one():
    one = cells.make(cells.shipped("vga_2d", 6), film=cf.Film(R=5e-3))
    two = cells.make(cells.shipped("vga_2d", 6), film=cf.MosaicFilm(shares=(0.3, 0.7), films=(cf.Film(R=5e-3),) * 2))
    a, b = (cf.solve(cell, cf.Galvanostatic(current=20.0, duration=5.0)) for cell in (one, two))
    np.testing.assert_allclose(b.surface["plating"], a.surface["plating"], rtol=1e-8)
    np.testing.assert_allclose(b.fields["c"], a.fields["c"], rtol=1e-9)
    assert b.audit.charge < 1e-9 and b.audit.salt < 1e-11


def test_a_mosaic_tends_to_the_parallel_mean_as_its_patches_shrink():
    """Patches on a wide floor: what of the voltage differs from that of vanishing patches goes with their size."""
    mesh = MeshTri1.init_tensor(np.linspace(0, 300e-6, 201), np.linspace(0, 60e-6, 25))
    floor, top = (np.flatnonzero((np.abs(mesh.p[1, mesh.facets] - z) < 1e-12).all(axis=0)) for z in (0.0, 60e-6))
    mesh = mesh.with_subdomains({"electrolyte": np.arange(mesh.nelements)}).with_boundaries(
        {"collector": floor, "counter": top, "host_surface": floor})
    salt = constant(D=9e-9, kappa=0.05, t_plus=0.999)

    def drop(length):
        film = cf.MosaicFilm(shares=(0.5, 0.5), films=(cf.Film(R=2e-3), THIN), correlation_length=length, seed=3)
        cell = cells.make(mesh, salt, film=film, counter=cf.Reservoir(uniform=False))
        run = cf.solve(cell, cf.Steady(current=30.0))
        mean = cell.sites.mean(cell.film_resistance == 1e-3)
        assert mean == pytest.approx(0.5, abs=0.01), "the shares hold on the surface"
        return float(run.voltage[0])

    limit = _parallel(mesh, salt)
    away = [abs(drop(length) - limit) for length in (50e-6, 12e-6, 4e-6)]
    assert away[2] < away[1] < away[0]
    assert away[2] < 5e-3 * limit


def _parallel(mesh, salt) -> float:
    film = cf.MosaicFilm(shares=(0.5, 0.5), films=(cf.Film(R=2e-3), THIN))
    return float(cf.solve(cells.make(mesh, salt, film=film, counter=cf.Reservoir(uniform=False)),
                          cf.Steady(current=30.0)).voltage[0])


@pytest.mark.parametrize("given, words", [
    (lambda: cf.Layer(thickness=1e-8), "a conductivity in S/m is needed"),
    (lambda: cf.Layer(conductivity=1e-6), "a thickness in m is needed"),
    (lambda: cf.Layer(thickness=20.0, conductivity=1e-6), "a thickness from 0 to 0.001 m"),
    (lambda: cf.Layer(thickness="a", conductivity=1e-6), "a number or a function"),
    (lambda: cf.Film(), "neither R nor layers"),
    (lambda: cf.Film(layers=()), "neither R nor layers"),
    (lambda: cf.Film(R="a"), "a number or a function"),
    (lambda: cf.Film(R=np.ones(3)), "a number or a function"),
    (lambda: cf.Film(layers=cf.Layer(thickness=1e-8, conductivity=1e-6)), "a sequence of cf.Layer"),
    (lambda: cf.Film(R=lambda x: np.ones(3)).resistance(X), "one value per point"),
    (lambda: cf.MosaicFilm(shares=0.5, films=(THIN, THICK)), "one share for each"),
    (lambda: cf.MosaicFilm(shares=(1.0,), films=(THIN,), correlation_length="a"), "a positive length"),
    (lambda: cf.MosaicFilm(shares=(1.0,), films=(THIN,), correlation_length=np.inf), "a positive length"),
    (lambda: cf.MosaicFilm(shares=(1.0,), films=(THIN,), seed=1.5), "a whole number"),
    (lambda: cf.Layer(thickness=1e-8, conductivity=0.0), "a positive number"),
    (lambda: cf.Layer(thickness=-1e-8, conductivity=1e-6), "a thickness from 0 to 0.001 m"),
    (lambda: cf.Film(R=-1.0), "a finite film resistance >= 0"),
    (lambda: cf.Film(R=1.0, layers=[cf.Layer(thickness=1e-8, conductivity=1e-6)]), "both R and layers"),
    (lambda: cf.Film(layers=[5.0]), "a sequence of cf.Layer"),
    (lambda: cf.MosaicFilm(shares=(0.5,), films=(THIN, THICK)), "one share for each"),
    (lambda: cf.MosaicFilm(shares=(0.5, 0.6), films=(THIN, THICK)), "add up to 1"),
    (lambda: cf.MosaicFilm(shares=(1.5, -0.5), films=(THIN, THICK)), "add up to 1"),
    (lambda: cf.MosaicFilm(shares=(0.5, 0.5), films=(THIN, THICK), correlation_length=-1.0), "a positive length"),
])
def test_bad_films_are_refused_in_four_parts(given, words):
    with warnings.catch_warnings(), pytest.raises(ValueError, match=words) as error:
        given()
    text = str(error.value)
    assert ":" in text and ";" in text and text.endswith(".")


def test_films_by_surface():
    mesh = cells.shipped("vga_2d", 6)
    cell = cells.make(mesh, film={"collector": cf.Film(R=0.5)})
    floor = cell.sites.kind == cell.sites.kinds.index("collector")
    assert np.all(cell.film_resistance[floor] == 0.5) and np.all(cell.film_resistance[~floor] == cell.metal.R_film)
    with pytest.raises(ValueError, match='Did you mean "collector"'):
        cells.make(mesh, film={"colector": THIN})
    with pytest.raises(ValueError, match="Film is needed"):
        cells.make(mesh, film={"collector": 5e-3})

"""Graded hosts: what design files may say, what becomes of it in a cell, and where the metal then plates."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import trapezoid
from scipy.optimize import brentq

import cellfem as cf
from cellfem import cli
from cellfem.geometry.profiles import read_profile
from cellfem.materials import CELGARD_2500, GRAPHENE, LIPF6_EC_DMC, LITHIUM
from cellfem.materials.electrolyte import constant
from cellfem.units import cm, mA, minute, thermal_voltage, um

DESIGNS = Path(__file__).parents[1] / "geometries"
UNIFORM = {"name": "felt", "shape": "envelope", "source": "made up", "dimension": 1, "size_um": [100.0],
           "separator_um": 25.0, "collector_plates": False, "cell_size_um": 2.0,
           "electrode": {"porosity": 0.8, "specific_surface_per_mm": 40.0, "tortuosity_factor": 1.3,
                         "sigma_S_m": 100.0}, "surface": {"film_Ohm_m2": 5e-3}}
WALLS = {"name": "walls", "shape": "walls", "source": "made up", "dimension": 2, "size_um": [10.5, 100.0],
         "separator_um": 25.0, "cell_size_um": 4.0, "walls": {"pitch_um": 21.0, "thickness_um": 1.0}}


def design(base=UNIFORM, electrode=None, surface=None, **top):
    keys = {**base, **top}
    for name, changes in (("electrode", electrode), ("surface", surface)):
        if changes is not None:
            keys[name] = {key: v for key, v in {**keys.get(name, {}), **changes}.items() if v is not None}
    return cf.Geometry.from_dict(keys)


def cell(geometry, mesh=None, **given):
    return cf.Cell(mesh or geometry.mesh(), **{"metal": LITHIUM, "electrolyte": LIPF6_EC_DMC, "separator": CELGARD_2500,
                                               **cf.graded(geometry), **given})


def bottom_share(run, height=100 * um):
    """Share of the plated charge below half the height of the host."""
    plated, z = run.sites["plating"][-1] * run.cell.sites.area, run.cell.sites.x[-1]
    middle = np.isclose(z, height / 2, rtol=0, atol=1e-12)
    return (plated @ ((z < height / 2) & ~middle) + 0.5 * plated @ middle) / plated.sum()


# -- profiles ---------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("given, values", [
    (0.5, [0.5, 0.5, 0.5]),
    ({"linear": [0.0, 1.0]}, [0.0, 0.25, 1.0]),
    ({"exponential": [1.0, 16.0]}, [1.0, 2.0, 16.0]),
    ({"piecewise": [1, 2, 3], "edges_um": [20.0, 50.0]}, [1.0, 2.0, 3.0]),
    ({"table": [1, 3, 3], "depth_um": [0.0, 50.0, 80.0]}, [1.0, 2.0, 3.0])])
def test_profiles(given, values):
    found = read_profile(given, "key").at(np.array([0.0, 25 * um, 100 * um]), 100 * um)
    np.testing.assert_allclose(found, values, rtol=1e-12)


@pytest.mark.parametrize("changes, message", [
    ({"electrode": {"porosity": 1.0}}, "electrode.porosity: found 1; a porosity above 0 and below 1"),
    ({"electrode": {"porosity": {"linear": [0.9, -0.1]}}}, "electrode.porosity: found -0.1"),
    ({"electrode": {"porosity": {"table": [0.9, 0.8], "depth_um": [50.0, 20.0]}}},
     "electrode.porosity.depth_um: found 20 after 50; depths that increase"),
    ({"electrode": {"porosity": {"table": [0.9, 0.8], "depth_um": [50.0, 50.0]}}}, "found 50 after 50; depths that"),
    ({"electrode": {"porosity": {"table": [0.9, 0.8], "depth_um": [50.0, 50.0 + 1e-5]}}}, "found 50.00001 after 50;"),
    ({"electrode": {"porosity": {"table": [0.9, 0.8], "depth_um": [0.0, 120.0]}}},
     "electrode.porosity.depth_um: found 120; depths up to the host's height 100 um"),
    ({"electrode": {"porosity": {"piecewise": [0.9, 0.8, 0.7], "edges_um": [20.0, 120.0]}}}, "edges_um: found 120"),
    ({"electrode": {"porosity": {"piecewise": [0.9, 0.8], "edges_um": [0.0]}}}, "edges_um: found 0; edges between 0"),
    ({"surface": {"blocked": {"piecewise": [0.9, 0.8], "edges_um": [100.0]}}},
     "surface.blocked.edges_um: found 100; edges between 0 and the host's height 100 um"),
    ({"surface": {"blocked": {"table": [0.9, 0.8], "depth_um": [-1.0, 20.0]}}}, "depth_um: found -1; depths from 0"),
    ({"electrode": {"porosity": {"linaer": [0.9, 0.8]}}}, 'Did you mean "linear"'),
    ({"electrode": {"porosity": {"linear": [0.9, 0.8], "depth_um": [0.0, 1.0]}}}, "depth_um: found a key"),
    ({"electrode": {"porosity": {"linear": [0.9]}}}, "found 1 values; two values"),
    ({"electrode": {"porosity": {"piecewise": [0.9, 0.8], "edges_um": []}}}, "one value more than edges"),
    ({"electrode": {"porosity": "high"}}, "electrode.porosity: found 'high'; a number, {linear"),
    ({"electrode": {"sigma_S_m": {"exponential": [0.0, 1.0]}}}, "positive values are needed"),
    ({"electrode": {"sigma_S_m": -1.0}}, "sigma_S_m: found -1; a positive conductivity"),
    ({"electrode": {"specific_surface_per_mm": -1.0}}, "specific_surface_per_mm: found -1"),
    ({"electrode": {"tortuosity_factor": 0.5}}, "tortuosity_factor: found 0.5; a tortuosity factor of at least 1"),
    ({"electrode": {"tortuosity": 2.0}}, 'Use "tortuosity_factor"'),
    ({"electrode": {"B": 0.5}}, "B: found beside tortuosity_factor"),
    ({"electrode": {"tortuosity_factor": None, "B": 0.9}}, "B: found 0.9 where the porosity is 0.8"),
    ({"electrode": {"macmullin": 2.0}}, "macmullin: found beside tortuosity_factor; one of the two"),
    ({"electrode": {"tortuosity_factor": None, "B": 0.5, "macmullin": 2.0}}, "B: found beside macmullin"),
    ({"electrode": {"tortuosity_factor": None, "macmullin": 1.1}}, "macmullin: found 1.1 where the porosity is 0.8"),
    ({"electrode": {"tortuosity_factor": None, "macmullin": 0.5}}, "a MacMullin number of at least 1"),
    ({"electrode": {"tortuosity_factor": None, "macmullin": [[1.1, 0, 0], [0, 3.0, 0], [0, 0, 3.0]]}},
     "macmullin: found the eigenvalue 1.1 where the porosity is 0.8; at least 1/porosity"),
    ({"electrode": {"tortuosity_factor": [[2.0, 0, 0], [0, 0.9, 0], [0, 0, 3.0]]}},
     "tortuosity_factor: found the eigenvalue 0.9; a tortuosity factor of at least 1"),
    ({"electrode": {"tortuosity_factor": None, "macmulin": 2.0}}, 'Did you mean "macmullin"'),
    ({"electrode": {"tortuosity_factor": None, "B": [[0.9, 0, 0], [0, 0.1, 0], [0, 0, 0.1]]}}, "the eigenvalue 0.9"),
    ({"electrode": {"tortuosity_factor": None, "B": [[0.1, 0, 0.2], [0, 0.1, 0], [0.2, 0, 0.1]]}},
     "the eigenvalue -0.1; a tensor without negative eigenvalues"),
    ({"electrode": {"tortuosity_factor": None, "B": [[0.1, 0.2], [0.2, 0.1]]}}, "three rows of three numbers"),
    ({"electrode": {"sigma_S_m": [[1.0, 2.0, 0], [0, 1.0, 0], [0, 0, 1.0]]}}, "not symmetric"),
    ({"surface": {"film_Ohm_m2": {"linear": [1e-3, -1e-3]}}}, "film_Ohm_m2: found -0.001; a film resistance"),
    ({"surface": {"film_Ohm_m2": None, "film_thickness_nm": -5.0, "film_resistivity_Ohm_m": 1e5}},
     "film_thickness_nm: found -5; a film thickness of at least 0"),
    ({"surface": {"film_thickness_nm": 5.0}}, "film_thickness_nm with film_resistivity_Ohm_m, is needed"),
    ({"surface": {"blocked": 90.0}}, "blocked: found 90; a share from 0 to 1"),
])
def test_wrong_gradients_are_refused(changes, message):
    with pytest.raises(ValueError) as caught:
        design(**changes)
    text = str(caught.value)
    assert message in text
    assert text.startswith("design: ") and "; " in text and text.endswith((".", "?", "]]"))


@pytest.mark.parametrize("given", [
    {"macmullin": [[4.0, 0.0, 1.0], [0.0, 2.0, 0.0], [1.0, 0.0, 3.0]]},
    {"tortuosity_factor": [[3.2, 0.0, 0.8], [0.0, 1.6, 0.0], [0.8, 0.0, 2.4]]},
    {"B": np.linalg.inv([[4.0, 0.0, 1.0], [0.0, 2.0, 0.0], [1.0, 0.0, 3.0]]).tolist()}],
    ids=lambda given: next(iter(given)))
def test_tensors_of_each_kind_are_one_transport_efficiency(given):
    medium = cf.graded(design(electrode={"tortuosity_factor": None, **given}))["media"]["electrode"]
    np.testing.assert_allclose(medium.macmullin, [[4, 0, 1], [0, 2, 0], [1, 0, 3]], atol=1e-12)


def test_a_macmullin_number_may_vary():
    medium = cf.graded(design(electrode={"tortuosity_factor": None, "macmullin": {"linear": [2.0, 4.0]}}))
    B = medium["media"]["electrode"].efficiency(np.array([[100.0, 50.0, 0.0]]) * um, "electrode")
    np.testing.assert_allclose(B[0, 0], [1 / 2, 1 / 3, 1 / 4])


def test_a_host_that_is_made_lower_may_lose_its_profile():
    geometry = design(surface={"blocked": {"piecewise": [0.9, 0.0], "edges_um": [50.0]}})
    with pytest.raises(ValueError, match="edges_um: found 50; depths up to the host's height 40 um"):
        replace(geometry, size=(40 * um,))


def test_tables_belong_to_their_shapes():
    with pytest.raises(ValueError, match=r'\[electrode\]: found beside shape = "walls"'):
        design({**WALLS, "electrode": UNIFORM["electrode"]})
    with pytest.raises(ValueError, match=r'\[surface\]: found beside shape = "slab"'):
        design({**UNIFORM, "shape": "slab", "electrode": None, "collector_plates": True})


def test_an_efficiency_above_the_porosity_somewhere_is_refused_by_the_cell():
    geometry = design(electrode={"porosity": {"linear": [0.9, 0.5]}, "tortuosity_factor": None,
                                 "B": {"exponential": [0.8, 0.6]}})
    with pytest.raises(ValueError, match=r"electrode\.B: found .* up to the porosity"):
        cell(geometry)


def test_a_varying_medium_has_no_macmullin_number_but_its_whole_has():
    geometry = design(electrode={"porosity": {"linear": [0.9, 0.7]}})
    media = cf.graded(geometry)["media"]
    with pytest.raises(ValueError, match=r"Medium\.macmullin: found properties that vary"):
        _ = media["electrode"].tortuosity_factor
    assert cf.homogenise(geometry.mesh(), media=media).tortuosity_factor[2, 2] == pytest.approx(1.3, rel=0.01)


# -- cells ------------------------------------------------------------------------------------------------------------

def test_the_mesh_has_planes_at_the_edges():
    geometry = design(surface={"blocked": {"piecewise": [0.9, 0.0], "edges_um": [37.0]}})
    assert np.any(np.isclose(geometry.mesh().p[0], 63 * um, rtol=0, atol=1e-12))


def test_gradients_switched_off_are_the_uniform_host():
    flat = design(electrode={"porosity": {"linear": [0.8, 0.8]},
                             "specific_surface_per_mm": {"exponential": [40.0, 40.0]},
                             "tortuosity_factor": {"table": [1.3, 1.3, 1.3], "depth_um": [0.0, 33.0, 100.0]},
                             "sigma_S_m": {"linear": [100.0, 100.0]}},
                  surface={"film_Ohm_m2": {"exponential": [5e-3, 5e-3]},
                           "blocked": {"piecewise": [0.0, 0.0], "edges_um": [47.0]}})
    step = cf.Galvanostatic(current=2 * mA / cm**2, duration=5 * minute)
    medium = cf.Medium(eps=0.8, B=0.8 / 1.3, sigma=100.0, a_s=4e4)
    plain = cf.solve(cell(design(), media={"electrode": medium}, film=cf.Film(R=5e-3)), step)
    found = cf.solve(cell(flat), step)
    varying = cf.Medium(eps=lambda x: 0.8 + 0 * x[0], B=lambda x: 0.8 / 1.3 + 0 * x[0], sigma=lambda x: 100 + 0 * x[0],
                        a_s=lambda x: 4e4 + 0 * x[0])
    by_functions = cf.solve(cell(flat, media={"electrode": varying}), step)
    for run in (found, by_functions):
        np.testing.assert_allclose(run.fields["c"][-1], plain.fields["c"][-1], rtol=1e-12)
        np.testing.assert_allclose(run.voltage, plain.voltage, rtol=1e-10)


def test_film_thickness_times_resistivity_is_the_film():
    thick = design(surface={"film_Ohm_m2": None, "film_thickness_nm": {"linear": [10.0, 50.0]},
                            "film_resistivity_Ohm_m": 1e5})
    same = design(surface={"film_Ohm_m2": {"linear": [1e-3, 5e-3]}})
    x = np.linspace(0, 100, 7)[None] * um
    np.testing.assert_allclose(cf.graded(thick)["film"].resistance(x), cf.graded(same)["film"].resistance(x))
    assert cf.graded(same)["film"].resistance(x)[0] == pytest.approx(5e-3), "depth counts from the top"


@pytest.mark.parametrize("base", [WALLS, UNIFORM], ids=["resolved", "homogenised"])
def test_blocked_surface_does_not_plate(base):
    half = {"piecewise": [1.0, 0.0], "edges_um": [50.0]}
    geometry, bare = design(base, surface={"blocked": half}), design(base)
    step = cf.Steady(current=1 * mA / cm**2)
    run = cf.solve(cell(geometry, host=GRAPHENE), step)
    assert run.audit.charge < 1e-8 and run.audit.salt < 1e-8
    assert run.cell.sites.x[-1].max() == pytest.approx(50 * um)
    assert bottom_share(run) > 0.9 > bottom_share(cf.solve(cell(bare, host=GRAPHENE), step))
    area = run.cell.sites.area.sum() / cell(bare, host=GRAPHENE).sites.area.sum()
    assert area == pytest.approx(60 / (110 + 0.5 * CELGARD_2500.eps) if base is WALLS else 0.5, rel=1e-9)


def test_half_blocked_everywhere_is_half_the_surface():
    step = cf.Galvanostatic(current=1 * mA / cm**2, duration=60.0)
    blocked = cf.solve(cell(design(surface={"blocked": 0.5})), step)
    fewer = cf.solve(cell(design(electrode={"specific_surface_per_mm": 20.0})), step)
    np.testing.assert_allclose(blocked.voltage, fewer.voltage, rtol=1e-12)


def test_blocked_shares_beyond_one_are_refused():
    with pytest.raises(ValueError, match=r"Cell\.blocked: found 2; a share from 0 to 1"):
        cell(design(), blocked=2.0)


@pytest.mark.parametrize("base, on", [(WALLS, "host_surface"), (UNIFORM, "mouth")], ids=["resolved", "homogenised"])
def test_a_cell_warns_where_the_surface_of_the_design_is_lost(base, on):
    geometry = design(base, surface={"film_Ohm_m2": {"linear": [1e-2, 1e-3]}, "blocked": {"linear": [0.5, 0.0]}})
    mesh = geometry.mesh(coarsen=4)
    assert np.array_equal(mesh.boundaries["graded:film,blocked"], mesh.boundaries[on])
    given = {"metal": LITHIUM, "electrolyte": LIPF6_EC_DMC, "separator": CELGARD_2500, "host": GRAPHENE,
             "media": cf.graded(geometry).get("media")}
    with pytest.warns(cf.TrustWarning, match=r"says film, blocked of the surface.*Pass \*\*cf\.graded\(design\)"):
        cf.Cell(mesh, **given)
    for own in ({"film": cf.Film(R=1e-3)}, {"blocked": 0.1}, cf.graded(geometry)):
        cf.Cell(mesh, **{**given, **own})  # warnings are errors here
    bare = design({**base, "surface": {}}).mesh(coarsen=4)
    assert not [name for name in bare.boundaries if name.startswith("graded")]


# -- where the plating goes -------------------------------------------------------------------------------------------

SALT = constant(D=1e-8, kappa=1.0, t_plus=0.999)  # concentration plays no part: ohmic and surface resistances alone


A, L, KAPPA = 4e4, 100 * um, 0.5  # a_s, height and kappa_eff of the hosts below
DELTA_1 = thermal_voltage(298.15) * KAPPA / (0.5 * L)  # [A/m2] at which delta = 1
EVEN = A * L**2 / (2 * KAPPA)  # [Ohm m2] by which a film must fall from top to bottom for even plating
BELOW, ABOVE = (0.5, 0.8, 0.97), (1.03, 1.25, 2.0)  # shares of a threshold: three points on each side
KINETICS = {"linear": cf.Linear(i_0=1e3, order=0.0), "Tafel": cf.Tafel(i_0=1e-3)}
DEPTHS = np.linspace(0.0, 100.0, 41)


def steady(electrode=None, surface=None, current=1.0, kinetics=None, coarsen=1.0):
    base = {"tortuosity_factor": None, "B": 0.5, "sigma_S_m": None} | (electrode or {})
    geometry = design(electrode=base, surface={"film_Ohm_m2": 1e-3} | (surface or {}))
    made = cell(geometry, geometry.mesh(coarsen=coarsen), electrolyte=SALT, kinetics=kinetics or KINETICS["linear"])
    return cf.solve(made, cf.Steady(current=current))


def share(*args, **given):
    return bottom_share(steady(*args, **given))


def spread(run):
    return np.ptp(run.sites["plating"][-1]) / run.cell.sites.mean(run.sites["plating"][-1])


@pytest.mark.parametrize("ratio", [1.1, 3.0, 100.0])
def test_plating_turns_to_the_collector_where_kappa_exceeds_sigma(ratio):
    """kappa_eff/sigma_eff above 1 plates at the collector's side, below 1 at the mouth; equal: symmetric."""
    assert share({"sigma_S_m": KAPPA / ratio}) > 0.5005
    assert share({"sigma_S_m": KAPPA * ratio}) < 0.4995
    assert share({"sigma_S_m": KAPPA}) == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize("law", KINETICS)
def test_a_film_gradient_wins_where_it_exceeds_the_ohmic_drop(law):
    """Plating is even where the film's drop I dR/(a L) makes up for the electrolyte's, I L/(2 kappa_eff): a film that
    falls by a L^2/(2 kappa_eff) as (1 - depth/L)^2, whatever the kinetics.  Less plates above, more below."""
    def film(factor):
        return {"film_Ohm_m2": {"table": list(2e-4 + EVEN * factor * (1 - DEPTHS / 100) ** 2),
                                "depth_um": list(DEPTHS)}}

    given = {"current": 3 * DELTA_1, "kinetics": KINETICS[law]}
    for factor in BELOW:
        assert share(surface=film(factor), **given) < 0.4995
    for factor in ABOVE:
        assert share(surface=film(factor), **given) > 0.5005
    assert spread(steady(surface=film(1.0), **given)) < 0.01


def blocking_threshold(bare):
    """delta at which Tafel plating is shared alike by the lower half, bare, and an upper half of which `bare` is.

    With y = i_e/I and depth xi/L, y' = -(delta/2)(y^2 + k^2) in each half, y' jumps by `bare`, y(0) = 1, y(1/2) = 1/2,
    y(1) = 0.
    """
    def misses(delta):
        k = brentq(lambda k: k * np.tan(k * delta / 4) - 0.5, 1e-9, 2 * np.pi / delta * (1 - 1e-12))
        y = np.linspace(0.5, 1.0, 20001)  # int dy/(y^2 + k^2) of the upper half is delta/4
        return trapezoid(1 / (y**2 + bare * (0.25 + k**2) - 0.25), y) - delta / 4

    return brentq(misses, 0.5, 20.0)


@pytest.mark.parametrize("blocked", [0.6, 0.9])
def test_blocking_the_top_wins_up_to_a_threshold_of_delta(blocked):
    """Tafel: delta = alpha_c F I L/(R T kappa_eff).  A coating on the upper half moves plating down until delta nears
    4 ln(bare below/bare above): four times, since plating halves the current between the middles of the halves."""
    threshold = blocking_threshold(1 - blocked)
    assert threshold == pytest.approx(4 * np.log(1 / (1 - blocked)), rel=0.02)
    coat = {"film_Ohm_m2": 0.0, "blocked": {"piecewise": [blocked, 0.0], "edges_um": [50.0]}}
    given = {"surface": coat, "kinetics": KINETICS["Tafel"], "coarsen": 0.2}  # the middle site is in both halves
    found = {factor: share(current=factor * threshold * DELTA_1, **given)
             for factor in (*BELOW, 1.0, *ABOVE)}
    assert all(found[factor] > 0.5005 for factor in BELOW) and all(found[factor] < 0.4995 for factor in ABOVE)
    assert found[1.0] == pytest.approx(0.5, abs=2e-3)


def test_a_coating_that_follows_delta_makes_plating_even():
    """bare = exp(-delta/2 (1 - xi)^2) evens out delta, by volume: ln(bare below/bare above) against delta/2."""
    for delta in (0.5, 2.0, 4.0):
        bare = np.exp(-delta / 2 * (1 - DEPTHS / 100) ** 2)
        coat = {"film_Ohm_m2": 0.0, "blocked": {"table": list(1 - bare), "depth_um": list(DEPTHS)}}
        assert share(surface=coat, current=delta * DELTA_1, kinetics=KINETICS["Tafel"]) == pytest.approx(0.5, abs=1e-3)


def test_shipped_gradients_plate_from_the_bottom_up():
    step = cf.Galvanostatic(current=2 * mA / cm**2, duration=10 * minute)
    shares = {}
    for name in ("graded_uniform", "graded_conductivity", "graded_film", "pu_2019"):
        geometry = cf.Geometry.load(DESIGNS / f"{name}.toml")
        shares[name] = bottom_share(cf.solve(cell(geometry, geometry.mesh(coarsen=4)), step))
    assert shares["graded_uniform"] < 0.5 < shares["graded_conductivity"] < shares["graded_film"] < shares["pu_2019"]


def test_the_command_line_takes_graded_designs(capsys, tmp_path):
    path = str(DESIGNS / "graded_porosity.toml")
    assert cli.main(["tortuosity", path]) == 0
    said = capsys.readouterr().out
    assert "electrode tortuosity factor, z [-]" in said and "sigma_eff, z [S/m]" in said
    assert not [line for line in said.splitlines() if line.startswith("tortuosity ") and "factor" not in line]
    flags = ["--current-mA-cm2", "1", "--steady", "--coarsen", "4", "--out", str(tmp_path / "o")]
    assert cli.main(["solve", path, *flags]) == 0
    assert (tmp_path / "o" / "report.csv").exists()

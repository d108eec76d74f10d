"""Homogenised hosts in reports: the groups, and twins beside their resolved runs."""

from __future__ import annotations

import gc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cellfem as cf
from cellfem.materials import CELGARD_2500, GRAPHENE, LIPF6_EC_DMC, LITHIUM
from cellfem.materials.electrolyte import constant
from cellfem.results import tortuosity
from cellfem.units import cm, mA, mAh, thermal_voltage, um

DESIGNS = Path(__file__).parents[1] / "geometries"
CELL = {"metal": LITHIUM, "electrolyte": LIPF6_EC_DMC, "separator": CELGARD_2500}
PLATING = cf.Galvanostatic(current=2 * mA / cm**2, capacity=1 * mAh / cm**2)


def twins(design, coarsen, protocol=PLATING):
    mesh = design.mesh(coarsen=coarsen)
    resolved = cf.solve(cf.Cell(mesh, host=GRAPHENE, **CELL), protocol)
    still = cf.Growth(transport=0.0, electronic=0.0)  # as the mesh, which does not follow the deposit
    media = {"electrode": replace(cf.homogenise(mesh, host=GRAPHENE), growth=still)}
    twin = cf.Cell(design.envelope(dimension=1).mesh(), host=GRAPHENE, media=media, **CELL)
    return resolved, cf.solve(twin, protocol)


def test_straight_channels_and_their_twin_agree():
    found = cf.twin_differences(*twins(cf.Geometry.load(DESIGNS / "vga_2d.toml"), 2.0))
    assert abs(found["overpotential, homogenised over resolved - 1 [%]"]) < 0.5
    assert abs(found["overpotential, without the counter electrode, homogenised over resolved - 1 [%]"]) < 2.0
    assert found["mean c profile, largest difference over c_0 [%]"] < 0.3


def narrower(factor: int) -> cf.Geometry:
    """HGA with sheets, gaps and period divided by `factor`; the height stays."""
    hga = cf.Geometry.load(DESIGNS / "hga_2d.toml")
    sheets = hga.baffles
    return replace(hga, size=(hga.size[0] / factor, hga.size[1]), cell_size=hga.cell_size / factor, baffles=replace(
        sheets, pitch=sheets.pitch / factor, thickness=sheets.thickness / factor, gap=sheets.gap / factor))


@pytest.mark.slow
def test_sheets_and_their_twin_agree_the_better_the_finer_they_are():
    coarse, fine = (cf.twin_differences(*twins(narrower(factor), 4.0)) for factor in (1, 2))
    for name in ("overpotential, homogenised over resolved - 1 [%]", "mean c profile, largest difference over c_0 [%]"):
        assert abs(fine[name]) < 0.6 * abs(coarse[name]) and abs(coarse[name]) < 3
    name = "overpotential, without the counter electrode, homogenised over resolved - 1 [%]"
    assert coarse[name] < 0 and fine[name] == pytest.approx(coarse[name] / np.sqrt(2), rel=0.15), "root of the spacing"


@pytest.mark.slow
def test_narrow_sheets_keep_the_balances():
    """Much surface at fast kinetics: currents follow small errors of the potential a hundredfold."""
    run = cf.solve(cf.Cell(narrower(4).mesh(), host=GRAPHENE, **CELL), PLATING)
    assert run.audit.charge < 1e-9 and run.audit.salt < 1e-11


def test_twins_of_different_height_are_refused():
    vga = cf.Geometry.load(DESIGNS / "vga_2d.toml")
    short = replace(vga, size=(vga.size[0], vga.size[1] / 2))
    resolved, _ = twins(vga, 6.0, cf.Steady(current=10.0))
    _, other = twins(short, 6.0, cf.Steady(current=10.0))
    with pytest.raises(ValueError, match="the same height is needed"):
        cf.twin_differences(resolved, other)


def test_a_cell_of_a_graded_design_is_told_both_remedies():
    design = cf.Geometry.load(DESIGNS / "graded_uniform.toml")
    with pytest.raises(ValueError, match=r"cf\.homogenise\(\.\.\.\).*cf\.graded\(design\)"):
        cf.Cell(design.mesh(coarsen=8), **CELL)


@pytest.mark.parametrize("law, missing", [
    (cf.ButlerVolmer(), {"Thiele modulus [-]"}),
    (cf.Tafel(i_0=1e-3), {"electrode Damkohler number, nu^2 [-]", "pore Wagner number [-]", "Thiele modulus [-]"}),
    (cf.Linear(), {"front-loading, delta [-]", "Thiele modulus [-]"}),
    (cf.FirstOrder(), {"electrode Damkohler number, nu^2 [-]", "pore Wagner number [-]"})],
    ids=lambda given: type(given).__name__)
def test_groups_that_the_kinetics_do_not_have_are_no_numbers(law, missing):
    design = cf.Geometry.load(DESIGNS / "graded_uniform.toml")
    cell = cf.Cell(design.mesh(coarsen=8), **CELL, **cf.graded(design), kinetics=law)
    row = cf.report(cf.solve(cell, cf.Steady(current=10.0)))
    assert {name for name in cf.GROUPS if np.isnan(row[name])} == missing


def test_twins_that_are_no_runs_are_refused():
    with pytest.raises(ValueError, match=r"twin_differences: resolved: found 1; a run, a cf\.Solution, is needed"):
        cf.twin_differences(1, 2)
    with pytest.raises(ValueError, match="bottom_share: found 'x'; a run"):
        cf.bottom_share("x")
    design = cf.Geometry.load(DESIGNS / "graded_uniform.toml")
    run = cf.solve(cf.Cell(design.mesh(coarsen=8), **CELL, **cf.graded(design)), cf.Steady(current=1e6))
    with pytest.raises(ValueError, match=r"resolved: found a run without a moment \(.*\); a run"):
        cf.twin_differences(run, run)


def test_groups_of_a_uniform_host():
    salt = constant(D=2e-10, kappa=1.5, t_plus=0.4)
    mesh = cf.Geometry.load(DESIGNS / "graded_uniform.toml").mesh()
    medium = cf.Medium(eps=0.8, B=0.5, sigma=3.0, a_s=4e4)
    law = cf.ButlerVolmer(i_0=20.0)
    cell = cf.Cell(mesh, metal=LITHIUM, electrolyte=salt, separator=CELGARD_2500, media={"electrode": medium},
                   kinetics=law, film=cf.Film(R=5e-3))
    row = cf.report(cf.solve(cell, cf.Steady(current=30.0)))
    L, a, R, d = 100 * um, 4e4, thermal_voltage(298.15) / 20 + 5e-3, 4 * 0.8 / 4e4
    expected = {"electrode Damkohler number, nu^2 [-]": a * L**2 * (1 / 0.75 + 1 / 3) / R,
                "front-loading, delta [-]": 0.5 * 30 * L / (thermal_voltage(298.15) * 0.75),
                "kappa_eff over sigma_eff [-]": 0.25,
                "depletion number of the host, N_c [-]": 0.6 * 30 * L / (2 * 96485.33212 * 1e-10 * 1000),
                "pore Wagner number [-]": 1.5 * R / d,
                "pore depletion [-]": 0.6 * 30 / (a * L) * d / (96485.33212 * 2e-10 * 1000),
                "diffusion time of the host [s]": 0.8 * L**2 / 1e-10,
                "fill fraction of the host, Q V_m/(F eps L) [-]": 0.0}
    for name, value in expected.items():
        assert row[name] == pytest.approx(value, rel=1e-6), name
    assert np.isnan(row["Thiele modulus [-]"])
    assert row["electrode tortuosity factor, z [-]"] == pytest.approx(0.8 / 0.5, rel=1e-3)
    assert set(cf.GROUPS) <= set(row) and cf.GROUPS[-1] in expected
    passed = cf.report(cf.solve(cell, cf.Galvanostatic(current=30.0, capacity=1e4)))
    assert passed["fill fraction of the host, Q V_m/(F eps L) [-]"] == pytest.approx(
        1e4 * LITHIUM.thickness_per_charge / (0.8 * L), rel=1e-6)
    assert passed["fill fraction of the host, Q V_m/(F eps L) [-]"] == pytest.approx(
        passed["pore volume taken by metal [%]"] / 100, rel=1e-6)
    first = replace(cell, kinetics=cf.FirstOrder(k=0.1))
    assert cf.report(cf.solve(first, cf.Steady(current=30.0)))["Thiele modulus [-]"] == pytest.approx(
        np.sqrt(0.6 * a * 0.1 * L**2 / (96485.33212 * 1e-10)), rel=1e-6)


def test_tensors_are_reported_in_full():
    """Of a uniform host its own tensors: all three axes, and what couples them; of one with mirrors, the diagonal."""
    B = np.array([[0.3, 0.0, 0.1], [0.0, 0.5, 0.0], [0.1, 0.0, 0.2]])
    sigma = np.diag([5.0, 2.0, 3.0])
    mesh = cf.Geometry.load(DESIGNS / "graded_uniform.toml").mesh(coarsen=8)
    medium = cf.Medium(eps=0.6, B=B, sigma=sigma, a_s=1e5)
    cell = cf.Cell(mesh, **CELL, media={"electrode": medium}, film=cf.Film(R=0.0))
    row = cf.report(cf.solve(cell, cf.Steady(current=10.0)))
    for j, k in ((0, 0), (1, 1), (2, 2), (0, 2)):
        axes = "xyz"[j] if j == k else "xyz"[j] + "xyz"[k]
        assert row[f"MacMullin number, {axes} [-]"] == pytest.approx(np.linalg.inv(B)[j, k], rel=1e-9)
        assert row[f"tortuosity factor, {axes} [-]"] == pytest.approx(0.6 * np.linalg.inv(B)[j, k], rel=1e-9)
    assert [row[f"sigma_eff, {axis} [S/m]"] for axis in "xyz"] == [5.0, 2.0, 3.0]
    assert not {key for key in row if ", xy [" in key or ", yz [" in key or key == "sigma_eff, xz [S/m]"}
    assert row["specific surface [1/mm]"] == pytest.approx(100)
    assert "tortuosity factor, xz [-]" in tortuosity.host_numbers(mesh, media=cell.medium)
    bare = cf.report(cf.solve(replace(cell, media={"electrode": cf.Medium(eps=0.6, B=0.3, a_s=1e5)}),
                              cf.Steady(current=10.0)))
    assert not [key for key in bare if key.startswith("sigma_eff")], "equipotential"
    assert [bare[f"tortuosity factor, {axis} [-]"] for axis in "xyz"] == pytest.approx([2.0] * 3)


def test_an_oblique_host_in_two_dimensions_reports_its_own_tensor_and_warns_of_none():
    B = np.array([[0.3, 0.0, 0.1], [0.0, 0.5, 0.0], [0.1, 0.0, 0.2]])
    mesh = cf.Geometry.load(DESIGNS / "vga_2d.toml").envelope().mesh(coarsen=8)
    media = {"electrode": cf.Medium(eps=0.6, B=B.tolist(), sigma=10 * B, a_s=1e5)}
    row = tortuosity.host_numbers(mesh, media=media)  # warnings are errors here
    assert row["MacMullin number, xz [-]"] == pytest.approx(np.linalg.inv(B)[0, 2])
    assert row["sigma_eff, xz [S/m]"] == pytest.approx(1.0)


def test_a_resolved_run_reports_all_directions():
    mesh = cf.Geometry.load(DESIGNS / "vga_2d.toml").mesh(coarsen=6)
    row = cf.report(cf.solve(cf.Cell(mesh, host=GRAPHENE, **CELL), cf.Steady(current=10.0)))
    assert row["tortuosity factor, x [-]"] == np.inf and row["MacMullin number, x [-]"] == np.inf
    for axis in "yz":
        assert row[f"tortuosity factor, {axis} [-]"] == pytest.approx(1, rel=1e-9)


def test_groups_stand_in_the_docs():
    page = (Path(__file__).parents[1] / "docs" / "conventions.md").read_text()
    design = cf.Geometry.load(DESIGNS / "graded_film.toml")
    run = cf.solve(cf.Cell(design.mesh(coarsen=8), **CELL, **cf.graded(design)), cf.Steady(current=10.0))
    for name in cf.report(run):
        assert f"`{name}`" in page, name


def test_tables_are_written(tmp_path):
    path = cf.write_table(tmp_path / "new", "numbers", [{"run": "a", "x [-]": 1.5}, {"run": "b", "y [-]": 2.0}])
    assert path.read_text().splitlines() == ["run,x [-],y [-]", "a,1.5,", "b,,2.0"]


ROWS = [{"run": f"{x}-{y}", "x [-]": x, "y [-]": y, "z [-]": x * y, "kind": "a" if y > 1 else "b"}
        for x in (1.0, 2.0) for y in (1.0, 3.0)]


def test_maps_and_curves_of_sweeps_are_drawn(tmp_path):
    first = cf.write_map(tmp_path, "map", ROWS[:3], x="x [-]", y="y [-]", value="z [-]")
    second = cf.write_curves(tmp_path, "curves", ROWS, x="x [-]", values=["z [-]", "y [-]"], group="kind",
                             marked={"z [-]": [(2.5, "published")]})
    third = cf.write_dots(tmp_path, "dots", ROWS, names="run", values=["z [-]", "y [-]"], group="kind")
    for path in (first, second, third):
        assert path.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match=r"rows: found no 'w' in some of 4 rows"):
        cf.write_map(tmp_path, "map", ROWS, x="x [-]", y="w", value="z [-]")


def test_maps_with_a_middle_part_its_sides(tmp_path, monkeypatch):
    """A line where the value passes the middle, white there whatever the values span, and notes in their fields."""
    figures = []
    monkeypatch.setattr("cellfem.results.maps.png", lambda figure: figures.append(figure) or b"PNG")
    rows = [row | {"note": "closed at 3" if row["z [-]"] == 3 else ""} for row in ROWS]
    cf.write_map(tmp_path, "map", rows, x="x [-]", y="y [-]", value="z [-]", scale=(0.0, 2.5, 10.0), note="note")
    ax, _ = figures[0].axes
    (image,) = ax.images
    assert np.allclose(image.norm([0.0, 2.5, 10.0]), [0.0, 0.5, 1.0])
    ((x, y),) = {(tuple(line.get_xdata()), tuple(line.get_ydata())) for line in ax.lines[:1]}
    assert len(ax.lines) == 2 and y == (0.5, 0.5) and x == (-0.5, 0.5)  # 1, 2 below; 3, 6 above
    assert {text.get_text() for text in ax.texts} == {"1", "2", "3\nclosed at 3", "6"}


def test_the_bottom_share_of_a_run_without_moments_is_no_number():
    design = cf.Geometry.load(DESIGNS / "graded_uniform.toml")
    run = cf.solve(cf.Cell(design.mesh(coarsen=8), **CELL, **cf.graded(design)), cf.Steady(current=1e6))
    assert run.outcome.kind == "depleted" and np.isnan(cf.bottom_share(run))


def test_the_bottom_share_is_that_of_what_was_plated_since_the_start():
    design = cf.Geometry.load(DESIGNS / "graded_uniform.toml")
    bare = cf.Cell(design.mesh(coarsen=8), **CELL, **cf.graded(design))
    below = replace(bare, plated=lambda x: np.where(x[-1] < 50 * um, 3e3, 0.0))
    step = cf.Galvanostatic(current=20.0, capacity=1e4)
    assert cf.bottom_share(cf.solve(below, step)) == pytest.approx(cf.bottom_share(cf.solve(bare, step)), abs=0.02)


def test_runs_on_one_mesh_share_its_homogenisation(monkeypatch):
    design = cf.Geometry.load(DESIGNS / "vga_2d.toml")
    mesh, counts = design.mesh(coarsen=6), []
    monkeypatch.setattr(tortuosity, "homogenise", lambda *a, **k: counts.append(1) or cf.homogenise(*a, **k))
    cells = [cf.Cell(mesh, host=GRAPHENE, **CELL, film=cf.Film(R=R)) for R in (5e-3, 1e-2)]
    rows = [cf.report(cf.solve(cell, cf.Steady(current=10.0))) for cell in cells]
    assert len(counts) == 1
    assert rows[0]["tortuosity factor, z [-]"] == rows[1]["tortuosity factor, z [-]"]
    dense = {"pore": cf.Medium(eps=0.5, B=0.1)}
    assert tortuosity.effective(mesh, media=dense).B[2, 2] < 0.2 and len(counts) == 2
    known = len(tortuosity._KNOWN)
    del mesh, cells
    gc.collect()
    assert len(tortuosity._KNOWN) < known  # forgotten with the mesh


def test_a_coating_moves_the_electrode_tortuosity_factor():
    """The upper half blocked: all current goes through it and is drawn below, tau_e = 3 (1/2 + 1/6) tau_F."""
    mesh = cf.Geometry.load(DESIGNS / "graded_uniform.toml").mesh()
    media = {"electrode": cf.Medium(eps=0.6, B=0.2, a_s=1e5)}
    def top(x):
        return np.where(x[-1] > 50 * um, 1.0, 0.0)
    rows = [tortuosity.host_numbers(mesh, media=media, blocked=blocked) for blocked in (0.0, 0.5, top)]
    bare, half, coated = (row["electrode tortuosity factor, z [-]"] for row in rows)
    assert bare == half == pytest.approx(3, rel=1e-3) and coated == pytest.approx(6, rel=1e-2)

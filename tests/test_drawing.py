"""What pictures say: colours that tell runs apart, scales that do not exaggerate, views that show the host."""

from __future__ import annotations

import ast
import math
from dataclasses import replace

import numpy as np
import pytest
import pyvista
import skfem
from results_fakes import UM, fake_run, named, walls_mesh

import cellfem as cf
from cellfem.results import curves, limitpages, maps, meshes, pictures, render, scales, shapes, write
from cellfem.results.figures import GREY, styles
from cellfem.results.scene import DIRECTION
from cellfem.studies.safe import SafeOperation


def looks(runs, key: str) -> list[str]:
    return [style[key] for style in styles(runs).values()]


def test_runs_of_one_metal_have_colours_of_their_own():
    runs = {name: fake_run(walls_mesh(1)) for name in ("resolved", "homogenised", "graded")}
    assert len(set(looks(runs, "color"))) == len(set(looks(runs, "linestyle"))) == 3
    mesh = walls_mesh(1)
    same = {f"{current}-{metal}": fake_run(mesh, symbol=metal) for current in (1, 2) for metal in ("Li", "K")}
    assert len(set(looks(same, "color"))) == 4, "metal and mesh do not tell these apart"


def test_the_colour_is_the_metal_s_where_metals_are_compared():
    vga, hga = walls_mesh(1), walls_mesh(1)
    runs = {f"{name}-{metal}": fake_run(mesh, symbol=metal)
            for name, mesh in (("vga", vga), ("hga", hga)) for metal in ("Li", "K", "Mg")}
    colours, dashes = looks(runs, "color"), looks(runs, "linestyle")
    assert colours[:3] == colours[3:] and len(set(colours)) == 3
    assert dashes == ["-"] * 3 + ["--"] * 3
    only_k = {name: run for name, run in runs.items() if not name.endswith("Li")}
    assert looks(only_k, "color")[0] == colours[1], "a metal keeps its colour from diagram to diagram"


def cloud(*values) -> shapes.Shape:
    return shapes.Shape(np.zeros((len(values), 3)), np.zeros((0, 3), int), np.array(values))


def test_a_few_per_cent_less_salt_do_not_look_like_depletion():
    mild = scales.scale("c_ratio", [cloud(0.948, 1.02)])
    assert mild.rgb(np.array([0.948])).min() > 0.8
    assert mild.norm(1.0) == 0.5
    rise, fall = mild.norm(1.1) - 0.5, 0.5 - mild.norm(0.9)
    assert rise == pytest.approx(fall)
    empty = scales.scale("c_ratio", [cloud(0.0, 1.4)])
    assert (empty.norm.vmin, empty.norm.vmax) == (0.0, 2.0)
    crowded = scales.scale("c_ratio", [cloud(0.0, 9.0)])
    assert {0.0, 0.5, 1.0, 9.0} <= set(crowded.ticks), "numbers on both sides, whose scales differ"


def test_no_regime_has_the_colour_of_the_host():
    from matplotlib.colors import to_rgb

    regimes = scales.scale("regime", [cloud(0.0, 3.0)]).rgb(np.arange(4.0))
    assert all(np.abs(colour - to_rgb(GREY)).max() > 0.2 for colour in regimes)
    assert len(np.unique(regimes, axis=0)) == 4


def test_a_time_that_never_comes_is_grey():
    times = scales.scale("local_sand", [cloud(10.0, 1e5, np.inf)])
    steady = scales.scale("local_sand", [cloud(np.inf, np.inf)])
    for never in (times.rgb(np.array([np.inf]))[0], steady.rgb(np.array([np.inf]))[0]):
        assert np.ptp(never) == 0 and 0.3 < never[0] < 0.9


def test_sections_and_views_in_space_continue_a_cell_as_often():
    low, high = np.zeros(3), np.array([10.5, 5.0, 125.0])
    plane = shapes.copies_for(low[[0, 2]], high[[0, 2]], pictures._PLANE_SHARE)
    assert plane[0] == shapes.copies_for(low, high, pictures._SPACE_SHARES)[0]
    assert pictures._cells_text(8, 2) == " (8 x 2 symmetry cells)" and pictures._cells_text(1) == ""


def test_one_looks_into_the_channels_between_sheets():
    """The front of a channel must stay wider on the picture than its depth shifts what stands behind."""
    low, high = np.zeros(3), np.array([10.5, 5.0, 125.0])
    depth = 5.0 * shapes.copies_for(low, high, pictures._SPACE_SHARES)[1]
    right, _, _ = render.seen_from(DIRECTION)
    assert 20.0 * right[0] > 2 * depth * right[1]


def test_the_section_of_a_mesh_meets_its_host(monkeypatch):
    """Blocks that leave the middle and the sides in y free."""
    figures = []
    monkeypatch.setattr(meshes, "png", lambda figure: figures.append(figure) or b"PNG")
    monkeypatch.setattr(meshes, "surface_images", lambda surfaces: [np.zeros((9, 9, 3)) for _ in surfaces])
    x, z = np.linspace(0, 20, 5) * UM, np.r_[np.linspace(0, 100, 11), 112, 125] * UM
    mesh = named(skfem.MeshTet1.init_tensor(x, np.linspace(0, 60, 13) * UM, z),
                 lambda c: (np.abs(c[1] % (30 * UM) - 15 * UM) < 5 * UM) & (c[0] < 10 * UM) & (c[2] < 100 * UM))
    at = meshes.section_at(mesh)
    assert abs(at % (30 * UM) - 15 * UM) < 5 * UM
    meshes.draw(mesh)
    ax = figures[-1].axes[0]
    assert ax.get_title() == f"section at y = {at / UM:.3g} um"
    found = shapes.cut(mesh.p, mesh.t[:, mesh.subdomains["host"]], at)
    assert meshes._area(found) == pytest.approx(10 * 100 * UM**2, rel=1e-9)


def test_a_cut_covers_the_plane_once():
    mesh = walls_mesh(3)
    assert meshes._area(shapes.cut(mesh.p, mesh.t, 1.3 * UM)) == pytest.approx(10.5 * 125 * UM**2, rel=1e-9)


def test_lines_are_drawn_at_edges_and_not_on_round_bodies():
    cube = pyvista.Cube().triangulate().clean()
    assert render.creases(cube, 0.1).n_cells == 12
    round_body = pyvista.Icosahedron()  # bends by 41.8 degrees
    assert render.creases(round_body, 0.1).n_cells == 0
    both = cube.merge(pyvista.Cube(center=(3, 0, 0), x_length=0.01, y_length=0.01, z_length=0.01).triangulate().clean())
    assert render.creases(both, 0.3).n_cells == 12, "an odd cell of its own has no outline"


def rows_of_bars(names) -> list[dict]:
    return [{"run": name, "metal": "Li", "J": 10.0, "K": 20.0} for name in names]


def test_values_of_bars_stand_beyond_the_frame(monkeypatch):
    figures = []
    monkeypatch.setattr(limitpages, "png", lambda figure: figures.append(figure) or b"PNG")
    limitpages.bars(rows_of_bars("ab"), {"K": "limiting current", "J": "current at 1 %"}, "mA/cm2")
    figure = figures[-1]
    figure.canvas.draw()
    right = figure.axes[0].get_window_extent().x1
    for text in figure.axes[0].texts:
        extent = text.get_window_extent()
        assert right < extent.x0 and extent.x1 <= figure.bbox.x1


def test_edges_of_safe_operation_say_what_they_were_sought_for(monkeypatch):
    one = SafeOperation(risk=0.5, solves_current=True, current=20.0, capacity=36000.0, limiting_current=30.0,
                        place=None, runs=(), solution=None, message="")
    assert limitpages._asked(one) == "up to 1 mAh/cm2, risk at most 0.5"
    assert limitpages._asked(replace(one, solves_current=False)) == "at 2 mA/cm2, risk at most 0.5"
    drawn = []
    monkeypatch.setattr(limitpages, "bars", lambda *given: drawn.append(given) or b"PNG")
    monkeypatch.setattr(limitpages, "need_cells", lambda *_: None)
    monkeypatch.setattr(limitpages, "write_study", lambda *_, **__: None)
    cells = {name: fake_run(walls_mesh(1)).cell for name in "ab"}
    limitpages.write_safe("x", cells, {"a": one, "b": one})
    assert drawn[-1][2] == "safe current [mA/cm2]\nup to 1 mAh/cm2, risk at most 0.5" and not drawn[-1][3]
    limitpages.write_safe("x", cells, {"a": one, "b": replace(one, risk=0.9)})
    assert drawn[-1][3] == {"a": ["up to 1 mAh/cm2, risk at most 0.5"], "b": ["up to 1 mAh/cm2, risk at most 0.9"]}


def test_logarithmic_axes_have_plain_numbers(monkeypatch):
    figures = []
    monkeypatch.setattr(curves, "png", lambda figure: figures.append(figure) or b"PNG")
    run = fake_run(walls_mesh(2))
    run.sites["plating"][:] = 0.3 * 100 ** (run.cell.sites.x[-1] / (100 * UM))
    curves.depth_profiles({"a": run})
    figures[-1].canvas.draw()
    shown = [label.get_text() for label in figures[-1].axes[0].get_xticklabels()]
    assert {"0.1", "0.2", "0.5", "1"} <= set(shown) and not any("10^" in text for text in shown)
    assert not any(label.get_text() for label in figures[-1].axes[0].get_xticklabels(minor=True))


@pytest.fixture
def view(tmp_path, monkeypatch):
    """The functions of view.py that need no ParaView; words are ten pixels a letter wide."""
    monkeypatch.setattr(write, "filled", lambda run, k: np.array([0.168]))
    script = write.view_script(tmp_path, {"vga-K": fake_run(walls_mesh(2))})
    needs = ast.Call | ast.IfExp  # of ParaView or of the folder
    kept = [node for node in ast.parse(script).body if isinstance(node, ast.FunctionDef) or (
        isinstance(node, ast.Assign) and not any(isinstance(part, needs) for part in ast.walk(node.value)))]
    names = {}
    exec(compile(ast.Module(kept, []), "view.py", "exec"), names)
    names["written"] = lambda text: 10 * len(text)
    return names


def test_names_of_narrow_runs_have_room(view):
    sizes, names = [(0.0, 1e-4)] * 3, ["homogenised-and-graded", "graded", "x"]
    scale, columns, widths, row = view["rows_of"](sizes, names, 1)
    assert columns == 3 and all(width >= 10 * len(name) + 30 for width, name in zip(widths, names, strict=True))
    assert scale * 1e-4 + view["HEAD"] + view["AXES"] <= row + view["HEAD"] + view["AXES"] <= view["TALLEST"] * 1.001
    wide = view["rows_of"]([(3e-4, 1e-4)] * 8, ["run"] * 8, 1)[0]
    assert view["rows_of"]([(3e-4, 1e-4)] * 8, ["run"] * 8, 4)[0] > 2 * wide, "many runs are larger in rows"


def test_what_is_placed_on_the_screen_is_seen_there(view):
    for direction in (view["ASIDE"], view["FRONT"]):
        assert view["turned"](view["on_screen"](0.3, 0.7, direction), direction) == pytest.approx((0.3, 0.7))
    right, up, _ = render.seen_from(view["ASIDE"])
    x = np.array([0.2, -0.4, 0.9])
    assert view["turned"](x, view["ASIDE"]) == pytest.approx((right @ x, up @ x))
    assert view["ASIDE"] == pytest.approx(tuple(DIRECTION)), "the report and view.py look from the same side"


def test_growth_says_how_full_the_pores_are(view):
    assert view["FULLEST"] == {"vga-K": pytest.approx(16.8)}
    assert math.isfinite(view["THICKER"])


def test_metals_keep_their_colours_and_their_second_group_is_hollow(tmp_path, monkeypatch):
    rows = [{"run": f"{who}{x}", "who": who, "metal": who[:2].strip(", "), "x [-]": x, "y [-]": 10.0 * x}
            for who in ("Li, fine", "K, fine", "Li, mean") for x in (1.0, 2.0)]
    figures = []
    monkeypatch.setattr(maps, "png", lambda figure: figures.append(figure) or b"")
    cf.write_curves(tmp_path, "curves", rows, x="x [-]", values=["y [-]"], group="who")
    lines = {line.get_label(): line for line in figures[0].axes[0].lines}
    assert lines["Li, fine"].get_color() == lines["Li, mean"].get_color() != lines["K, fine"].get_color()
    hollow = {name for name, line in lines.items() if line.get_markerfacecolor() == "none"}
    assert hollow == {"Li, mean"} and len(figures[0].legends) == 1

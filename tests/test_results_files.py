"""The report: rows, CSV, text, a page that stands alone, and pictures that show what they say."""

from __future__ import annotations

import base64
import csv
import io
import logging
import math
import subprocess
from dataclasses import replace
from html.parser import HTMLParser

import meshio
import numpy as np
import pytest
import skfem
from results_fakes import (
    UM,
    baffles_mesh,
    electrode_mesh,
    fake_fluxes,
    fake_risk,
    fake_run,
    walls_mesh,
)

from cellfem.fields import label
from cellfem.model.fluxes import fluxes
from cellfem.model.solution import Outcome
from cellfem.results import curves, export, pictures, scales, scene, shapes, tables, values, write
from cellfem.results.raster import raster, tiled

PNG = b"\x89PNG\r\n\x1a\n"
ROWS = [
    {"run": "vga-Li", "plating current, max/min - 1 [%]": 3.6123456789, "limiting current [mA/cm2]": math.inf,
     "charge balance [-]": 1.23e-13, "outcome": 'ended "depleted" at (1, 2, 3) um'},
    {"run": "hga-K", "plating current, max/min - 1 [%]": 283.0, "limiting current [mA/cm2]": 5.0,
     "only here [s]": math.nan, "outcome": "reached 1 mAh/cm2"},
]


@pytest.fixture(autouse=True)
def invented(monkeypatch):
    monkeypatch.setattr(export, "fluxes", fake_fluxes)
    monkeypatch.setattr(export, "risk_fields", fake_risk)
    monkeypatch.setattr(values, "risk_fields", fake_risk)
    monkeypatch.setattr(write, "report", lambda run: {
        "depletion, max [%]": 61.25, "limiting current [mA/cm2]": math.inf, "outcome": run.outcome.message})


def image(png: bytes) -> np.ndarray:
    from matplotlib.image import imread

    assert png.startswith(PNG)
    return imread(io.BytesIO(png))


def colours(png: bytes) -> int:
    return len(np.unique(np.rint(255 * image(png)[..., :3]).astype(int) @ [65536, 256, 1]))


class Page(HTMLParser):
    """What a browser would fetch, and the text that it would show."""

    def __init__(self, text: str):
        super().__init__()
        self.addresses, self.tags, self.shown, self.open = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.open.append(tag)
        self.addresses += [v for k, v in attrs if k in ("src", "href", "srcset", "data", "action", "poster")]

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        if "style" not in self.open:
            self.shown.append((self.open[-1] if self.open else "", data))

    @property
    def text(self) -> str:
        return " ".join("".join(data for _, data in self.shown).split())


# --- rows ---


def test_csv_reads_back_exactly():
    text = tables.csv_text(ROWS)
    assert text.endswith("\r\n") and text.count("\r\n") == text.count("\n") == 3
    back = list(csv.DictReader(io.StringIO(text, newline="")))
    assert list(back[0]) == ["run", "plating current, max/min - 1 [%]", "limiting current [mA/cm2]",
                             "charge balance [-]", "outcome", "only here [s]"]
    assert float(back[0]["plating current, max/min - 1 [%]"]) == 3.6123456789
    assert float(back[0]["limiting current [mA/cm2]"]) == math.inf
    assert back[0]["outcome"] == 'ended "depleted" at (1, 2, 3) um' and back[0]["only here [s]"] == ""


def test_csv_takes_numpy_numbers():
    assert tables.csv_text([{"run": "a", "x [s]": np.float64(0.1), "n": np.int64(3)}]).splitlines()[1] == "a,0.1,3.0"


def test_the_table_has_quantities_as_rows_and_aligned_runs():
    lines = tables.format_table(ROWS).splitlines()
    assert lines[0].split() == ["vga-Li", "hga-K"]
    cells = {line[:33].strip(): line[33:].split() for line in lines[1:4]}
    assert cells["plating current, max/min - 1 [%]"] == ["3.612", "283"]
    assert cells["limiting current [mA/cm2]"] == ["inf", "5"]
    assert cells["charge balance [-]"] == ["1.2e-13", "-"]
    assert not any("only here" in line for line in lines)  # without a value in any run
    assert len({len(line) for line in lines[:4]}) == 1  # right-aligned columns end together
    assert lines[-3:] == ["outcome", '  vga-Li: ended "depleted" at (1, 2, 3) um', "  hga-K: reached 1 mAh/cm2"]


def test_no_runs_make_no_table():
    assert tables.format_table([]) == "no runs"


# --- the page and the folder ---


def test_the_report_is_written_whole(tmp_path):
    runs = {"slab-Li": fake_run(walls_mesh(1)),
            "hom-K": fake_run(electrode_mesh(1), symbol="K", outcome=Outcome("depleted", "depleted at z=0 um <now>"),
                              warnings=("c above 3000 mol/m3",))}
    rows = write.write_report(tmp_path / "out", runs, title="Does it <plate>?")
    assert [next(iter(row)) for row in rows] == ["run", "run"] and rows[1]["run"] == "hom-K"
    assert {p.name for p in (tmp_path / "out").iterdir()} == {
        "report.csv", "report.html", "view.py", "slab-Li.pvd", "slab-Li", "hom-K.pvd", "hom-K"}
    with open(tmp_path / "out" / "report.csv", newline="") as file:
        assert [row["run"] for row in csv.DictReader(file)] == ["slab-Li", "hom-K"]

    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert not {"script", "link", "iframe", "object"} & set(page.tags)
    assert page.addresses and all(a.startswith("data:image/png;base64,") for a in page.addresses)
    assert "url(" not in text and "@import" not in text
    for address in page.addresses:
        assert base64.b64decode(address.split(",", 1)[1]).startswith(PNG)
    for expected in ("Does it <plate>?", "depleted at z=0 um <now>", "depletion, max [%]", "61.25", "inf",
                     "made-up electrolyte: D from a made-up <source> (all runs)", "a made-up <book>",
                     "c above 3000 mol/m3 (hom-K)", "1e-12", "pvpython"):
        assert expected in page.text
    marked = "".join(data for tag, data in page.shown if tag == "mark")
    assert "kinetics: illustrative: i_0 = 95 A/m2" in marked and "made-up" not in marked

    compile((tmp_path / "out" / "view.py").read_text(), "view.py", "exec")


def test_what_fails_fails_before_the_first_file(tmp_path, monkeypatch):
    run = fake_run(walls_mesh(1))
    for runs in ({}, {"a/b": run}):
        with pytest.raises(ValueError):
            write.write_report(tmp_path / "out", runs)
    monkeypatch.setattr(write, "pictures_of", lambda runs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write.write_report(tmp_path / "out", {"a": run})
    assert not list(tmp_path.iterdir())


def test_an_earlier_report_does_not_stand_beside_half_of_a_new_one(tmp_path, monkeypatch):
    monkeypatch.setattr(write, "pictures_of", lambda runs: [])
    runs = {"a": fake_run(walls_mesh(1))}
    write.write_report(tmp_path, runs)

    def stops(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(write, "write_solution", stops)
    with pytest.raises(KeyboardInterrupt):
        write.write_report(tmp_path, runs)
    assert not (tmp_path / "report.html").exists() and not (tmp_path / "report.csv").exists()


def test_nothing_of_other_runs_stays_in_a_used_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(write, "pictures_of", lambda runs: [])
    write.write_report(tmp_path, {"old": fake_run(walls_mesh(1)), "both": fake_run(walls_mesh(1))})
    for name in ("view.png", "growth_0.png", "risk.html", "mine.txt", "both/mine.txt"):
        (tmp_path / name).write_text("")
    write.write_report(tmp_path, {"both": fake_run(walls_mesh(1))})
    assert {p.name for p in tmp_path.iterdir()} == {"report.csv", "report.html", "view.py", "both.pvd", "both",
                                                    "mine.txt"}
    assert (tmp_path / "both" / "mine.txt").exists()
    write.write_report(tmp_path, {"new": fake_run(walls_mesh(1))})
    assert [p.name for p in (tmp_path / "both").iterdir()] == ["mine.txt"], "the user's own files are kept"


def test_a_run_without_a_solved_moment_has_its_row_but_no_fields(tmp_path, monkeypatch):
    monkeypatch.setattr(write, "pictures_of", lambda runs: [])
    never = fake_run(walls_mesh(1), outcome=Outcome("depleted", "no steady state at 2000 mA/cm2"))
    never = replace(never, times=never.times[:0], fields={k: v[:0] for k, v in never.fields.items()})
    rows = write.write_report(tmp_path, {"ok": fake_run(walls_mesh(1)), "over": never})
    assert [row["run"] for row in rows] == ["ok", "over"]
    assert not (tmp_path / "over.pvd").exists() and "['ok']" in (tmp_path / "view.py").read_text()
    assert "no steady state at 2000 mA/cm2" in (tmp_path / "report.html").read_text()
    write.write_report(tmp_path, {"over": never})
    assert not (tmp_path / "view.py").exists()
    page = (tmp_path / "report.html").read_text()
    assert "ParaView" not in page and "Pictures" not in page  # there are no fields to draw or to open
    with pytest.raises(ValueError, match=r"fields of over: found none \(no steady state"):
        export.write_solution(never, tmp_path, "over")


def test_solved_runs_of_every_kind_are_reported(tmp_path, monkeypatch):
    """The whole way with real solutions: resolved in 2-D, homogenised, a slab, steady and over the limit."""
    import cellfem as cf
    from cellfem.materials import CELGARD_2500, GRAPHENE, LIPF6_EC_DMC, LITHIUM
    from cellfem.results.report import report
    from cellfem.results.risk import risk_fields

    for module, name, real in ((export, "fluxes", fluxes), (export, "risk_fields", risk_fields),
                               (values, "risk_fields", risk_fields), (write, "report", report)):
        monkeypatch.setattr(module, name, real)
    mesh, hom, slab = walls_mesh(2), electrode_mesh(1), walls_mesh(1)
    make = {"metal": LITHIUM, "electrolyte": LIPF6_EC_DMC, "separator": CELGARD_2500}
    step = cf.Galvanostatic(current=100.0, duration=5.0)
    medium = cf.Medium(eps=0.9, B=0.8, sigma=1e4, a_s=1e5)
    runs = {
        "resolved": cf.solve(cf.Cell(mesh, host=GRAPHENE, **make), step),
        "homogenised": cf.solve(cf.Cell(hom, media={"electrode": medium}, **make), step),
        "slab": cf.solve(cf.Cell(slab, **make), step),
        "steady": cf.solve(cf.Cell(slab, **make), cf.Steady(current=20.0)),
        "over": cf.solve(cf.Cell(slab, **make), cf.Steady(current=2e5)),
    }
    rows = write.write_report(tmp_path, runs)
    assert [row["run"] for row in rows] == list(runs)
    assert {p.stem for p in tmp_path.glob("*.pvd")} == set(runs) - {"over"}
    text = tables.format_table(rows)
    for name, run in runs.items():
        assert name in text and run.outcome.message in text
    surface = meshio.read(sorted((tmp_path / "resolved").glob("host_surface_*.vtu"))[-1])
    plating = runs["resolved"].sites["plating"][-1] / 10
    assert np.sort(surface.point_data[label("plating")]) == pytest.approx(np.sort(plating), rel=1e-6)
    assert {label("i_s"), label("i_e")} & set(
        meshio.read(tmp_path / "homogenised" / "host_0001.vtu").cell_data) == {label("i_s")}


def test_each_text_is_said_once_with_its_runs():
    assert tables.by_text({"a": ("x",)}) == [("x", "a")]
    assert tables.by_text({"a": ("x", "x", "y"), "b": ("y",), "c": ("y", "z")}) == [
        ("x", "a"), ("y", "all runs"), ("z", "c")]


# --- pictures ---


def test_a_raster_shows_linear_fields_exactly_and_nothing_outside():
    mesh = walls_mesh(2)
    drawn = shapes.shape(fake_run(mesh), "c_ratio", 2)
    low, high = mesh.p.min(axis=1), mesh.p.max(axis=1)
    got = raster(drawn.points, drawn.cells, drawn.values, low, high, (200, 84))
    z = (np.arange(200) + 0.5) / 200
    pore = (np.arange(84) + 0.5) / 84 * 10.5 > 0.5
    assert got[:, pore] == pytest.approx(np.tile(1.5 * z[:, None], (1, pore.sum())), rel=1e-9)
    assert np.isnan(got[:159, ~pore]).all() and np.isfinite(got[161:, ~pore]).all()


def test_tiles_are_reflections():
    assert tiled(np.array([[1, 2, 3]]), 3).tolist() == [[1, 2, 3, 3, 2, 1, 1, 2, 3]]


def area(drawn: shapes.Shape) -> float:
    a, b, c = (drawn.points[drawn.cells[:, i]] for i in range(3))
    return np.abs((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]).sum() / 2


@pytest.mark.parametrize("make", [walls_mesh, baffles_mesh])
def test_the_mid_plane_is_covered_once_with_exact_values(make):
    mesh = make(3)
    run = fake_run(mesh)
    drawn = shapes.shape(run, "c", 2)
    wet = np.ptp(mesh.p[0]) * np.ptp(mesh.p[2]) - {walls_mesh: 0.5 * 100, baffles_mesh: 10 * 40}[make] * UM**2
    assert area(drawn) == pytest.approx(wet, rel=1e-9)
    assert drawn.values == pytest.approx(1500 * drawn.points[:, 1] / (125 * UM), rel=1e-9)


def test_the_mid_plane_is_covered_once_on_irregular_cells():
    mesh = skfem.MeshTet1.init_tensor(*[np.linspace(0, 1, 5)] * 3)
    p = mesh.p.copy()
    inside = np.all((p > 0) & (p < 1), axis=0)
    p[:, inside] += np.random.default_rng(1).uniform(-0.08, 0.08, (3, inside.sum()))
    drawn = shapes._slice(p, mesh.t, p[0] + 2 * p[2])
    assert area(drawn) == pytest.approx(1, rel=1e-12)
    assert drawn.values == pytest.approx(drawn.points @ [1, 2], rel=1e-12)


def test_slender_cells_are_mirrored_to_whole_periods():
    low, high = np.array([0, 0, 0.0]), np.array([10.5, 5, 125.0])
    assert shapes.copies_for(low, high, (0.55, 0.2)).tolist() == [8, 6]
    assert shapes.copies_for(low, np.array([200, 5, 100.0]), (0.55, 0.2)).tolist() == [1, 4]
    line = shapes.Shape(np.array([[1.0, 0.0], [4.0, 2.0]]), np.array([[0, 1]]), np.array([7.0, 8.0]))
    wide = shapes.mirrored(line, np.zeros(2), np.array([10.0, 2.0]), np.array([2]))
    assert wide.points.tolist() == [[1, 0], [4, 2], [19, 0], [16, 2]] and wide.cells.tolist() == [[0, 1], [2, 3]]


def cloud(values, areas=None) -> shapes.Shape:
    values = np.asarray(values, dtype=float)
    return shapes.Shape(np.zeros((len(values), 3)), np.zeros((0, 3), int), values, areas)


def test_scales_leave_out_raw_extremes_and_break_risk_at_one():
    edge = cloud(np.r_[np.linspace(1, 2, 1001), 50.0], np.r_[np.ones(1001), 1e-3])
    plain = scales.scale("plating", [edge])
    assert (plain.norm.vmin, plain.norm.vmax) == pytest.approx((1.01, 1.99), abs=2e-3) and plain.extend == "both"
    both = scales.scale("plating", [edge, cloud(np.full(5, 9.0), np.ones(5))])
    assert both.norm.vmax == pytest.approx(9.0)  # a run does not drown in the area of the others
    risk = scales.scale("risk", [cloud([0.2, 0.8])])
    below, above = risk.rgb(np.array([0.999, 1.001]))
    assert below[2] > below[0] and above[0] > above[2]  # blue, then orange
    assert scales.scale("c_ratio", [cloud([0.5, 3.0])]).norm(1.0) == 0.5
    for flat in ("c_ratio", "phi_e"):
        norm = scales.scale(flat, [cloud(np.ones(5))]).norm
        assert norm.vmin < 1 < norm.vmax
    assert scales.scale("local_sand", [cloud([np.inf, 10.0, 1e5])]).norm.vmax == 1e5
    assert scales.scale("plating", [cloud([np.nan, np.nan])]).norm.vmax == 1.0


@pytest.mark.parametrize("mesh", [walls_mesh(2), electrode_mesh(2), electrode_mesh(1)], ids=["2-D", "hom", "1-D"])
def test_fields_of_nodes_and_of_the_surface_are_drawn_in_every_dimension(mesh):
    runs = {symbol: fake_run(mesh, symbol=symbol) for symbol in ("Li", "K")}
    drawn = pictures.several_panels(runs, ["c_ratio", "plating"])
    assert list(drawn) == ["c_ratio", "plating"] and all(colours(png) > 50 for png in drawn.values())


@pytest.mark.parametrize("key", ["risk", "regime", "local_sand", "phi_s"])
def test_every_other_field_is_drawn(key):
    assert colours(pictures.panels({"a": fake_run(baffles_mesh(2))}, key)) > 10


def test_a_panel_without_values_says_so():
    """A steady state has no time at which a place would deplete."""
    def over(key, values):
        panel = pictures._Panels(key, {"a": -1}, {"a": cloud(values)})
        return pictures._range_text(panel, "a")

    assert over("local_sand", [np.inf, np.inf]) == "\nnever" and over("local_sand", [np.inf, 12.0]) == "\n12 to 12"
    assert over("phi_s", [np.nan]) == "\nno values" and over("regime", [1.0]) == ""


def test_runs_in_one_dimension_are_drawn_apart():
    with pytest.raises(ValueError, match="1 of 2 runs in 1-D"):
        pictures.panels({"a": fake_run(walls_mesh(1)), "b": fake_run(walls_mesh(2))}, "c_ratio")


def test_runs_on_one_mesh_share_a_row():
    from cellfem.results.figures import grouped

    a, b = walls_mesh(1), electrode_mesh(1)
    runs = {"vga-Li": fake_run(a), "hga-Li": fake_run(b), "vga-K": fake_run(a), "hga-K": fake_run(b)}
    assert grouped(runs) == [["vga-Li", "vga-K"], ["hga-Li", "hga-K"]]
    assert grouped({str(i): fake_run(walls_mesh(1)) for i in range(5)}) == [["0", "1", "2", "3"], ["4"]]


def test_a_surface_in_space_is_drawn_by_vtk_or_else_by_matplotlib(monkeypatch, caplog):
    runs = {"vga": fake_run(walls_mesh(3))}
    drawn = shapes.shape(runs["vga"], "plating", -1)
    orange = np.tile([1.0, 0.5, 0.0], (len(drawn.points), 1))

    def crashes(*_, **__):
        raise subprocess.CalledProcessError(-11, "python", stderr=b"x\nSegmentation fault\n")

    with caplog.at_level(logging.WARNING, "cellfem"):
        by_vtk = scene.surface_images([(drawn.points, drawn.cells, orange)])[0]
        assert not caplog.records  # the tests' machine can draw
        monkeypatch.setattr(subprocess, "run", crashes)
        plain = scene.surface_images([(drawn.points, drawn.cells, orange)])[0]
        assert len(caplog.records) == 1 and "Segmentation fault" in caplog.text
        assert colours(pictures.panels(runs, "plating")) > 10
        floor = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0.0]]) * UM  # flat, as a slab's
        flat = scene.surface_images([(floor, np.array([[0, 1, 2]]), orange[:3])])[0]
    for picture in (by_vtk, plain, flat):
        assert (picture[..., 0] > picture[..., 2] + 0.3).mean() > 0.05


def test_drawing_leaves_matplotlib_as_the_user_set_it():
    import matplotlib

    before = dict(matplotlib.rcParams)
    pictures.panels({"a": fake_run(walls_mesh(2))}, "c_ratio")
    assert dict(matplotlib.rcParams) == before


def test_the_depth_profile_keeps_the_mean():
    run = fake_run(baffles_mesh(3))
    depth, plating = curves.depth_profile(run, bins=7)
    sites = run.cell.sites
    assert np.all(np.diff(depth) > 0) and 0 <= depth.min() and depth.max() <= 100 * UM * (1 + 1e-9)
    whole, mean = curves.depth_profile(run, bins=1)
    assert mean == pytest.approx([sites.mean(run.sites["plating"][-1])])
    assert plating[0] > mean[0] > plating[-1] and whole.shape == (1,)
    assert colours(curves.depth_profiles({"a": run})) > 3


def test_voltages_need_more_than_a_moment():
    assert curves.voltages({"a": fake_run(walls_mesh(1), times=(0.0,))}) is None
    assert colours(curves.voltages({"a": fake_run(walls_mesh(1), outcome=Outcome("depleted", "x"))})) > 3


def test_pictures_show_the_last_plating_not_the_rest_after_it():
    run = fake_run(walls_mesh(1))
    run.current[-1] = 0.0
    assert values.last_plating(run) == 1
    run.current[:] = -1.0
    assert values.last_plating(run) == 2

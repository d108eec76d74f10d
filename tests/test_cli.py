"""The command line: what good input does, and that bad input gets a message in four parts and leaves nothing behind."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import cellfem as cf
from cellfem import cli

ROOT = Path(__file__).parents[1]
DESIGNS = ROOT / "geometries"
PLATING = ["--current-mA-cm2", "2", "--capacity-mAh-cm2", "0.05"]
SLAB = """
name = "plane"
shape = "slab"
source = "made up for a test"
dimension = 1
size_um = [0.0]
separator_um = 25.0
cell_size_um = 2.0
"""


def run(capsys, *argv) -> tuple[int, str, str]:
    code = cli.main([str(word) for word in argv])
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.fixture
def slab(tmp_path) -> Path:
    path = tmp_path / "plane.toml"
    path.write_text(SLAB)
    return path


# -- what works -------------------------------------------------------------------------------------------------------

def test_compare_writes_what_it_prints(capsys, tmp_path, slab):
    other = tmp_path / "thick.toml"
    other.write_text(SLAB.replace("25.0", "50.0"))
    out = tmp_path / "out"
    code, said, err = run(capsys, "compare", slab, other, "--metal", "Li", "K", *PLATING, "--out", out)
    assert code == 0, err
    names = [f"{design}-{metal}" for design in ("plane", "thick") for metal in ("Li", "K")]
    assert all(name in said for name in names)
    written = {path.name for path in out.iterdir()}
    assert {f"{name}.pvd" for name in names} | {"report.csv", "report.html", "view.py"} <= written
    assert not [p for p in out.rglob("*") if p.suffix == ".part"]
    assert "%|" not in err, "a progress bar where there is no terminal"


def test_solve_steady_above_the_limit_is_a_result(capsys, tmp_path, slab):
    code, said, err = run(capsys, "solve", slab, "--current-mA-cm2", 1000, "--steady", "--out", tmp_path / "out")
    assert code == 0, err
    assert "no steady state" in said and "largest sustainable current" in said


def test_what_a_run_used_beyond_the_data_is_said(capsys, tmp_path, slab):
    code, _, err = run(capsys, "solve", slab, "--temperature-degC", 80, "--current-mA-cm2", 2, "--steady",
                       "--out", tmp_path / "out")
    assert code == 0, err
    assert re.search(r"^cellfem: warning: plane-Li: .*353.15 K is outside", err, re.M)


def test_flags_reach_the_cell(monkeypatch, tmp_path, slab):
    seen = {}

    def solve(cell, step, **_):
        seen.update(cell=cell, step=step)
        raise KeyboardInterrupt

    monkeypatch.setattr(cf, "solve", solve)
    code = cli.main(["solve", str(slab), "--metal", "K", "--temperature-degC", "40", "--i0-A-m2", "7", "--film-Ohm-m2",
                     "0.02", "--counter", "reservoir", "--separator", "glass-fibre", "--current-mA-cm2", "3",
                     "--duration-s", "60", "--out", str(tmp_path / "out")])
    assert code == 130
    cell = seen["cell"]
    assert (cell.metal.symbol, cell.electrolyte.cation, cell.separator.name) == ("K", "K", "glass fibre")
    assert cell.temperature == pytest.approx(313.15)
    assert (cell.kinetics.i_0, cell.film.R, cell.counter) == (7.0, 0.02, cf.Reservoir())
    assert seen["step"] == cf.Galvanostatic(current=30.0, duration=60.0)


def test_electrolytes_find_their_metals(capsys, tmp_path, slab, monkeypatch):
    used = []

    def solve(cell, step, **_):
        used.append((cell.metal.symbol, cell.electrolyte.name))
        return SimpleNamespace(warnings=(), times=[0.0])

    monkeypatch.setattr(cf, "solve", solve)
    monkeypatch.setattr(cf, "write_report", lambda out, runs: [])
    monkeypatch.setattr(cf, "format_table", lambda rows: "")
    code, _, err = run(capsys, "compare", slab, "--metal", "Li", "Na", "--electrolyte", "lipf6-ec-emc", *PLATING,
                       "--out", tmp_path / "out")
    assert code == 0, err
    assert used == [("Li", "LiPF6 in EC:EMC 3:7 w"), ("Na", "NaPF6 in EC:PC 1:1")]


def test_mesh_prints_and_writes(capsys, tmp_path):
    import meshio

    out = tmp_path / "out"
    code, said, err = run(capsys, "mesh", DESIGNS / "vga.toml", "--coarsen", 3, "--out", out)
    assert code == 0, err
    assert re.search(r"^volume of pore \[um3\]\s+5000$", said, re.M)
    assert re.search(r"^area of collector \[um2\]\s+52.5$", said, re.M)
    assert re.search(r"^least angle \[degrees\]", said, re.M)
    assert {p.name for p in out.iterdir()} == {"vga.vtu", "vga_surfaces.vtu", "vga.png", "vga_sides.png"}
    cells, surfaces = meshio.read(out / "vga.vtu"), meshio.read(out / "vga_surfaces.vtu")
    assert set(cells.cell_data) == {"region [-]", "least angle [degrees]", "aspect ratio [-]"}
    assert cells.points[:, 2].max() == pytest.approx(125e-6)
    assert set(surfaces.cell_data["surface [-]"][0]) == {0, 1, 2, 3}


def test_materials_lists_every_material_with_source_or_mark(capsys):
    from cellfem.materials import catalogue

    code, said, _ = run(capsys, "materials")
    assert code == 0
    for row in catalogue():
        assert row["name"] in said and row["value"] in said and row["source"] in said and row["mark"] in said
    assert "illustrative" in said


def test_materials_details(capsys):
    code, said, _ = run(capsys, "materials", "lipf6-ec-dmc", "K")
    assert code == 0
    assert "Landesfeind" in said and "potassium" in said and "celgard" not in said


def test_hosts_stand_side_by_side(capsys, tmp_path):
    out = tmp_path / "out"
    designs = [DESIGNS / f"{name}.toml" for name in ("vga_2d", "graded_uniform")]
    code, said, err = run(capsys, "tortuosity", *designs, "--coarsen", 4, "--out", out)
    assert code == 0, err
    columns = {line[:34].strip(): line[34:].split() for line in said.split("\n\n")[0].splitlines()[1:]}
    assert columns[""] == ["vga_2d", "graded_uniform"]
    numbers = {f"{name}, {axis} [-]" for name in ("MacMullin number", "tortuosity factor") for axis in "xyz"}
    numbers |= {"porosity [-]", "specific surface, geometric [1/mm]", "electrode tortuosity factor, z [-]"}
    assert numbers <= set(columns)
    assert float(columns["tortuosity factor, z [-]"][0]) == pytest.approx(1.0)
    assert {path.name for path in out.iterdir()} == {"tortuosity.csv", "tortuosity.png"}
    table = (out / "tortuosity.csv").read_text().splitlines()
    assert table[0].startswith("run,porosity [-],") and [row.split(",")[0] for row in table[1:]] == columns[""]


def test_a_plane_among_hosts_is_named(capsys, tmp_path, slab):
    out = tmp_path / "out"
    said = run(capsys, "tortuosity", DESIGNS / "vga_2d.toml", slab, "--out", out)
    check_refusal(*said, out, ["plane.toml: shape", "a design with a host"])


COMMANDS = ("", "compare", "solve", "mesh", "tortuosity", "materials", "limit", "sand", "safe")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(capsys, command):
    code, said, _ = run(capsys, *command.split(), "--help")
    assert code == 0 and said.startswith(f"usage: cellfem {command}".strip()) and "%%" not in said
    examples = re.findall(r"^  cellfem (\w+)", said.split("\nexamples:")[1], re.M)
    assert set(examples) == ({command} if command else set(COMMANDS[1:])) and (len(examples) <= 2 or not command)


def test_help_states_the_defaults_per_metal(capsys):
    code, said, _ = run(capsys, "compare", "--help")
    assert code == 0
    unwrapped = re.sub(r"\s+", "", said)
    assert "Lilipf6-ec-dmc,Nanapf6-ec-pc,Kkfsi-dme" in unwrapped
    assert "Li0.005,Na0.01,K0.01" in unwrapped
    assert "examples:" in said


def test_the_command_starts():
    said = subprocess.run([sys.executable, "-m", "cellfem.cli", "--version"], cwd=ROOT, capture_output=True, text=True,
                          check=True).stdout
    assert said == f"cellfem {cf.__version__}\n"


# -- what does not ----------------------------------------------------------------------------------------------------

VGA = (DESIGNS / "vga.toml").read_text()
HGA = (DESIGNS / "hga.toml").read_text()

BAD_DESIGNS = {  # name -> (text of the file, what the message has to say)
    "unknown key": (VGA.replace("pitch_um", "pich_um"), ["pich_um", "pitch_um"]),
    "wrong unit": (VGA.replace("thickness_um", "thickness_mm"), ["thickness_mm", "thickness_um"]),
    "no unit": (VGA.replace("separator_um", "separator"), ["separator_um"]),
    "negative": (re.sub(r"(pitch_um\s*=) \S+", r"\1 -21.0", VGA), ["pitch_um", "-21"]),
    "nan": (re.sub(r"(pitch_um\s*=) \S+", r"\1 nan", VGA), ["pitch_um", "nan"]),
    "text": (re.sub(r"(pitch_um\s*=) \S+", r'\1 "wide"', VGA), ["pitch_um", "wide"]),
    "missing": (re.sub(r"pitch_um.*\n", "", VGA), ["pitch_um"]),
    "unknown shape": (VGA.replace('"walls"', '"wals"'), ["wals", "walls"]),
    "thin gap": (re.sub(r"(gap_um\s*=) \S+", r"\1 0.001", HGA), ["gap_um"]),
    "no toml": ("name = = 1\n", ["line 1"]),
    "empty": ("", ["name"]),
}


def check_refusal(code: int, out: str, err: str, folder: Path, words=()) -> None:
    assert code == 2
    assert out == ""
    assert "Traceback" not in err
    message = err.strip().splitlines()[-1]
    assert re.match(r"cellfem.*?: .+: .+(; |, so ).+[.)] \S.*[.?)]$", message), f"not in four parts: {message}"
    for word in words:
        assert word in message
    assert not folder.exists()


@pytest.mark.parametrize("name", BAD_DESIGNS)
@pytest.mark.parametrize("command", ["compare", "mesh"])
def test_bad_designs(capsys, tmp_path, name, command):
    text, words = BAD_DESIGNS[name]
    path, out = tmp_path / "design.toml", tmp_path / "out"
    path.write_text(text)
    flags = PLATING if command == "compare" else []
    check_refusal(*run(capsys, command, path, *flags, "--out", out), out, ["design.toml", *words])


@pytest.mark.parametrize("flags, words", [
    (["--current-mA-cm2", "0", "--steady"], ["--current-mA-cm2: found 0", "plating current"]),
    (["--current-mA-cm2", "-1", "--steady"], ["--current-mA-cm2", "-1"]),
    (["--current-mA-cm2", "nan", "--steady"], ["--current-mA-cm2", "nan"]),
    (["--current-mA-cm2", "inf", "--steady"], ["--current-mA-cm2", "inf"]),
    (["--current-mA-cm2", "two", "--steady"], ["--current-mA-cm2", "two"]),
    (["--current-mA-cm2", "2"], ["--capacity-mAh-cm2", "--duration-s", "--steady"]),
    (["--current-mA-cm2", "2", "--capacity-mAh-cm2", "1", "--steady"], ["--capacity-mAh-cm2", "--steady"]),
    (["--current-mA-cm2", "2", "--capacity-mAh-cm2", "-1"], ["--capacity-mAh-cm2", "-1"]),
    (["--current-mA-cm2", "2", "--capacity-mAh-cm2", "inf"], ["--capacity-mAh-cm2", "inf"]),
    (["--current-mA-cm2", "2", "--duration-s", "0"], ["--duration-s", "0"]),
    ([*PLATING, "--metal", "Mg"], ["--metal", "Mg"]),
    ([*PLATING, "--metal", "Lithum"], ["--metal", "lithium"]),
    ([*PLATING, "--electrolyte", "lipf6-ec-dcm"], ["--electrolyte", "lipf6-ec-dmc"]),
    ([*PLATING, "--metal", "Li", "--electrolyte", "napf6-ec-pc"], ["--electrolyte", "Na"]),
    ([*PLATING, "--metal", "Li", "--electrolyte", "lipf6-ec-dmc", "lipf6-ec-emc"], ["--electrolyte", "one per metal"]),
    ([*PLATING, "--separator", "celgard"], ["--separator"]),
    ([*PLATING, "--host", "tin"], ["--host", "tin"]),
    ([*PLATING, "--counter", "foyl"], ["--counter", "foil"]),
    ([*PLATING, "--temperature-degC", "-300"], ["--temperature-degC: found '-300'", "degC, not in kelvin"]),
    ([*PLATING, "--temperature-degC", "298.15"], ["--temperature-degC: found '298.15'", "degC, not in kelvin"]),
    ([*PLATING, "--metal", "Li", "lithium"], ["--metal: found Li Li", "each metal once"]),
    ([*PLATING, "--check-against", "2", "2"], ["--check-against: found [2.0, 2.0]"]),
    ([*PLATING, "other.toml"], ["designs: found other.toml beside another", "cellfem compare"]),
    ([*PLATING, "--electrolyte", "water"], ["a name of the library"]),
    ([*PLATING, "--i0-A-m2", "0"], ["--i0-A-m2"]),
    ([*PLATING, "--film-Ohm-m2", "-1"], ["--film-Ohm-m2"]),
    ([*PLATING, "--coarsen", "0"], ["--coarsen"]),
    ([*PLATING, "--metl", "Li"], ["--metl", "--metal"]),
])
def test_bad_flags(capsys, tmp_path, slab, flags, words):
    out = tmp_path / "out"
    check_refusal(*run(capsys, "solve", slab, *flags, "--out", out), out, words)


def test_host_that_does_not_touch_the_collector(capsys, tmp_path):
    out = tmp_path / "out"
    said = run(capsys, "solve", DESIGNS / "hga.toml", "--host", "copper", *PLATING, "--coarsen", 3, "--out", out)
    check_refusal(*said, out, ["host", "collector", "--host graphene"])


@pytest.mark.parametrize(("words", "hint"), [
    (["sovle", "vga.toml"], 'COMMAND: found "sovle"; a command is needed. Did you mean "solve"?'),
    (["frobnicate"], "Known names: compare, limit,"),
    (["safe", "vga.toml", "--capacity-mAh-cm2", "1", "--risk", "2"], "up to 1 is needed. Write it like 0.5."),
])
def test_commands_and_shares_that_are_none(capsys, words, hint):
    code, _, err = run(capsys, *words)
    assert code == 2 and err.strip().splitlines()[-1].endswith(hint if hint[-1] in "?." else "") and hint in err


def test_no_message_names_the_program_twice(capsys, tmp_path):
    said = run(capsys, "safe", DESIGNS / "vga_2d.toml", "--coarsen", 8, "--out", tmp_path / "out")
    check_refusal(*said, tmp_path / "out", ["cellfem: what to find: found neither"])


def test_missing_design(capsys, tmp_path):
    out = tmp_path / "out"
    check_refusal(*run(capsys, "solve", tmp_path / "no.toml", *PLATING, "--out", out), out, ["no.toml"])


def test_designs_of_one_name(capsys, tmp_path, slab):
    out = tmp_path / "out"
    check_refusal(*run(capsys, "compare", slab, slab, *PLATING, "--out", out), out, ["plane.toml"])


@pytest.mark.parametrize("inside", ["", "deeper/"])
def test_output_folder_that_cannot_be_written_is_found_before_the_run(capsys, tmp_path, slab, monkeypatch, inside):
    monkeypatch.setattr(cf, "solve", lambda *_, **__: pytest.fail("ran before it checked"))
    in_the_way = tmp_path / "file"
    in_the_way.write_text("mine")
    out = tmp_path / f"file/{inside}" if inside else in_the_way
    code, said, err = run(capsys, "solve", slab, *PLATING, "--out", out)
    check_refusal(code, said, err, tmp_path / "none", ["file"])
    assert in_the_way.read_text() == "mine"


def test_no_convergence_has_its_own_code(capsys, tmp_path, slab, monkeypatch):
    def solve(*_, **__):
        raise cf.ConvergenceError("time step: found this; that is needed. Do so.")

    monkeypatch.setattr(cf, "solve", solve)
    out = tmp_path / "out"
    code, _, err = run(capsys, "solve", slab, *PLATING, "--out", out)
    assert (code, out.exists()) == (3, False)
    assert "time step: found this" in err and "Traceback" not in err
    assert "Traceback" in run(capsys, "solve", slab, *PLATING, "--out", out, "--traceback")[2]


def test_trust_warnings_take_one_line_each(capsys, tmp_path, slab, monkeypatch):
    import warnings

    def solve(*_, **__):
        for _ in range(2):
            warnings.warn("LiPF6: t+ outside its range", cf.TrustWarning, stacklevel=2)
        raise KeyboardInterrupt

    monkeypatch.setattr(cf, "solve", solve)
    code, _, err = run(capsys, "solve", slab, *PLATING, "--out", tmp_path / "out")
    assert code == 130
    assert err.splitlines().count("cellfem: warning: LiPF6: t+ outside its range") == 1
    assert "TrustWarning" not in err and not (tmp_path / "out").exists()

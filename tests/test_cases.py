"""Every script of cases/ runs, on a coarse mesh, and says what it promises."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

CASES = Path(__file__).parents[1] / "cases"
STUDIES = {"sands_time", "safe_operation", "electrolyte_levers"}  # rows of limits, not of runs with fields
SLOW = STUDIES | {"vga_vs_hga", "published_vga_hga", "host_gallery", "hga_holes", "resolved_vs_homogenised",
                  "gradient_skeleton", "tortuosity_ladder", "lithiophilic_gradient", "substrates", "pore_filling",
                  "mosaic_sei"}


SCRIPTS = [pytest.param(path, id=path.stem, marks=[pytest.mark.slow] if path.stem in SLOW else [])
           for path in sorted(CASES.glob("*.py"))]


@pytest.mark.filterwarnings("ignore::cellfem.TrustWarning")  # coarse meshes of thin walls say so
@pytest.mark.parametrize("script", SCRIPTS)
def test_case_runs_coarse(script, tmp_path):
    rows = runpy.run_path(str(script))["main"](out=tmp_path / "out", coarsen=4.0)
    assert rows
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"report.csv", "report.html"} <= written
    if script.stem not in STUDIES:
        assert len([name for name in written if name.endswith(".pvd")]) == len(rows)


@pytest.mark.parametrize("script", sorted(CASES.glob("*.py")), ids=lambda path: path.stem)
def test_case_states_its_question_and_command(script):
    text = script.read_text()
    head = text.split('"""')[1]
    assert "?" in head.splitlines()[0]
    assert f"python cases/{script.name}" in head
    assert f"results/{script.stem}/" in head

"""Every script of cases/ runs, on a coarse mesh, and says what it promises."""

from __future__ import annotations

import csv
import runpy
from pathlib import Path

import pytest

import cellfem as cf

CASES = Path(__file__).parents[1] / "cases"
STUDIES = {"sands_time", "safe_operation", "electrolyte_levers"}  # rows of limits, not of runs with fields


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::cellfem.TrustWarning")  # coarse meshes of thin walls say so
@pytest.mark.parametrize("script", sorted(CASES.glob("*.py")), ids=lambda path: path.stem)
def test_case_runs_coarse(script, tmp_path, request):
    out = (request.config.getoption("--case-results") or tmp_path) / script.stem
    rows = runpy.run_path(str(script))["main"](out=out, coarsen=3.0)
    assert rows
    print(cf.format_table(rows))
    written = {path.name for path in out.iterdir()}
    assert {"report.csv", "report.html"} <= written
    for table in out.glob("*.csv"):
        assert all(row.get("failed", "") == "" for row in csv.DictReader(table.read_text().splitlines())), table.name
    if script.stem not in STUDIES:
        assert len([name for name in written if name.endswith(".pvd")]) == len(rows)


@pytest.mark.parametrize("script", sorted(CASES.glob("*.py")), ids=lambda path: path.stem)
def test_case_states_its_question_and_command(script):
    text = script.read_text()
    head = text.split('"""')[1]
    assert "?" in head.splitlines()[0]
    assert f"python cases/{script.name}" in head
    assert f"results/{script.stem}/" in head

"""A process killed while it writes results leaves nothing that a reader would take for whole and is not."""

from __future__ import annotations

import csv
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import meshio
import pytest

ROOT = Path(__file__).parents[1]
KILLS = 10
# Writes two sets of runs in turn, so that most moments are moments of writing and old and new can be told apart.
WRITER = """
import functools
import sys
import cellfem as cf
from cellfem.materials import CELGARD_2500, GRAPHENE, LIPF6_EC_DMC, LITHIUM
from cellfem.results import write

write.pictures_of = lambda runs: []  # pictures and numbers are made before the first file is touched
write.report = functools.cache(write.report)
cell = cf.Cell(cf.Geometry.load("geometries/vga_2d.toml").mesh(coarsen=4), metal=LITHIUM, electrolyte=LIPF6_EC_DMC,
               host=GRAPHENE, separator=CELGARD_2500)
sets = [{name: cf.solve(cell, cf.Galvanostatic(current=20.0, duration=t * f)) for name, f in (("a", 1.0), ("b", 2.0))}
        for t in (10.0, 1000.0)]
while True:
    for runs in sets:
        cf.write_report(sys.argv[1], runs)
    print("written", flush=True)
"""


def moments(pvd: Path) -> list[float]:
    """The times of a .pvd, after reading every file that it lists."""
    entries = ElementTree.parse(pvd).getroot().iter("DataSet")
    times = []
    for entry in entries:
        piece = pvd.parent / entry.get("file")
        ElementTree.parse(piece)
        if entry.get("name") == "electrolyte":
            assert len(meshio.read(piece).points) > 0
            times.append(float(entry.get("timestep")))
    return times


def check(folder: Path) -> set[str]:
    """What stands in the folder is whole and belongs together; returns the names of the whole files."""
    whole = {path.name for path in folder.iterdir() if path.is_file() and path.suffix != ".part"}
    ends = {path.stem: moments(path)[-1] for path in folder.glob("*.pvd")}
    rows = {}
    if "report.csv" in whole:
        with open(folder / "report.csv", newline="") as file:
            rows = {row["run"]: row for row in csv.DictReader(file)}
        assert set(rows) == {"a", "b"} and set(ends) == {"a", "b"}
        assert all(None not in row.values() and float(row["salt balance [-]"]) < 1e-8 for row in rows.values())
        for name, end in ends.items():  # 2 mA/cm2 for `end` seconds
            assert float(rows[name]["plated capacity [mAh/cm2]"]) == pytest.approx(2 * end / 3600, rel=1e-9)
        compile((folder / "view.py").read_text(), "view.py", "exec")
    if "report.html" in whole:
        assert (folder / "report.html").read_text().rstrip().endswith("</html>") and rows
    return whole


@pytest.mark.slow
def test_a_killed_run_leaves_no_half_written_result(tmp_path):
    seed = random.Random(3)
    seen = set()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    out = tmp_path / "out"
    for _ in range(KILLS):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(out)], cwd=ROOT, env=environment, text=True,
                              stdout=subprocess.PIPE) as process:
            try:
                assert process.stdout.readline() == "written\n"
                began = time.perf_counter()
                assert process.stdout.readline() == "written\n"
                time.sleep(seed.uniform(0.0, 1.0) * (time.perf_counter() - began))
            finally:
                os.kill(process.pid, signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
        seen.add(frozenset(check(out)))
    assert len(seen) > 1, "every kill met a finished folder: nothing was tried"


def test_the_check_finds_what_is_half_written(tmp_path):
    (tmp_path / "report.html").write_text("<html>half")
    with pytest.raises(AssertionError):
        check(tmp_path)
    (tmp_path / "report.html").unlink()
    (tmp_path / "a.pvd").write_text('<VTKFile><Collection><DataSet timestep="0.0" name="host" file="a/1.vtu"/>')
    with pytest.raises(ElementTree.ParseError):
        check(tmp_path)

"""ParaView, the client: it opens the files, lists the times, finds the arrays, and view.py shows the risk map.

Skipped where ParaView is not installed, unless CELLFEM_REQUIRE_PARAVIEW is set.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess

import numpy as np
import pytest

import cellfem as cf
from cellfem.fields import label
from cellfem.materials import CELGARD_2500, GRAPHENE, LIPF6_EC_DMC, LITHIUM, NAPF6_EC_PC, SODIUM
from cellfem.results.export import write_solution
from cellfem.results.write import view_script

PVPYTHON = shutil.which("pvpython")
REQUIRED = bool(os.environ.get("CELLFEM_REQUIRE_PARAVIEW"))
pytestmark = pytest.mark.skipif(not PVPYTHON and not REQUIRED, reason="pvpython is not installed")

LIST = """
import json, sys
from paraview import servermanager, simple as pv

reader = pv.PVDReader(FileName=sys.argv[1])
found = {"times": list(reader.TimestepValues), "parts": {}}
for time in found["times"]:
    reader.UpdatePipeline(time)
    whole = servermanager.Fetch(reader)
    for i in range(whole.GetNumberOfBlocks()):
        block = whole.GetBlock(i)
        while block.IsA("vtkMultiBlockDataSet"):
            block = block.GetBlock(0)
        arrays = {}
        for data in (block.GetPointData(), block.GetCellData()):
            for j in range(data.GetNumberOfArrays()):
                array = data.GetArray(j)
                arrays[data.GetArrayName(j)] = [array.GetNumberOfComponents(), *array.GetFiniteRange(-1)]
        name = whole.GetMetaData(i).Get(whole.NAME())
        found["parts"].setdefault(name, []).append([block.GetNumberOfCells(), arrays])
print("FOUND" + json.dumps(found))
"""


DESIGN = """
name = "small"
shape = "walls"
source = "made up for a test"
dimension = 3
size_um = [10.5, 5.0, 40.0]
separator_um = 25.0
cell_size_um = 5.0
collector_plates = true

[walls]
normal = "x"
pitch_um = 21.0
thickness_um = 1.0
"""


def run_pvpython(script, *arguments) -> str:
    done = subprocess.run([PVPYTHON, "--force-offscreen-rendering", str(script), *map(str, arguments)],
                          capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two metals on small sheets, solved: hard enough that the risk differs from place to place."""
    path = tmp_path_factory.mktemp("design") / "small.toml"
    path.write_text(DESIGN)
    mesh = cf.Geometry.load(path).mesh()
    step = cf.Galvanostatic(current=200.0, duration=20.0)
    return {metal.symbol: cf.solve(cf.Cell(mesh, metal=metal, electrolyte=electrolyte, host=GRAPHENE,
                                           separator=CELGARD_2500), step)
            for metal, electrolyte in ((LITHIUM, LIPF6_EC_DMC), (SODIUM, NAPF6_EC_PC))}


@pytest.fixture(scope="module")
def folder(runs, tmp_path_factory):
    out = tmp_path_factory.mktemp("results")
    for name, run in runs.items():
        write_solution(run, out, name)
    (out / "view.py").write_text(view_script(out, runs))
    return out


def test_paraview_lists_times_parts_and_arrays(runs, folder, tmp_path):
    (tmp_path / "list.py").write_text(LIST)
    output = run_pvpython(tmp_path / "list.py", folder / "Na.pvd")
    found = json.loads(output.split("FOUND", 1)[1])
    run = runs["Na"]
    assert found["times"] == pytest.approx(run.times, rel=1e-12) and len(run.times) > 3
    assert set(found["parts"]) == {"electrolyte", "host", "host_surface"}
    assert all(len(steps) == len(run.times) for steps in found["parts"].values())

    cells, arrays = found["parts"]["electrolyte"][-1]
    assert cells == sum(len(run.cell.mesh.subdomains[name]) for name in ("pore", "separator"))
    assert {name: values[0] for name, values in arrays.items()} == {
        **{label(key): 1 for key in ("c", "depletion", "phi_e")}, **{label(key): 3 for key in ("i_e", "N_plus")}}
    c = run.fields["c"][-1]
    assert arrays[label("c")][1:] == pytest.approx([np.nanmin(c), np.nanmax(c)], rel=1e-6)

    cells, arrays = found["parts"]["host_surface"][-1]
    assert cells == len(run.cell.sites.facets)
    assert {label(key) for key in ("plating", "q", "thickness", "nucleated", "filling", "R_film", "risk", "local_sand",
                                   "regime")} <= set(arrays)
    assert arrays[label("growth")][0] == 3 and label("growth") not in found["parts"]["host"][-1][1]
    plating = run.sites["plating"][-1] / 10
    assert arrays[label("plating")][1:] == pytest.approx([plating.min(), plating.max()], rel=1e-6)
    assert label("plating") not in found["parts"]["electrolyte"][-1][1]


@pytest.mark.slow
def test_view_py_shows_the_risk_map_wherever_the_folder_is(folder, tmp_path):
    from matplotlib.image import imread

    moved = shutil.copytree(folder, tmp_path / "elsewhere")
    said = run_pvpython(moved / "view.py")
    assert [line.split()[-1] for line in said.splitlines() if line.startswith("wrote ")] == [
        str(moved / name) for name in ("view.png", *(f"growth_{k}.png" for k in range(6)))]
    assert not (folder / "view.png").exists()
    image = imread(moved / "view.png")[..., :3]
    left = image[:, : 3 * image.shape[1] // 4].reshape(-1, 3)  # the colour scale stands at the right
    coloured = left[np.ptp(left, axis=1) > 0.15]
    assert len(coloured) > 0.005 * len(left)
    assert len(np.unique(np.rint(coloured * 16), axis=0)) > 5
    growth = [imread(moved / f"growth_{k}.png")[..., :3] for k in range(6)]
    ink = [picture[:, : 3 * picture.shape[1] // 4] for picture in growth]
    assert np.abs(ink[0] - ink[5]).mean() > 1e-3  # the metal grows: other colours, other places
    assert all(np.abs(a - b).max() > 0.1 for a, b in itertools.pairwise(ink))

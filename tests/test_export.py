"""Files for ParaView: whole, parsed back by another reader, each part with its own arrays only."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import meshio
import numpy as np
import pytest
from results_fakes import UM, baffles_mesh, electrode_mesh, fake_fluxes, fake_risk, fake_run, walls_mesh
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkIOXML import vtkXMLUnstructuredGridReader

from cellfem.fields import FIELDS, label
from cellfem.materials import LITHIUM
from cellfem.results import atomic, export, values, vtu

IN_ELECTROLYTE = {label(key) for key in ("c", "depletion", "phi_e")}
IN_ELECTROLYTE_CELLS = {label(key) for key in ("i_e", "N_plus")}
ON_SURFACE = {label(key) for key in ("plating", "eta", "q", "thickness", "nucleated", "filling", "R_film", "risk",
                                     "local_sand", "regime")}


@pytest.fixture(autouse=True)
def invented(monkeypatch):
    monkeypatch.setattr(export, "fluxes", fake_fluxes)
    monkeypatch.setattr(export, "risk_fields", fake_risk)
    monkeypatch.setattr(values, "risk_fields", fake_risk)


def read(folder: Path, part: str, k: int):
    return meshio.read(folder / f"{part}_{k:04d}.vtu")


def names(mesh) -> tuple[set, set]:
    return set(mesh.point_data), set(mesh.cell_data)


def collection(pvd: Path) -> list[dict]:
    return [element.attrib for element in ElementTree.parse(pvd).iter("DataSet")]


@pytest.mark.parametrize("dimension", [2, 3])
def test_a_resolved_run_has_three_parts_with_their_own_arrays(tmp_path, dimension):
    mesh = walls_mesh(dimension)
    run = fake_run(mesh)
    assert export.write_solution(run, tmp_path, "vga-Li") == tmp_path / "vga-Li.pvd"
    electrolyte, host, surface = (read(tmp_path / "vga-Li", p, 2) for p in ("electrolyte", "host", "host_surface"))
    assert names(electrolyte) == (IN_ELECTROLYTE, IN_ELECTROLYTE_CELLS)
    assert names(host) == ({label("phi_s")}, set())
    assert names(surface) == (ON_SURFACE | {label("growth")}, set())
    wet = len(mesh.subdomains["pore"]) + len(mesh.subdomains["separator"])
    assert len(electrolyte.cells[0].data) == wet
    assert len(host.cells[0].data) == len(mesh.subdomains["host"])
    assert len(surface.cells[0].data) == len(mesh.boundaries["host_surface"])
    for part in (electrolyte, host, surface):
        assert all(np.isfinite(v).all() for key, v in part.point_data.items() if key != label("local_sand"))


def test_values_are_those_of_the_run_in_the_units_of_their_names(tmp_path):
    mesh = walls_mesh(3)
    run = fake_run(mesh)
    export.write_solution(run, tmp_path, "vga")
    electrolyte, surface = read(tmp_path / "vga", "electrolyte", 1), read(tmp_path / "vga", "host_surface", 1)
    z = electrolyte.points[:, 2]
    c = 1000 * (1 + 0.5 * (1.5 * z / (125 * UM) - 1))
    assert electrolyte.point_data["concentration [mol/m3]"] == pytest.approx(c, rel=1e-6)
    assert electrolyte.point_data["depletion [-]"] == pytest.approx(1 - c / 1000, abs=1e-6)
    assert electrolyte.cell_data["ionic current density [A/m2]"][0] == pytest.approx(
        np.tile([0, 0, -20.0], (len(electrolyte.cells[0].data), 1)))
    plating = 20 * (0.05 + surface.points[:, 2] / (125 * UM))  # A/m2
    assert surface.point_data["plating current density [mA/cm2]"] == pytest.approx(plating / 10, rel=1e-6)
    charge = plating * 900 / 3.6e4  # mAh/cm2
    assert surface.point_data["plated charge [mAh/cm2]"] == pytest.approx(charge, rel=1e-6)
    thickness = charge * 3.6e4 * LITHIUM.thickness_per_charge * 1e6
    assert surface.point_data["deposit thickness [um]"] == pytest.approx(thickness, rel=1e-6)
    assert surface.point_data["pore filling [%]"] == pytest.approx(100 * thickness / 5, rel=1e-6)
    assert surface.point_data["nucleated share [-]"] == pytest.approx(-np.expm1(-charge * 1e3), rel=1e-6)


def test_growth_moves_faces_into_the_electrolyte_by_the_thickness_of_the_deposit(tmp_path):
    export.write_solution(fake_run(walls_mesh(3)), tmp_path, "vga")
    surface = read(tmp_path / "vga", "host_surface", 2)
    growth, x = surface.point_data["deposit growth [m]"], surface.points
    thickness = surface.point_data["deposit thickness [um]"]
    wall = np.isclose(x[:, 0], 0.5 * UM) & (x[:, 2] > UM) & (x[:, 2] < 99 * UM)
    assert wall.any() and (growth[wall, 0] > 0).all()
    assert growth[wall] * 1e6 == pytest.approx(np.outer(thickness[wall], [1, 0, 0]), rel=1e-6, abs=1e-9)
    floor = (x[:, 2] == 0) & (x[:, 0] > UM)
    assert floor.any()
    assert growth[floor] * 1e6 == pytest.approx(np.outer(thickness[floor], [0, 0, 1]), rel=1e-6, abs=1e-9)
    edge = (x[:, 2] == 0) & np.isclose(x[:, 0], 0.5 * UM)  # of wall and floor: both faces grow
    assert edge.any()
    assert growth[edge] * 1e6 == pytest.approx(np.outer(thickness[edge], [1, 0, 1]), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_z_is_up_in_every_dimension(tmp_path, dimension):
    mesh = electrode_mesh(dimension)
    export.write_solution(fake_run(mesh), tmp_path, "a")
    points = read(tmp_path / "a", "electrolyte", 0).points
    assert np.ptp(points, axis=0) == pytest.approx([10.5 * UM * (dimension > 1), 5 * UM * (dimension > 2), 125 * UM])


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_a_homogenised_electrode_carries_its_surface_in_the_host(tmp_path, dimension):
    mesh = electrode_mesh(dimension)
    run = fake_run(mesh)
    export.write_solution(run, tmp_path, "hom")
    assert not list((tmp_path / "hom").glob("host_surface*"))
    electrolyte, host = (read(tmp_path / "hom", part, 2) for part in ("electrolyte", "host"))
    assert len(electrolyte.cells[0].data) == mesh.nelements
    assert names(host) == ({label("phi_s"), label("porosity")} | ON_SURFACE, {label("i_s")})
    assert host.point_data[label("plating")] == pytest.approx(
        2 * (0.05 + host.points[:, 2] / (125 * UM)), rel=1e-6)


def test_a_slab_plates_on_its_floor(tmp_path):
    export.write_solution(fake_run(walls_mesh(1)), tmp_path, "slab")
    surface = read(tmp_path / "slab", "host_surface", 2)
    assert surface.cells[0].type == "vertex" and surface.points == pytest.approx(np.zeros((1, 3)))
    assert not list((tmp_path / "slab").glob("host_0*"))


def test_the_collection_lists_every_part_at_every_time(tmp_path):
    run = fake_run(baffles_mesh(2), times=(0.0, 0.1, 1800.0))
    entries = collection(export.write_solution(run, tmp_path, "hga"))
    assert [float(e["timestep"]) for e in entries] == [0, 0, 0, 0.1, 0.1, 0.1, 1800, 1800, 1800]
    assert [e["name"] for e in entries[:3]] == ["electrolyte", "host", "host_surface"]
    assert all((tmp_path / e["file"]).is_file() for e in entries)
    assert len({e["file"] for e in entries}) == 9


def test_a_shorter_run_leaves_nothing_of_a_longer_one(tmp_path):
    mesh = walls_mesh(2)
    export.write_solution(fake_run(mesh), tmp_path, "a")
    export.write_solution(fake_run(mesh, times=(0.0, 1.0)), tmp_path, "a")
    assert {p.name for p in (tmp_path / "a").iterdir()} == {
        f"{part}_000{k}.vtu" for part in ("electrolyte", "host", "host_surface") for k in (0, 1)}


def test_writing_that_is_stopped_leaves_no_collection(tmp_path, monkeypatch):
    """Neither a first one nor that of an earlier run whose pieces are partly overwritten."""
    run = fake_run(walls_mesh(2))
    export.write_solution(run, tmp_path, "a")
    calls = []

    def stops(path, text):
        calls.append(path)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return atomic.write_text(path, text)

    monkeypatch.setattr(export, "write_text", stops)
    with pytest.raises(KeyboardInterrupt):
        export.write_solution(run, tmp_path, "a")
    assert not (tmp_path / "a.pvd").exists()
    for piece in (tmp_path / "a").iterdir():
        meshio.read(piece)  # each that is there is whole


@pytest.mark.parametrize("broken", ["fsync", "replace"])
def test_a_failing_disk_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, broken):
    target = tmp_path / "report.csv"
    atomic.write_text(target, "old")

    def fails(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, broken, fails)
    with pytest.raises(OSError, match="No space"):
        atomic.write_text(target, "new")
    assert [p.name for p in tmp_path.iterdir()] == ["report.csv"]
    assert target.read_text() == "old"


def test_nothing_has_the_final_name_before_it_is_whole(tmp_path, monkeypatch):
    seen = []
    original = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (seen.append({p.suffix for p in tmp_path.iterdir()}), original(fd)))
    atomic.write_text(tmp_path / "a.vtu", "x" * 1000)
    assert seen == [{".part"}]


def test_files_are_as_readable_as_any_other(tmp_path):
    (tmp_path / "plain").write_text("")
    assert atomic.write_text(tmp_path / "a.csv", "").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_folder_that_can_be_written_is_checked_without_a_trace(tmp_path):
    assert atomic.check_folder(tmp_path / "new" / "deep") == tmp_path / "new" / "deep"
    assert not list(tmp_path.iterdir())


def test_a_file_in_the_way_is_refused(tmp_path):
    (tmp_path / "results").write_text("mine")
    for folder in ("results", "results/x"):
        with pytest.raises(ValueError, match=r"output folder .*is a file.*Choose another folder"):
            atomic.check_folder(tmp_path / folder)


def test_a_folder_without_permission_is_refused(tmp_path, monkeypatch):
    def denied(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(atomic.tempfile, "mkstemp", denied)
    with pytest.raises(ValueError, match=r"cannot be written \(Permission denied\)"):
        atomic.check_folder(tmp_path)


@pytest.mark.parametrize("name", ["", "a/b", "..", "../x", "a\\b", ".hidden", "a\nb", "c:d", "x*"])
def test_names_that_are_no_file_names_are_refused(tmp_path, name):
    with pytest.raises(ValueError, match="name of a run"):
        export.write_solution(fake_run(walls_mesh(1)), tmp_path, name)
    assert not list(tmp_path.iterdir())


def test_large_arrays_span_several_compressed_blocks(tmp_path):
    rng = np.random.default_rng(0)
    points, cells = rng.random((200_000, 3)), rng.integers(0, 200_000, (100_000, 4))
    values = rng.random((200_000, 3))
    (tmp_path / "big.vtu").write_text(vtu.grid(points, cells).xml({"v [m]": values}, {}))
    back = meshio.read(tmp_path / "big.vtu")
    assert np.array_equal(back.points, points) and np.array_equal(back.cells[0].data, cells)
    assert np.array_equal(back.point_data["v [m]"], values.astype("f4"))
    reader = vtkXMLUnstructuredGridReader()  # VTK itself minds the sizes of the blocks
    reader.SetFileName(str(tmp_path / "big.vtu"))
    reader.Update()
    assert reader.GetErrorCode() == 0
    assert np.array_equal(vtk_to_numpy(reader.GetOutput().GetPointData().GetArray("v [m]")), values.astype("f4"))
    assert np.array_equal(vtk_to_numpy(reader.GetOutput().GetPoints().GetData()), points)


def test_an_array_of_the_wrong_length_is_refused():
    grid = vtu.grid(np.zeros((3, 3)), np.array([[0, 1, 2]]))
    with pytest.raises(ValueError, match="has 2 rows where the part has 3"):
        grid.xml({"a": np.zeros(2)}, {})


def test_names_come_from_the_one_table():
    assert {key for key in FIELDS if values.is_site_key(key)} == {
        "plating", "eta", "q", "thickness", "nucleated", "filling", "R_film", "porosity", "risk", "local_sand",
        "regime"}

"""Meshes of other programs: names are kept or missed by name, damage is told apart, nothing is taken on trust."""

from __future__ import annotations

import meshio
import numpy as np
import pytest

import cellfem as cf
from cellfem.errors import GeometryError
from cellfem.geometry import summary
from cellfem.geometry.measures import volumes
from cellfem.results.meshes import write_mesh
from cellfem.units import um

DESIGN = {"name": "walls", "shape": "walls", "source": "made up", "size_um": [3.0, 2.0, 8.0], "separator_um": 4.0,
          "cell_size_um": 2.0, "walls": {"pitch_um": 6.0, "thickness_um": 1.0}}
REGIONS = {"host": "Ni", "pore": "Pores", "separator": "Celgard"}
SURFACES = {"collector": "Cu", "counter": "Li foil", "host_surface": "Reaction sites"}


@pytest.fixture(scope="module")
def mesh():
    return cf.Geometry.from_dict(DESIGN).mesh()


def save(mesh, path, *, names=None, drop=(), form="gmsh22", binary=False, unit=um):
    """The mesh as a Gmsh file with physical groups, called as in REGIONS and SURFACES."""
    names = {**REGIONS, **SURFACES} if names is None else names
    kept = [name for name in names if name not in drop]
    tags = {name: k + 1 for k, name in enumerate(names)}
    cells, physical = [], []
    for name in kept:
        three = name in mesh.subdomains
        if three:
            t = mesh.t[:, mesh.subdomains[name]].T.copy()
        else:
            t = mesh.facets[:, mesh.boundaries[name]].T
        if three and mesh.dim() == 3:
            edges = mesh.p[:, t[:, 1:]] - mesh.p[:, t[:, :1]]
            turned = np.linalg.det(np.moveaxis(edges, 0, 2)) < 0
            t[turned, :2] = t[turned, 1::-1]
        cells.append(("tetra" if three else "triangle", t))
        physical.append(np.full(len(t), tags[name]))
    field = {names[name]: np.array([tags[name], 3 if name in mesh.subdomains else 2]) for name in kept}
    found = meshio.Mesh(mesh.p.T / unit, cells, field_data=field, cell_data={
        "gmsh:physical": physical, "gmsh:geometrical": physical})
    meshio.write(path, found, file_format=form, binary=binary)
    return path


def save41(mesh, path):
    """The same in the text form of version 4.1: one entity to each group."""
    tags = {name: k + 1 for k, name in enumerate([*REGIONS, *SURFACES])}
    names = [f'{3 if name in REGIONS else 2} {tag} "{ {**REGIONS, **SURFACES}[name]}"' for name, tag in tags.items()]
    entities = [f"{tag} 0 0 0 1 1 1 1 {tag} 0" for tag in tags.values()]
    nodes = [" ".join(map(repr, x)) for x in (mesh.p.T / um).tolist()]
    elements, number = [], 0
    for name, tag in sorted(tags.items(), key=lambda item: item[0] in REGIONS):
        rows = mesh.t[:, mesh.subdomains[name]] if name in REGIONS else mesh.facets[:, mesh.boundaries[name]]
        rows = rows.T + 1
        if name in REGIONS:
            edges = mesh.p[:, rows[:, 1:] - 1] - mesh.p[:, rows[:, :1] - 1]
            turned = np.linalg.det(np.moveaxis(edges, 0, 2)) < 0
            rows[turned, :2] = rows[turned, 1::-1]
        elements.append(f"{3 if name in REGIONS else 2} {tag} {4 if name in REGIONS else 2} {len(rows)}")
        for row in rows:
            number += 1
            elements.append(" ".join(map(str, [number, *row])))
    count = mesh.nvertices
    parts = {"MeshFormat": ["4.1 0 8"], "PhysicalNames": [str(len(names)), *names],
             "Entities": [f"0 0 {len(SURFACES)} {len(REGIONS)}", *entities[len(REGIONS):], *entities[: len(REGIONS)]],
             "Nodes": [f"1 {count} 1 {count}", f"3 1 0 {count}", *map(str, range(1, count + 1)), *nodes],
             "Elements": [f"{len(tags)} {number} 1 {number}", *elements]}
    path.write_text("".join(f"${name}\n" + "\n".join(lines) + f"\n$End{name}\n" for name, lines in parts.items()))
    return path


@pytest.mark.parametrize("form, binary", [("gmsh22", False), ("gmsh22", True), ("4.1", False)])
def test_a_mesh_comes_back_with_its_names(mesh, tmp_path, form, binary):
    path = tmp_path / "cell.msh"
    path = save41(mesh, path) if form == "4.1" else save(mesh, path, form=form, binary=binary)
    back = cf.read_mesh(path, unit=um, regions=REGIONS, surfaces=SURFACES)
    here, there = summary(back), summary(mesh)
    assert set(back.boundaries) == set(mesh.boundaries)
    for key in there:
        if not key.startswith("nodes"):
            assert here[key] == pytest.approx(there[key], rel=1e-9), key


def test_own_names_need_no_map_and_several_groups_may_be_one(mesh, tmp_path):
    own = {name: name for name in {**REGIONS, **SURFACES}}
    path = save(mesh, tmp_path / "own.msh", names=own)
    assert set(cf.read_mesh(path, unit=um).subdomains) == set(REGIONS)
    split = mesh.with_subdomains({"separator": mesh.subdomains["separator"][:10],
                                  "rest": mesh.subdomains["separator"][10:]})
    path = save(split, tmp_path / "split.msh", names={**own, "rest": "second half"})
    back = cf.read_mesh(path, unit=um, surfaces={name: name for name in SURFACES},
                        regions={"host": "host", "pore": "pore", "separator": ["separator", "second half"]})
    assert len(back.subdomains["separator"]) == len(mesh.subdomains["separator"])


def test_derived_surfaces_are_those_of_the_mesher(mesh, tmp_path):
    path = save(mesh, tmp_path / "bare.msh", drop=["host_surface"])
    back = cf.read_mesh(path, unit=um, regions=REGIONS, surfaces={k: SURFACES[k] for k in ("collector", "counter")})
    inner = [f for f in mesh.boundaries["host_surface"] if mesh.f2t[1, f] >= 0]
    assert len(back.boundaries["host_surface"]) == len(inner)
    assert len(back.boundaries["mouth"]) == len(mesh.boundaries["mouth"])


@pytest.mark.parametrize("change, said", [
    ({"drop": ["counter"]}, 'surfaces: found no group "Li foil" of triangles; groups in the file: .*Cu'),
    ({"drop": list(SURFACES)}, 'found no group "Cu" of triangles; groups in the file: none'),
    ({"drop": ["pore"]}, 'regions: found no group "Pores" of tetrahedra'),
])
def test_lost_names_are_named(mesh, tmp_path, change, said):
    with pytest.raises(GeometryError, match=said):
        cf.read_mesh(save(mesh, tmp_path / "x.msh", **change), unit=um, regions=REGIONS, surfaces=SURFACES)


def test_groups_without_meaning_are_named_or_ignored(mesh, tmp_path):
    path = save(mesh, tmp_path / "x.msh")
    some = {key: value for key, value in SURFACES.items() if key != "host_surface"}
    with pytest.raises(GeometryError, match='found the group "Reaction sites", which is not mentioned'):
        cf.read_mesh(path, unit=um, regions=REGIONS, surfaces=some)
    cf.read_mesh(path, unit=um, regions=REGIONS, surfaces=some, ignored=["Reaction sites"])
    with pytest.raises(GeometryError, match='ignored: found no group "Reaction"'):
        cf.read_mesh(path, unit=um, regions=REGIONS, surfaces=some, ignored=["Reaction"])
    with pytest.raises(GeometryError, match='found "hots"; the regions of a cell are'):
        cf.read_mesh(path, unit=um, regions={"hots": "Ni"}, surfaces=SURFACES)


def test_a_file_without_names_is_refused(mesh, tmp_path):
    meshio.write(tmp_path / "x.msh", meshio.Mesh(mesh.p.T, [("tetra", mesh.t.T)]), file_format="gmsh22", binary=False)
    with pytest.raises(GeometryError, match="found no named groups of cells; every region needs its name"):
        cf.read_mesh(tmp_path / "x.msh", unit=um)


def test_negative_volumes_are_refused_unless_all_are(mesh, tmp_path):
    path = save(mesh, tmp_path / "x.msh")
    file = meshio.read(path)
    for block in file.cells:
        if block.type == "tetra":
            block.data[:, :2] = block.data[:, 1::-1].copy()
    meshio.write(path, file, file_format="gmsh22", binary=False)
    cf.read_mesh(path, unit=um, regions=REGIONS, surfaces=SURFACES)
    block = next(block for block in file.cells if block.type == "tetra")
    block.data[3, :2] = block.data[3, 1::-1].copy()
    meshio.write(path, file, file_format="gmsh22", binary=False)
    with pytest.raises(GeometryError, match="cells with a negative volume"):
        cf.read_mesh(path, unit=um, regions=REGIONS, surfaces=SURFACES)


def test_surfaces_without_volume_and_other_cells(mesh, tmp_path):
    sphere = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]])
    meshio.write(tmp_path / "x.msh", meshio.Mesh(sphere, [("triangle", [[0, 1, 2], [0, 1, 3]])]), file_format="gmsh22",
                 binary=False)
    with pytest.raises(GeometryError, match="triangles of a curved surface and no tetrahedra; 3-D needs"):
        cf.read_mesh(tmp_path / "x.msh", unit=um)
    cube = np.array(np.meshgrid([0, 1], [0, 1], [0, 1.0])).reshape(3, -1).T
    meshio.write(tmp_path / "x.vtk", meshio.Mesh(cube, [("hexahedron", [[0, 2, 6, 4, 1, 3, 7, 5]])]))
    with pytest.raises(ValueError, match='cells of the kind "hexahedron", where'):
        cf.read_mesh(tmp_path / "x.vtk", unit=um)


def test_nodes_that_are_not_shared_are_refused(mesh, tmp_path):
    path = save(mesh, tmp_path / "x.msh")
    file = meshio.read(path)
    blocks = [(block.type, block.data.copy()) for block in file.cells]
    host = blocks[0][1][: len(mesh.subdomains["host"])]
    own = np.unique(host)
    host[:] = np.searchsorted(own, host) + len(file.points)
    apart = meshio.Mesh(np.vstack([file.points, file.points[own]]), blocks, cell_data=file.cell_data,
                        field_data=file.field_data)
    meshio.write(path, apart, file_format="gmsh22", binary=False)
    with pytest.raises(GeometryError, match="places with several nodes"):
        cf.read_mesh(path, unit=um, regions=REGIONS, surfaces=SURFACES)


@pytest.mark.parametrize("data, said", [
    (b"", "cannot read"),
    (b"$MeshFormat\n2.2 0 8\n$EndMeshFormat\n$Nodes\n4000000000\n1 0 0 0\n", "announces 4000000000"),
    (b"$MeshFormat\n9.9 0 8\n$EndMeshFormat\n", "cannot read"), (b"not a mesh", "does not begin with"),
])
def test_damaged_files(tmp_path, data, said):
    (tmp_path / "x.msh").write_bytes(data)
    with pytest.raises(ValueError, match=said):
        cf.read_mesh(tmp_path / "x.msh", unit=um)


@pytest.mark.parametrize("name", ["none.msh", "x.unknown", "x.vtu"])
def test_missing_and_unknown_files(tmp_path, name, capsys):
    if not name.startswith("none"):
        (tmp_path / name).write_bytes(b"<x>")
    with pytest.raises(ValueError, match="cannot read"):
        cf.read_mesh(tmp_path / name, unit=um)
    assert capsys.readouterr().out == ""


def test_a_plane_mesh(tmp_path):
    design = {**DESIGN, "dimension": 2}
    mesh = cf.Geometry.from_dict(design).mesh()
    tags = {name: k + 1 for k, name in enumerate([*mesh.subdomains, *SURFACES])}
    cells = [("triangle", mesh.t[:, c].T.copy()) for c in mesh.subdomains.values()]
    for _, t in cells:
        edges = mesh.p[:, t[:, 1:]] - mesh.p[:, t[:, :1]]
        turned = np.linalg.det(np.moveaxis(edges, 0, 2)) < 0
        t[turned, :2] = t[turned, 1::-1]
    cells += [("line", mesh.facets[:, mesh.boundaries[name]].T) for name in SURFACES]
    physical = [np.full(len(t), tag) for (_, t), tag in zip(cells, tags.values(), strict=True)]
    field = {name: np.array([tag, 2 if name in mesh.subdomains else 1]) for name, tag in tags.items()}
    flat = np.vstack([mesh.p, np.zeros(mesh.nvertices)]).T / um
    meshio.write(tmp_path / "x.msh", meshio.Mesh(flat, cells, field_data=field, cell_data={
        "gmsh:physical": physical, "gmsh:geometrical": physical}), file_format="gmsh22", binary=False)
    back = cf.read_mesh(tmp_path / "x.msh", unit=um)
    for key, value in summary(mesh).items():
        assert summary(back)[key] == pytest.approx(value, rel=1e-9), key


def test_numbers_in_place_of_names(mesh, tmp_path):
    """An array of whole numbers per cell tells groups apart; what this library writes comes back."""
    write_mesh(tmp_path, "own", mesh)
    numbers = {name: k for k, name in enumerate(mesh.subdomains)}
    named = {name: f"region [-]={k}" for name, k in numbers.items()}
    for regions in (numbers, named):
        back = cf.read_mesh(tmp_path / "own.vtu", unit=1.0, regions=regions)
        for name, cells in mesh.subdomains.items():
            assert volumes(back)[back.subdomains[name]].sum() == pytest.approx(volumes(mesh)[cells].sum())
        for name in ("collector", "counter"):
            assert len(back.boundaries[name]) == len(mesh.boundaries[name])
    with pytest.raises(GeometryError, match=r'regions: found no group "7" of tetrahedra; groups in the file: region'):
        cf.read_mesh(tmp_path / "own.vtu", unit=1.0, regions={"host": 7})
    with pytest.raises(GeometryError, match=r'found the group "region \[-\]=0", which is not mentioned'):
        cf.read_mesh(tmp_path / "own.vtu", unit=1.0)


@pytest.mark.parametrize("keys, said", [
    ({"regions": ["host"]}, r"regions: found \['host'\]; a mapping is needed"),
    ({"surfaces": "collector"}, r"surfaces: found 'collector'; a mapping is needed"),
    ({"ignored": "host"}, r"ignored: found 'host'; a list of names is needed")])
def test_arguments_of_another_kind(tmp_path, keys, said):
    with pytest.raises(ValueError, match=said):
        cf.read_mesh(tmp_path / "x.msh", unit=um, **keys)


def test_a_mesh_that_is_not_there(tmp_path):
    (tmp_path / "scaffold.msh").write_text("x")
    with pytest.raises(ValueError, match=r'cannot read "scafold\.msh" \(no such file\).*Did you mean "scaffold\.msh"'):
        cf.read_mesh(tmp_path / "scafold.msh", unit=um)

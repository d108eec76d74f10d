"""Checks of meshes with named regions, whoever made them."""

from __future__ import annotations

import numpy as np
import pytest
from skfem import MeshLine1, MeshTet1, MeshTri1

from cellfem.errors import GeometryError
from cellfem.geometry import checks, drop_islands, summary
from cellfem.geometry.layered import name_surfaces
from cellfem.geometry.measures import facet_areas, volumes
from cellfem.units import um


def painted(rows: list[str], mesh=None):
    """A 2-D mesh of squares of 1 um, top row first: H host, . pore, s separator."""
    rows = rows[::-1]
    mesh = MeshTri1.init_tensor(np.arange(len(rows[0]) + 1) * um, np.arange(len(rows) + 1) * um)
    x, z = (mesh.p[:, mesh.t].mean(axis=1) / um).astype(int)
    letter = np.array([list(row) for row in rows])[z, x]
    names = {"H": "host", ".": "pore", "s": "separator"}
    mesh._subdomains = {name: np.flatnonzero(letter == key).astype(np.int32) for key, name in names.items()
                        if (letter == key).any()}
    mesh._boundaries = name_surfaces(mesh, letter == "H", floor_plates=True, mouth_at=mesh.p[1].max() - um)
    return mesh


def area(mesh, name):
    return facet_areas(mesh, mesh.boundaries[name]).sum() / um


def test_a_whole_host_and_open_pores_pass():
    mesh = painted(["ssss", "H..H", "H..H", "HHHH"])
    checks.check_cells(mesh)
    checks.check_regions(mesh)
    checks.check_percolation(mesh)
    checks.host_connected(mesh)
    assert drop_islands(mesh) is mesh


def test_floating_host_is_reported_with_number_share_and_place():
    mesh = painted(["sssss", ".H.HH", ".....", "H...."])
    with pytest.raises(GeometryError) as error:
        checks.host_connected(mesh)
    message = str(error.value)
    assert message.startswith("host: 2 connected parts, 75 % of its volume, do not touch 'collector', so no electrons"
                              " reach them (largest near x=")
    assert "cf.drop_islands(mesh)" in message
    largest = checks.islands(mesh, "host")[0]
    assert np.isclose(largest.volume, 2 * um**2)
    assert 3 * um < largest.place[0] < 5 * um and 2 * um < largest.place[1] < 3 * um


def test_host_that_touches_at_an_edge_only_is_not_connected():
    mesh = painted(["sss", ".H.", "H.."])
    with pytest.raises(GeometryError, match="1 connected part, 50 % of its volume, does not touch"):
        checks.host_connected(mesh)


def test_closed_pore_is_reported():
    mesh = painted(["sssss", ".HHH.", ".H.H.", ".HHH."])
    with pytest.raises(GeometryError, match=r"electrolyte: 1 connected part, .* % of its volume, does not touch"
                                            r" 'counter', so no ions reach it"):
        checks.check_percolation(mesh)
    checks.host_connected(mesh)


def test_host_on_the_counter_electrode_is_a_short_circuit():
    mesh = painted(["sHs", ".H.", "HH."])
    with pytest.raises(GeometryError, match="on 'counter'"):
        checks.check_percolation(mesh)


def test_dropping_islands_makes_their_surroundings_inert():
    mesh = painted(["ssssss", "......", ".H..H.", "....H.", "H...H."])
    with pytest.raises(GeometryError):
        checks.host_connected(mesh)
    assert np.isclose(area(mesh, "mouth"), 6)
    kept = drop_islands(mesh)
    checks.host_connected(kept)
    checks.check_percolation(kept)
    checks.check_cells(kept)
    checks.check_regions(kept)
    assert np.isclose(volumes(kept).sum(), volumes(mesh).sum() - um**2)
    assert np.isclose(area(kept, "host_surface"), area(mesh, "host_surface") - 4)
    for name in ("collector", "counter", "mouth"):
        assert np.isclose(area(kept, name), area(mesh, name))
        middle = kept.p[:, kept.facets[:, kept.boundaries[name]]].mean(axis=1)
        assert (middle[1] == middle[1][0]).all()


def test_dropping_a_closed_pore_drops_its_surface_too():
    mesh = painted(["sssss", ".HHH.", ".H.H.", ".HHH."])
    kept = drop_islands(mesh)
    assert np.isclose(area(kept, "host_surface"), area(mesh, "host_surface") - 4)
    assert kept.boundaries.keys() == mesh.boundaries.keys()


def test_nothing_left_is_an_error():
    with pytest.raises(GeometryError, match="host: found no part that touches 'collector'"):
        drop_islands(painted(["sss", ".H.", "..."]))


def test_lost_names():
    mesh = painted(["ss", "H."])
    checks.require_names(mesh, subdomains=["host"], boundaries=["collector", "counter"])
    with pytest.raises(GeometryError, match=r'no surface .colector.; .*Did you mean "collector"'):
        checks.require_names(mesh, boundaries=["colector"])
    with pytest.raises(GeometryError, match="no named surfaces at all"):
        checks.require_names(MeshTet1(), boundaries=["collector"])


def test_regions_must_be_known_and_cover_every_cell_once():
    mesh = painted(["ss", "H."])
    with pytest.raises(GeometryError, match="2 cells in no region and 0 in several"):
        checks.check_regions(mesh.with_subdomains({"host": np.array([], dtype=int)}))
    with pytest.raises(GeometryError, match="0 cells in no region and 8 in several"):
        checks.check_regions(mesh.with_subdomains({"electrolyte": np.arange(8)}))
    with pytest.raises(GeometryError, match=r'region .pores.; .*Did you mean "pore"'):
        checks.check_regions(mesh.with_subdomains({"pores": np.array([0])}))
    with pytest.raises(GeometryError, match="1 cells in no region"):
        checks.check_regions(MeshTet1(np.eye(3, 4), np.arange(4)[:, None]))


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_broken_cells(dim):
    kind = {1: MeshLine1, 2: MeshTri1, 3: MeshTet1}[dim]
    good = kind().refined(1)
    checks.check_cells(good)
    p = good.p.copy()
    p[0, 0] = np.nan
    with pytest.raises(GeometryError, match="not finite"):
        checks.check_cells(kind(p, good.t))
    p = good.p.copy()
    p[:, good.t[0, 0]] = p[:, good.t[1, 0]]
    with pytest.raises(GeometryError, match="without volume"):
        checks.check_cells(kind(p, good.t))
    with pytest.raises(GeometryError, match="three or more cells"):
        checks.check_cells(kind(good.p, np.hstack([good.t, good.t[:, :1]])))


@pytest.mark.parametrize("kind", [MeshTri1, MeshTet1])
def test_folded_cells_are_inverted(kind):
    mesh = kind().refined(2)
    p = mesh.p.copy()
    inner = np.setdiff1d(np.arange(mesh.nvertices), mesh.boundary_nodes())[0]
    p[:, inner] += 0.6
    with pytest.raises(GeometryError, match="inverted cells: they overlap a neighbour"):
        checks.check_cells(kind(p, mesh.t))


def test_nodes_of_no_cell():
    with pytest.raises(GeometryError, match="1 nodes of no cell"):
        checks.check_cells(MeshTri1(np.array([[0, 1, 0, 1], [0, 0, 1, 1.0]]), np.array([[0], [1], [2]])))


def test_summary_of_a_painted_mesh():
    s = summary(painted(["ss", "H."]))
    assert s["cells [-]"] == 8 and s["nodes [-]"] == 9
    assert np.isclose(s["volume of pore [um2]"], 1) and np.isclose(s["porosity of the host layer [-]"], 0.5)
    assert np.isclose(s["area of host_surface [um]"], 3)  # top and side of the host, and the bare floor
    assert np.isclose(s["specific surface, geometric [1/mm]"], 1500)
    assert np.isclose(s["least angle [degrees]"], 45)
    assert np.isclose(s["aspect ratio, largest [-]"], 2)

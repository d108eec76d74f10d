"""Surfaces from CAD files: signed distances of closed ones, repaired or refused otherwise."""

from __future__ import annotations

import struct

import numpy as np
import pytest

import cellfem as cf
from cellfem.errors import GeometryError
from cellfem.geometry import cad
from cellfem.geometry.distance import box
from cellfem.geometry.measures import facet_areas, volumes

CORNERS = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1.0]])
FACES = np.array([[0, 2, 1], [0, 3, 2], [4, 5, 6], [4, 6, 7], [0, 1, 5], [0, 5, 4], [1, 2, 6], [1, 6, 5], [2, 3, 7],
                  [2, 7, 6], [3, 0, 4], [3, 4, 7]])
CUBE = CORNERS[FACES]


def write(path, triangles, *, count=None):
    table = np.zeros(len(triangles), dtype=[("floats", "<f4", 12), ("flags", "<u2")])
    table["floats"][:, 3:] = np.asarray(triangles).reshape(-1, 9)
    path.write_bytes(bytes(80) + struct.pack("<I", len(triangles) if count is None else count) + table.tobytes())
    return path


def sphere(count: int = 40) -> np.ndarray:
    """Triangles of the unit sphere between parallels and meridians."""
    theta, phi = np.linspace(0, np.pi, count + 1), np.linspace(0, 2 * np.pi, 2 * count + 1)
    t, f = np.meshgrid(theta, phi[:-1], indexing="ij")
    x = np.stack([np.sin(t) * np.cos(f), np.sin(t) * np.sin(f), np.cos(t)], axis=-1)
    x[0], x[-1] = [0, 0, 1], [0, 0, -1]
    y = np.roll(x, -1, axis=1)
    lower = np.stack([x[:-1], x[1:], y[1:]], axis=2)[:-1].reshape(-1, 3, 3)
    upper = np.stack([x[:-1], y[1:], y[:-1]], axis=2)[1:].reshape(-1, 3, 3)
    return np.concatenate([lower, upper])


def test_a_cube_has_its_exact_distance(tmp_path):
    x = np.random.default_rng(0).uniform(-0.5, 1.5, (3, 3000))
    body = cad.solid(write(tmp_path / "x.stl", CUBE), unit=2.0, corner=(0.25, 0, 0))
    np.testing.assert_allclose(body(2 * x), 2 * box([-0.25, 0, 0], [0.75, 1, 1])(x), atol=1e-6)


def test_text_and_binary_files_agree(tmp_path):
    text = "solid cube\n" + "".join("facet normal 0 0 0\n outer loop\n" + "".join(
        f"  vertex {a:g} {b:.3e} {c}\n" for a, b, c in t) + " endloop\nendfacet\n" for t in CUBE) + "endsolid cube\n"
    (tmp_path / "x.stl").write_text(text)
    np.testing.assert_allclose(cad.read_stl(tmp_path / "x.stl", "x"), CUBE)


def test_turned_doubled_and_degenerate_triangles_and_a_pinhole_are_repaired(tmp_path):
    triangles, rng = sphere(), np.random.default_rng(1)
    turned = rng.uniform(size=len(triangles)) < 0.5
    triangles[turned] = triangles[turned][:, ::-1]
    spoiled = np.concatenate([triangles, triangles[:20], np.repeat(triangles[:5, :1], 3, axis=1)])
    x = rng.uniform(-1.5, 1.5, (3, 2000))
    body = cad.solid(write(tmp_path / "x.stl", spoiled), unit=1.0)
    assert np.abs(body(x) - (np.linalg.norm(x, axis=0) - 1)).max() < 2.5e-3  # facets lie that far inside
    fine = sphere(120)
    pinhole = cad.solid(write(tmp_path / "y.stl", np.delete(fine, 20_000, axis=0)), unit=1.0)
    assert pinhole(np.zeros((3, 1)))[0] == pytest.approx(-1, abs=1e-3)


def test_parts_inside_each_other_are_cavities(tmp_path):
    nested = np.concatenate([CUBE, 0.25 + 0.5 * CUBE, 0.45 + 0.1 * CUBE, CUBE + [2, 0, 0]])
    body = cad.solid(write(tmp_path / "x.stl", nested), unit=1.0)
    x = np.array([[0.1, 0.5, 0.5], [0.3, 0.5, 0.5], [0.5, 0.5, 0.5], [2.5, 0.5, 0.5], [1.5, 0.5, 0.5]]).T
    np.testing.assert_allclose(body(x), [-0.1, 0.05, -0.05, -0.5, 0.5], atol=1e-6)


@pytest.mark.parametrize("triangles, said", [
    (CUBE[:-2], "open: 4 edges of one triangle; a closed surface is needed"),
    (np.concatenate([CUBE, CUBE + [1, 1, 0]]), "1 edges of more than two triangles"),
    (np.concatenate([CUBE, CUBE + [0.5, 0.5, 0.5]]), "two parts that cross each other"),
    (CUBE * [1, 1, 0], "edges of more than two|without volume|open"),
])
def test_hopeless_surfaces_are_refused(tmp_path, triangles, said):
    with pytest.raises(GeometryError, match=said):
        cad.solid(write(tmp_path / "x.stl", triangles), unit=1.0)


@pytest.mark.parametrize("make, said", [
    (lambda path: write(path, CUBE, count=4_000_000_000), "cut off or no STL: 4000000000 triangles announced"),
    (lambda path: path.write_bytes(write(path, CUBE).read_bytes()[:-60]), "cut off or no STL: 12 triangles announced"),
    (lambda path: path.write_text("solid x\nfacet\nvertex 0 0 0\nendfacet\n"), "cut off: 1 corners of 1 triangles"),
    (lambda path: write(path, CUBE * np.nan), "some of them at no finite place"),
    (lambda path: write(path, CUBE[:3]), "with 3 triangles"), (lambda path: path.write_bytes(b""), "cut off or no STL"),
])
def test_damaged_files(tmp_path, make, said):
    make(tmp_path / "x.stl")
    with pytest.raises(ValueError, match=said):
        cad.read_stl(tmp_path / "x.stl", "cad")


def test_other_and_missing_files(tmp_path):
    write(tmp_path / "strut.stl", CUBE)
    with pytest.raises(ValueError, match=r"a surface in \.stl, \.ply, \.obj, \.off or another format of meshio is"):
        cad.read_surface(tmp_path / "x.step", "cad")
    with pytest.raises(ValueError, match=r'Did you mean "strut\.stl"'):
        cad.read_stl(tmp_path / "struts.stl", "cad")


def test_a_cad_file_in_a_design(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "ball.stl", sphere())
    keys = {"name": "ball", "shape": "cad", "source": "made up", "size_um": [12.0, 12.0, 12.0], "separator_um": 6.0,
            "cell_size_um": 3.0, "surface_cell_size_um": 1.5, "collector_plates": False,
            "cad": {"file": "ball.stl", "unit_um": 4.0, "corner": [-1.5, -1.5, -1.5]}}
    mesh = cf.Geometry.from_dict(keys).mesh()
    assert volumes(mesh)[mesh.subdomains["host"]].sum() == pytest.approx(4 / 3 * np.pi * 64e-18, rel=0.06)
    assert facet_areas(mesh, mesh.boundaries["host_surface"]).sum() == pytest.approx(4 * np.pi * 16e-12, rel=0.03)


@pytest.mark.parametrize("scale, shift", [((3, 0.2, 0.2), (-1, 0.4, 0.4)), ((0.3, 3, 0.3), (0.35, -1, 0.35))])
def test_parts_that_cross_without_a_corner_in_each_other_are_refused(tmp_path, scale, shift):
    """A bar through a cube: neither has a corner inside the other, and each end is outside."""
    both = np.concatenate([CUBE, CUBE * np.array(scale) + np.array(shift)])
    with pytest.raises(GeometryError, match="two parts that cross each other"):
        cad.solid(write(tmp_path / "x.stl", both), unit=1.0)


def test_parts_beside_and_within_each_other_are_taken(tmp_path):
    parts = np.concatenate([CUBE, CUBE * 0.3 + 0.35, CUBE + np.array([1.5, 0, 0])])
    body = cad.solid(write(tmp_path / "x.stl", parts), unit=1.0)
    assert (body(np.array([[0.1, 0.5, 2.0], [0.1, 0.5, 0.5], [0.1, 0.5, 0.5]])) < 0).tolist() == [True, False, True]


def indexed(kind: str, points=CORNERS, faces=FACES) -> str:
    """The text of a surface file."""
    rows = [" ".join(f"{x:.9g}" for x in p) for p in points]
    if kind == ".obj":
        return "\n".join([f"v {row}" for row in rows] + ["f " + " ".join(str(k + 1) for k in f) for f in faces]) + "\n"
    counted = [f"{len(f)} " + " ".join(map(str, f)) for f in faces]
    head = ["OFF", f"{len(points)} {len(faces)} 0"] if kind == ".off" else [
        "ply", "format ascii 1.0", f"element vertex {len(points)}", *(f"property double {k}" for k in "xyz"),
        f"element face {len(faces)}", "property list uint8 int32 vertex_indices", "end_header"]
    return "\n".join([*head, *rows, *counted]) + "\n"


QUADS = np.array([[0, 3, 2, 1], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]])


@pytest.mark.parametrize("kind, faces", [(".ply", FACES), (".obj", FACES), (".off", FACES), (".ply", QUADS),
                                         (".obj", QUADS)])
def test_surfaces_in_other_formats(tmp_path, kind, faces):
    (tmp_path / f"x{kind}").write_text(indexed(kind, faces=faces))
    x = np.random.default_rng(0).uniform(-0.5, 1.5, (3, 3000))
    body = cad.solid(tmp_path / f"x{kind}", unit=2.0, corner=(0.25, 0, 0))
    np.testing.assert_allclose(body(2 * x), 2 * box([-0.25, 0, 0], [0.75, 1, 1])(x), atol=1e-6)


def test_binary_ply_and_flipped_surfaces(tmp_path):
    import meshio

    meshio.Mesh(CORNERS, [("triangle", FACES[:, ::-1])]).write(tmp_path / "x.ply", binary=True)
    body = cad.solid(tmp_path / "x.ply", unit=1.0)
    np.testing.assert_allclose(body(np.array([[0.5, 0.5, 0.5], [0.5, 0.5, 1.25]]).T), [-0.5, 0.25], atol=1e-6)


@pytest.mark.parametrize("kind", [".ply", ".obj", ".off"])
@pytest.mark.parametrize("points, faces, said", [
    (CORNERS, FACES[:-2], "open: 4 edges of one triangle"),
    (CORNERS * [1, 1, 0], FACES, "edges of more than two|without volume|open"),
    (CORNERS, np.concatenate([FACES, [[0, 6, 1]]]), "edges of more than two triangles"),
    (np.where(CORNERS == 1, np.nan, CORNERS), FACES, "some of them at no finite place|cannot read"),
    (CORNERS, FACES + 4, "faces of corners that are not there|cannot read"),
    (CORNERS, FACES[:3], "with 3 triangles"),
])
def test_hopeless_surfaces_in_other_formats(tmp_path, kind, points, faces, said):
    (tmp_path / f"x{kind}").write_text(indexed(kind, points, faces))
    with pytest.raises(ValueError, match=f"^cad: .*({said})"):
        cad.solid(tmp_path / f"x{kind}", unit=1.0)


def test_cut_off_surfaces_and_false_claims(tmp_path):
    for kind, lie in ((".ply", ("element vertex 8", "element vertex 800000000")), (".off", ("8 12", "800000000 12"))):
        for text in (indexed(kind).replace(*lie), indexed(kind)[:-40]):
            (tmp_path / f"x{kind}").write_text(text)
            with pytest.raises(ValueError, match=r"^cad: cannot read|open"):
                cad.solid(tmp_path / f"x{kind}", unit=1.0)
    for name, text in (("y.off", "OFF\n"), ("z.ply", "ply\nformat ascii 1.0\nelement vertex 8\n")):
        (tmp_path / name).write_text(text)
        with pytest.raises(ValueError, match="cut off before its first counts"):  # their readers would never return
            cad.solid(tmp_path / name, unit=1.0)
    with pytest.raises(ValueError, match=r'Did you mean "y\.off"'):
        cad.solid(tmp_path / "z.off", unit=1.0)


@pytest.mark.parametrize("corner", [[0.6, 0.4, -0.5], [-0.7, 0.5, 0.3]])
def test_a_part_that_crosses_itself_is_refused(tmp_path, corner):
    """One corner of the cube pulled out through the opposite side."""
    points = CORNERS.copy()
    points[6] = corner
    with pytest.raises(GeometryError, match=r'"x.stl" crossing itself: \d+ edges pass through .* a surface with one'):
        cad.solid(write(tmp_path / "x.stl", points[FACES]), unit=1.0)


def test_dented_and_touching_surfaces_do_not_cross_themselves(tmp_path):
    points = CORNERS.copy()
    points[6] = [0.4, 0.3, 0.3]
    assert cad.solid(write(tmp_path / "x.stl", points[FACES]), unit=1.0)(np.full((3, 1), 0.1))[0] < 0
    rng = np.random.default_rng(0)
    bumpy = sphere(30) * (1 + 0.2 * np.sin(5 * sphere(30)[..., :1]))
    assert cad.solid(write(tmp_path / "y.stl", bumpy @ np.linalg.qr(rng.normal(size=(3, 3)))[0]), unit=1.0)

"""2,500 damaged files: each is read, or refused in four parts; never a traceback, a long wait or a lot of memory."""

from __future__ import annotations

import random
import re
import resource
import signal
import tracemalloc
import warnings

import meshio
import numpy as np
import pytest
import tifffile
from test_imported import DESIGN, REGIONS, SURFACES, save, save41
from test_imported_cad import indexed

import cellfem as cf
from cellfem.geometry import cad
from cellfem.geometry.images import read_image
from cellfem.units import um

FOUR_PARTS = re.compile(r"^[^:]+: .+; .+\. .+", flags=re.DOTALL)
COUNT, SECONDS, BYTES = 500, 20, 400_000_000
WORDS = [b"\x00" * 4, b"\xff" * 4, b"\xff\xff\xff\x7f", b"\x00\x00\x00\x80", b"nan ", b"-1  ", b"1e99", b"9999999999",
         b"\n", b"{'a", b"))((", b"$End", b"\x93NUMPY", b"II*\x00", b"inf"]


def damaged(data: bytes, rng: random.Random) -> bytes:
    """One to three changes: bytes, words, cuts, doublings, swapped pieces; more often near the beginning."""
    data = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(max(len(data), 1)) if rng.random() < 0.5 else rng.randrange(min(len(data), 400) or 1)
        match rng.randrange(7):
            case 0:
                data[at:at + 1] = bytes([rng.randrange(256)])
            case 1:
                word = rng.choice(WORDS)
                data[at:at + len(word)] = word
            case 2:
                data = data[:at]
            case 3:
                del data[at:at + rng.randint(1, 200)]
            case 4:
                data[at:at] = data[at:at + rng.randint(1, 200)]
            case 5:
                data[at:at] = rng.choice(WORDS)
            case 6:
                digits = [m.start() for m in re.finditer(rb"\d", bytes(data[:4000]))]
                if digits:
                    k = rng.choice(digits)
                    data[k:k + 1] = rng.choice([b"-1", b"0", b"99999999999", b"1e30", b"x"])
    return bytes(data)


def surface() -> np.ndarray:
    """An octahedron's corners (8, 3, 3)."""
    x = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1.0]])
    faces = [(0, 2, 4), (2, 1, 4), (1, 3, 4), (3, 0, 4), (2, 0, 5), (1, 2, 5), (3, 1, 5), (0, 3, 5)]
    return x[np.array(faces)]


def stl_files(folder):
    corners = surface()
    table = np.zeros(len(corners), dtype=[("floats", "<f4", 12), ("flags", "<u2")])
    table["floats"][:, 3:] = corners.reshape(-1, 9)
    text = "solid x\n" + "".join("facet normal 0 0 0\nouter loop\n" + "".join(
        "vertex " + " ".join(map(str, v)) + "\n" for v in t) + "endloop\nendfacet\n" for t in corners) + "endsolid x\n"
    yield "x.stl", bytes(80) + len(corners).to_bytes(4, "little") + table.tobytes()
    yield "x.stl", text.encode()


def image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 2, (8, 9, 10)).astype(np.uint16) * 65535


def npy_files(folder):
    np.save(folder / "a.npy", image())
    yield "x.npy", (folder / "a.npy").read_bytes()
    np.savez_compressed(folder / "a.npz", image())
    yield "x.npz", (folder / "a.npz").read_bytes()


def tif_files(folder):
    for options in ({}, {"compression": "zlib"}, {"imagej": True}, {"bigtiff": True}, {"ome": True}):
        tifffile.imwrite(folder / "a.tif", image(), **({"photometric": "minisblack"} | options))
        yield "x.tif", (folder / "a.tif").read_bytes()


def msh_files(folder):
    mesh = cf.Geometry.from_dict(DESIGN).mesh()
    for binary in (False, True):
        yield "x.msh", save(mesh, folder / "a.msh", binary=binary).read_bytes()
    yield "x.msh", save41(mesh, folder / "b.msh").read_bytes()


def surface_files(folder):
    points, ids = np.unique(surface().reshape(-1, 3), axis=0, return_inverse=True)
    faces = ids.reshape(-1, 3)
    for kind in (".ply", ".obj", ".off"):
        yield f"x{kind}", indexed(kind, points, faces).encode()
    meshio.Mesh(points, [("triangle", faces)]).write(folder / "a.ply", binary=True)
    yield "x.ply", (folder / "a.ply").read_bytes()


READERS = {
    "stl": (stl_files, lambda path: cad.solid(path, unit=um)(np.zeros((3, 2)))),
    "surfaces": (surface_files, lambda path: cad.solid(path, unit=um)(np.zeros((3, 2)))),
    "npy": (npy_files, lambda path: read_image(path, voxel=um, threshold=5.0)),
    "tif": (tif_files, lambda path: read_image(path, voxel=um, threshold=5.0)),
    "msh": (msh_files, lambda path: cf.read_mesh(path, unit=um, regions=REGIONS, surfaces=SURFACES)),
}


class TooLong(BaseException):
    """Not an OSError, as TimeoutError is, which readers turn into a message."""


def too_long(*_):
    raise TooLong(f"a file took more than {SECONDS} s")


@pytest.mark.slow
@pytest.mark.parametrize("kind", READERS)
def test_damaged_files_are_refused_in_four_parts(kind, tmp_path, caplog):
    make, read = READERS[kind]
    whole = list(make(tmp_path))
    for name, data in whole:
        (tmp_path / name).write_bytes(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            read(tmp_path / name)
    rng, refused, faults = random.Random(kind), 0, []
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    signal.signal(signal.SIGALRM, too_long)
    for number in range(COUNT):
        name, data = whole[number % len(whole)]
        data = damaged(data, rng)
        (tmp_path / name).write_bytes(data)
        signal.alarm(SECONDS)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                read(tmp_path / name)
        except ValueError as error:
            refused += 1
            if not FOUR_PARTS.match(str(error)):
                faults.append((number, repr(error)))
        except BaseException as error:
            faults.append((number, repr(error)))
        finally:
            signal.alarm(0)
    assert not faults
    assert refused > COUNT / 4
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < BYTES


MANY = 900_000_000
LIES = {
    "a.vtk": f"# vtk DataFile Version 3.0\nx\nASCII\nDATASET UNSTRUCTURED_GRID\nPOINTS {MANY} double\n0 0 0\n",
    "b.vtk": f"# vtk DataFile Version 3.0\nx\nBINARY\nDATASET UNSTRUCTURED_GRID\nPOINTS {MANY} double\n" + "0" * 900,
    "c.vtk": "# vtk DataFile Version 3.0\nx\nASCII\nDATASET STRUCTURED_POINTS\nDIMENSIONS 900 900 900\n" + " " * 900,
    "a.mesh": f"MeshVersionFormatted 2\nDimension 3\nVertices\n{MANY}\n0 0 0 0\n", "b.meshb": "x" * 99,
    "a.ply": f"ply\nformat binary_little_endian 1.0\nelement vertex {MANY}\nproperty double x\nend_header\n" + "0" * 99,
    "a.off": f"OFF\n{MANY} {MANY} 0\n0 0 0\n", "a.node": f"{MANY} 3 0 0\n1 0 0 0\n", "a.post": "x",
    "a.tec": f"ZONE NODES={MANY}, ELEMENTS={MANY}, DATAPACKING=POINT, ZONETYPE=FETETRAHEDRON\n0 0 0\n",
}


@pytest.mark.parametrize("name", LIES)
def test_meshes_of_any_format_that_claim_more_than_they_hold(tmp_path, name):
    (tmp_path / name).write_text(LIES[name])
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"cannot read"):
        cf.read_mesh(tmp_path / name, unit=um)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50e6

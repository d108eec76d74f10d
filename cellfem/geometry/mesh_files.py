"""Mesh files of other programs, read through meshio and not trusted: cells, and the names of groups of cells."""

from __future__ import annotations

import contextlib
import io
import re
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import ParseError

import numpy as np

from cellfem.errors import explain, near_file

MOST_BYTES = 1_000_000_000
KINDS = {"tetra": (3, 4), "tetra10": (3, 4), "triangle": (2, 3), "triangle6": (2, 3), "line": (1, 2), "line3": (1, 2)}
IGNORED = ("vertex",)
FACES = {"triangle": 3, "triangle6": 3, "quad": 4}  # of surfaces -> corners; polygons have as many as they are
# what readers of damaged files raise, each by the fault that it happens upon first
DAMAGED = (ValueError, TypeError, IndexError, KeyError, AttributeError, ArithmeticError, RuntimeError, AssertionError,
           EOFError, OSError, MemoryError, ImportError, StopIteration, SystemExit, ParseError, struct.error, zlib.error,
           NotImplementedError, NameError)


# words before which, or in whose next two numbers, formats say how much is to come
COUNTS = re.compile(rb"(?i)\b(points|cells|lines|polygons|strips|cell_types|point_data|cell_data|offsets|connectivity"
                    rb"|scalars|vectors|lookup_table|field|dimensions|vertices|edges|triangles|quadrilaterals|tetrahedra|hexahedra"
                    rb"|corners|ridges|vertex|face|tristrips|edge|off|numberofpoints|numberofcells|numberofcomponents"
                    rb"|numberoftuples|nodes|elements)[\s=\"]+(\d{1,30})(?:\s+(\d{1,30}))?(?:\s+(\d{1,30}))?")
MOST_VALUES = 100  # different whole numbers in an array of cells that tells groups apart; more are counts of something


@dataclass(frozen=True, eq=False)
class Raw:
    """What a file says: places (n, 3), corners (cells, 2 to 4) by dimension of cell, groups by name."""

    points: np.ndarray
    cells: dict[int, np.ndarray]  # dimension of the cells -> corners
    groups: dict[str, dict[int, np.ndarray]]  # name -> dimension -> which cells of that dimension


def read_raw(path: Path, where: str) -> Raw:
    """Cells and groups of a mesh file.

    Raises ValueError, beginning with `where`, for files that cannot be read, hold other cells than simplices, or claim
    more than they hold.
    """
    return _read(path, where, _sorted_out, "a mesh of triangles or tetrahedra in a format of meshio is needed",
                 "Export it again, e.g. as Gmsh .msh version 2.2 or 4.1 with physical groups.")


def read_triangles(path: Path, where: str) -> np.ndarray:
    """The corners (triangles, 3, 3) of a surface file, in the file's unit; polygons are cut into triangles.

    Raises ValueError, beginning with `where`, for files that cannot be read or claim more than they hold.
    """
    return _read(path, where, _fanned, "a surface of triangles in a format of meshio is needed",
                 "Export it again, e.g. as STL.")


def surface_suffixes() -> list[str]:
    """Endings of the files that meshio may read."""
    import meshio

    return sorted(meshio.extension_to_filetypes)


def _read(path: Path, where: str, sort_out: Callable, needed: str, do: str):
    """What `sort_out` makes of the file; ValueError, beginning with `where`, for any fault on the way."""
    import meshio

    try:
        if not path.is_file():
            do = near_file(path, path.suffix) or "Mind the folder."
            raise FileNotFoundError("no such file")
        if path.stat().st_size > MOST_BYTES:
            raise OSError(f"more than {MOST_BYTES / 1e9:g} GB")
        (_check_claims if path.suffix.lower() == ".msh" else _check_counts)(path.read_bytes(), path.suffix.lower())
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            found = meshio.gmsh.read(path) if path.suffix.lower() == ".msh" else meshio.read(path)
        return sort_out(found)
    except meshio.ReadError as error:
        fault = str(error) or "not what its ending says"
    except DAMAGED as error:
        fault = str(error) or type(error).__name__
    raise ValueError(explain(where, f'cannot read "{path.name}" ({" ".join(fault.split())[:200]})', needed, do))


def _fanned(found) -> np.ndarray:
    points, faces = _places(found), []
    for block in found.cells:
        if block.type in ("vertex", "line"):
            continue
        if block.type not in FACES and not block.type.startswith("polygon"):
            raise ValueError(f'cells of the kind "{block.type}", where a surface of triangles is needed')
        corners = np.asarray(block.data)
        corners = corners.reshape(len(corners), -1)[:, : FACES.get(block.type)]
        if corners.dtype.kind not in "iu" or (corners.size and not (0 <= corners.min() < len(points) > corners.max())):
            raise ValueError("faces of corners that are not there")
        faces += [corners[:, [0, k, k + 1]] for k in range(1, corners.shape[1] - 1)]
    return points[np.concatenate(faces)] if faces else np.empty((0, 3, 3))


def _places(found) -> np.ndarray:
    """(n, 3) of a meshio mesh."""
    points = np.asarray(found.points, dtype=float)
    if points.ndim != 2 or points.shape[1] not in (2, 3):
        raise ValueError(f"places of the shape {points.shape}")
    return np.hstack([points, np.zeros((len(points), 3 - points.shape[1]))])


def _check_claims(data: bytes, suffix: str) -> None:
    """Raise ValueError where a Gmsh file announces more nodes or elements than it has bytes."""
    version = re.match(rb"\$MeshFormat\s+([\d.]+)\s+([01])\s+(\d+)", data)
    if version is None:
        raise ValueError("no Gmsh file: it does not begin with $MeshFormat")
    binary, width = version[2] == b"1", int(version[3])
    for block in re.finditer(rb"\$(Nodes|Elements|Entities|PhysicalNames|Periodic)\r?\n", data):
        rest = data[block.end() : block.end() + 200]
        if binary and version[1].startswith(b"4") and width == 8 and block[1] != b"PhysicalNames":
            claims = struct.unpack(f"<{min(len(rest) // 8, 4)}Q", rest[: min(len(rest) // 8, 4) * 8])[:2]
        else:
            claims = [int(word) for word in rest.split(b"\n")[0].split()[:2] if re.fullmatch(rb"\d{1,30}", word)]
        if any(claim > len(data) for claim in claims):
            raise ValueError(f"it announces {max(claims)} entries in ${block[1].decode()}, and has {len(data)} bytes")


def _off_counts(data: bytes) -> bool:
    lines = (line.strip() for line in data.split(b"\n")[1:])
    return any(line and not line.startswith(b"#") for line in lines)


HEADED = {".off": _off_counts, ".ply": lambda data: re.search(rb"\nend_header\s", data) is not None}


def _check_counts(data: bytes, suffix: str) -> None:
    """Raise ValueError where a file of another format announces more points or cells than it has bytes."""
    if suffix == ".meshb":
        raise ValueError("its counts cannot be checked: save it as text, .mesh")
    if suffix in HEADED and not HEADED[suffix](data):  # readers would wait for them at the end for ever
        raise ValueError("cut off before its first counts")
    if re.search(rb"(?i)\bDATASET\s+(STRUCTURED|RECTILINEAR)", data[:1000]):
        raise ValueError("a structured grid, which has no tetrahedra")
    first = re.match(rb"(\s*)(\d{1,30})(?:\s+(\d{1,30}))?", data)
    for word, *counts in COUNTS.findall(data) + ([(b"the first line", *first.groups(b"")[1:])] if first else []):
        if any(int(count) > len(data) for count in counts if count):
            raise ValueError(f"it announces {max(int(c) for c in counts if c)} entries of {word.decode().lower()}, and"
                             f" has {len(data)} bytes")


def _sorted_out(found) -> Raw:
    points = _places(found)
    cells: dict[int, list[np.ndarray]] = {1: [], 2: [], 3: []}
    groups: dict[str, dict[int, list[np.ndarray]]] = {}
    names = {(int(tag), int(dim)): name for name, (tag, dim) in found.field_data.items()}
    for number, block in enumerate(found.cells):
        if block.type in IGNORED:
            continue
        if block.type not in KINDS:
            raise ValueError(f'cells of the kind "{block.type}", where triangles and tetrahedra are needed')
        dim, corners = KINDS[block.type]
        data = np.asarray(block.data).reshape(len(block.data), -1)[:, :corners].astype(np.int64)
        if data.size and not (0 <= data.min() and data.max() < len(points)):
            raise ValueError("cells of nodes that are not there")
        begin = sum(map(len, cells[dim]))
        cells[dim].append(data)
        for name, which in _named(found, number, dim, names):
            groups.setdefault(name, {}).setdefault(dim, []).append(begin + which)
    return Raw(points, {dim: np.concatenate(blocks) for dim, blocks in cells.items() if blocks},
               {name: {dim: np.unique(np.concatenate(parts)) for dim, parts in by.items()}
                for name, by in groups.items()})


def _named(found, number: int, dim: int, names: dict) -> list[tuple[str, np.ndarray]]:
    """(name, which cells) of one block: physical groups of Gmsh, else named sets of cells, else "array=number"."""
    tags = found.cell_data.get("gmsh:physical")
    out = []
    if tags is not None:
        tags = np.asarray(tags[number]).ravel()
        for tag in np.unique(tags):
            if tag != 0:
                out.append((names.get((int(tag), dim), f"group {int(tag)}"), np.flatnonzero(tags == tag)))
        return out
    for name, blocks in found.cell_sets.items():
        if not name.startswith("gmsh:") and blocks[number] is not None and len(blocks[number]):
            out.append((name, np.asarray(blocks[number], dtype=np.int64)))
    if out or any(not name.startswith("gmsh:") for name in found.cell_sets):
        return out
    for name, blocks in found.cell_data.items():
        everything = np.concatenate([np.ravel(block) for block in blocks]) if blocks else np.zeros(0)
        whole = everything.dtype.kind in "iuf" and np.array_equal(everything, np.round(everything))
        if not whole or len(np.unique(everything)) > MOST_VALUES:
            continue
        values = np.asarray(blocks[number])
        if values.ndim == 1:
            out += [(f"{name}={value:.0f}", np.flatnonzero(values == value)) for value in np.unique(values)]
    return out

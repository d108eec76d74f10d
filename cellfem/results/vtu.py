"""VTK's XML files for unstructured grids (.vtu) and their time series (.pvd), as ParaView and meshio read them.

Written here in a page because the mesh of a part is the same at every time: it is compressed once and its text used
again, so that a time series costs little more than its arrays.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

import numpy as np

_VTK_TYPE = {1: 1, 2: 3, 3: 5, 4: 10}  # vertices per cell -> VTK_VERTEX, VTK_LINE, VTK_TRIANGLE, VTK_TETRA
_TYPE_NAME = {"f4": "Float32", "f8": "Float64", "i4": "Int32", "u1": "UInt8"}
_BLOCK = 1 << 20  # [bytes] VTK compresses arrays in blocks
_LEVEL = 1  # zlib's fastest: level 6 takes three times as long for a few per cent


@dataclass(frozen=True, eq=False)
class Grid:
    """A part's mesh, ready for writing: `head` and `tail` of the file around its arrays."""

    n_points: int
    n_cells: int
    head: str
    tail: str

    def xml(self, point_data: Mapping[str, np.ndarray], cell_data: Mapping[str, np.ndarray]) -> str:
        """The whole .vtu; arrays are (n,) or (n, 3) and stored in single precision (7 digits, half the size)."""
        return "".join([self.head, _data("PointData", point_data, self.n_points),
                        _data("CellData", cell_data, self.n_cells), self.tail])


def grid(points: np.ndarray, cells: np.ndarray) -> Grid:
    """The `Grid` of points (n, 3) [m] and cells (m, 1 to 4 vertices each): vertices, lines, triangles, tetrahedra."""
    n, per_cell = cells.shape
    mesh = [
        "<Points>", _array("Points", np.asarray(points, "<f8")), "</Points>\n<Cells>",
        _array("connectivity", np.asarray(cells, "<i4").ravel()),
        _array("offsets", np.arange(per_cell, per_cell * n + 1, per_cell, dtype="<i4")),
        _array("types", np.full(n, _VTK_TYPE[per_cell], dtype="u1")), "</Cells>\n",
    ]
    head = ('<?xml version="1.0"?>\n<VTKFile type="UnstructuredGrid" version="1.0" byte_order="LittleEndian"'
            ' header_type="UInt32" compressor="vtkZLibDataCompressor">\n<UnstructuredGrid>\n'
            f'<Piece NumberOfPoints="{len(points)}" NumberOfCells="{n}">\n' + "".join(mesh))
    return Grid(len(points), n, head, "</Piece>\n</UnstructuredGrid>\n</VTKFile>\n")


def collection(entries: Iterable[tuple[float, int, str, str]]) -> str:
    """The .pvd of (time [s], part number, part name, file name relative to the .pvd)."""
    rows = [f'<DataSet timestep="{time!r}" group="" part="{part}" name={quoteattr(name)} file={quoteattr(file)}/>\n'
            for time, part, name, file in entries]
    return ('<?xml version="1.0"?>\n<VTKFile type="Collection" version="0.1" byte_order="LittleEndian">\n<Collection>\n'
            + "".join(rows) + "</Collection>\n</VTKFile>\n")


def _data(tag: str, arrays: Mapping[str, np.ndarray], n: int) -> str:
    for name, values in arrays.items():
        if len(values) != n:
            raise ValueError(f"array {name!r} has {len(values)} rows where the part has {n}")
    with np.errstate(over="ignore"):  # beyond 3e38 single precision says inf
        return f"<{tag}>" + "".join(_array(name, np.asarray(v, "<f4")) for name, v in arrays.items()) + f"</{tag}>\n"


def _array(name: str, values: np.ndarray) -> str:
    components = f' NumberOfComponents="{values.shape[1]}"' if values.ndim == 2 else ""
    kind = _TYPE_NAME[values.dtype.str[1:]]
    return (f'<DataArray type="{kind}" Name={quoteattr(name)}{components} format="binary">'
            f"{_encoded(np.ascontiguousarray(values).tobytes())}</DataArray>\n")


def _encoded(raw: bytes) -> str:
    """Base64 of [blocks, block size, last partial size, compressed sizes...] and of the compressed blocks."""
    blocks = [zlib.compress(raw[i:i + _BLOCK], _LEVEL) for i in range(0, len(raw), _BLOCK)]
    header = np.array([len(blocks), _BLOCK, len(raw) % _BLOCK, *map(len, blocks)], dtype="<u4")
    return (base64.b64encode(header.tobytes()) + base64.b64encode(b"".join(blocks))).decode("ascii")

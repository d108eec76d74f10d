"""Closed surfaces from CAD files as bodies: read, repaired where that is safe, refused where it is not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from cellfem.errors import GeometryError, near_file
from cellfem.geometry import mesh_files
from cellfem.geometry.cad_check import LARGEST_HOLE, check_apart, check_closed, fail, polydata, touch, triangles
from cellfem.geometry.distance import Body

MOST_BYTES = 1_000_000_000  # of a file
MOST_PARTS = 500  # separate surfaces in one file
NUMBER = rb"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
VERTEX = re.compile(rb"vertex\s+" + rb"\s+".join([NUMBER] * 3))


def read_stl(path: Path, where: str) -> np.ndarray:
    """The corners (triangles, 3, 3) of a binary or text STL file, in the file's unit.

    Raises ValueError, beginning with `where`, for files that are cut off or hold no finite triangles.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise OSError(f"more than {MOST_BYTES / 1e9:g} GB")
        data = path.read_bytes()
    except OSError as error:
        fail(where, f'cannot read "{path.name}" ({error.strerror or error})', "a readable file is needed",
              near_file(path, ".stl") or "Mind the path: it starts at the design file's folder.")
    count = int.from_bytes(data[80:84], "little") if len(data) >= 84 else -1
    if len(data) == 84 + 50 * count:
        table = np.frombuffer(data, dtype=[("floats", "<f4", 12), ("flags", "<u2")], offset=84)
        corners = table["floats"][:, 3:].reshape(-1, 3, 3).astype(float)
    elif data.lstrip()[:5].lower() == b"solid" and b"\x00" not in data[:1000]:
        corners = _text(data, path, where)
    else:
        fail(where, f'found "{path.name}" cut off or no STL: {count} triangles announced, {len(data)} bytes',
              f"{84 + 50 * count} bytes are needed for as many", "Export it again.")
    return _checked(corners, path, where)


def read_surface(path: Path, where: str) -> np.ndarray:
    """The corners (triangles, 3, 3) of a surface in .stl or a format of meshio, in the file's unit.

    Raises ValueError, beginning with `where`, for files that cannot be read.
    """
    if path.suffix.lower() == ".stl":
        return read_stl(path, where)
    if path.suffix.lower() not in mesh_files.surface_suffixes():
        fail(where, f'found the file "{path.name}"', "a surface in .stl, .ply, .obj, .off or another format of meshio"
             " is needed", "Export the solid as STL.")
    return _checked(mesh_files.read_triangles(path, where), path, where)


def _checked(corners: np.ndarray, path: Path, where: str) -> np.ndarray:
    if len(corners) < 4 or not np.isfinite(corners).all():
        fail(where, f'found "{path.name}" with {len(corners)} triangles'
             + ("" if np.isfinite(corners).all() else ", some of them at no finite place"),
             "at least four triangles at finite places are needed", "Export it again.")
    return corners


def _text(data: bytes, path: Path, where: str) -> np.ndarray:
    found = VERTEX.findall(data)
    facets = len(re.findall(rb"endfacet", data))
    if not facets or len(found) != 3 * facets or not re.search(rb"endsolid", data):
        fail(where, f'found "{path.name}" cut off: {len(found)} corners of {facets} triangles',
              "three corners for each triangle and an endsolid are needed", "Export it again.")
    return np.array(found).astype(float).reshape(-1, 3, 3)


def solid(path: Path, *, unit: float, corner: Sequence[float] = (0.0, 0.0, 0.0), where: str = "cad") -> Body:
    """The signed distance of what a closed surface encloses, however its triangles are turned.

    Parameters
    ----------
    unit : [m] length of one unit of the file
    corner : the file's coordinates of the origin x = y = z = 0

    A part inside another one is a cavity, a part inside that one solid again.  Equal corners are merged, triangles
    without area dropped, holes up to LARGEST_HOLE of the extent closed and all triangles turned alike.  Raises
    GeometryError for surfaces that are then still open, have edges of more than two triangles, or cross
    themselves or each other.
    """
    corners = (read_surface(Path(path), where) - np.asarray(corner, dtype=float)) * unit
    surface = _repaired(corners)
    check_closed(surface, Path(path).name, where)
    found = _nested(surface, Path(path).name, where)
    check_apart(found, Path(path).name, where)
    return distance_from(found)


def _repaired(corners: np.ndarray):
    """vtkPolyData of the triangles, merged, small holes closed, turned outward."""
    from vtkmodules.vtkFiltersCore import vtkCleanPolyData, vtkPolyDataNormals, vtkTriangleFilter
    from vtkmodules.vtkFiltersModeling import vtkFillHolesFilter

    extent = float(np.ptp(corners.reshape(-1, 3), axis=0).max())
    points, ids = np.unique(np.round(corners.reshape(-1, 3) / (1e-7 * extent)).astype(np.int64), axis=0,
                            return_inverse=True)
    faces = ids.reshape(-1, 3)
    faces = faces[(faces != np.roll(faces, 1, axis=1)).all(axis=1)]
    _, first = np.unique(np.sort(faces, axis=1), axis=0, return_index=True)
    surface = polydata(points * (1e-7 * extent), faces[np.sort(first)])
    for step in (vtkFillHolesFilter(), vtkTriangleFilter(), vtkCleanPolyData(), vtkPolyDataNormals()):
        step.SetInputData(surface)
        if isinstance(step, vtkFillHolesFilter):
            step.SetHoleSize(LARGEST_HOLE * extent)
        if isinstance(step, vtkPolyDataNormals):
            step.ConsistencyOn()
            step.AutoOrientNormalsOn()
            step.SplittingOff()
        step.Update()
        surface = step.GetOutput()
    return surface


def _nested(surface, name: str, where: str):
    """The surface with parts at an odd depth of nesting turned inward; raises GeometryError where parts cross."""
    points, faces = triangles(surface)
    ends = faces.ravel(), np.roll(faces, 1, axis=1).ravel()
    links = coo_matrix((np.ones(faces.size), ends), shape=[len(points)] * 2)
    count, part = connected_components(links, directed=False)
    if count == 1:
        return surface
    if count > MOST_PARTS:
        fail(where, f'found "{name}" of {count} separate parts', f"at most {MOST_PARTS} are taken",
              "Leave out specks, or mesh a representative piece.", GeometryError)
    owner = part[faces[:, 0]]
    low, high = (np.array([end(points[part == k], axis=0) for k in range(count)]) for end in (np.min, np.max))
    depth = np.zeros(count, dtype=int)
    for k in range(count):
        others = [j for j in range(count) if j != k and (low[k] < high[j]).all() and (low[j] < high[k]).all()]
        if not others:
            continue
        own = polydata(points, faces[owner == k])
        body = distance_from(own)
        for j in others:
            inside = body(points[part == j].T) < 0
            if inside.any() != inside.all() or touch(own, polydata(points, faces[owner == j])):
                fail(where, f'found "{name}" with two parts that cross each other', "parts beside or wholly within"
                      " each other are needed", "Unite overlapping parts in the CAD program.", GeometryError)
            depth[j] += bool(inside.all())
    turned = np.where((depth[owner] % 2 == 1)[:, None], faces[:, ::-1], faces)
    return polydata(points, turned)


def distance_from(surface) -> Body:
    """The signed distance from a closed vtkPolyData, with the sign of angle-weighted normals.

    Source: J. A. Baerentzen, H. Aanaes, IEEE Trans. Vis. Comput. Graph. 2005, 11, 243 (doi:10.1109/TVCG.2005.49).
    """
    from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
    from vtkmodules.vtkCommonCore import vtkDoubleArray
    from vtkmodules.vtkFiltersCore import vtkImplicitPolyDataDistance

    implicit = vtkImplicitPolyDataDistance()
    implicit.SetInput(surface)

    def distance(x):
        found = vtkDoubleArray()
        implicit.EvaluateFunction(numpy_to_vtk(np.ascontiguousarray(np.asarray(x, dtype=float).T), deep=True), found)
        return vtk_to_numpy(found).copy()

    return distance

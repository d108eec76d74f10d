"""Closed surfaces from CAD files (STL) as bodies: read, repaired where that is safe, refused where it is not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from cellfem.errors import GeometryError, did_you_mean, explain
from cellfem.geometry.distance import Body

MOST_BYTES = 1_000_000_000  # of a file
MOST_PARTS = 500  # separate surfaces in one file
LARGEST_HOLE = 0.01  # of the surface's extent: wider holes are not closed
NUMBER = rb"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
VERTEX = re.compile(rb"vertex\s+" + rb"\s+".join([NUMBER] * 3))


def read_stl(path: Path, where: str) -> np.ndarray:
    """The corners (triangles, 3, 3) of a binary or text STL file, in the file's unit.

    Raises ValueError, beginning with `where`, for files that are cut off or hold no finite triangles.
    """
    if path.suffix.lower() != ".stl":
        _fail(where, f'found the file "{path.name}"', "a surface in .stl is needed", "Export the solid as STL.")
    try:
        if path.stat().st_size > MOST_BYTES:
            raise OSError(f"more than {MOST_BYTES / 1e9:g} GB")
        data = path.read_bytes()
    except OSError as error:
        near = [other.name for other in path.parent.glob("*.stl")] if path.parent.is_dir() else []
        _fail(where, f'cannot read "{path.name}" ({error.strerror or error})', "a readable file is needed",
              did_you_mean(path.name, near) if near and not path.exists() else "Mind the path: it starts at the design"
              " file's folder.")
    count = int.from_bytes(data[80:84], "little") if len(data) >= 84 else -1
    if len(data) == 84 + 50 * count:
        table = np.frombuffer(data, dtype=[("floats", "<f4", 12), ("flags", "<u2")], offset=84)
        corners = table["floats"][:, 3:].reshape(-1, 3, 3).astype(float)
    elif data.lstrip()[:5].lower() == b"solid" and b"\x00" not in data[:1000]:
        corners = _text(data, path, where)
    else:
        _fail(where, f'found "{path.name}" cut off or no STL: {count} triangles announced, {len(data)} bytes',
              f"{84 + 50 * count} bytes are needed for as many", "Export it again.")
    if len(corners) < 4 or not np.isfinite(corners).all():
        _fail(where, f'found "{path.name}" with {len(corners)} triangles'
              + ("" if np.isfinite(corners).all() else ", some of them at no finite place"),
              "at least four triangles at finite places are needed", "Export it again.")
    return corners


def _text(data: bytes, path: Path, where: str) -> np.ndarray:
    found = VERTEX.findall(data)
    facets = len(re.findall(rb"endfacet", data))
    if not facets or len(found) != 3 * facets or not re.search(rb"endsolid", data):
        _fail(where, f'found "{path.name}" cut off: {len(found)} corners of {facets} triangles',
              "three corners for each triangle and an endsolid are needed", "Export it again.")
    return np.array(found).astype(float).reshape(-1, 3, 3)


def solid(path: Path, *, unit: float, corner: Sequence[float] = (0.0, 0.0, 0.0), where: str = "cad") -> Body:
    """The signed distance of what a closed STL surface encloses, however its triangles are turned.

    Parameters
    ----------
    unit : [m] length of one unit of the file
    corner : the file's coordinates of the origin x = y = z = 0

    A part inside another one is a cavity, a part inside that one solid again.  Equal corners are merged, triangles
    without area dropped, holes up to LARGEST_HOLE of the extent closed and all triangles turned alike.  Raises
    GeometryError for surfaces that are then still open, have edges of more than two triangles, or cross each other.
    """
    corners = (read_stl(Path(path), where) - np.asarray(corner, dtype=float)) * unit
    surface = _repaired(corners)
    _check_closed(surface, Path(path).name, where)
    return distance_from(_nested(surface, Path(path).name, where))


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
    surface = _polydata(points * (1e-7 * extent), faces[np.sort(first)])
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


def _polydata(points: np.ndarray, faces: np.ndarray):
    from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray
    from vtkmodules.vtkCommonCore import vtkPoints
    from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData

    places, cells, surface = vtkPoints(), vtkCellArray(), vtkPolyData()
    places.SetData(numpy_to_vtk(np.ascontiguousarray(points, dtype=float), deep=True))
    starts = 3 * np.arange(len(faces) + 1, dtype=np.int64)
    cells.SetData(numpy_to_vtkIdTypeArray(starts, deep=True),
                  numpy_to_vtkIdTypeArray(np.ascontiguousarray(faces, dtype=np.int64).ravel(), deep=True))
    surface.SetPoints(places)
    surface.SetPolys(cells)
    return surface


def triangles(surface) -> tuple[np.ndarray, np.ndarray]:
    """(points (n, 3), triangles (m, 3)) of a vtkPolyData."""
    from vtkmodules.util.numpy_support import vtk_to_numpy

    if surface.GetNumberOfPolys() == 0:
        return np.empty((0, 3)), np.empty((0, 3), dtype=np.int64)
    return vtk_to_numpy(surface.GetPoints().GetData()), vtk_to_numpy(surface.GetPolys().GetConnectivityArray()).reshape(
        -1, 3)


def _check_closed(surface, name: str, where: str) -> None:
    points, faces = triangles(surface)
    edges = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    times = np.unique(edges, axis=0, return_counts=True)[1] if len(edges) else np.zeros(0, dtype=int)
    if (times > 2).any():
        _fail(where, f'found "{name}" with {int((times > 2).sum())} edges of more than two triangles',
              "a surface with an inside and an outside is needed", "Unite overlapping parts in the CAD program, and"
              " export one solid.", GeometryError)
    if len(times) == 0 or (times == 1).any():
        _fail(where, f'found "{name}" open: {int((times == 1).sum())} edges of one triangle',
              "a closed surface is needed", f"Close it in the CAD program: holes up to {LARGEST_HOLE:g} of its extent"
              " are closed here.", GeometryError)
    a, b, c = np.moveaxis(points[faces] - points.mean(axis=0), 1, 0)
    volume = abs(np.einsum("ij,ij->i", a, np.cross(b, c)).sum()) / 6
    if volume < 1e-9 * np.ptp(points, axis=0).max() ** 3:
        _fail(where, f'found "{name}" without volume', "a surface that encloses something is needed",
              "Export a solid, not a sheet.", GeometryError)


def _nested(surface, name: str, where: str):
    """The surface with parts at an odd depth of nesting turned inward; raises GeometryError where parts cross."""
    points, faces = triangles(surface)
    ends = faces.ravel(), np.roll(faces, 1, axis=1).ravel()
    links = coo_matrix((np.ones(faces.size), ends), shape=[len(points)] * 2)
    count, part = connected_components(links, directed=False)
    if count == 1:
        return surface
    if count > MOST_PARTS:
        _fail(where, f'found "{name}" of {count} separate parts', f"at most {MOST_PARTS} are taken",
              "Leave out specks, or mesh a representative piece.", GeometryError)
    owner = part[faces[:, 0]]
    low, high = (np.array([end(points[part == k], axis=0) for k in range(count)]) for end in (np.min, np.max))
    depth = np.zeros(count, dtype=int)
    for k in range(count):
        others = [j for j in range(count) if j != k and (low[k] < high[j]).all() and (low[j] < high[k]).all()]
        if not others:
            continue
        own = _polydata(points, faces[owner == k])
        body = distance_from(own)
        for j in others:
            inside = body(points[part == j].T) < 0
            if inside.any() != inside.all() or _touch(own, _polydata(points, faces[owner == j])):
                _fail(where, f'found "{name}" with two parts that cross each other', "parts beside or wholly within"
                      " each other are needed", "Unite overlapping parts in the CAD program.", GeometryError)
            depth[j] += bool(inside.all())
    turned = np.where((depth[owner] % 2 == 1)[:, None], faces[:, ::-1], faces)
    return _polydata(points, turned)


def _touch(one, two) -> bool:
    """Whether a triangle of one vtkPolyData crosses one of another."""
    from vtkmodules.vtkCommonMath import vtkMatrix4x4
    from vtkmodules.vtkFiltersModeling import vtkCollisionDetectionFilter

    step = vtkCollisionDetectionFilter()
    for k, surface in enumerate((one, two)):
        step.SetInputData(k, surface)
        step.SetMatrix(k, vtkMatrix4x4())
    step.SetCollisionModeToFirstContact()
    step.Update()
    return step.GetNumberOfContacts() > 0


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


def _fail(where: str, found: str, allowed: str, do: str, kind: type[ValueError] = ValueError):
    raise kind(explain(where, found, allowed, do))

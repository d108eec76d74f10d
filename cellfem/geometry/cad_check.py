"""Whether triangles enclose something: closed, with an inside, and without crossing themselves or each other."""

from __future__ import annotations

import numpy as np

from cellfem.errors import GeometryError, explain
from cellfem.geometry.checks import near

LARGEST_HOLE = 0.01  # of the surface's extent: wider holes are not closed
SURELY = 1e-6  # of the surface's extent, by which an edge has to reach through a triangle: touching is no crossing


def polydata(points: np.ndarray, faces: np.ndarray):
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


def check_closed(surface, name: str, where: str) -> None:
    points, faces = triangles(surface)
    edges = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    times = np.unique(edges, axis=0, return_counts=True)[1] if len(edges) else np.zeros(0, dtype=int)
    if (times > 2).any():
        fail(where, f'found "{name}" with {int((times > 2).sum())} edges of more than two triangles',
             "a surface with an inside and an outside is needed", "Unite overlapping parts in the CAD program, and"
             " export one solid.", GeometryError)
    if len(times) == 0 or (times == 1).any():
        fail(where, f'found "{name}" open: {int((times == 1).sum())} edges of one triangle',
             "a closed surface is needed", f"Close it in the CAD program: holes up to {LARGEST_HOLE:g} of its extent"
             " are closed here.", GeometryError)
    a, b, c = np.moveaxis(points[faces] - points.mean(axis=0), 1, 0)
    volume = abs(np.einsum("ij,ij->i", a, np.cross(b, c)).sum()) / 6
    if volume < 1e-9 * np.ptp(points, axis=0).max() ** 3:
        fail(where, f'found "{name}" without volume', "a surface that encloses something is needed",
             "Export a solid, not a sheet.", GeometryError)


def check_apart(surface, name: str, where: str) -> None:
    """Raise GeometryError where an edge of the surface passes through a triangle that it has no corner in common with.

    Candidates come from VTK's cell locator; they are checked with a margin, so that surfaces may touch.
    """
    points, faces = triangles(surface)
    edges = np.unique(np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1), axis=0)
    which, hit = _candidates(surface, points, edges)
    apart = (edges[which][:, :, None] != faces[hit][:, None, :]).all(axis=(1, 2))
    which, hit = which[apart], hit[apart]
    through, place = _pierced(points, edges[which], faces[hit])
    if through.any():
        fail(where, f'found "{name}" crossing itself: {int(through.sum())} edges pass through other triangles (the'
             f" first {near(place[through][0])})", "a surface with one inside is needed", "Unite the parts, or repair"
             " the surface in the CAD program.", GeometryError)


def _candidates(surface, points: np.ndarray, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(edge, triangle) of all triangles whose boxes an edge meets."""
    from vtkmodules.vtkCommonCore import vtkIdList
    from vtkmodules.vtkCommonDataModel import vtkStaticCellLocator

    locator, found = vtkStaticCellLocator(), vtkIdList()
    locator.SetDataSet(surface)
    locator.BuildLocator()
    which, hit = [], []
    for a, b in points[edges]:
        locator.FindCellsAlongLine(a, b, 0.0, found)
        hit += [found.GetId(i) for i in range(found.GetNumberOfIds())]
        which.append(found.GetNumberOfIds())
    return np.repeat(np.arange(len(edges)), which), np.array(hit, dtype=np.int64)


def _pierced(points: np.ndarray, edges: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whether each of the edges (n, 2) passes through the inside of its triangle (n, 3), and where, (n, 3)."""
    margin = SURELY * np.ptp(points, axis=0).max()
    (a, b), (p, q, r) = (np.moveaxis(points[corners], 1, 0) for corners in (edges, faces))
    normal = np.cross(q - p, r - p)
    area = np.linalg.norm(normal, axis=1)
    normal = normal / np.maximum(area, 1e-300)[:, None]
    above, below = ((normal * (end - p)).sum(axis=1) for end in (a, b))
    apart = np.where(above == below, 1.0, above - below)
    place = a + (above / apart)[:, None] * (b - a)
    inner = [(np.cross(v - u, place - u) * normal).sum(axis=1) / np.maximum(np.linalg.norm(v - u, axis=1), 1e-300)
             for u, v in ((p, q), (q, r), (r, p))]  # distances from the triangle's sides
    both = (np.minimum(np.abs(above), np.abs(below)) > margin) & (above * below < 0)
    return both & (np.min(inner, axis=0) > margin), place


def touch(one, two) -> bool:
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


def fail(where: str, found: str, allowed: str, do: str, kind: type[ValueError] = ValueError):
    raise kind(explain(where, found, allowed, do))

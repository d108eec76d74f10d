"""Draw surfaces in space with VTK: run as a program of its own, so that a crash of VTK cannot take a run down.

    python -P render.py job.npz      -> job.npz's folder: 0.png, 1.png, ...

The job holds, per picture i, `points_i` (n, 3), `faces_i` (m, 3), `colours_i` (n or m, 3) of uint8, and
`direction_i` (3,) from the scene to the camera.  It imports nothing of cellfem.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

CREASE = 60.0  # [degrees] between faces from which an edge is drawn: bends of coarse cells on a round body are less
SHORT = 0.1  # [-] of the scene's size: lines shorter than this are no edges of the body but odd cells
HEIGHT = 640  # [pixels] of a picture; its width follows from the scene


def main(job: str) -> None:
    import pyvista

    with np.load(job) as data:
        for i in range(sum(name.startswith("points_") for name in data)):
            draw(pyvista, data[f"points_{i}"], data[f"faces_{i}"], data[f"colours_{i}"],
                 data[f"direction_{i}"],
                 Path(job).with_name(f"{i}.png"))


def draw(pyvista, points, faces, colours, direction, path: Path) -> None:
    mesh = pyvista.PolyData(points, np.column_stack([np.full(len(faces), 3), faces]).ravel())
    data = mesh.point_data if len(colours) == len(points) else mesh.cell_data
    data["colour"] = colours
    width, height = extent(points, direction)
    plotter = pyvista.Plotter(off_screen=True, window_size=(max(120, round(HEIGHT * width / height)), HEIGHT))
    plotter.set_background("white")
    plotter.enable_anti_aliasing("ssaa")
    plotter.add_mesh(mesh, scalars="colour", rgb=True, lighting=False)  # a colour must stay that of the scale
    outline = pyvista.PolyData(points, mesh.faces).clean(tolerance=1e-6)  # mirrored copies meet in double points
    outline = outline.compute_normals(point_normals=False, consistent_normals=True)  # else each turned face is a crease
    edges = creases(outline, SHORT * np.ptp(points, axis=0).max())
    if edges.n_cells:
        plotter.add_mesh(edges, color="#303030", line_width=1.5)
    plotter.enable_parallel_projection()
    centre = (points.min(axis=0) + points.max(axis=0)) / 2
    plotter.camera.focal_point = centre
    plotter.camera.position = centre + 10 * np.ptp(points, axis=0).max() * direction / np.linalg.norm(direction)
    plotter.camera.up = (0.0, 0.0, 1.0)
    plotter.camera.parallel_scale = 0.51 * height
    plotter.reset_camera_clipping_range()
    plotter.screenshot(str(path))
    plotter.close()


def creases(outline, least: float):
    """Rims of a surface and edges at which it bends, in connected pieces that are at least so long in all."""
    edges = outline.extract_feature_edges(CREASE, manifold_edges=False)
    if not edges.n_cells:
        return edges
    pieces = edges.connectivity()
    piece = np.asarray(pieces.cell_data["RegionId"])
    ends = np.asarray(pieces.lines).reshape(-1, 3)[:, 1:]
    length = np.linalg.norm(pieces.points[ends[:, 1]] - pieces.points[ends[:, 0]], axis=1)
    return pieces.extract_cells(np.flatnonzero(np.bincount(piece, length)[piece] >= least))


def seen_from(direction) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Unit vectors to the right, up and toward the camera of a picture."""
    towards = np.asarray(direction) / np.linalg.norm(direction)
    right = np.cross((0.0, 0.0, 1.0), towards)
    right /= np.linalg.norm(right)
    return right, np.cross(towards, right), towards


def extent(points, direction) -> tuple[float, float]:
    """Width and height of the points as the camera sees them."""
    right, up, _ = seen_from(direction)
    low, high = points.min(axis=0), points.max(axis=0)
    corners = np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
    return float(np.ptp(corners @ right)), float(np.ptp(corners @ up))


if __name__ == "__main__":
    main(sys.argv[1])

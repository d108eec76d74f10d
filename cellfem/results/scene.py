"""Surfaces in space as images: by VTK in a process of its own, or by matplotlib where that fails."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

# From the scene to the camera: so little from the right and from above that one looks in between sheets.
DIRECTION = np.array([0.4, -1.0, 0.45])
_TIMEOUT = 180  # [s] for all the pictures of one call

log = logging.getLogger("cellfem")


def surface_images(surfaces: list[tuple[np.ndarray, np.ndarray, np.ndarray]],
                   directions: list[np.ndarray] | None = None) -> list[np.ndarray]:
    """RGB(A) images of surfaces: (points (n, 3), faces (m, 3), colours (n or m, 3) in 0 to 1) each.

    `directions` (3,) lead from the scene to the camera; None: DIRECTION for all.

    A machine without OpenGL, or on which VTK crashes, gets plainer pictures and one line in the log.
    """
    if not surfaces:
        return []
    directions = [DIRECTION] * len(surfaces) if directions is None else directions
    points_faces_colours = [(points / np.ptp(points, axis=0).max(), faces, colours)  # of order 1, as VTK likes it
                            for points, faces, colours in surfaces]
    try:
        return _by_vtk(points_faces_colours, directions)
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("pictures of surfaces: VTK cannot draw here (%s); matplotlib draws them instead", _reason(error))
        return [_by_matplotlib(*surface, direction)
                for surface, direction in zip(points_faces_colours, directions, strict=True)]


def _by_vtk(surfaces, directions) -> list[np.ndarray]:
    from matplotlib.image import imread

    job = {f"direction_{i}": direction for i, direction in enumerate(directions)}
    for i, (points, faces, colours) in enumerate(surfaces):
        job |= {f"points_{i}": points, f"faces_{i}": faces, f"colours_{i}": np.rint(255 * colours).astype(np.uint8)}
    with tempfile.TemporaryDirectory(prefix="cellfem") as folder:
        path = Path(folder) / "job.npz"
        np.savez(path, **job)
        # -P: this folder must not stand first on the child's path, where its html.py would hide the library's.
        subprocess.run([sys.executable, "-P", str(Path(__file__).with_name("render.py")), str(path)],
                       check=True, capture_output=True, timeout=_TIMEOUT, stdin=subprocess.DEVNULL)
        return [imread(path.with_name(f"{i}.png")) for i in range(len(surfaces))]


def _by_matplotlib(points: np.ndarray, faces: np.ndarray, colours: np.ndarray, direction=DIRECTION) -> np.ndarray:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.image import imread
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection

    if len(colours) == len(points):
        colours = colours[faces].mean(axis=1)
    figure = Figure(figsize=(6, 6), dpi=150)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1), projection="3d", proj_type="ortho")
    # Without anti-aliasing, which would show the seams between faces.
    axes.add_collection3d(Poly3DCollection(points[faces], facecolors=colours, edgecolors="none", antialiaseds=False))
    low = points.min(axis=0)
    high = np.maximum(points.max(axis=0), low + 1e-3)  # flat surfaces need a box, too
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), zlim=(low[2], high[2]))
    axes.set_box_aspect(high - low, zoom=0.95)
    x, y, z = direction
    axes.view_init(elev=np.degrees(np.arctan2(z, np.hypot(x, y))), azim=np.degrees(np.arctan2(y, x)))
    axes.set_axis_off()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    image = imread(io.BytesIO(buffer.getvalue()))
    inked = np.argwhere((image[..., :3] < 0.999).any(axis=2))
    (top, left), (bottom, right) = inked.min(axis=0), inked.max(axis=0) + 1
    return image[top:bottom, left:right]


def _reason(error: Exception) -> str:
    """The last line that the child said, or the error itself."""
    said = (getattr(error, "stderr", None) or b"").decode(errors="replace").strip().splitlines()
    return said[-1] if said else str(error)

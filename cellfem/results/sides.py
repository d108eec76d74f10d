"""The active surface of a mesh in space, with its coatings in colours: from three sides, with axes and a scale."""

from __future__ import annotations

import math

import numpy as np

from cellfem.geometry.levelset_facets import COATING
from cellfem.results.figures import figure_with, line_style, png
from cellfem.results.render import seen_from
from cellfem.results.scene import DIRECTION, surface_images
from cellfem.units import um

BARE = (1.0, 1.0, 1.0)
# title -> from the mesh to the camera; z points up in all of them
SIDES = {"front, from above": DIRECTION, "back, from above": DIRECTION * [-1, -1, 1],
         "front, from below": DIRECTION * [1, 1, -1]}


def draw_sides(mesh) -> bytes:
    """PNG: the active surface of a 3-D mesh from the front, from the back and from below."""
    points, faces, names = active_surface(mesh)
    figure = figure_with(12.0, 4.8)
    axes = figure.subplots(1, len(SIDES))
    directions = list(SIDES.values())
    images = surface_images([(points.T, faces, shaded(points, faces, names, direction)) for direction in directions],
                            directions)
    for ax, title, direction, image in zip(axes, SIDES, directions, images, strict=True):
        show(ax, image, points, direction)
        ax.set_title(title, fontsize=9)
    legend_of_coatings(figure, names)
    return png(figure)


def active_surface(mesh) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points (3, n) [m], faces (m, 3), and the name of each face's coating, "" where there is none."""
    active = mesh.boundaries["host_surface"]
    names = np.full(mesh.nfacets, "", dtype=object)
    for name, facets in mesh.boundaries.items():
        if name.startswith(COATING):
            names[facets] = name.removeprefix(COATING)
    nodes, faces = np.unique(mesh.facets[:, active].T, return_inverse=True)
    return mesh.p[:, nodes], faces.reshape(-1, 3), names[active]


def shaded(points: np.ndarray, faces: np.ndarray, names: np.ndarray, direction=DIRECTION) -> np.ndarray:
    """(faces, 3) grey, coatings in their colours, the lighter the more a face looks at a light above the camera."""
    from matplotlib.colors import to_rgb

    a, b, c = (points[:, faces[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a, axis=0)
    right, up, towards = seen_from(direction)
    light = -0.5 * right + 0.35 * up + 0.8 * towards
    cosine = np.abs(light @ normal) / np.maximum(np.linalg.norm(normal, axis=0), 1e-300) / np.linalg.norm(light)
    base = np.tile(BARE, (len(faces), 1))
    for name, colour in colours(names).items():
        base[names == name] = 0.25 + 0.75 * np.array(to_rgb(colour))
    return base * (0.35 + 0.55 * np.clip(cosine, 0, 1))[:, None]


def colours(names: np.ndarray) -> dict[str, str]:
    """Coating -> its colour."""
    return {name: line_style(k)["color"] for k, name in enumerate(sorted(set(names) - {""}))}


def show(ax, image: np.ndarray, points: np.ndarray, direction) -> None:
    """The image with the directions and extents of the mesh's axes beside it, and a bar of a round length."""
    right, up, _ = seen_from(direction)
    rows, columns = image.shape[:2]
    low, high = points.min(axis=1), points.max(axis=1)
    corners = np.stack(np.meshgrid(*zip(low, high, strict=True))).reshape(3, -1)
    pixels = rows / max(np.ptp(up @ corners), 1e-300)  # per metre
    ax.imshow(image, aspect="equal")
    ax.set(xlim=(0, columns), ylim=(rows * 1.3, 0))
    ax.set_axis_off()
    at, length = np.array([0.15 * columns, 1.17 * rows]), 0.1 * min(rows, columns)
    for name, axis in zip("xyz", np.eye(3), strict=True):
        tip = at + length * np.array([right @ axis, -up @ axis])
        ax.annotate("", tip, at, arrowprops={"arrowstyle": "->", "color": "black", "linewidth": 0.8})
        ax.text(*(at + 1.35 * (tip - at)), name, fontsize=8, ha="center", va="center")
    size = high - low
    bar = round_length(0.35 * columns / pixels)
    start = 0.55 * columns
    ax.plot([start, start + bar * pixels], [1.12 * rows] * 2, color="black", linewidth=2)
    ax.text(start, 1.15 * rows, f"{bar / um:g} um", fontsize=8, va="top")
    ax.text(start, 1.23 * rows, "surface: " + " x ".join(f"{x / um:.3g}" for x in size) + " um", fontsize=7, va="top")


def round_length(longest: float) -> float:
    """The largest of 1, 2, 5 times a power of ten up to a length.

    >>> round_length(0.034)
    0.02
    """
    power = 10.0 ** math.floor(math.log10(longest))
    return float(f"{max(step for step in (1, 2, 5) if step * power <= longest * (1 + 1e-9)) * power:.6g}")


def legend_of_coatings(figure, names: np.ndarray) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(facecolor=colour, label=name) for name, colour in colours(names).items()]
    if handles:
        rest = [Patch(facecolor="#bbbbbb", label="bare")] if (names == "").any() else []
        figure.legend(handles=handles + rest, title="coating", fontsize=8, loc="outside lower center", ncols=6)

"""What each shape is made of: axis-parallel boxes of host, and the layers from collector to counter electrode."""

from __future__ import annotations

import numpy as np

SAME = 1e-9  # planes closer than this share of the largest extent are one plane


def boxes(design) -> np.ndarray:
    """The host as boxes [m], (boxes, dimension, 2); they may overlap."""
    if design.shape == "walls":
        return _walls(design)
    if design.shape == "baffles":
        return _baffles(design)
    return np.empty((0, design.dimension, 2))


def count(design) -> float:
    """Number of walls or sheets, before any is made."""
    if design.shape == "walls":
        return design.size[_normal(design)] / design.walls.pitch + 1
    if design.shape == "baffles":
        return design.size[-1] / design.baffles.pitch + 1
    return 0


def layers(design) -> list[tuple[str, float]]:
    """(region, thickness [m]) of the layers from z = 0 upwards; the host layer of walls and baffles is `pore`."""
    first = {"slab": "electrolyte", "envelope": "electrode"}.get(design.shape, "pore")
    stack = [(first, design.size[-1]), ("electrolyte", design.electrolyte), ("separator", design.separator),
             ("electrolyte", design.counter_electrolyte)]
    return [(region, thickness) for region, thickness in stack if thickness > 0]


def _normal(design) -> int:
    return 1 if design.walls.normal == "y" else 0


def _box(design, **ranges) -> list[tuple[float, float]]:
    """The outer box of the host with some ranges replaced; in 2-D there is no y."""
    names = "xyz" if design.dimension == 3 else "xz"
    return [ranges.get(name, (0.0, extent)) for name, extent in zip(names, design.size, strict=True)]


def _walls(design) -> np.ndarray:
    axis, walls = _normal(design), design.walls
    extent = design.size[axis]
    centres = walls.pitch * np.arange(int(extent / walls.pitch + 0.5 + SAME) + 1)
    found = []
    for centre in centres:
        low, high = max(centre - walls.thickness / 2, 0.0), min(centre + walls.thickness / 2, extent)
        if high - low > SAME * extent:
            found.append(_box(design, **{"xy"[axis]: (low, high)}))
    return np.array(found)


def _baffles(design) -> np.ndarray:
    """Sheet k lies in [H - k pitch - thickness, H - k pitch]; even ones are open at x = 0, odd ones at x = size_x."""
    baffles, height = design.baffles, design.size[-1]
    found = []
    top = height
    while top - baffles.thickness > SAME * height:
        k = round((height - top) / baffles.pitch)
        found += _sheet(design, k, (top - baffles.thickness, top))
        top = height - (k + 1) * baffles.pitch
    return np.array(found + _posts(design))


def _sheet(design, k: int, z: tuple[float, float]) -> list:
    gap = design.baffles.gap
    closed = [(gap, extent) if k % 2 == 0 else (0.0, extent - gap) for extent in design.size[:-1]]
    opened = [(0.0, gap) if k % 2 == 0 else (extent - gap, extent) for extent in design.size[:-1]]
    sheet = [_box(design, x=closed[0], z=z)]
    if design.baffles.holes:
        sheet.append(_box(design, x=opened[0], y=closed[1], z=z))
    return sheet


def _posts(design) -> list:
    """Posts through the whole host: slits at the edges (0, 0) and (size_x, 0), holes at (size_x, 0) and (0, size_y)."""
    post = design.baffles.post
    if post == 0:
        return []
    size = design.size
    left, right = (0.0, post), (size[0] - post, size[0])
    if not design.baffles.holes:
        return [_box(design, x=x, y=(0.0, post)) for x in (left, right)]
    return [_box(design, x=right, y=(0.0, post)), _box(design, x=left, y=(size[1] - post, size[1]))]

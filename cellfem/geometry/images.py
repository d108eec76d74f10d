"""Voxel images as hosts: which voxels are solid, and a smooth surface of the same volume around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy import ndimage
from scipy.optimize import brentq
from scipy.special import ndtri

from cellfem.errors import GeometryError, explain
from cellfem.geometry.distance import Body, offset
from cellfem.geometry.image_files import described, read_array
from cellfem.geometry.surfaces import corrected
from cellfem.geometry.tabulated import cubic
from cellfem.units import um

MOST_VOXELS = 60_000_000  # that a surface is made of; some 40 bytes each
MOST_READ = 500_000_000  # that are kept of a file before they are coarsened; a few bytes each
PAD = 4  # voxels beyond the sides that the tables reach
COUNTED = 80_000  # places near the surface at which volumes are counted
NEAR = 2.5  # voxels: how far from the surface distances are corrected


@dataclass(frozen=True, eq=False)
class Image:
    """A box of voxels: the share of solid in each (x, y, z), z from the collector up, and their edges [m]."""

    solid: np.ndarray  # (nx, ny, nz) float32, 0 to 1
    voxel: np.ndarray  # (3,) [m]

    @property
    def size(self) -> np.ndarray:
        """Extents x, y, z [m]."""
        return np.array(self.solid.shape) * self.voxel

    @property
    def porosity(self) -> float:
        return 1 - float(self.solid.mean(dtype=float))


def read_image(path: str | Path, *, voxel: float | Sequence[float], threshold: float | None = None,
               solid_labels: Sequence[int] | None = None, axes: str = "zyx",
               crop_voxels: Sequence[Sequence[int]] | None = None, coarsen: int = 1, where: str = "image") -> Image:
    """An image from a .tif, .npy or .npz file; what is cropped away is not kept.

    Parameters
    ----------
    voxel : [m] edge of a voxel, one or (x, y, z)
    threshold : voxels brighter than this are solid; or else
    solid_labels : the labels that are solid; with neither an image of two values is needed, the larger one is solid
    axes : order of the file's axes
    crop_voxels : [first, end) along x, y and z of what is kept
    coarsen : voxels along each edge of a block that becomes one

    Raises ValueError for files that cannot be read and images without three dimensions, of no numbers, of one phase.
    """
    if sorted(axes) != ["x", "y", "z"]:
        raise ValueError(explain(f"{where}.axes", f'found "{axes}"', "the letters x, y, z in the file's order are"
                                 " needed", 'A stack of slices along z is "zyx".'))
    edges = np.asarray(voxel, dtype=float)
    if edges.shape not in ((), (1,), (3,)):
        raise ValueError(explain(f"{where}.voxel_um", f"found {edges.size} numbers", "one or three are needed",
                                 "Give [x, y, z], or one number for cubes."))
    shape, dtype = described(Path(path), where)
    if len(shape) != 3 or 0 in shape:
        raise ValueError(explain(where, f"found an image of the shape {shape}", "three dimensions, none of them"
                                 " empty, are needed", "Stack the slices into one file; take one channel of a colour"
                                 " image."))
    if dtype.kind not in "buif":
        raise ValueError(explain(where, f"found an image of the type {dtype}", "whole or real numbers are needed",
                                 "Convert it to grey values or labels."))
    order = [axes.index(letter) for letter in "xyz"]
    ranges = _ranges(crop_voxels, [shape[k] for k in order], where)
    _check_count([r[1] - r[0] for r in ranges], coarsen, where)
    array = read_array(Path(path), where, tuple(slice(*ranges["xyz".index(letter)]) for letter in axes))
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(explain(where, "found voxels that are not a finite number", "all must be finite",
                                 "Fill them before saving, e.g. with the phase around them."))
    solid = _solid(array, threshold, solid_labels, where)
    share = solid.mean()
    if share in (0.0, 1.0):
        raise ValueError(explain(where, f"found {'only' if share else 'no'} solid, grey values or labels from"
                                 f" {array.min()} to {array.max()}", "two phases are needed",
                                 "Mind threshold or solid_labels."))
    return coarsened(Image(solid.transpose(order), np.array(np.broadcast_to(edges, 3))), coarsen, where)


def _check_count(counts: Sequence[int], coarsen: int, where: str) -> None:
    """Raise ValueError where more voxels would be read or kept than can be, before any is read."""
    count = float(np.prod(np.asarray(counts, dtype=float)))
    if count > MOST_READ or count / coarsen**3 > MOST_VOXELS:
        raise ValueError(explain(where, f"found {count:.3g} voxels" + (f", {count / coarsen**3:.3g} when coarsened"
                                                                        if coarsen > 1 else ""),
                                 f"at most {MOST_READ:.3g} can be read and {MOST_VOXELS:.3g} used", "Crop"
                                 " (crop_voxels) or coarsen (coarsen) it."))


def _solid(array: np.ndarray, threshold, solid_labels, where: str) -> np.ndarray:
    if (threshold is not None) and (solid_labels is not None):
        raise ValueError(explain(f"{where}.threshold", "found it beside solid_labels", "one of them is needed",
                                 "A grey image has a threshold, a segmented one labels."))
    if threshold is not None:
        return array > threshold
    if solid_labels is not None:
        lost = [label for label in solid_labels if not (array == label).any()]
        if lost:
            known = np.unique(array[:: max(1, array.shape[0] // 8)])
            shown = ", ".join(map(str, known[:20].tolist())) + (", ..." if len(known) > 20 else "")
            raise ValueError(explain(f"{where}.solid_labels", f"found {lost[0]}, which no voxel has",
                                     f"the image's own labels are needed: {shown}", "Mind the segmentation's list."))
        return np.isin(array, np.asarray(solid_labels))
    low, high = array.min(), array.max()
    if not ((array == low) | (array == high)).all():
        raise ValueError(explain(f"{where}.threshold", "found nothing, and more than two grey values or labels",
                                 "threshold or solid_labels is needed", f"Values run from {low} to {high}."))
    return array == high if high > low else np.full(array.shape, bool(high))


def _ranges(given: Sequence[Sequence[int]] | None, shape: Sequence[int], where: str) -> list[tuple[int, int]]:
    """[first, end) along x, y and z; all of the shape where nothing is given."""
    if given is None:
        return [(0, n) for n in shape]
    if len(given) != 3 or not all(len(r) == 2 and 0 <= r[0] < r[1] <= n for r, n in zip(given, shape, strict=True)):
        raise ValueError(explain(f"{where}.crop_voxels", f"found {given}", "three ranges [first, end] within"
                                 f" {list(shape)} voxels are needed", "Counts start at 0; the end is not part of it."))
    return [(int(low), int(high)) for low, high in given]


def coarsened(image: Image, by: int, where: str = "image") -> Image:
    """Blocks of `by` voxels along each edge as one, with the block's share of solid; an incomplete rim is cut off."""
    counts = np.array(image.solid.shape) // by
    if counts.min() < 1:
        raise ValueError(explain(f"{where}.coarsen", f"found {by}", f"at most {min(image.solid.shape)} voxels, the"
                                 " shortest side, can become one", "Coarsen less."))
    kept = image.solid[tuple(slice(0, n * by) for n in counts)]
    blocks = kept.reshape(counts[0], by, counts[1], by, counts[2], by)
    return Image(blocks.mean(axis=(1, 3, 5), dtype=np.float32), image.voxel * by)


def percolation(image: Image) -> dict[str, float]:
    """Shares of pores and of solid that belong to a part reaching both ends of x, y, z; and pores open to the top."""
    found = {}
    for phase, mask in (("pore", image.solid < 0.5), ("solid", image.solid >= 0.5)):
        parts, _ = ndimage.label(mask)
        for axis, name in enumerate("xyz"):
            through = np.intersect1d(parts.take(0, axis), parts.take(-1, axis))
            joined = np.isin(parts, through[through > 0])
            found[f"{phase} through {name} [-]"] = float(joined.sum() / max(mask.sum(), 1))
        if phase == "pore":
            found["pore open to the top [-]"] = float(_joined(mask, -1).sum() / max(mask.sum(), 1))
    return found


def _joined(mask: np.ndarray, end: int) -> np.ndarray:
    """The part of the mask joined through faces to its last (-1) or first (0) layer in z."""
    parts, _ = ndimage.label(mask)
    return np.isin(parts, np.unique(parts[..., end])) & mask


def cleaned(image: Image, *, fill_closed_pores: bool, drop_loose_solid: bool) -> Image:
    """Pores that do not lead to the top become solid, solid not joined to the collector becomes pore."""
    solid = image.solid
    if drop_loose_solid:
        solid = np.where((solid >= 0.5) & ~_joined(solid >= 0.5, 0), np.float32(0), solid)
    if fill_closed_pores:
        solid = np.where((solid < 0.5) & ~_joined(solid < 0.5, -1), np.float32(1), solid)
    return replace(image, solid=solid)


def smooth_body(image: Image, *, smoothing: float = 1.0, periodic: bool = False, where: str = "image") -> Body:
    """The signed distance of a smooth surface around the image's solid, which keeps its volume.

    The share of solid is filtered by a Gaussian of standard deviation `smoothing` (in voxels) and cut at one half; the
    distance from this surface is tabulated at the middles of the voxels and moved as a whole so far that the solid's
    volume is that of the voxels.  Sides mirror the image, or repeat it.

    Raises ValueError for images of too many voxels and where the filter leaves nothing of a phase.
    """
    _check_count(image.solid.shape, 1, where)
    modes = ["wrap", "wrap", "symmetric"] if periodic else ["symmetric"] * 3
    solid = image.solid
    for axis, mode in enumerate(modes):
        width = [(PAD, PAD) if k == axis else (0, 0) for k in range(3)]
        solid = np.pad(solid, width, mode=mode)
    sigma = smoothing * image.voxel.min() / image.voxel
    filtered = ndimage.gaussian_filter(solid, sigma, mode="nearest")
    if not filtered.min() < 0.5 < filtered.max():
        raise ValueError(explain(f"{where}.smoothing_voxels", f"found {smoothing:.4g}, which leaves nothing of one"
                                 " phase", "features of at least two voxels are needed", "Lower it, or scan finer."))
    origin = (0.5 - PAD) * image.voxel
    step = float(image.voxel.min())
    rough = _from_voxels(filtered < 0.5, image.voxel)
    reach = min(NEAR, 3 * smoothing) * step
    # across a flat edge the filtered share is a normal distribution: its quantile is the distance, to begin with
    quantile = smoothing * step * ndtri(np.clip(1 - filtered, 1e-4, 1 - 1e-4))
    surface = corrected(cubic(quantile, origin, image.voxel), reach)
    near = np.flatnonzero(np.abs(quantile.ravel()) < reach)
    middles = origin[:, None] + np.stack(np.unravel_index(near, rough.shape)) * image.voxel[:, None]
    rough.ravel()[near] = surface(middles)
    table = cubic(rough, origin, image.voxel)
    body = corrected(table, NEAR * step)
    return offset(body, _restored(body, image, rough))


def _from_voxels(pore: np.ndarray, voxel: np.ndarray) -> np.ndarray:
    """Signed distances [m] of the middles of voxels from the faces between the phases, positive in pores."""
    half = voxel.min() / 2
    out = np.where(pore, ndimage.distance_transform_edt(pore, voxel) - half, 0.0)
    return out - np.where(pore, 0.0, ndimage.distance_transform_edt(~pore, voxel) - half)


def _restored(body: Body, image: Image, rough: np.ndarray) -> float:
    """The offset [m] that gives the body the volume of the image's solid: counted at places near the surface."""
    inner = rough[PAD:-PAD, PAD:-PAD, PAD:-PAD]
    step = float(image.voxel.min())
    near = np.flatnonzero(np.abs(inner.ravel()) < NEAR * step)
    rng = np.random.default_rng(0)
    times = max(1, min(8, COUNTED // max(len(near), 1)))
    chosen = np.repeat(near, times) if len(near) <= COUNTED else rng.choice(near, COUNTED, replace=False)
    index = np.stack(np.unravel_index(chosen, inner.shape))
    distance = body((index + rng.uniform(0, 1, index.shape)) * image.voxel[:, None])
    share = len(near) / inner.size
    inside = float((inner < 0).mean() - (inner.ravel()[near] < 0).sum() / inner.size)
    wanted = float(image.solid.mean(dtype=float)) - inside

    def lack(by):
        return (distance < by).mean() * share - wanted

    return float(brentq(lack, -NEAR * step, NEAR * step, xtol=1e-5 * step)) if lack(-NEAR * step) * lack(
        NEAR * step) < 0 else 0.0


def drawn_image(path: Path, *, voxel, where: str, threshold=None, solid_labels=None, axes: str = "zyx",
                crop_voxels=None, coarsen: int = 1, fill_closed_pores: bool = False,
                drop_loose_solid: bool = False) -> Image:
    """The image that the table [image] of a design asks for: read, cropped, coarsened and cleaned."""
    image = read_image(path, voxel=voxel, threshold=threshold, solid_labels=solid_labels, axes=axes,
                       crop_voxels=crop_voxels, coarsen=coarsen, where=where)
    return cleaned(image, fill_closed_pores=fill_closed_pores, drop_loose_solid=drop_loose_solid)


def image_body(path: Path, size: Sequence[float], *, where: str, smoothing_voxels: float = 1.0, periodic: bool = False,
               **drawn) -> Body:
    """What the table [image] of a design says, as a body in a box of the given size [m]; `drawn` as `drawn_image`."""
    image = drawn_image(path, where=where, **drawn)
    if (np.asarray(size) > image.size * (1 + 1e-6)).any():
        raise GeometryError(explain(f"{where}.voxel_um", f"found an image of {_in_um(image.size)} um",
                                    f"at least size_um = {_in_um(size)} is needed",
                                    "Give size_um the extents of the image, or mind voxel_um and axes."))
    return smooth_body(image, smoothing=smoothing_voxels, periodic=periodic, where=where)


def _in_um(lengths: Sequence[float]) -> str:
    return " x ".join(f"{length / um:.4g}" for length in lengths)

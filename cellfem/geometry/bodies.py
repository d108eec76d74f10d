"""From the tables of a design to its body, a signed distance, and to its coatings."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from cellfem.errors import GeometryError, explain
from cellfem.geometry import cad, fibres, filling, foam, images, packing, random_media, sheets, surfaces
from cellfem.geometry.distance import Body, complement, intersection, offset
from cellfem.geometry.profiles import Profile, read_profile
from cellfem.geometry.random_fields import mosaic
from cellfem.geometry.shape_keys import BODIES, CoatingKeys
from cellfem.units import um

KIND = {"um": um, "degrees": math.pi / 180}  # ends of keys that carry a unit
COMMON = ("inverted", "offset_um")
FORBIDDEN = "/\\:"  # in names of coatings, which become names of surfaces


@dataclass(frozen=True, kw_only=True)
class BodyDesign:
    """What a table such as [foam] says, in SI; `table` names its maker."""

    table: str
    arguments: tuple[tuple[str, Any], ...]  # keyword arguments of the maker
    inverted: bool = False
    offset: Profile | None = None  # [m] by depth
    folder: str = field(default=".", compare=False)  # of the design file, to which `file` is relative


@dataclass(frozen=True, kw_only=True)
class CoatingDesign:
    """A named part of the host's surface: what all of its rules say at once."""

    name: str
    depth: tuple[float, float] | None = None  # [m] from and to, below the top of the host
    box: tuple[tuple[float, float], ...] | None = None  # [m] x, y, z
    share: float | None = None  # of the surface, or of the particles
    patch: float | None = None  # [m] correlation length of patches
    particles: bool = False
    cores: bool | None = None
    seed: int = 0
    film: float | None = None  # [Ohm m2] per true area
    nucleation: float | None = None  # [V] nucleation overpotential
    blocked: float | None = None  # [-] share that does not react

    @property
    def properties(self) -> tuple[float | None, ...]:
        return self.film, self.nucleation, self.blocked


def read_body(table: str, keys, file: str) -> BodyDesign:
    """From checked keys of the table."""
    arguments = []
    for name in type(keys).model_fields:
        value = getattr(keys, name)
        if name in COMMON or value is None:
            continue
        unit = KIND.get(name.rpartition("_")[2], 1.0)
        arguments.append((name.rpartition("_")[0] if unit != 1.0 else name, _scaled(value, unit)))
    moved = None if keys.offset_um is None else read_profile(keys.offset_um, f"{file}: {table}.offset_um", um)
    return BodyDesign(table=table, arguments=tuple(arguments), inverted=keys.inverted, offset=moved,
                      folder=str(Path(file).parent))


def _scaled(value: Any, unit: float) -> Any:
    """The value in SI; lists become tuples."""
    if isinstance(value, list | tuple):
        return tuple(_scaled(entry, unit) for entry in value)
    return value if value is None or isinstance(value, bool | str) or unit == 1.0 else value * unit


def read_coatings(tables: dict[str, CoatingKeys], file: str) -> tuple[CoatingDesign, ...]:
    """From checked keys; raises ValueError for names and combinations that cannot be."""
    found = []
    for name, keys in tables.items():
        where = f"{file}: coatings.{name}"
        rules = (keys.depth_um, keys.box_um, keys.share, keys.cores)
        if all(rule is None for rule in rules):
            raise ValueError(explain(where, "found nothing that says where it is", "depth_um, box_um, share or cores is"
                                     " needed", "depth_um = [0, 50] coats the upper 50 um."))
        if keys.share is not None and (keys.patch_um is None) != keys.particles:
            raise ValueError(explain(f"{where}.share", "found it with " + ("both" if keys.particles else "neither")
                                     + " patch_um and particles = true", "one of them is needed",
                                     "Patches have a size, patch_um; particles are coated whole."))
        if any(letter in name for letter in FORBIDDEN) or not 0 < len(name) <= 40:
            raise ValueError(explain(where, f'found the name "{name[:40]}"', f"a name without {FORBIDDEN} is needed",
                                     "It becomes part of the name of a surface."))
        for key, ranges in (("depth_um", [keys.depth_um]), ("box_um", keys.box_um or [])):
            if any(r is not None and (len(r) != 2 or r[1] <= r[0]) for r in ranges):
                raise ValueError(explain(f"{where}.{key}", f"found {ranges}", "a lower and a higher end are needed",
                                         "Depths count from the top of the host down."))
        found.append(CoatingDesign(name=name, depth=_scaled(keys.depth_um, um), box=_scaled(keys.box_um, um),
                                   share=keys.share, patch=None if keys.patch_um is None else keys.patch_um * um,
                                   particles=keys.particles, cores=keys.cores, seed=keys.seed, film=keys.film_Ohm_m2,
                                   nucleation=None if keys.nucleation_mV is None else 1e-3 * keys.nucleation_mV,
                                   blocked=keys.blocked))
    return tuple(found)


def body_of(design) -> Body:
    """The signed distance of a design's host, negative inside its solid, on the box [0, x] x [0, y] x [0, z] [m].

    Raises GeometryError where the design has no body, ValueError or GeometryError where a file cannot be read or a
    porosity not be reached.  The last bodies made are kept.
    """
    if callable(design.body):
        _check_function(design)
        return design.body
    if design.body is None:
        raise GeometryError(explain(f"{design.file}: shape", f'found "{design.shape}"', "one of "
                                    + ", ".join(sorted(BODIES)) + " has a signed distance", "Walls, baffles and slabs"
                                    " are meshed from boxes."))
    return _made(design.body, tuple(design.size), design.periodic, f"{design.file}: {design.body.table}")


def _check_function(design) -> None:
    """Raise ValueError unless a script's own function gives one finite distance [m] per place of the box."""
    x = filling.places(design.size, filling.FEW)
    found = np.asarray(design.body(x.copy()))
    where = f"{design.file}: body"
    if found.shape != (x.shape[1],) or found.dtype.kind not in "fiu":
        raise ValueError(explain(where, f"found values of the shape {found.shape} and type {found.dtype} for places of"
                                 f" the shape {x.shape}", "one distance [m] for each place is needed", "Work on the"
                                 " last axis: np.hypot(x[0], x[1]) - radius, say."))
    if not np.isfinite(found).all():
        raise ValueError(explain(where, f"found {int((~np.isfinite(found)).sum())} values that are not finite at"
                                 f" {found.size} places in the box", "one distance [m] for each place is needed",
                                 "Mind divisions by zero and roots of negative numbers."))


@lru_cache(maxsize=8)
def _made(body: BodyDesign, size: tuple[float, ...], periodic: bool, where: str) -> Body:
    arguments = dict(body.arguments)
    target = arguments.get("porosity")
    if target is not None and body.inverted:
        arguments["porosity"] = 1 - target
    made = MAKERS[body.table](size, periodic=periodic, where=where, folder=body.folder, **arguments)
    if body.inverted:
        made = complement(made)
    if body.offset is None:
        return made
    graded = offset(made, lambda x: body.offset.at(size[2] - x[2], size[2]))
    return graded if target is None else offset(graded, filling.growth(graded, size, target, f"{where}.porosity"))


def _spheres(size, *, periodic, where, folder, diameter, porosity=None, lattice=None, period=None, centres=None,
             **random) -> Body:
    given = [key for key, value in (("porosity", porosity), ("lattice", lattice), ("centres_um", centres)) if value]
    if len(given) != 1:
        raise GeometryError(explain(where, f"found {' and '.join(given) or 'none'} of porosity, lattice and centres_um",
                                    "one of them is needed", "Spheres are strewn to a porosity, stand on a lattice or"
                                    " at given places."))
    if porosity is not None:
        return random_media.overlapping_spheres(size, diameter=diameter, porosity=porosity, periodic=periodic,
                                                where=where, **random)
    if centres is not None:
        if any(len(centre) != 3 for centre in centres):
            raise GeometryError(explain(f"{where}.centres_um", "found a place without three numbers",
                                        "[x, y, z] is needed", "Lengths are in um."))
        return random_media.placed_spheres(centres, [diameter] * len(centres))
    if period is None:
        raise GeometryError(explain(f"{where}.period_um", "found nothing", "a lattice needs it",
                                    "It is the edge of the cubic cell."))
    return random_media.sphere_lattice(size, lattice=lattice, period=period, diameter=diameter, where=where)


def _fibres(size, *, folder, where, tilts=None, tilt_weights=None, wavelength=None, **other) -> Body:
    rows = (tilts or (), tilt_weights or ())
    if len(rows[0]) != len(rows[1]) or len(rows[0]) == 1 or list(rows[0]) != sorted(set(rows[0])) \
            or bool(rows[0]) != any(rows[1]):
        raise GeometryError(explain(f"{where}.tilts_degrees", "found angles and weights that do not go together",
                                    "two or more increasing angles, each with its weight, are needed",
                                    "tilts_degrees = [0, 30, 90] with tilt_weights = [1.0, 0.5, 0.0]."))
    if other.get("wave", 0) > 0 and wavelength is None:
        raise GeometryError(explain(f"{where}.wavelength_um", "found nothing beside wave_um", "waves need a length",
                                    "Give wavelength_um."))
    return fibres.fibre_mat(size, where=where, wavelength=wavelength,
                            tilts=None if tilts is None else (tilts, tilt_weights), **other)


def _sheets(size, *, periodic, folder, where, **other) -> Body:
    if other.get("wave", 0) > 0 and other.get("wavelength") is None:
        raise GeometryError(explain(f"{where}.wavelength_um", "found nothing beside wave_um", "waves need a length",
                                    "Give wavelength_um."))
    return sheets.sheet_stack(size, where=where, **other)


def _flakes(size, *, folder, **other) -> Body:
    return sheets.flakes(size, **other)


def _foam(size, *, folder, **other) -> Body:
    return foam.open_foam(size, **other)


def _minimal_surface(size, *, periodic, folder, **other) -> Body:
    return surfaces.minimal_surface(size, **other)


def _gaussian(size, *, folder, where, correlation, **other) -> Body:
    if isinstance(correlation, tuple) and len(correlation) != 3:
        raise GeometryError(explain(f"{where}.correlation_um", f"found {len(correlation)} numbers",
                                    "one or three are needed", "Give [x, y, z]."))
    return random_media.gaussian_medium(size, correlation_lengths=correlation, where=where, **other)


def _particles(size, *, periodic, folder, where, crumple=None, crumple_porosity=0.8, **other) -> Body:
    balls = packing.particles(size, where=where, **other)
    if crumple is None:
        return balls
    walls = random_media.gaussian_medium(size, correlation_lengths=crumple, seed=other.get("seed", 0),
                                         porosity=crumple_porosity, walls=True, periodic=periodic, within=balls,
                                         where=where)
    return intersection(balls, walls)


def _image(size, *, periodic, folder, where, file, voxel, **other) -> Body:
    return images.image_body(Path(folder) / file, size, voxel=voxel, where=where, **other)


def _cad(size, *, periodic, folder, where, file, unit, corner) -> Body:
    return cad.solid(Path(folder) / file, unit=unit, corner=corner, where=where)


MAKERS = {"spheres": _spheres, "fibres": _fibres, "sheets": _sheets, "flakes": _flakes, "foam": _foam,
          "minimal_surface": _minimal_surface, "gaussian": _gaussian, "particles": _particles, "image": _image,
          "cad": _cad}


def image_of(design) -> images.Image | None:
    """The image that a design is drawn after; None for other shapes."""
    if getattr(design.body, "table", "") != "image":
        return None
    given = {name: value for name, value in design.body.arguments if name != "smoothing_voxels"}
    return images.drawn_image(Path(design.body.folder) / given.pop("file"), where=f"{design.file}: image", **given)


def labels_of(design) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """Name of each coating -> which of the places (3, n) [m] on the host's surface it covers, (n,) bool."""
    return {coating.name: _covered(coating, design) for coating in design.coatings}


def _covered(coating: CoatingDesign, design) -> Callable[[np.ndarray], np.ndarray]:
    height, body = design.size[2], body_of(design)
    if (coating.particles or coating.cores is not None) and not isinstance(body, packing.Particles):
        raise GeometryError(explain(f"{design.file}: coatings.{coating.name}", f'found particles beside shape ='
                                    f' "{design.shape}"', "only [particles] has them", "Use depth_um, box_um or"
                                    " patches, share with patch_um."))
    patches = mosaic(coating.patch, coating.seed, share=coating.share) if coating.patch is not None \
        and coating.share is not None else None

    def covered(x):
        found = np.ones(x.shape[1], dtype=bool)
        if coating.depth is not None:
            found &= (height - x[2] >= coating.depth[0]) & (height - x[2] <= coating.depth[1])
        for axis, ends in enumerate(coating.box or ()):
            found &= (x[axis] >= ends[0]) & (x[axis] <= ends[1])
        if patches is not None:
            found &= patches(x) > 0.5
        if coating.particles and coating.share is not None:
            count = int(body.packing.owners.max()) + 1
            chosen = np.random.default_rng(coating.seed).permutation(count) < round(coating.share * count)
            found &= chosen[body.packing.owners[body.nearest(x)[1]]]
        if coating.cores is not None:
            found &= body.in_core(x) == coating.cores
        return found

    return covered

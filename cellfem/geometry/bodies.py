"""From the table of a design to its body, a signed distance."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from cellfem.errors import GeometryError, did_you_mean, explain
from cellfem.geometry import by_depth, cad, fibres, filling, foam, images, packing, random_media, sheets, surfaces
from cellfem.geometry.by_depth import Graded
from cellfem.geometry.distance import Body, combined, complement, intersection, shell
from cellfem.geometry.profiles import Profile, read_profile
from cellfem.geometry.shape_keys import BODIES
from cellfem.units import um

KIND = {"um": um, "degrees": math.pi / 180}  # ends of keys that carry a unit
COMMON = ("inverted", "offset_um", "bodies")
OPERATIONS = ("union", "intersection", "difference")
DEEPEST = 4  # combinations within combinations


@dataclass(frozen=True, kw_only=True)
class BodyDesign:
    """What a table such as [foam] says, in SI; `table` names its maker."""

    table: str
    arguments: tuple[tuple[str, Any], ...]  # keyword arguments of the maker
    inverted: bool = False
    offset: Profile | None = None  # [m] by depth
    parts: tuple[BodyDesign, ...] = ()  # of a combination
    shell: float | None = None  # [m] of a part: the layer along its surface
    folder: str = field(default=".", compare=False)  # of the design file, to which `file` is relative

    @property
    def profiles(self) -> tuple[Profile, ...]:
        """All that vary by depth, those of the parts too."""
        own = [value for value in (self.offset, *dict(self.arguments).values()) if isinstance(value, Profile)]
        return (*own, *(profile for part in self.parts for profile in part.profiles))


def read_body(table: str, keys, file: str, place: str = "", depth: int = 0) -> BodyDesign:
    """From checked keys of the table; `place` is the table's name in messages."""
    place = place or table
    arguments = []
    for name in type(keys).model_fields:
        value = getattr(keys, name)
        if name in COMMON or value is None:
            continue
        unit = KIND.get(name.rpartition("_")[2], 1.0)
        value = read_profile(value, f"{file}: {place}.{name}", unit) if isinstance(value, dict) else scaled(value, unit)
        arguments.append((name.rpartition("_")[0] if unit != 1.0 else name, value))
    moved = None if keys.offset_um is None else read_profile(keys.offset_um, f"{file}: {place}.offset_um", um)
    parts = ()
    if table == "combination":
        if depth == DEEPEST:
            raise ValueError(explain(f"{file}: {place}", f"found more than {DEEPEST} combinations within each other",
                                     f"at most {DEEPEST} are read", "Write it with fewer of them."))
        parts = tuple(_read_part(part, file, f"{place}.bodies#{k}", depth + 1) for k, part in enumerate(keys.bodies, 1))
    found = BodyDesign(table=table, arguments=tuple(arguments), inverted=keys.inverted, offset=moved, parts=parts,
                       folder=str(Path(file).parent))
    _check_graded(found, f"{file}: {place}.porosity")
    return found


def _read_part(keys, file: str, place: str, depth: int) -> BodyDesign:
    """One of the bodies of a combination, the only table beside its `shell_um`."""
    given = [table for table in BODIES if getattr(keys, table) is not None]
    if len(given) != 1:
        raise ValueError(explain(f"{file}: {place}", f"found {' and '.join(given) or 'no table of a shape'}",
                                 "the table of one shape is needed", "Each body begins with its own"
                                 " [[combination.bodies]]."))
    found = read_body(given[0], getattr(keys, given[0]), file, f"{place}.{given[0]}", depth)
    return found if keys.shell_um is None else replace(found, shell=keys.shell_um * um)


def _check_graded(body: BodyDesign, where: str) -> None:
    """Raise ValueError where a porosity by depth is to be met by a body that varies with depth in another way, too."""
    target = dict(body.arguments).get("porosity")
    if isinstance(target, Profile) and target.varies and sum(profile.varies for profile in body.profiles) > 1:
        raise ValueError(explain(where, "found a profile beside another one", "one of them can say how the body varies"
                                 " with depth", "Give one porosity, which then holds in the mean, or one length."))


def scaled(value: Any, unit: float) -> Any:
    """The value in SI; lists become tuples."""
    if isinstance(value, list | tuple):
        return tuple(scaled(entry, unit) for entry in value)
    return value if value is None or isinstance(value, bool | str) or unit == 1.0 else value * unit


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


@lru_cache(maxsize=16)
def _made(body: BodyDesign, size: tuple[float, ...], periodic: bool, where: str) -> Body:
    arguments = dict(body.arguments)
    target = arguments.get("porosity")
    if target is not None and body.inverted:
        arguments["porosity"] = by_depth.scaled(target, -1.0, 1.0, size[2])
    if body.parts:
        arguments["bodies"] = _parts(body, size, periodic, where)
    made = MAKERS[body.table](size, periodic=periodic, where=where, folder=body.folder, **arguments)
    if body.inverted:
        made = complement(made)
    if body.offset is not None:
        made = by_depth.grown(made, body.offset, size[2], f"{where}.offset_um")
        if target is not None:
            more = filling.growth(made, size, target, f"{where}.porosity")
            made = by_depth.grown(made, more, size[2], f"{where}.porosity")
    return made if body.shell is None else shell(made, body.shell)


def _parts(body: BodyDesign, size: tuple[float, ...], periodic: bool, where: str) -> tuple[Body, ...]:
    return tuple(_made(part, size, periodic, f"{where}.bodies#{k}.{part.table}")
                 for k, part in enumerate(body.parts, 1))


def parts_of(design) -> tuple[Body, ...]:
    """The bodies of a combination, in the design's order; none of other shapes."""
    if not getattr(design.body, "parts", ()):
        return ()
    return _parts(design.body, tuple(design.size), design.periodic, f"{design.file}: {design.body.table}")


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
        return random_media.placed_spheres(centres, by_depth.at(diameter, np.array(centres).T, size[2]))
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


def _combination(size, *, periodic, folder, where, bodies, operation, blend, porosity: Graded | None = None) -> Body:
    if operation not in OPERATIONS:
        raise GeometryError(explain(f"{where}.operation", f'found "{operation}"', "one of " + ", ".join(OPERATIONS)
                                    + " is needed", did_you_mean(operation, OPERATIONS)))
    whole = combined(bodies, operation, blend)
    if porosity is None:
        return whole
    key = f"{where}.porosity"
    return by_depth.grown(whole, filling.growth(whole, size, porosity, key), size[2], key)


MAKERS = {"spheres": _spheres, "fibres": _fibres, "sheets": _sheets, "flakes": _flakes, "foam": _foam,
          "minimal_surface": _minimal_surface, "gaussian": _gaussian, "particles": _particles, "image": _image,
          "cad": _cad, "combination": _combination}


def image_of(design) -> images.Image | None:
    """The image that a design is drawn after; None for other shapes."""
    if getattr(design.body, "table", "") != "image":
        return None
    given = {name: value for name, value in design.body.arguments if name != "smoothing_voxels"}
    return images.drawn_image(Path(design.body.folder) / given.pop("file"), where=f"{design.file}: image", **given)

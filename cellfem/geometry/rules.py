"""What a design must satisfy, whichever way it was made: messages name the file and the key."""

from __future__ import annotations

import math

from cellfem.errors import GeometryError, did_you_mean, explain
from cellfem.geometry.gradients import profiles
from cellfem.geometry.profiles import check_depths
from cellfem.geometry.shape_keys import BODIES
from cellfem.units import um

BOXES = ("baffles", "envelope", "slab", "walls")
SHAPES = (*BOXES, *BODIES)
SHORTEST, LONGEST = 1e-3 * um, 1e6 * um  # [m] of any length


def check(design) -> None:
    """Raise ValueError or GeometryError for the first rule that `design` breaks."""
    _check_kind(design)
    _check_lengths(design)
    _check_layers(design)
    for profile in profiles(design):
        check_depths(profile, design.size[-1])
    {"walls": _check_walls, "baffles": _check_baffles}.get(design.shape, lambda design: None)(design)


def _fail(design, key: str, found: str, allowed: str, do: str, kind: type[ValueError] = GeometryError):
    raise kind(explain(f"{design.file}: {key}", found, allowed, do))


def _check_kind(design) -> None:
    if design.shape not in SHAPES and not callable(design.body):
        _fail(design, "shape", f'found "{design.shape}"', "one of " + ", ".join(SHAPES) + " is needed",
              did_you_mean(design.shape, SHAPES), ValueError)
    if design.dimension not in (1, 2, 3) or isinstance(design.dimension, bool):
        _fail(design, "dimension", f"found {design.dimension!r}", "1, 2 or 3 is needed",
              "2 drops y, 1 drops x and y.", ValueError)
    if len(design.size) != design.dimension:
        _fail(design, "size_um", f"found {len(design.size)} of them", f"{design.dimension} are needed, z last",
              "Give the extents of the host layer.", ValueError)
    for table in ("walls", "baffles"):
        given = getattr(design, table) is not None
        if given and design.shape != table:
            _fail(design, f"[{table}]", f'found beside shape = "{design.shape}"',
                  f'[{table}] belongs to shape = "{table}"', "Remove the table or change the shape.", ValueError)
        if not given and design.shape == table:
            _fail(design, f"[{table}]", "found nothing", f'shape = "{table}" needs this table',
                  f"Add [{table}] with its lengths.", ValueError)
    _check_body(design)
    if design.electrode is not None and design.shape != "envelope":
        _fail(design, "[electrode]", f'found beside shape = "{design.shape}"', '[electrode] belongs to shape ='
              ' "envelope"', "Remove the table or change the shape.", ValueError)
    if design.surface is not None and design.shape == "slab":
        _fail(design, "[surface]", 'found beside shape = "slab"', "a slab has no depth", "Give the film to the cell:"
              " cf.Film(R=...).", ValueError)
    if design.shape in ("walls", "baffles") and design.dimension == 1:
        _fail(design, "dimension", "found 1", f'shape = "{design.shape}" needs 2 or 3', "In one dimension only a slab"
              " or an envelope has a meaning.")


def _check_body(design) -> None:
    """A body belongs to its own shapes, or, where it is a function, to any name that boxes do not have."""
    shape = design.shape
    if shape not in BOXES and design.body is None:
        _fail(design, f"[{shape}]", "found nothing", f'shape = "{shape}" needs this table',
              f"Add [{shape}] with its lengths.", ValueError)
    if shape in BOXES and design.body is not None:
        _fail(design, "shape", f'found "{shape}" beside a body', "a body has a shape of its own, one of "
              + ", ".join(BODIES), "Remove the body or change the shape.", ValueError)
    if design.body is not None and design.dimension != 3:
        _fail(design, "dimension", f"found {design.dimension!r}", f'shape = "{shape}" needs 3',
              "Curved hosts have no cross-section that stands for them.")
    for key, given in (("periodic", design.periodic), ("coatings", design.coatings),
                       ("neck_cell_size_um", design.neck_cell_size)):
        if given and design.body is None:
            _fail(design, key, f'found beside shape = "{shape}"', "it belongs to the shapes " + ", ".join(BODIES),
                  "Remove the key or change the shape.", ValueError)
    if not isinstance(design.coatings, tuple) or not all(hasattr(c, "properties") for c in design.coatings):
        _fail(design, "coatings", f"found {type(design.coatings).__name__}", "a tuple of CoatingDesign is needed",
              "Write [coatings.<name>] in the design file, or name facets of the mesh: mesh.boundaries['coating:<name>'"
              "] = facets.", ValueError)
    least = design.surface_cell_size or design.cell_size
    if design.neck_cell_size is not None and design.neck_cell_size > least:
        _fail(design, "neck_cell_size_um", f"found {design.neck_cell_size / um:.6g}", f"at most {least / um:.6g}, the"
              " cell size at surfaces, is meant", "It is the least size; leave it out where gaps are wide.")


def _check_lengths(design) -> None:
    for key, value, may_vanish in _lengths(design):
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            _fail(design, key, f"found {value!r}", "a finite number is needed", "Lengths are in um.", ValueError)
        if may_vanish and value == 0:
            continue
        if value <= 0:
            _fail(design, key, f"found {value / um:.6g}", "a positive length" + (" or 0" if may_vanish else "")
                  + " is needed", "Mind the sign; lengths are in um.")
        if not SHORTEST <= value <= LONGEST:
            _fail(design, key, f"found {value / um:.6g}", f"{SHORTEST / um:g} to {LONGEST / um:g} um are possible",
                  "Mind the unit: lengths are in um.")
    if design.surface_cell_size is not None and design.surface_cell_size > design.cell_size:
        _fail(design, "surface_cell_size_um", f"found {design.surface_cell_size / um:.6g}",
              f"at most cell_size_um = {design.cell_size / um:.6g} is meant", "Cells grow away from surfaces: exchange"
              " the two, or leave surface_cell_size_um out.")


def _lengths(design) -> list[tuple[str, float, bool]]:
    """(key, value [m], whether 0 is allowed) of every length."""
    found = [("size_um", x, False) for x in design.size[:-1]]
    found += [("size_um", design.size[-1], design.shape == "slab"), ("cell_size_um", design.cell_size, False),
              ("electrolyte_um", design.electrolyte, True), ("separator_um", design.separator, True),
              ("counter_electrolyte_um", design.counter_electrolyte, True)]
    for key in ("surface_cell_size", "neck_cell_size"):
        if getattr(design, key) is not None:
            found.append((f"{key}_um", getattr(design, key), False))
    if design.walls is not None:
        found += [(f"walls.{key}_um", getattr(design.walls, key), False) for key in ("pitch", "thickness")]
    if design.baffles is not None:
        found += [(f"baffles.{key}_um", getattr(design.baffles, key), key == "post")
                  for key in ("pitch", "thickness", "gap", "post")]
    return found


def _check_layers(design) -> None:
    above = design.electrolyte + design.separator + design.counter_electrolyte
    if design.shape == "slab":
        if above + design.size[-1] == 0:
            _fail(design, "separator_um", "found no electrolyte at all", "collector and counter electrode must not"
                  " touch", "Give separator_um, electrolyte_um or a size_um whose z is positive.")
        if not design.collector_plates:
            _fail(design, "collector_plates", 'found false with shape = "slab"', "the floor of a slab is its only"
                  " surface", "Remove the key.")
    elif above == 0:
        _fail(design, "separator_um", "found 0, and no free electrolyte", "the host must not touch the counter"
              " electrode", "Give separator_um, electrolyte_um or counter_electrolyte_um.")


def _check_walls(design) -> None:
    walls = design.walls
    if walls.normal not in ("x", "y"):
        _fail(design, "walls.normal", f'found "{walls.normal}"', '"x" or "y" is needed', "Walls stand along z.",
              ValueError)
    if walls.normal == "y" and design.dimension < 3:
        _fail(design, "walls.normal", f'found "y" with dimension = {design.dimension}', 'only "x" is left in 2-D',
              'Use normal = "x" or dimension = 3.')
    _check_thickness(design, "walls", walls)


def _check_thickness(design, key: str, part) -> None:
    if part.thickness >= part.pitch:
        _fail(design, f"{key}.thickness_um", f"found {part.thickness / um:.6g}",
              f"less than {key}.pitch_um = {part.pitch / um:.6g} is needed", "The rest of the pitch is the gap.")


def _check_baffles(design) -> None:
    baffles, size = design.baffles, design.size
    _check_thickness(design, "baffles", baffles)
    if baffles.thickness >= size[-1]:
        _fail(design, "baffles.thickness_um", f"found {baffles.thickness / um:.6g}",
              f"less than the host's height {size[-1] / um:.6g} um is needed", "Give thinner sheets or a higher host.")
    if baffles.holes and design.dimension < 3:
        _fail(design, "baffles.holes", f"found true with dimension = {design.dimension}", "square holes need 3-D",
              "Use slits (holes = false) or dimension = 3.")
    least = min(size[:-1]) if baffles.holes else size[0]
    if baffles.gap >= least:
        _fail(design, "baffles.gap_um", f"found {baffles.gap / um:.6g}", f"less than the cell's width"
              f" {least / um:.6g} um is needed", "Give a narrower gap; it is half of the full slit.")
    room = least - baffles.gap if baffles.holes else baffles.gap
    if baffles.post >= room:
        _fail(design, "baffles.post_um", f"found {baffles.post / um:.6g}", f"less than {room / um:.6g} um is needed:"
              " posts must leave the gaps open", "Give thinner posts or, for slits, a wider gap.")

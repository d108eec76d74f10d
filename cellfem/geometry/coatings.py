"""Coatings: named parts of a body's surface, from the tables of a design to the facets that they cover."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cellfem.errors import GeometryError, explain
from cellfem.geometry import packing
from cellfem.geometry.bodies import body_of, parts_of, scaled
from cellfem.geometry.random_fields import mosaic
from cellfem.geometry.shape_keys import CoatingKeys
from cellfem.units import um

FORBIDDEN = "/\\:"  # in names of coatings, which become names of surfaces


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
    body: int | None = None  # of a combination, counted from 1
    seed: int = 0
    film: float | None = None  # [Ohm m2] per true area
    nucleation: float | None = None  # [V] nucleation overpotential
    blocked: float | None = None  # [-] share that does not react

    @property
    def properties(self) -> tuple[float | None, ...]:
        return self.film, self.nucleation, self.blocked


def read_coatings(tables: dict[str, CoatingKeys], file: str) -> tuple[CoatingDesign, ...]:
    """From checked keys; raises ValueError for names and combinations that cannot be."""
    found = []
    for name, keys in tables.items():
        where = f"{file}: coatings.{name}"
        rules = (keys.depth_um, keys.box_um, keys.share, keys.cores, keys.body)
        if all(rule is None for rule in rules):
            raise ValueError(explain(where, "found nothing that says where it is", "depth_um, box_um, share, cores or"
                                     " body is needed", "depth_um = [0, 50] coats the upper 50 um."))
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
        found.append(CoatingDesign(name=name, depth=scaled(keys.depth_um, um), box=scaled(keys.box_um, um),
                                   share=keys.share, patch=None if keys.patch_um is None else keys.patch_um * um,
                                   particles=keys.particles, cores=keys.cores, body=keys.body, seed=keys.seed,
                                   film=keys.film_Ohm_m2,
                                   nucleation=None if keys.nucleation_mV is None else 1e-3 * keys.nucleation_mV,
                                   blocked=keys.blocked))
    return tuple(found)


def labels_of(design) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """Name of each coating -> which of the places (3, n) [m] on the host's surface it covers, (n,) bool."""
    return {coating.name: _covered(coating, design) for coating in design.coatings}


def _covered(coating: CoatingDesign, design) -> Callable[[np.ndarray], np.ndarray]:
    height, body = design.size[2], body_of(design)
    if (coating.particles or coating.cores is not None) and not isinstance(body, packing.Particles):
        raise GeometryError(explain(f"{design.file}: coatings.{coating.name}", f'found particles beside shape ='
                                    f' "{design.shape}"', "only [particles] has them", "Use depth_um, box_um or"
                                    " patches, share with patch_um."))
    parts = parts_of(design)
    if coating.body is not None and coating.body > len(parts):
        raise GeometryError(explain(f"{design.file}: coatings.{coating.name}.body", f"found {coating.body}, and"
                                    f" {len(parts)} bodies in the combination", "the number of one of them is needed",
                                    "Count [[combination.bodies]] from 1."))
    patches = mosaic(coating.patch, coating.seed, share=coating.share) if coating.patch is not None \
        and coating.share is not None else None

    def covered(x):
        found = np.ones(x.shape[1], dtype=bool)
        if coating.depth is not None:
            found &= (height - x[2] >= coating.depth[0]) & (height - x[2] <= coating.depth[1])
        for axis, ends in enumerate(coating.box or ()):
            found &= (x[axis] >= ends[0]) & (x[axis] <= ends[1])
        if coating.body is not None:
            found &= np.argmin([np.abs(part(x)) for part in parts], axis=0) == coating.body - 1
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

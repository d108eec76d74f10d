"""From a design's gradients to the arguments of a cell."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cellfem.errors import TrustWarning, expect, explain
from cellfem.geometry.design import Geometry
from cellfem.geometry.levelset_facets import COATING
from cellfem.geometry.profiles import Profile
from cellfem.model.medium import Medium, over
from cellfem.physics.film import Film, Layer
from cellfem.physics.nucleation import Nucleation


def graded(design) -> dict[str, Any]:
    """What `[electrode]`, `[surface]` and `[coatings]` say, as arguments of `Cell`: media, film, blocked, substrate.

    Coatings come as mappings of surfaces.  Empty for a design that has none of them.  Depth counts from the top of the
    host, z = design.size[-1].

    >>> import cellfem as cf
    >>> design = cf.Geometry.load("geometries/pu_2019.toml")
    >>> sorted(cf.graded(design))
    ['blocked', 'film', 'media']
    """
    expect(isinstance(design, Geometry), "graded.design", design, "a design", "Give cf.Geometry.load(...) itself, not"
           " its mesh.")
    arguments: dict[str, Any] = {}
    if design.electrode is not None:
        arguments["media"] = {"electrode": medium(design)}
    surface = design.surface
    if surface is None:
        return arguments | coated(design)
    if surface.film is not None:
        arguments["film"] = Film(R=_of_x(surface.film, design))
    if surface.film_thickness is not None:
        thickness = _of_x(surface.film_thickness, design)
        layer = Layer(name=f"{design.name}: surface", thickness=thickness, conductivity=1 / surface.film_resistivity)
        arguments["film"] = Film(layers=(layer,))
    if surface.blocked is not None:
        arguments["blocked"] = _of_x(surface.blocked, design)
    if surface.nucleation is not None:
        given = {} if surface.covering is None else {"q_n": _of_x(surface.covering, design)}
        arguments["substrate"] = Nucleation(eta=_of_x(surface.nucleation, design), **given)
    return arguments | coated(design, arguments)


def coated(design, rest: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What `[coatings]` say, as mappings of surfaces, beside the arguments of the `rest` of the surface.

    Warns (TrustWarning) of coatings that say nothing: metal plates on them as on the rest.
    """
    found: dict[str, Any] = {}
    for key, make in (("film", lambda R: Film(R=R)), ("substrate", lambda eta: Nucleation(eta=eta)),
                      ("blocked", float)):
        field = {"substrate": "nucleation"}.get(key, key)
        given = {COATING + c.name: make(getattr(c, field)) for c in design.coatings if getattr(c, field) is not None}
        if given and key in (rest or {}):
            given = dict.fromkeys(("host_surface", *["collector"] * design.collector_plates), rest[key]) | given
        found |= {key: given} if given else {}
    for coating in design.coatings:
        if all(value is None for value in coating.properties):
            warnings.warn(explain(f"{design.file}: coatings.{coating.name}", "found where it is, and not what",
                                  "film_Ohm_m2, nucleation_mV or blocked is meant", "Without one, metal plates on it as"
                                  " on the rest, unless the script gives it to the Cell."), TrustWarning, stacklevel=3)
    return found


def medium(design) -> Medium:
    """The medium that `[electrode]` of a design describes."""
    given = design.electrode
    eps = _of_x(given.porosity, design)
    if given.B is not None:
        B = _of_x(given.B, design)
    elif given.tortuosity_factor is not None:
        B = over(eps, _of_x(given.tortuosity_factor, design), "electrode.tortuosity_factor")
    elif given.macmullin is not None:
        B = over(1.0, _of_x(given.macmullin, design), "electrode.macmullin")
    else:
        B = None
    sigma = np.inf if given.sigma is None else _of_x(given.sigma, design)
    return Medium(eps=eps, B=B, sigma=sigma, a_s=_of_x(given.specific_surface, design))


def _of_x(property_: Profile | tuple, design) -> float | np.ndarray | Callable:
    """A number or tensor where nothing varies, else a function of x (d, points) [m]."""
    if isinstance(property_, tuple):
        return np.array(property_)
    if not property_.varies:
        return property_.values[0]
    height = design.size[-1]
    return lambda x: property_.at(height - x[-1], height)


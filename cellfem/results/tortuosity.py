"""What a host does to transport: porosity, tortuosity factors and conductivities, as rows of a table."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from cellfem.model.homogenise import electrode_tortuosity_factor, homogenise
from cellfem.model.medium import Medium
from cellfem.units import mm

AXES = "xyz"
GEOMETRIC_SURFACE = "specific surface, geometric [1/mm]"  # all of host_surface
ROUND_OFF = 1e-9  # [-] of the largest entry, up to which an entry is taken for zero
_KNOWN: dict[int, dict] = {}  # by mesh: what was computed of it, forgotten with it


def effective(mesh, host=None, media=None) -> Medium:
    """`homogenise`, once per mesh and media: reports of several runs on one mesh share it.

    A host that is one uniform electrode has the tensors of its own medium, also along axes that its mesh drops.
    """
    given = (media or {}).get("electrode")
    uniform = given is not None and "pore" not in mesh.subdomains and _uniform(given)
    return _once(mesh, (_key(getattr(host, "sigma", None)), _media_key(media)),
                 lambda: _with_own_tensors(mesh, given) if uniform else homogenise(mesh, host=host, media=media))


def _uniform(medium: Medium) -> bool:
    """Whether nothing varies with position, and tensors are known along all axes."""
    values = (medium.eps, medium.B, medium.sigma, medium.a_s)
    return not any(callable(value) or np.shape(value) in ((1, 1), (2, 2)) for value in values)


def _with_own_tensors(mesh, given: Medium) -> Medium:
    own = {"B": given.eps if given.B is None else given.B, "sigma": given.sigma}
    found = homogenise(mesh, media={"electrode": replace(given, B=None, sigma=np.inf)})  # porosity and surface
    return replace(found, **{name: np.asarray(value) if np.ndim(value) or np.isinf(value) else value * np.eye(3)
                             for name, value in own.items()})


def host_numbers(mesh, host=None, media=None, blocked=0.0) -> dict[str, float]:
    """The effective properties of a mesh's host layer, keyed by name, axis and unit (docs/conventions.md)."""
    medium = effective(mesh, host, media)
    with np.errstate(divide="ignore", invalid="ignore"):
        macmullin, tau = medium.macmullin, medium.tortuosity_factor
    sigma = np.diag(np.full(3, medium.sigma)) if np.ndim(medium.sigma) == 0 else np.asarray(medium.sigma)
    row = {"porosity [-]": float(medium.eps), GEOMETRIC_SURFACE: float(medium.a_s) * mm}
    row |= entries("MacMullin number, {} [-]", macmullin) | entries("tortuosity factor, {} [-]", tau)
    row["geometric tortuosity, z [-]"] = float(np.sqrt(tau[2, 2]))
    row["electrode tortuosity factor, z [-]"] = _once(
        mesh, ("electrode", _media_key(media), _key(blocked)),
        lambda: float(electrode_tortuosity_factor(mesh, media=media, blocked=blocked)))
    return row | entries("sigma_eff, {} [S/m]", sigma)


def entries(name: str, tensor: np.ndarray) -> dict[str, float]:
    """The diagonal of a symmetric tensor by axis, and what beside it is not zero: "xz" couples x and z."""
    size = np.max(np.abs(tensor[np.isfinite(tensor)]), initial=0.0)
    row = {name.format(axis): float(tensor[k, k]) for k, axis in enumerate(AXES)}
    return row | {name.format(AXES[j] + AXES[k]): float(tensor[j, k]) for j, k in ((0, 1), (0, 2), (1, 2))
                  if not abs(tensor[j, k]) <= ROUND_OFF * size}


def _once(mesh, key, compute) -> Any:
    if id(mesh) not in _KNOWN:
        _KNOWN[id(mesh)] = {}
        weakref.finalize(mesh, _KNOWN.pop, id(mesh), None)
    known = _KNOWN[id(mesh)]
    if key not in known:
        known[key] = compute()
    return known[key]


def _media_key(media) -> tuple:
    """What tells media of a host layer apart."""
    return tuple((name, *(_key(getattr(media[name], key)) for key in ("eps", "B", "sigma", "a_s")))
                 for name in ("pore", "electrode") if name in (media or {}))


def _key(value):
    """A number or an array by what it holds, a function as itself (which keeps it alive), a mapping by both."""
    if isinstance(value, Mapping):
        return tuple(sorted((name, _key(entry)) for name, entry in value.items()))
    value = np.asarray(value) if isinstance(value, list | tuple) else value
    return (value.shape, value.tobytes()) if isinstance(value, np.ndarray) else value

"""What a host does to transport: porosity, tortuosity factors and conductivities, as rows of a table."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from cellfem.model.homogenise import electrode_tortuosity_factor, homogenise
from cellfem.model.medium import Medium
from cellfem.units import mm

AXES = "xyz"
EQUIPOTENTIAL = "infinite (equipotential host)"
_KNOWN: dict[int, dict] = {}  # by mesh: what was computed of it, forgotten with it


def effective(mesh, host=None, media=None) -> Medium:
    """`homogenise`, once per mesh and media: reports of several runs on one mesh share it."""
    return _once(mesh, (_key(getattr(host, "sigma", None)), _media_key(media)),
                 lambda: homogenise(mesh, host=host, media=media))


def host_numbers(mesh, host=None, media=None, blocked=0.0) -> dict[str, float]:
    """The effective properties of a mesh's host layer, keyed by name, axis and unit (docs/conventions.md)."""
    medium = effective(mesh, host, media)
    with np.errstate(divide="ignore", invalid="ignore"):
        macmullin, tau = np.diag(medium.macmullin), np.diag(medium.tortuosity_factor)
    sigma = np.full(3, medium.sigma) if np.ndim(medium.sigma) == 0 else np.diag(medium.sigma)
    row = {"porosity [-]": float(medium.eps), "specific surface [1/mm]": float(medium.a_s) * mm}
    for name, values in (("MacMullin number, {} [-]", macmullin), ("tortuosity factor, {} [-]", tau)):
        row |= {name.format(axis): float(value) for axis, value in zip(AXES, values, strict=True)}
    row["geometric tortuosity, z [-]"] = float(np.sqrt(tau[2]))
    row["electrode tortuosity factor, z [-]"] = _once(
        mesh, ("electrode", _media_key(media), _key(blocked)),
        lambda: float(electrode_tortuosity_factor(mesh, media=media, blocked=blocked)))
    return row | {f"sigma_eff, {axis} [S/m]": float(s) for axis, s in zip(AXES, sigma, strict=True)}


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
    """A number or an array by what it holds, a function as itself (which keeps it alive)."""
    return (value.shape, value.tobytes()) if isinstance(value, np.ndarray) else value


def format_numbers(title: str, row: dict[str, float]) -> str:
    """A heading and one line per number; infinite conductivities in words."""
    width = max(map(len, row))
    return "\n".join([title, *(f"{name:<{width}}  {_shown(name, value)}" for name, value in row.items())])


def _shown(name: str, value: float) -> str:
    return EQUIPOTENTIAL if name.startswith("sigma_eff") and np.isinf(value) else f"{value:>12.6g}"

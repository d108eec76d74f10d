"""What a host does to transport: porosity, tortuosity factors and conductivities, as rows of a table."""

from __future__ import annotations

import numpy as np

from cellfem.model.homogenise import electrode_tortuosity_factor, homogenise
from cellfem.units import mm

AXES = "xyz"


def host_numbers(mesh, host=None, media=None) -> dict[str, float]:
    """The effective properties of a mesh's host layer, keyed by name, axis and unit (docs/conventions.md)."""
    medium = homogenise(mesh, host=host, media=media)
    with np.errstate(divide="ignore", invalid="ignore"):
        macmullin, tau = np.diag(medium.macmullin), np.diag(medium.tortuosity_factor)
    sigma = np.full(3, medium.sigma) if np.ndim(medium.sigma) == 0 else np.diag(medium.sigma)
    row = {"porosity [-]": float(medium.eps), "specific surface [1/mm]": float(medium.a_s) * mm}
    for name, values in (("MacMullin number, {} [-]", macmullin), ("tortuosity factor, {} [-]", tau)):
        row |= {name.format(axis): float(value) for axis, value in zip(AXES, values, strict=True)}
    row["geometric tortuosity, z [-]"] = float(np.sqrt(tau[2]))
    row["electrode tortuosity factor, z [-]"] = float(electrode_tortuosity_factor(mesh, media=media))
    return row | {f"sigma_eff, {axis} [S/m]": float(s) for axis, s in zip(AXES, sigma, strict=True)}


def format_numbers(title: str, row: dict[str, float]) -> str:
    """A heading and one line per number."""
    width = max(map(len, row))
    return "\n".join([title, *(f"{name:<{width}}  {value:>12.6g}" for name, value in row.items())])

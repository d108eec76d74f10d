"""A solution's numbers as files and pictures show them: the parts of the mesh, and values in shown units."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cellfem.fields import FIELDS, Field
from cellfem.model.solution import Solution
from cellfem.results import deposit
from cellfem.results.risk import plating_frame, risk_fields

ELECTROLYTE_REGIONS = ("pore", "electrolyte", "separator", "electrode")  # where ions move
HOST_REGIONS = ("host", "electrode")  # where electrons move

_RISK_KEYS = ("risk", "local_sand", "regime")
_DEPOSIT_KEYS = {"thickness": deposit.thickness, "nucleated": deposit.nucleated, "filling": deposit.filled,
                 "R_film": deposit.film_resistance, "porosity": deposit.porosity}


def field(key: str) -> Field:
    """The `Field` of a key that can be drawn."""
    return FIELDS[key]


def cells_of(mesh, regions: tuple[str, ...]) -> np.ndarray:
    """Sorted indices of the cells of those of `regions` that the mesh has."""
    subdomains = mesh.subdomains or {}
    found = [np.asarray(subdomains[name]) for name in regions if name in subdomains]
    return np.sort(np.concatenate(found)) if found else np.empty(0, dtype=np.int32)


def embed(x: np.ndarray) -> np.ndarray:
    """Points or vectors (n, 3) of an array (dimension, n): z is always up; 2-D has no y, 1-D neither x nor y."""
    out = np.zeros((x.shape[1], 3))
    out[:, 2] = x[-1]
    if len(x) > 1:
        out[:, 0] = x[0]
    if len(x) > 2:
        out[:, 1] = x[1]
    return out


def node_values(solution: Solution, key: str, k: int = -1) -> np.ndarray:
    """Values (nodes,) of a node field at time index k, in shown units; NaN outside the field's regions.

    phi_s of an equipotential host is not an unknown and not among the fields: it is 0 by definition.
    """
    if key in ("c_ratio", "depletion"):
        ratio = solution.fields["c"][k] / solution.cell.electrolyte.c_0
        return ratio if key == "c_ratio" else 1 - ratio
    if key == "phi_s" and not _known(solution.fields.get("phi_s")):
        return np.zeros(solution.cell.mesh.nvertices)
    return solution.fields[key][k] / FIELDS[key].shown


def site_values(solution: Solution, key: str, k: int = -1, *, risk: Mapping[str, np.ndarray] | None = None
                ) -> np.ndarray:
    """Values (sites,) of a quantity of the active surface at time index k, in shown units.

    `risk` is `risk_fields(solution)`, to be passed where several keys are asked for.  Risk, local Sand's time and
    regime belong to the whole run and do not depend on k.  The deposit's thickness is that of dense metal.
    """
    if key in _RISK_KEYS:
        values = (risk_fields(solution) if risk is None else risk)[key]
    elif key in _DEPOSIT_KEYS:
        values = _DEPOSIT_KEYS[key](solution, k)
    elif key in ("c_ratio", "depletion"):
        ratio = solution.sites["c"][k] / solution.cell.electrolyte.c_0
        values = ratio if key == "c_ratio" else 1 - ratio
    else:
        values = solution.sites[key][k]
    return values / field(key).shown


def place_values(solution: Solution, key: str, k: int = -1, *, risk: Mapping[str, np.ndarray] | None = None
                 ) -> np.ndarray:
    """`site_values` per place (places,): of the patches of a mosaic the mean, or the worst regime."""
    sites, values = solution.cell.sites, site_values(solution, key, k, risk=risk)
    return sites.patches(values).max(axis=0) if key == "regime" else sites.places(values)


def is_site_key(key: str) -> bool:
    """Whether a quantity lives on the active surface (else on nodes)."""
    return key in ("plating", "eta", "q", *_DEPOSIT_KEYS, *_RISK_KEYS)


def site_keys(solution: Solution) -> list[str]:
    """The quantities of the active surface that files carry, in the order of `fields.FIELDS`."""
    there = {"eta": "eta" in solution.sites, "nucleated": deposit.nucleates(solution),
             "porosity": "electrode" in solution.cell.sites.kinds}
    return [key for key in FIELDS if is_site_key(key) and there.get(key, True)]


def host_top(mesh) -> float:
    """z [m] of the host's top: of the surface `mouth` where the design has one, else of the host's highest cell."""
    mouth = (mesh.boundaries or {}).get("mouth")
    if mouth is not None and len(mouth):
        return float(mesh.p[-1, mesh.facets[:, mouth]].max())
    cells = cells_of(mesh, ("pore", *HOST_REGIONS))
    return float(mesh.p[-1, mesh.t[:, cells]].max()) if len(cells) else 0.0


def last_plating(solution: Solution) -> int:
    """Index of the last time at which the cell was plating; of the last time where it never was."""
    k = plating_frame(solution)
    return len(solution.times) - 1 if k is None else k


def _known(values: np.ndarray | None) -> bool:
    return values is not None and bool(np.isfinite(values).any())

"""Where the electrolyte counts as depleted: at places that plate in earnest, not at idle ones."""

from __future__ import annotations

import numpy as np

from cellfem.model.reactions import Plated
from cellfem.model.system import System

BUSY = 0.1  # [-] a place counts where it plates at this share of the area mean or more


def busy_nodes(system: System, y: np.ndarray, plated: Plated | None = None,
               flowing: tuple | None = None) -> np.ndarray:
    """Positions among the electrolyte nodes of the places that plate in earnest, on either electrode.

    `flowing` are the currents, where they are known already.
    """
    cell = system.cell
    i_n, i_counter, _ = flowing or system.currents(y, plated)
    places = []
    for current, area, nodes in ((-i_n, cell.sites.area, system.site_ionic),
                                 (-i_counter, cell.counter_sites.area, system.counter_ionic)):
        mean = current @ area / area.sum()
        places.append(nodes[(current >= BUSY * mean) & (current > 0)] if mean > 0 else nodes[:0])
    nodes = np.concatenate(places)
    return nodes[system.unknowns.c[nodes] >= 0]


def lowest(system: System, y: np.ndarray) -> tuple[float, np.ndarray | None]:
    """Least c/c_0 at a busy place, and that place [m]; (inf, None) where nothing plates."""
    nodes = busy_nodes(system, y)
    if len(nodes) == 0:
        return np.inf, None
    c = system.unknowns.unpack(y)[0][nodes] / system.unknowns.c_0
    worst = int(np.argmin(c))
    return float(c[worst]), system.cell.mesh.p[:, system.ions.pattern.nodes[nodes[worst]]]

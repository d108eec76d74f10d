"""What to mind of a run: values beyond their ranges, pores that narrow, voltages that no electrolyte stands, films."""

from __future__ import annotations

import numpy as np

from cellfem.model.assumptions import film_notes
from cellfem.model.cell import Cell
from cellfem.model.deposit import filling

NOTED_FILLING = 0.1  # [-] of the room at a place, from which it is noted what the model makes of it
STABLE = 5.0  # [V] beyond, electrolytes decompose


def notes_of(cell: Cell, c: np.ndarray, q: np.ndarray, voltage: np.ndarray) -> tuple[str, ...]:
    """The warnings of a run with the concentrations c (times, nodes), charges q (times, sites), voltages (times,)."""
    return _of_ranges(cell, c) + _of_filling(cell, q) + _of_voltage(voltage) + film_notes(cell)


def _of_voltage(voltage: np.ndarray) -> tuple[str, ...]:
    highest = float(np.max(np.abs(voltage[np.isfinite(voltage)]), initial=0.0))
    if highest <= STABLE:
        return ()
    return (f"voltage: the cell needs {highest:.3g} V, and electrolytes decompose beyond some {STABLE:g} V: mind the"
            " units of the current, of film resistances and of i_0",)


def _of_ranges(cell: Cell, c: np.ndarray) -> tuple[str, ...]:
    if c.size == 0:
        return ()
    notes = list(cell.electrolyte.range_warnings(float(np.nanmin(c)), float(np.nanmax(c)), cell.temperature))
    for name, medium in cell.medium.items():
        if medium.electrolyte is not None:
            inside = c[:, np.unique(cell.mesh.t[:, cell.mesh.subdomains[name]])]
            notes += medium.electrolyte.range_warnings(float(inside.min()), float(inside.max()), cell.temperature)
    return tuple(dict.fromkeys(notes))


def _of_filling(cell: Cell, q: np.ndarray) -> tuple[str, ...]:
    """What to mind where deposit takes much of the pores: a mesh does not follow it, an electrode by a law."""
    if not np.any(q > 0):
        return ()
    homogenised = np.array([kind == "electrode" for kind in cell.sites.kinds])[cell.sites.kind]
    share, notes = filling(cell, q.max(axis=0)), []
    for own, text in ((~homogenised, "and the mesh does not follow it: from {:g} % on, the pore is narrower there than"
                       " the fields know"),
                      (homogenised, "and the pores narrow by the law of Medium.growth: from {:g} % on, it decides what"
                       " the run shows")):
        worst = int(np.argmax(np.where(own, share, -1.0)))
        if own[worst] and share[worst] >= NOTED_FILLING:
            place = cell.place(cell.sites.x[:, worst])
            notes.append(f"deposit: it fills {100 * share[worst]:.3g} % of its room at ({place}), "
                         + text.format(100 * NOTED_FILLING))
    return tuple(notes)

"""What a report has to repeat of a cell: marks and caveats of every property in use."""

from __future__ import annotations

import math
from collections.abc import Mapping

from cellfem.geometry.checks import islands
from cellfem.geometry.measures import volumes
from cellfem.materials import Substrate
from cellfem.model.counter import Foil
from cellfem.model.surface import nucleations
from cellfem.physics.film import Film
from cellfem.physics.kinetics import reversible
from cellfem.physics.nucleation import COVERING


def assumptions(cell, *, steady: bool = False) -> tuple[str, ...]:
    """Marks and caveats of every property in use; a `steady` state takes metal as there and knows no nucleation."""
    replaced = replaced_by_cell(cell)
    notes = [f"{cell.metal.name}: {field}: {mark}" for field, mark in cell.metal.marks if field not in replaced]
    host = () if _own_conduction(cell) else (cell.host,)
    for material in (cell.electrolyte, *host, cell.separator,
                     *(medium.electrolyte for medium in (cell.media or {}).values())):
        notes += material.notes if material is not None else ()
    notes += _of_start(cell, steady)
    notes += film_notes(cell)
    if "host" in cell.medium and cell.medium["host"].equipotential:
        notes.append("host: taken as equipotential (sigma = inf)" + _loose(cell.mesh))
    return tuple(dict.fromkeys(notes))


def film_notes(cell) -> tuple[str, ...]:
    """What a report has to repeat of the host's films."""
    films = cell.film_used.values() if isinstance(cell.film_used, Mapping) else (cell.film_used,)
    return tuple(note for film in films for note in film.notes(cell.sites.x))


def replaced_by_cell(cell) -> set[str]:
    """Which of the metal's own laws, "kinetics" and "R_film", neither host nor counter electrode uses."""
    foil = cell.counter if isinstance(cell.counter, Foil) else Foil(kinetics=cell.kinetics_used, film=Film(R=0.0))
    replaced = set()
    if cell.kinetics is not None and (foil.kinetics is not None or reversible(cell.kinetics)):
        replaced.add("kinetics")
    if cell.film is not None and (foil.film is not None or cell.counter_film is cell.film):
        replaced.add("R_film")
    return replaced


def _loose(mesh) -> str:
    """How much of an equipotential host hangs in the air: it plates all the same."""
    loose = sum(island.volume for island in islands(mesh, "host"))
    if not loose:
        return ""
    share = 100 * loose / volumes(mesh)[mesh.subdomains["host"]].sum()
    return f", also the {share:.3g} % of it that nothing in this mesh joins to the collector"


def _own_conduction(cell) -> bool:
    """Whether the media alone say how electrons move, so that the host's being equipotential is not in use."""
    electrode = cell.medium.get("electrode")
    return "host" not in cell.medium and electrode is not None and not electrode.equipotential \
        and math.isinf(getattr(cell.host, "sigma", 0.0))


def _of_start(cell, steady: bool) -> list[str]:
    """Of how metal starts on a bare surface."""
    laws = nucleations(cell)
    if steady:
        bare = any(isinstance(law, Substrate) or law.eta is not None for law in laws.values())
        return ["steady state: metal covers the surface; nucleation is left out"] if bare else []
    notes = []
    for name, law in laws.items():
        if isinstance(law, Substrate):
            notes += law.notes(cell.metal.symbol)
        elif law.notes:
            notes += law.notes
        elif law.eta is not None and law.q_n == COVERING:
            notes.append(f"nucleation on {name}: illustrative: charge of covering {COVERING:g} C/m2")
    return notes

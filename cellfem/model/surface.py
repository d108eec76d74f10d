"""The state of the reacting surface: nucleation, films, metal at the start, and the room that deposit can fill."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cellfem.errors import TrustWarning, did_you_mean, explain
from cellfem.geometry.gaps import half_gaps
from cellfem.geometry.gradients import GRADED
from cellfem.geometry.levelset_facets import COATING
from cellfem.geometry.random_fields import mosaic, random_field
from cellfem.materials.substrates import Substrate
from cellfem.model.sites import Sites
from cellfem.physics.film import Film, MosaicFilm
from cellfem.physics.nucleation import Nucleation
from cellfem.physics.points import at_points

HOSTS = {"host", "pore", "electrode"}  # regions of a scaffold; without one the floor is the metal's own foil


@dataclass(frozen=True, eq=False)
class Bare:
    """Nucleation at the sites, as arrays."""

    eta_nuc: np.ndarray  # (sites,) [V]; -inf: no barrier
    q_n: np.ndarray  # (sites,) [C/m2]
    width: np.ndarray  # (sites,) [V]


def warn_ungraded(cell) -> None:
    """Warn (TrustWarning) where the mesh's design says something of its surface and the cell takes none of it."""
    for name in cell.mesh.boundaries:
        arguments = name.removeprefix(GRADED).split(",") if name.startswith(GRADED) else []
        given = {"film": cell.film is not None, "substrate": cell.substrate is not None,
                 "blocked": callable(cell.blocked) or cell.blocked != 0}
        if arguments and not any(given[argument] for argument in arguments):
            warnings.warn(explain("Cell", f"found a mesh whose design says {', '.join(arguments)} of the surface, and"
                                  " none of these given", "the surface is taken as the metal's and host's own",
                                  "Pass **cf.graded(design), or what you mean in its place."), TrustWarning,
                          stacklevel=4)


def nucleations(cell) -> dict[str, Nucleation | Substrate]:
    """What each kind of surface is made of; empty where the floor is a foil of the metal."""
    given = cell.substrate
    if given is None:
        on_host = getattr(cell.host, "substrate", None) or Nucleation()
        given = on_host if HOSTS & set(cell.mesh.subdomains) else {}
    kinds = surface_kinds(cell.mesh)
    if not isinstance(given, Mapping):
        return dict.fromkeys(kinds, given)
    for name, kind in given.items():
        if name not in kinds:
            raise ValueError(explain("Cell.substrate", f"found the surface {name!r}", "a surface of this mesh is"
                                     f" needed: {', '.join(kinds)}", did_you_mean(str(name), kinds)))
        if not isinstance(kind, Substrate | Nucleation):
            raise ValueError(explain(f"Cell.substrate[{name!r}]", f"found {kind!r}", "a substrate or a cf.Nucleation is"
                                     " needed", "For example substrates.COPPER; names belong to the command line."))
    if not given:
        return {}
    rest = getattr(cell.host, "substrate", None) or Nucleation()
    return {kind: given.get(kind, rest) for kind in kinds}


def surface_kinds(mesh) -> list[str]:
    """Names of the reacting surfaces that a mesh may have."""
    boundaries = mesh.boundaries or {}
    coatings = [name for name in boundaries if name.startswith(COATING)]
    found = [*coatings, "host_surface"] if "host_surface" in boundaries else []
    found += ["collector"] if len(np.intersect1d(boundaries.get("host_surface", []), boundaries["collector"])) else []
    return found + (["electrode"] if "electrode" in mesh.subdomains else [])


def blocked_share(mesh, blocked, facets: np.ndarray) -> np.ndarray:
    """(n,) share of facets of the active surface under an insulating coating; `blocked` as in Cell."""
    x = mesh.p[:, mesh.facets[:, facets]].mean(axis=1)
    if not isinstance(blocked, Mapping):
        return share_at(blocked, x)
    kinds, out, left = surface_kinds(mesh), np.zeros(len(facets)), np.ones(len(facets), dtype=bool)
    for name in blocked:
        if name not in kinds:
            raise ValueError(explain("Cell.blocked", f"found the surface {name!r}", "a surface of this mesh is needed: "
                                     + ", ".join(kinds), did_you_mean(str(name), kinds)))
    for name in kinds:  # coatings first, host_surface is the rest
        if name == "electrode":
            continue
        own = left & np.isin(facets, mesh.boundaries[name]) if name != "host_surface" else \
            left & ~np.isin(facets, mesh.boundaries["collector"])
        out[own] = share_at(named_share(blocked, name), x[:, own])
        left &= ~own
    return out


def named_share(blocked, name: str):
    """What `blocked` says of one surface: 0 where a mapping does not name it."""
    return blocked.get(name, 0.0) if isinstance(blocked, Mapping) else blocked


def share_at(blocked, x: np.ndarray) -> np.ndarray:
    """(points,) of a number or a function of x (d, points) [m]."""
    share = at_points("Cell.blocked", blocked, x)
    wrong = ~((share >= 0) & (share <= 1))
    if np.any(wrong):
        raise ValueError(explain("Cell.blocked", f"found {share[wrong][0]:g}", "a share from 0 to 1 is needed",
                                 "0: bare, 1: wholly under an insulating coating."))
    return share


def blocked_facets(cell) -> np.ndarray:
    """(n,) facets of surfaces under an insulating coating."""
    names = [name for name, kind in nucleations(cell).items() if isinstance(kind, Substrate) and kind.blocked]
    boundaries = cell.mesh.boundaries
    found = [boundaries[name] for name in names if name != "host_surface" and name in boundaries]
    if "host_surface" in names:
        own = [boundaries[name] for name in nucleations(cell) if name != "host_surface" and name in boundaries]
        found.append(np.setdiff1d(boundaries["host_surface"], np.concatenate(own) if own else []))
    return np.concatenate(found).astype(int) if found else np.zeros(0, dtype=int)


def blocked_electrode(cell) -> bool:
    """Whether an insulating coating covers all of a homogenised host."""
    kind = nucleations(cell).get("electrode")
    return isinstance(kind, Substrate) and kind.blocked


def bare(cell) -> Bare | None:
    """Nucleation at the cell's sites; None where metal is there from the start without end."""
    laws, sites = nucleations(cell), cell.sites
    if not laws:
        return None
    eta, q_n, width = np.empty((3, len(sites.nodes)))
    for k, kind in enumerate(sites.kinds):
        law = laws[kind]
        law = law.nucleation(cell.metal.symbol) if isinstance(law, Substrate) else law
        own = sites.kind == k
        eta[own], q_n[own], width[own] = law.at(sites.x[:, own])
    return Bare(eta, q_n, width)


def film_resistance(film: Film | MosaicFilm | Mapping, sites: Sites, rest: Film | None = None) -> np.ndarray:
    """(sites,) R [Ohm m2]; surfaces that a mapping does not name have the film `rest`."""
    if isinstance(film, Mapping):
        _check_films(film, sites)
        R = rest.resistance(sites.x).copy()
        for name, own in film.items():
            if name in sites.kinds:  # else coatings cover all of it
                on = sites.kind == sites.kinds.index(name)
                R[on] = _resistance(own, sites, on)
        return R
    return _resistance(film, sites, np.ones(len(sites.nodes), dtype=bool))


def _resistance(film: Film | MosaicFilm, sites: Sites, on: np.ndarray) -> np.ndarray:
    """(n,) R [Ohm m2] of the sites `on` (sites,), which share one film."""
    x, area = sites.x[:, on], sites.area[on]
    if isinstance(film, Film):
        return film.resistance(x)
    R = np.stack([part.resistance(x) for part in film.films])
    if film.correlation_length is None:
        patch = np.repeat(np.arange(len(sites.shares)), len(on) // len(sites.shares))[on]
    else:
        order = np.argsort(random_field(film.correlation_length, film.seed)(x))
        below = (np.cumsum(area[order]) - 0.5 * area[order]) / area.sum()
        patch = np.empty(len(order), dtype=int)
        patch[order] = np.minimum(np.searchsorted(np.cumsum(film.shares), below), len(film.films) - 1)
    return R[patch, np.arange(len(patch))]


def _check_films(films: Mapping, sites: Sites) -> None:
    for name, film in films.items():
        if name not in (*sites.kinds, "host_surface", "collector"):
            raise ValueError(explain("Cell.film", f"found the surface {name!r}", "a surface that plates is needed: "
                                     + ", ".join(sites.kinds), did_you_mean(str(name), sites.kinds)))
        if not isinstance(film, Film | MosaicFilm):
            raise ValueError(explain(f"Cell.film[{name!r}]", f"found {film!r}", "a cf.Film or a cf.MosaicFilm is"
                                     " needed", "For example cf.Film(R=5e-3)."))


def shares(film: Film | MosaicFilm | Mapping) -> tuple[float, ...]:
    """Shares of the patches that every place has."""
    films = film.values() if isinstance(film, Mapping) else (film,)
    found = {own.shares for own in films if isinstance(own, MosaicFilm) and own.correlation_length is None}
    if len(found) > 1:
        raise ValueError(explain("Cell.film", f"found mosaics of vanishing patches with the shares {sorted(found)}",
                                 "the same shares on every surface are needed", "Give a correlation_length, or the same"
                                 " shares with other films."))
    return found.pop() if found else (1.0,)


def patchy_nucleation(inside: Nucleation, outside: Nucleation, *, share: float, correlation_length: float,
                      seed: int = 0) -> Nucleation:
    """A surface with patches of another kind, laid out by a Gaussian random field.

    Parameters
    ----------
    inside, outside : in the patches and between them (`substrates.GOLD.nucleation("Li")`, say)
    share : of the surface that the patches cover, in the mean over seeds and large areas
    correlation_length : of the field [m]
    """
    for name, law in (("inside", inside), ("outside", outside)):
        if not isinstance(law, Nucleation):
            raise ValueError(explain(f"patchy_nucleation.{name}", f"found {law!r}", "a cf.Nucleation is needed",
                                     'Of a substrate: substrates.GOLD.nucleation("Li").'))
    patches = mosaic(correlation_length, seed, share=share)

    def of(k: int):
        return lambda x: np.where(patches(x) > 0, inside.at(x)[k], outside.at(x)[k])

    return Nucleation(eta=of(0), q_n=of(1), width=of(2), notes=tuple(dict.fromkeys(inside.notes + outside.notes)))


def metal_at_start(cell) -> np.ndarray:
    """(sites,) charge [C/m2] of the metal that a host carries at the start."""
    x, sites = cell.sites.x, cell.sites
    q = np.zeros(len(sites.nodes))
    given = cell.plated if isinstance(cell.plated, Mapping) else dict.fromkeys(sites.kinds, cell.plated)
    for name, own in given.items():
        if name not in sites.kinds:
            raise ValueError(explain("Cell.plated", f"found the surface {name!r}", "a surface that plates is needed: "
                                     + ", ".join(sites.kinds), did_you_mean(str(name), sites.kinds)))
        on = sites.kind == sites.kinds.index(name)
        q[on] = at_points("Cell.plated", own, x[:, on])
    if not np.all(np.isfinite(q) & (q >= 0)):
        raise ValueError(explain("Cell.plated", f"found {np.min(q):g} C/m2", "a charge >= 0 per true area is needed",
                                 "1 mAh/cm2 is 3.6e4 C/m2."))
    if np.any(q > 0):
        tallest = np.ptp(cell.mesh.p[-1])  # no place of a cell has more room than that
        share = q * cell.metal.thickness_per_charge / np.minimum(cell.room, tallest)
        worst = int(np.argmax(share))
        if share[worst] >= 1:
            raise ValueError(explain("Cell.plated", f"found {q[worst]:g} C/m2, {share[worst]:.3g} times what fills the"
                                     f" room at ({cell.place(x[:, worst])})", "less than the room there is needed",
                                     f"At most {q[worst] / share[worst]:.3g} C/m2 fit there."))
    return q


def room(cell) -> np.ndarray:
    """(sites,) thickness [m] of deposit that fills a place: the half gap at a surface, eps/a_s in an electrode.

    inf where metal grows toward free electrolyte, a separator or a foil: nothing closes there.
    """
    sites, mesh = cell.sites, cell.mesh
    out = np.full(len(sites.nodes) // len(sites.shares), np.inf)
    if not HOSTS & set(mesh.subdomains):
        return np.tile(out, len(sites.shares))
    inside = np.flatnonzero(sites.kind[: len(out)] == sites.kinds.index("electrode")) if "electrode" in sites.kinds \
        else np.zeros(0, dtype=int)
    if len(sites.facets):
        gaps = half_gaps(mesh, sites.facets)
        np.minimum.at(out, sites.facet_sites.ravel(), np.repeat(gaps, sites.facet_sites.shape[1]))
    if len(inside):
        volume = cell.electrode_volume[sites.nodes[inside]]
        out[inside] = volume / cell.sites.patches(sites.area).sum(axis=0)[inside]
    return np.tile(out, len(sites.shares))

"""A cell: mesh, materials and a medium for every region; it refuses to exist if inconsistent."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from cellfem.errors import GeometryError, did_you_mean, expect, explain
from cellfem.geometry.checks import check_percolation, check_regions, host_connected, need_mesh, require_names
from cellfem.geometry.periodic import SIDE, images_of
from cellfem.materials import Electrolyte, Host, Metal, Separator, Substrate
from cellfem.model import surface
from cellfem.model.assumptions import assumptions
from cellfem.model.build_sites import active_sites, counter_sites
from cellfem.model.counter import Counter, Foil, Reservoir
from cellfem.model.medium import CONDUCTS_ELECTRONS, CONDUCTS_IONS, REGIONS, Medium, check_electrons
from cellfem.model.sites import Sites
from cellfem.numerics.operators import cell_basis, lumped_weights
from cellfem.physics.film import Film, MosaicFilm
from cellfem.physics.kinetics import Kinetics, reversible
from cellfem.physics.nucleation import Nucleation

NONE = type(None)
# what each argument may be, and an example for the message
_KINDS = {
    "metal": (Metal, "a Metal such as LITHIUM"),
    "electrolyte": (Electrolyte, "an Electrolyte such as LIPF6_EC_DMC"),
    "host": (Host | NONE, "a Host such as GRAPHENE"),
    "separator": (Separator | NONE, "a Separator such as CELGARD_2500"),
    "temperature": (numbers.Real, "a temperature in K such as 298.15"),
    "kinetics": (Kinetics | NONE, "a law such as cf.ButlerVolmer(i_0=95.0)"),
    "film": (Film | MosaicFilm | Mapping | NONE, "a film such as cf.Film(R=5e-3), or a mapping of surfaces to films,"),
    "counter": (Counter, "a counter electrode such as cf.Foil()"),
    "media": (Mapping | NONE, "a mapping of regions to cf.Medium"),
    "substrate": (Substrate | Nucleation | Mapping | NONE, "a substrate such as substrates.COPPER, a cf.Nucleation, or"
                  " a mapping of surfaces to them"),
    "plated": (numbers.Real | Callable | Mapping, "a charge in C/m2, a function of position, or a mapping of surfaces"
               " to them"),
    "blocked": (numbers.Real | Callable | Mapping, "a share from 0 to 1, a function of position or a mapping of"
                " surfaces to them,"),
}


@dataclass(frozen=True, eq=False)
class Cell:
    """Everything that a protocol acts on.

    Raises
    ------
    ValueError
        A material is missing or a value is outside its physical range.
    GeometryError
        A region or surface is missing, or ions or electrons cannot reach where they are needed.
    """

    mesh: Any  # skfem MeshLine1, MeshTri1 or MeshTet1 [m], with named regions and surfaces
    _: KW_ONLY
    metal: Metal
    electrolyte: Electrolyte
    host: Host | None = None
    separator: Separator | None = None
    temperature: float = 298.15  # [K]
    kinetics: Kinetics | None = None  # of the host; None: the metal's
    film: Any = None  # on the host: Film, MosaicFilm or a mapping of surfaces to them; None: the metal's
    counter: Counter = field(default_factory=Foil)
    media: Mapping[str, Medium] | None = None  # region -> Medium; others by default
    # [-] share of the host's surface under an insulating coating; of x [m]; or a mapping of surfaces to either
    blocked: float | Callable | Mapping = 0.0
    substrate: Any = None  # bare surface: Substrate, Nucleation or a mapping of surfaces to them; None: the host's
    plated: Any = 0.0  # [C/m2] metal on the host at the start, per true area; or of x [m], or a mapping of surfaces
    name: str = ""

    def __post_init__(self):
        for name, (kinds, example) in _KINDS.items():
            value = getattr(self, name)
            expect(isinstance(value, kinds), f"Cell.{name}", value, example,
                   "Names belong to the command line; scripts take the library's objects.")
        need_mesh("Cell.mesh", self.mesh)
        if not (math.isfinite(self.temperature) and 150 < self.temperature < 500):
            raise ValueError(explain("Cell.temperature", f"found {self.temperature:g} K", "150 to 500 K is allowed",
                                     "Temperatures are absolute: 25 degC is 298.15 K."))
        if self.electrolyte.cation not in (self.metal.symbol, None):
            raise ValueError(explain("Cell.electrolyte", f"found {self.electrolyte.name}, whose cation is"
                                     f" {self.electrolyte.cation}", f"one with {self.metal.symbol}, the metal that"
                                     " plates, is needed", "Take another electrolyte or another metal."))
        require_names(self.mesh, boundaries=("collector", "counter"))
        if f"{SIDE}z" in self.mesh.boundaries:
            raise GeometryError(explain("Cell.mesh", f"found the surface '{SIDE}z'", "a cell runs from its collector to"
                                        f" its counter electrode; it may repeat along x and y ('{SIDE}x', '{SIDE}y')",
                                        "Cells that repeat along z are for cf.homogenise; for a run, mesh a host with"
                                        " a separator above it."))
        for name in self.media or {}:
            if name not in REGIONS:
                raise ValueError(explain("Cell.media", f"found a region {name!r}", f"regions are {', '.join(REGIONS)}",
                                         did_you_mean(str(name), REGIONS)))
            expect(isinstance(self.media[name], Medium), f"Cell.media[{name!r}]", self.media[name], "a cf.Medium",
                   "For example cf.Medium(eps=0.5, B=0.2).")
        check_regions(self.mesh)
        check_percolation(self.mesh)
        check_electrons(self.medium, self.centroids, self.mesh.subdomains)
        if any(name in self.medium and not self.medium[name].equipotential for name in CONDUCTS_ELECTRONS):
            host_connected(self.mesh)
        _ = self.sites, self.counter_sites, self.porosity, self.efficiency  # each checks itself
        _ = self.film_resistance, self.bare, self.metal_at_start
        surface.warn_ungraded(self)

    @cached_property
    def medium(self) -> dict[str, Medium]:
        """The medium of every region of the mesh."""
        return {name: self._medium(name) for name in self.mesh.subdomains if name in REGIONS}

    def _medium(self, region: str) -> Medium:
        given = (self.media or {}).get(region)
        if given is not None:
            return given
        if region in ("pore", "electrolyte"):
            return Medium(eps=1.0, B=1.0)
        if region == "separator" and self.separator is not None:
            return Medium(eps=self.separator.eps, B=1 / self.separator.macmullin)
        if region == "host" and self.host is not None:
            return Medium(sigma=self.host.sigma)
        give = {"separator": "separator=CELGARD_2500, say", "host": "host=GRAPHENE, say",
                "electrode": "media={'electrode': cf.homogenise(...)}, or **cf.graded(design) where the design has a"
                             " table [electrode]"}[region]
        raise ValueError(explain("Cell", f"the mesh has a region {region!r} without properties",
                                 "every region needs a medium", f"Give {give}."))

    @cached_property
    def porosity(self) -> np.ndarray:
        """(cells,) eps; 0 in the host."""
        return self._per_cell(lambda medium, x, name: medium.porosity(x, name), CONDUCTS_IONS)

    @cached_property
    def specific_surface(self) -> np.ndarray:
        """(cells,) a_s [1/m] that no coating blocks; 0 outside the electrode."""
        if surface.blocked_electrode(self):
            return np.zeros(self.mesh.nelements)
        return self._per_cell(lambda medium, x, name: medium.specific_surface(x, name) * self._bare(x), ("electrode",))

    def _bare(self, x: np.ndarray) -> np.ndarray:
        """(points,) share of the host's surface that no coating blocks."""
        return 1 - surface.share_at(surface.named_share(self.blocked, "electrode"), x)

    def bare_facets(self, facets: np.ndarray) -> np.ndarray:
        """(facets,) share of each facet of the host's surface that no coating blocks."""
        bare = 1 - surface.blocked_share(self.mesh, self.blocked, facets)
        return np.where(np.isin(facets, surface.blocked_facets(self)), 0.0, bare)

    @cached_property
    def efficiency(self) -> np.ndarray:
        """(d, d, cells) B; 0 in the host."""
        return self._per_cell(lambda medium, x, name: medium.efficiency(x, name), CONDUCTS_IONS, tensor=True)

    def _per_cell(self, law, regions, tensor: bool = False) -> np.ndarray:
        d = self.mesh.dim()
        out = np.zeros((d, d, self.mesh.nelements) if tensor else self.mesh.nelements)
        for name in regions:
            if name in self.medium:
                cells = self.mesh.subdomains[name]
                out[..., cells] = law(self.medium[name], self.centroids[:, cells], name)
        return out

    @cached_property
    def centroids(self) -> np.ndarray:
        """(d, cells) [m]."""
        return self.mesh.p[:, self.mesh.t].mean(axis=1)

    @cached_property
    def sites(self) -> Sites:
        """Reaction sites of the host."""
        return active_sites(self.mesh, self.porosity, self.specific_surface,
                            self.bare_facets).split(surface.shares(self.film_used))

    @cached_property
    def counter_sites(self) -> Sites:
        """Reaction sites of the counter electrode."""
        return counter_sites(self.mesh, self.porosity)

    @cached_property
    def area(self) -> float:
        """Superficial cross-section [m2] (1-D: 1; 2-D: per m of depth), that of the counter plane."""
        counter = self.mesh.boundaries["counter"]
        return float(np.sum(self.counter_sites.facet_area
                            / self.porosity[self.mesh.f2t[0, counter]]))

    @property
    def resolved_host(self) -> bool:
        """Whether phi_s is solved in cells of a `host`."""
        return "host" in self.medium and not self.medium["host"].equipotential

    @cached_property
    def images(self) -> np.ndarray | None:
        """(nodes,) the node that stands for each, where the mesh repeats at its sides; None: it does not."""
        return images_of(self.mesh)

    @property
    def ionic_cells(self) -> np.ndarray:
        """Cells that conduct ions."""
        return np.flatnonzero(self.porosity > 0)

    @cached_property
    def kinetics_used(self) -> Kinetics:
        """Of the host."""
        return self.kinetics or self.metal.kinetics

    @cached_property
    def film_resistance(self) -> np.ndarray:
        """(sites,) R [Ohm m2] of the host's film."""
        return surface.film_resistance(self.film_used, self.sites, Film(R=self.metal.R_film))

    @cached_property
    def bare(self) -> surface.Bare | None:
        """Nucleation at the host's sites; None where metal is there from the start without end (a foil)."""
        return surface.bare(self)

    @cached_property
    def metal_at_start(self) -> np.ndarray:
        """(sites,) [C/m2]."""
        return surface.metal_at_start(self)

    @cached_property
    def room(self) -> np.ndarray:
        """(sites,) thickness [m] of deposit that fills a place: its half gap, or eps/a_s; inf where nothing closes."""
        return surface.room(self)

    @cached_property
    def electrode_volume(self) -> np.ndarray:
        """(nodes,) electrolyte volume that the vertex rule gives a node of the electrode [m3]."""
        cells = self.mesh.subdomains["electrode"]
        return lumped_weights(cell_basis(self.mesh, cells, lumped=True), self.porosity[cells])

    @cached_property
    def electrode_space(self) -> np.ndarray:
        """(nodes,) volume of electrode that the vertex rule gives a node [m3]."""
        cells = self.mesh.subdomains["electrode"]
        return lumped_weights(cell_basis(self.mesh, cells, lumped=True), np.ones(len(cells)))

    @cached_property
    def film_used(self) -> Film | MosaicFilm | Mapping:
        """On the host."""
        return self.film or Film(R=self.metal.R_film)

    @cached_property
    def counter_kinetics(self) -> Kinetics:
        """Of a metal-foil counter electrode."""
        own = getattr(self.counter, "kinetics", None)
        return own or (self.kinetics_used if reversible(self.kinetics_used) else self.metal.kinetics)

    @cached_property
    def counter_film(self) -> Film:
        """On a metal-foil counter electrode."""
        own = getattr(self.counter, "film", None)
        plain = isinstance(self.film_used, Film) and not self.film_used.layers and not callable(self.film_used.R)
        return own or (self.film_used if plain else Film(R=self.metal.R_film))

    @cached_property
    def transport(self):
        """The electrolyte's laws at the cell's temperature."""
        return self.electrolyte.at(self.temperature)

    @property
    def closed(self) -> bool:
        """Whether no boundary passes anions, so that the salt inventory is conserved."""
        return not isinstance(self.counter, Reservoir)

    @cached_property
    def assumptions(self) -> tuple[str, ...]:
        """Marks and caveats of every property in use, for the report to repeat."""
        return assumptions(self)

    def place(self, x: np.ndarray) -> str:
        """A position [m] in words, 'x=1, y=2, z=3 um'."""
        names = {1: "z", 2: "xz", 3: "xyz"}[len(x)]
        return ", ".join(f"{n}={1e6 * v:.3g}" for n, v in zip(names, x, strict=True)) + " um"

"""The balances: residual and tangent of salt, ionic charge, electronic charge and the control of the cell.

Rows are in amperes.  With M = N+ - t_ref i_e/F (docs/theory.md, equations 1-4):

    salt      F int eps (c - base)/tau v - F int M . grad v - (1 - t_ref) sum_sites i_n a v = 0
    ions      - int i_e . grad v - sum_sites i_n a v = 0
    electrons - int i_s . grad v + sum_sites i_n a v = 0
    control   current through the counter electrode, or its potential
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from cellfem.model.build_system import electrolyte_groups, electrons_of, tangent_pairs
from cellfem.model.cell import Cell
from cellfem.model.counter import Foil, Reservoir
from cellfem.model.deposit import Filled, metal_volume
from cellfem.model.reactions import STEP, Plated, Reaction
from cellfem.model.unknowns import Unknowns
from cellfem.numerics.assembly import Scatter, pin
from cellfem.numerics.operators import CellOperators, cell_basis, lumped_weights
from cellfem.units import FARADAY


@dataclass(frozen=True)
class Load:
    """What the control holds: a current density (superficial, > 0 plates) or a cell voltage."""

    current: float | None = None  # [A/m2]
    voltage: float | None = None  # [V]


@dataclass(frozen=True, eq=False)
class Storage:
    """eps (c - base)/tau, the stage equation of an implicit time step."""

    base: np.ndarray  # (electrolyte nodes,) [mol/m3]
    tau: float  # [s]
    plated: Plated | None = None  # charge at the host's sites; None: metal is there


@dataclass(frozen=True, eq=False)
class System:
    cell: Cell
    ions: CellOperators
    electrons: CellOperators | None
    unknowns: Unknowns
    groups: tuple  # (Transport, positions among ions.cells) per electrolyte
    t_ref: float
    pore_volume: np.ndarray  # (electrolyte nodes,) int eps phi_i
    site_ionic: np.ndarray  # (sites,) position among the electrolyte nodes
    site_host: np.ndarray  # (sites,) position among the host nodes, or -1 where phi_s = 0
    counter_ionic: np.ndarray
    reaction: Reaction  # of the host
    counter_reaction: Reaction | None  # of a foil
    scatter: Scatter
    empty_volume: np.ndarray  # pore_volume without deposit
    filled: Filled | None = None  # what deposit has done to an electrode's volume and conduction

    @staticmethod
    def of(cell: Cell) -> System:
        mesh, cells = cell.mesh, cell.ionic_cells
        ions = CellOperators.compile(mesh, cells, cell.efficiency[:, :, cells], images=cell.images)
        electrons = electrons_of(cell)
        host_nodes = electrons.pattern.nodes if electrons else np.zeros(0, dtype=int)
        unknowns = Unknowns.of(cell, ions.pattern.nodes, host_nodes)
        volume = ions.pattern.summed(lumped_weights(cell_basis(mesh, cells, lumped=True), cell.porosity[cells]))
        sites, counter = cell.sites, cell.counter_sites
        site_ionic, counter_ionic = ions.pattern.local[sites.nodes], ions.pattern.local[counter.nodes]
        site_host = electrons.pattern.local[sites.nodes] if electrons else np.full(len(sites.nodes), -1)
        transport, T = cell.transport, cell.temperature
        foil = None
        if isinstance(cell.counter, Foil):
            foil = Reaction(cell.counter_kinetics, cell.counter_film.resistance(counter.x), transport, T)
        rows, cols = tangent_pairs(ions, electrons, unknowns, site_ionic, site_host, counter_ionic)
        return System(cell, ions, electrons, unknowns, electrolyte_groups(cell, cells),
                      float(np.real(transport.t_plus(np.array([cell.electrolyte.c_0]))[0])), volume, site_ionic,
                      site_host, counter_ionic, Reaction(cell.kinetics_used, cell.film_resistance,
                                                         transport, T, cell.bare),
                      foil, Scatter.of(rows, cols, unknowns.size), volume)

    def with_deposit(self, q: np.ndarray) -> System:
        """The system while the sites carry the charge q [C/m2]: volumes, conduction and area of an electrode follow."""
        now = self.conducting(q)
        return self if now is self else replace(now, pore_volume=self.volume_with(q))

    def volume_with(self, q: np.ndarray) -> np.ndarray:
        """(electrolyte nodes,) int eps phi_i while the sites carry the charge q [C/m2]."""
        return self.empty_volume - self.ions.pattern.summed(metal_volume(self.cell, q))

    def conducting(self, q: np.ndarray) -> System:
        """The same with the pore volumes left as they are."""
        filled = Filled.by(self.cell, q)
        if filled is None:
            return self
        return replace(self, filled=filled, reaction=replace(self.reaction, surface=filled.surface))

    @cached_property
    def host_matrix(self):
        """int sigma grad phi_s . grad v on the host nodes."""
        cells = self.electrons.cells
        factor = np.ones(len(cells)) if self.filled is None else self.filled.conductivity[cells]
        return self.electrons.pattern.matrix(self.electrons.diffusion @ factor)

    # -- residual ---------------------------------------------------------------------------------------------------

    def residual(self, y: np.ndarray, load: Load, storage: Storage | None = None) -> np.ndarray:
        """Rows in A; `storage` None at steady state."""
        c, psi, phi_s, scalar = self.unknowns.unpack(y)
        laws = self._laws(c)
        i_n = self.reaction.current(c[self.site_ionic], self.host_potential(phi_s) - psi[self.site_ionic],
                                    storage.plated if storage else None)
        i_counter = self._counter_current(c, psi, scalar)
        return self._collect(c, psi, phi_s, scalar, laws, i_n, i_counter, load, storage)

    def _collect(self, c, psi, phi_s, scalar, laws, i_n, i_counter, load, storage):
        unknowns, area = self.unknowns, self.cell.sites.area
        salt, charge = self._rows(c, psi, laws, i_n, i_counter, storage)
        R = np.bincount(unknowns.psi, charge, unknowns.size)
        R[unknowns.c[unknowns.c >= 0]] = salt[unknowns.c >= 0]
        if self.electrons is not None:
            host = self.host_matrix @ phi_s
            wet = self.site_host >= 0
            host = host + np.bincount(self.site_host[wet], (i_n * area)[wet], len(phi_s))
            R[unknowns.phi_s[unknowns.phi_s >= 0]] = host[unknowns.phi_s >= 0]
        R[unknowns.scalar] = self._control(R[unknowns.scalar], c, psi, scalar, i_counter, load)
        return R

    def _rows(self, c, psi, laws, i_n, i_counter, storage):
        """Salt and ionic-charge rows at every electrolyte node, fixed ones included."""
        D, m, kappa, r = laws
        ions, area = self.ions, self.cell.sites.area
        grad_c, grad_psi = ions.bent_grad(c), ions.bent_grad(psi)
        minus_M = FARADAY * D * grad_c + m * grad_psi
        minus_i = kappa * grad_psi + r * grad_c if np.any(r) else kappa * grad_psi
        reaction = np.bincount(self.site_ionic, i_n * area, len(c)) \
            + np.bincount(self.counter_ionic, i_counter * self.cell.counter_sites.area, len(c))
        salt = ions.div @ minus_M.ravel() - (1 - self.t_ref) * reaction
        if storage is not None:
            salt += FARADAY * self.pore_volume * (c - storage.base) / storage.tau
        charge = ions.div @ minus_i.ravel() - reaction
        return salt, charge

    def inflow(self, y: np.ndarray, storage: Storage) -> float:
        """F times (N+ - t_ref i_e/F) that enters through the nodes of fixed c [A]; 0 in a closed cell."""
        c, psi, *_ = self.unknowns.unpack(y)
        fixed = self.unknowns.c < 0
        if not np.any(fixed):
            return 0.0
        i_n, i_counter, _ = self.currents(y, storage.plated)
        salt, _ = self._rows(c, psi, self._laws(c), i_n, i_counter, storage)
        reacting = (1 - self.t_ref) * float(i_counter @ self.cell.counter_sites.area)
        return float(salt[fixed].sum()) + reacting

    def _control(self, so_far, c, psi, scalar, i_counter, load: Load) -> float:
        """Row of the scalar unknown; `so_far` is what the shared nodes of a reservoir have added to it."""
        cell = self.cell
        if load.voltage is not None:
            return self.conductance * (self.voltage(c, psi, scalar) - load.voltage)
        shared = isinstance(cell.counter, Reservoir) and not cell.counter.uniform
        current = so_far if shared else float(i_counter @ cell.counter_sites.area)
        return current - cell.area * load.current

    @property
    def conductance(self) -> float:
        """A conductance of the cell's size [S], to bring potentials to amperes."""
        return CONDUCTANCE * self.cell.area

    # -- tangent ----------------------------------------------------------------------------------------------------

    def evaluate(self, y: np.ndarray, load: Load, storage: Storage | None = None):
        """(residual, its exact Jacobian in the scaled unknowns as CSR)."""
        unknowns, ions = self.unknowns, self.ions
        c, psi, phi_s, scalar = unknowns.unpack(y)
        laws = self._laws(c + STEP * 1j)
        (D, m, kappa, r), (dD, dm, dkappa, dr) = ([law.real for law in laws], [law.imag / STEP for law in laws])
        i_n, by_c, by_potential = self.reaction.tangent(c[self.site_ionic],
                                                        self.host_potential(phi_s) - psi[self.site_ionic],
                                                        storage.plated if storage else None)
        i_counter, k_c, k_psi, k_scalar = self._counter_tangent(c, psi, scalar)
        R = self._collect(c, psi, phi_s, scalar, (D, m, kappa, r), i_n, i_counter, load, storage)
        grad_c, grad_psi = ions.bent_grad(c), ions.bent_grad(psi)
        c_0, V = unknowns.c_0, unknowns.V  # SI values of the unknowns' units: columns are scaled as they are made
        salt, drop = FARADAY * c_0 * D, c_0 * grad_psi
        values = [ions.diffusion @ salt + ions.drift @ (FARADAY * c_0 * dD * grad_c + dm * drop),
                  ions.diffusion @ (V * m), ions.drift @ (dkappa * drop + c_0 * dr * grad_c),
                  ions.diffusion @ (V * kappa)]
        if np.any(r):
            values[2] += ions.diffusion @ (c_0 * r)
        if self.electrons is not None:
            values.append(V * self.host_matrix.data)
        area, q = self.cell.sites.area, 1 - self.t_ref
        gc, gp = c_0 * by_c * area, V * by_potential * area
        values += [-q * gc, q * gp, -q * gp, -gc, gp, -gp, gc, -gp, gp]
        area = self.cell.counter_sites.area
        kc, kp, ks = c_0 * k_c * area, V * k_psi * area, unknowns.scalar_scale * k_scalar * area
        values += [-q * kc, -q * kp, -q * ks, -kc, -kp, -ks, *self._control_row(c, kc, kp, ks, load)]
        values.append(np.zeros(len(c)) if storage is None else FARADAY * c_0 * self.pore_volume / storage.tau)
        J = self.scatter.matrix(*values)
        if load.voltage is not None and not unknowns.scalar_is_current:
            J = pin(J, unknowns.scalar, self.conductance * unknowns.scalar_scale)
        return R, J

    def _control_row(self, c, kc, kp, ks, load: Load):
        """Derivatives of the control row by c and psi of the counter nodes and by the scalar."""
        if load.voltage is None or not self.unknowns.scalar_is_current:
            return kc, kp, ks  # all 0 at a reservoir of uniform potential, whose shared nodes have written the row
        area = self.cell.counter_sites.area
        mean = self.conductance * area / area.sum()
        return self.unknowns.c_0 * mean * self.cell.transport.dU(c[self.counter_ionic]), self.unknowns.V * mean, 0 * ks

    # -- laws at cells and sites --------------------------------------------------------------------------------------

    def _laws(self, c):
        """What multiplies F grad c and grad psi in M, and grad psi and grad c in i_e, at centroids, as -B times it.

        In the bulk's electrolyte D, (t+ - t_ref) kappa, kappa and 0; in a region's own the remainder kappa (U' - U_r')
        carries current and, with it, (t+ - t_ref)/F salt.  Of a complex c they carry the derivatives.
        """
        centroid = self.ions.mean @ np.real(c)
        if np.iscomplexobj(c):
            centroid = centroid + STEP * 1j
        out = np.empty((4, len(centroid)), dtype=centroid.dtype)
        bulk = self.cell.transport
        for transport, at in self.groups:
            at = at if len(self.groups) > 1 else slice(None)  # a view where one electrolyte fills all cells
            local = centroid[at]
            kappa, excess = transport.kappa(local), transport.t_plus(local) - self.t_ref
            remainder = 0.0 if transport is bulk else kappa * (bulk.dU(local) - transport.dU(local))
            out[0, at] = transport.D(local) + excess * remainder / FARADAY
            out[1, at] = excess * kappa
            out[2, at] = kappa
            out[3, at] = remainder
        if self.filled is not None:
            out *= self.filled.efficiency[self.ions.cells]
        return out

    def host_potential(self, phi_s):
        return np.where(self.site_host >= 0, phi_s[self.site_host] if len(phi_s) else 0.0, 0.0)

    def _counter_current(self, c, psi, scalar):
        at = self.counter_ionic
        if self.counter_reaction is not None:
            return self.counter_reaction.current(c[at], scalar - psi[at])
        return np.full(len(at), scalar if self.unknowns.scalar_is_current else 0.0)

    def _counter_tangent(self, c, psi, scalar):
        """(i_n, by c, by psi, by the scalar) at the counter sites."""
        at = self.counter_ionic
        if self.counter_reaction is not None:
            i, by_c, by_potential = self.counter_reaction.tangent(c[at], scalar - psi[at])
            return i, by_c, -by_potential, by_potential
        none = np.zeros(len(at))
        return self._counter_current(c, psi, scalar), none, none, none + self.unknowns.scalar_is_current

    def voltage(self, c, psi, scalar) -> float:
        """Counter electrode (its metal, or a reference electrode in its plane) against the collector [V]."""
        if not self.unknowns.scalar_is_current:
            return float(scalar)
        counter, at = self.cell.counter_sites, self.counter_ionic
        return float((psi[at] + self.cell.transport.U(c[at])) @ counter.area / counter.area.sum())

    def currents(self, y: np.ndarray, plated: Plated | None = None):
        """i_n [A/m2] at the sites and at the counter sites, and the superficial current density (> 0 plates)."""
        c, psi, phi_s, scalar = self.unknowns.unpack(y)
        i_n = self.reaction.current(c[self.site_ionic], self.host_potential(phi_s) - psi[self.site_ionic], plated)
        return i_n, self._counter_current(c, psi, scalar), -float(i_n @ self.cell.sites.area) / self.cell.area

    def rate_by_charge(self, y: np.ndarray, plated: Plated, i_n: np.ndarray) -> np.ndarray:
        """(sites,) relative change of the current per plated charge [m2/C], where the currents are i_n."""
        c, psi, phi_s, _ = self.unknowns.unpack(y)
        potential = self.host_potential(phi_s) - psi[self.site_ionic]
        return self.reaction.rate_by_charge(c[self.site_ionic], potential, plated, i_n)


CONDUCTANCE = 1e4  # [S/m2]: 1 S/m over 100 um

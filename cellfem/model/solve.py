"""Nonlinear solves of a `System`: potentials at a given c, one implicit time stage, a steady state."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from cellfem.model.moves import Moves
from cellfem.model.reactions import Plated
from cellfem.model.system import Load, Storage, System
from cellfem.numerics.assembly import pin
from cellfem.numerics.linear import TINY, LinearSolver
from cellfem.numerics.newton import newton
from cellfem.physics.nucleation import threshold

DIRECT_3D = 20_000  # unknowns in 3-D, where factors fill in, beyond which multigrid is the faster
GROWN = 10.0  # [-] plated charge over that of covering, from which a place is covered and its law smooth
AHEAD = 1e-3  # [RT/F] from rest, where the kink of a law is out of a last update's reach
NEGLIGIBLE = 1e-6  # [-] share that nucleates at rest, below which there is no kink to speak of
SMOOTH, STEEP, AT_KINKS = 1e-6, 1e-8, 1e-9  # [-] Newton's last update: the next is about its square, or no smaller
AHEAD_OF = 1e-6  # [-] tolerance of a step that tells where a run is heading
LEFT = 1e-12  # [-] what a steep law may leave: its currents follow potentials some hundredfold


@dataclass
class Worker:
    """A system with its linear solvers, which are kept from solve to solve, and the count of Newton steps."""

    system: System
    direct: bool | None = None  # None: by size
    newton_steps: int = 0
    assemblies: int = 0  # of the tangent
    history: list = field(default_factory=list)
    _summed: tuple | None = field(default=None, repr=False)

    def __post_init__(self):
        split = self.system.unknowns.salt
        direct = self.direct
        if direct is None and self.system.cell.mesh.dim() == 3 and self.system.unknowns.size > DIRECT_3D:
            direct = False
        self.full = LinearSolver(split, direct=direct)
        self.charge = LinearSolver(0, direct=direct)
        self.moves = Moves.of(self.system)

    # -- potentials at a given concentration --------------------------------------------------------------------------

    def potentials(self, y: np.ndarray, load: Load, plated: Plated | None = None) -> np.ndarray:
        """y with its concentration and the potentials that balance charge there (secondary current distribution)."""
        system, n = self.system, self.system.unknowns.salt
        now = Storage(system.unknowns.unpack(y)[0], 1.0, plated)

        def whole(part):
            return np.concatenate([y[:n], part])

        def evaluate(part):
            R, J = system.evaluate(whole(part), load, now)
            return R[n:], J[n:, n:]

        def solve(J, R, _, tolerance):
            return self.charge.solve(J, -R, tolerance)

        part = self._newton(y[n:], evaluate, solve, lambda p: system.residual(whole(p), load, now)[n:],
                            Moves(0), "potentials at the given concentration")
        return whole(part)

    # -- a stage of a time step ---------------------------------------------------------------------------------------

    def stage(self, y: np.ndarray, load: Load, storage: Storage) -> np.ndarray:
        """y after an implicit stage, from the guess y.

        Newton's method goes further where a threshold makes the law steep, and where it meets a kink of the law.
        """
        bare, plated = self.system.reaction.bare, storage.plated
        fresh = bare is not None and plated is not None and plated.q < GROWN * bare.q_n
        calm = bare is not None and load.current is not None and load.current <= 0
        ends = {"tolerance": AT_KINKS} if calm else {"tolerance": STEEP, "left": LEFT} if np.any(fresh) else {}
        y = self._staged(y, load, storage, **ends)
        if not calm and np.any(fresh) and np.any(fresh & self._near_kink(y, bare)):
            y = self._staged(y, load, storage, tolerance=AT_KINKS)
        return y

    def _staged(self, y: np.ndarray, load: Load, storage: Storage, **ends) -> np.ndarray:
        system = self.system

        def solve(J, R, _, tolerance):
            return self._exact_sums(J, -R, self.full.solve(J, -R, tolerance))

        return self._newton(y, lambda y: system.evaluate(y, load, storage), solve,
                            lambda y: system.residual(y, load, storage), self.moves, "time step",
                            keep=system.unknowns.size > TINY, **ends)

    def _near_kink(self, y: np.ndarray, bare) -> np.ndarray:
        """(sites,) whether a place is near rest, where the current by nucleation ends, and has any there."""
        system = self.system
        c, psi, phi_s, _ = system.unknowns.unpack(y)
        c, psi = c[system.site_ionic], psi[system.site_ionic]
        lead = (system.host_potential(phi_s) - psi - system.cell.transport.U(c)) / system.unknowns.V
        at_rest = np.where(np.isneginf(bare.eta_nuc), 1.0, threshold(0.0, np.maximum(bare.eta_nuc, 0.0), bare.width))
        return (lead > -AHEAD) & (at_rest > NEGLIGIBLE)

    # -- a steady state -----------------------------------------------------------------------------------------------

    def steady(self, y: np.ndarray, load: Load) -> np.ndarray:
        """The steady state from the guess y; in a closed cell with the salt inventory of c = c_0 everywhere."""
        evaluate, solve, residual = self._without_storage(load)
        return self._newton(y, evaluate, solve, residual, self.moves, "steady state")

    def heading(self, y: np.ndarray, load: Load) -> np.ndarray:
        """Where y is heading: y after one plain Newton step toward the steady state, which may lie beyond c = 0."""
        evaluate, solve, _ = self._without_storage(load)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            R, J = evaluate(y)
            return y + solve(J, R, y, AHEAD_OF)

    def _without_storage(self, load: Load):
        """(evaluate, solve, residual) of the steady balances, for Newton's method."""
        system, n = self.system, self.system.unknowns.salt
        closed = system.cell.closed
        volume = system.pore_volume / system.pore_volume.sum() if closed else None
        pinned = int(np.argmax(system.pore_volume)) if closed else -1

        def closing(y, R):
            if closed:  # one salt row follows from the others; the inventory takes its place
                R[pinned] = system.conductance * system.unknowns.V * (volume @ y[:n] - 1)
            return R

        def residual(y):
            return closing(y, system.residual(y, load))

        def evaluate(y):
            R, J = system.evaluate(y, load)
            return closing(y, R), pin(J, pinned, J[pinned, pinned]) if closed else J

        def solve(J, R, y, tolerance):
            if not closed:
                return self._exact_sums(J, -R, self.full.solve(J, -R, tolerance))
            b = -R
            b[pinned] = 0.0
            x = self._exact_sums(J, b, self.full.solve(J, b, tolerance), salt=False)
            unit = np.zeros_like(b)
            unit[pinned] = J[pinned, pinned]
            z = self._exact_sums(J, unit, self.full.solve(J, unit, tolerance), salt=False)
            return x + (1 - volume @ (y + x)[:n]) / (volume @ z[:n]) * z

        return evaluate, solve, residual

    @cached_property
    def _ones(self) -> dict[bool, np.ndarray]:
        """(size, blocks) ones on the unknowns of each block of rows that are summed, with and without the salt's."""
        unknowns = self.system.unknowns
        block = np.full(unknowns.size, -1)
        block[unknowns.psi] = 0
        block[unknowns.scalar] = 1
        parts = {}
        for salt in (True, False):
            if salt and unknowns.salt:
                block = np.where(np.arange(unknowns.size) < unknowns.salt, 2, block)
            elif not salt:
                block = np.where(block == 2, -1, block)
            parts[salt] = np.asfortranarray(block[:, None] == np.arange(block.max() + 1), dtype=float)
        return parts

    # -- shared -------------------------------------------------------------------------------------------------------

    def _newton(self, y, evaluate, solve, residual, moves, where, keep=False, tolerance=SMOOTH, left=0.0):
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            result = newton(y, evaluate=evaluate, solve=solve, residual=residual, advance=moves.advance,
                            size=moves.size, tolerance=tolerance, left=left, keep=keep, where=where)
        self.newton_steps += result.steps
        self.assemblies += result.assemblies
        self.history.append(result.history)
        return result.y

    def _exact_sums(self, J, b, x, salt: bool = True) -> np.ndarray:
        """Correct x by constants per block, so that the sums of the balance rows hold exactly, whatever the tolerance.

        The corrections solve the 2 x 2 or 3 x 3 system of the summed rows.
        """
        Z = self._ones[salt]
        if self._summed is None or self._summed[0] is not J or self._summed[1] is not Z:
            self._summed = J, Z, Z.T @ np.column_stack([J @ ones for ones in Z.T])  # one tangent serves several solves
        return x + Z @ np.linalg.lstsq(self._summed[2], Z.T @ (b - J @ x), rcond=1e-13)[0]

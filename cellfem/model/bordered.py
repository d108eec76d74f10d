"""A steady state whose current is unknown: the least c on the active surface is given in its place."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from cellfem.model.solve import Worker
from cellfem.model.system import Load
from cellfem.numerics.assembly import pin
from cellfem.numerics.newton import newton


def steady_at_ratio(worker: Worker, y: np.ndarray, current: float, ratio: float,
                    nodes: np.ndarray, *, tolerance: float = 1e-6) -> tuple[np.ndarray, float]:
    """(y, current [A/m2]) of the steady state in which the least c/c_0 over `nodes` is `ratio`.

    Newton's method on the balances bordered by one row, min c/c_0 = ratio, and one column, the current: the node that
    holds the minimum is taken anew in each step (an active set of one), and each step costs one more linear solve with
    the same matrix.  `nodes` number the salt unknowns; y and `current` are the start, `tolerance` is for the last
    update.

    Raises ConvergenceError where it does not converge.
    """
    border = _Border(worker, ratio, nodes, abs(current))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        result = newton(np.append(y, current / border.scale), evaluate=border.evaluate, solve=border.solve,
                        residual=border.residual, advance=border.advance, size=border.size,
                        tolerance=tolerance, where="steady state at a given depletion")
    worker.newton_steps += result.steps
    worker.history.append(result.history)
    return result.y[:-1], float(result.y[-1] * border.scale)


@dataclass
class _Border:
    """The bordered problem in [y, current/scale]; a closed cell's salt inventory is a second border."""

    worker: Worker
    ratio: float
    nodes: np.ndarray
    scale: float  # [A/m2]
    kept: tuple = field(default=(None, None, None))  # the last matrix, with the responses to the borders' columns

    @property
    def system(self):
        return self.worker.system

    @property
    def closed(self) -> bool:
        return self.system.cell.closed

    @property
    def volume(self) -> np.ndarray:
        """(electrolyte nodes,) share of the pore volume."""
        return self.system.pore_volume / self.system.pore_volume.sum()

    @property
    def pinned(self) -> int:
        """The salt row whose place the inventory takes."""
        return int(np.argmax(self.system.pore_volume)) if self.closed else -1

    def residual(self, z: np.ndarray) -> np.ndarray:
        return self._bordered(z, self.system.residual(z[:-1], self._load(z)))

    def evaluate(self, z: np.ndarray):
        R, J = self.system.evaluate(z[:-1], self._load(z))
        return self._bordered(z, R), pin(J, self.pinned, J[self.pinned, self.pinned]) if self.closed else J

    def _load(self, z) -> Load:
        return Load(current=float(z[-1] * self.scale))

    def _bordered(self, z, R):
        if self.closed:  # one salt row follows from the others; the inventory takes its place
            R[self.pinned] = self._amperes * (self.volume @ z[: len(self.volume)] - 1)
        return np.append(R, self._amperes * (np.min(z[self.nodes]) - self.ratio))

    @property
    def _amperes(self) -> float:
        return self.system.conductance * self.system.unknowns.V

    def solve(self, J, R, z, tolerance: float) -> np.ndarray:
        """The update of z: that of the balances, plus as much of each border's response as its row asks for."""
        b = -R[:-1]
        if self.closed:
            b[self.pinned] = 0.0
        x = self._solve(J, b, tolerance)
        by_current, by_salt = self._responses(J, tolerance)
        node = self.nodes[np.argmin(z[self.nodes])]
        miss = self.ratio - z[node] - x[node]
        if not self.closed:
            step = miss / by_current[node]
            return np.append(x + step * by_current, step)
        n = len(self.volume)
        rows = np.array([[by_current[node], by_salt[node]], [self.volume @ by_current[:n], self.volume @ by_salt[:n]]])
        step, salt = np.linalg.solve(rows, [miss, 1 - self.volume @ (z + np.append(x, 0.0))[:n]])
        return np.append(x + step * by_current + salt * by_salt, step)

    def _responses(self, J, tolerance):
        """dy by the scaled current, and by the salt's inventory (None in an open cell)."""
        matrix, *kept = self.kept
        if matrix is not J:
            column = np.zeros(J.shape[0])
            column[self.system.unknowns.scalar] = self.system.cell.area * self.scale
            kept = [self._solve(J, column, tolerance), None]
            if self.closed:
                unit = np.zeros(J.shape[0])
                unit[self.pinned] = J[self.pinned, self.pinned]
                kept[1] = self._solve(J, unit, tolerance)
            self.kept = (J, *kept)
        return kept

    def _solve(self, J, b, tolerance):
        x = self.worker.full.solve(J, b, tolerance)
        return self.worker._exact_sums(J, b, x, salt=not self.closed)

    def advance(self, z, update, length: float) -> np.ndarray:
        y = self.worker.moves.advance(z[:-1], update[:-1], length)
        scalar = self.system.unknowns.scalar  # moves.advance may have shortened the step: the current goes along
        taken = (y[scalar] - z[scalar]) / update[scalar] if update[scalar] else length
        return np.append(y, z[-1] + taken * update[-1])

    def size(self, z, update) -> float:
        return max(self.worker.moves.size(z[:-1], update[:-1]), float(abs(update[-1]) / max(abs(z[-1]), 1e-3)))

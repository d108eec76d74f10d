"""The host layer of a mesh: its box, what connects in it, and effective tensors of parts of it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from cellfem.errors import ConvergenceError, GeometryError, TrustWarning, explain
from cellfem.geometry.checks import near
from cellfem.geometry.graph import components
from cellfem.geometry.measures import volumes
from cellfem.geometry.periodic import Pairing, pair, periods_of
from cellfem.model.laplace import conduct, energy
from cellfem.model.periodic_cell import efficiency, percolating
from cellfem.model.tensors import KEPT
from cellfem.numerics.operators import CellOperators

ON_FACE = 1e-9  # [-] of the host's extent: nodes nearer than this lie on a face
OBLIQUE = 1e-9  # [-] of a tensor's largest entry, from which off-diagonal ones are told of
EXCESS = 1e-6  # [-] by which a conductance may pass the arithmetic mean: round-off of the solves


@dataclass(frozen=True, eq=False)
class Tensors:
    """A property per mesh cell."""

    local: np.ndarray  # (d, d, cells)
    diagonal: np.ndarray  # (3, cells) along x, y and z, those that the mesh drops included

    @staticmethod
    def unit(mesh) -> Tensors:
        return Tensors(np.repeat(np.eye(mesh.dim())[..., None], mesh.nelements, axis=2), np.ones((3, mesh.nelements)))

    def put(self, cells: np.ndarray, local: np.ndarray, given) -> None:
        """Set the cells; `given` is what the medium says, which a 3 x 3 tensor knows along dropped axes, too."""
        self.local[..., cells] = local
        self.diagonal[:, cells] = local[-1, -1]
        self.diagonal[np.ix_(KEPT[len(local)], cells)] = np.einsum("kkc->kc", local)
        if not callable(given) and np.shape(given) == (3, 3):
            self.diagonal[:, cells] = np.diag(given)[:, None]


@dataclass(frozen=True, eq=False)
class HostLayer:
    mesh: Any
    volume: np.ndarray  # (mesh cells,)
    low: np.ndarray  # (d,) [m] corners of the box
    high: np.ndarray
    box: float  # its volume
    periods: np.ndarray | None  # (m, d) lattice vectors [m]; None: mirrors all around
    pairing: Pairing | None

    @staticmethod
    def of(mesh, cells: np.ndarray, periods=None) -> HostLayer:
        """The layer that `cells` fill; `periods` as for `homogenise`.

        Raises GeometryError where the lattice vectors do not fit it.
        """
        corners, volume = mesh.p[:, np.unique(mesh.t[:, cells])], volumes(mesh)
        low, high = corners.min(axis=1), corners.max(axis=1)
        periods = periods_of(mesh) if periods is None else np.asarray(periods, dtype=float)
        if periods is None:
            return HostLayer(mesh, volume, low, high, float(np.prod(high - low)), None, None)
        box, filled = _spanned(periods, high - low), float(volume[cells].sum())
        if not abs(filled - box) <= 1e-6 * filled:
            raise GeometryError(explain("homogenise: periods", f"found lattice vectors that span {box:.6g}, and a host"
                                        f" layer of {filled:.6g} m^{mesh.dim()}", "the layer fills one periodic cell",
                                        "Give one lattice vector [m] per row, for all axes of the mesh or for those"
                                        " along which it repeats."))
        return HostLayer(mesh, volume, low, high, box, periods, pair(mesh, cells, periods))

    @cached_property
    def repeats(self) -> np.ndarray:
        """(d,) along which axes the layer repeats."""
        return np.zeros(self.mesh.dim(), dtype=bool) if self.periods is None else np.any(self.periods != 0, axis=0)

    @cached_property
    def images(self) -> np.ndarray | None:
        """(nodes,) the node that stands for each; None without periodic sides."""
        return None if self.pairing is None else self.pairing.images(self.mesh.nvertices)

    def effective(self, cells: np.ndarray, given: Tensors, what: str) -> np.ndarray:
        """3 x 3 of `cells`; along dropped directions the volume mean.

        Raises ConvergenceError where it exceeds the volume mean of the local tensors (Wiener's upper bound).
        """
        axes, local = KEPT[self.mesh.dim()], given.local[..., cells]
        mean = local @ self.volume[cells] / self.box
        out = np.diag(given.diagonal[:, cells] @ self.volume[cells]) / self.box
        if self.volume[cells].sum() > (1 - 1e-9) * self.box and np.all(np.ptp(local, axis=2) == 0):
            out[np.ix_(axes, axes)] = local[..., 0]  # nothing varies
            return out
        found = np.zeros_like(mean)
        if self.pairing is not None:
            found = efficiency(self.mesh, cells, given.local, self.periods, self.pairing, self.box)
        ions = None  # most directions are joined by the same cells
        for k in np.flatnonzero(~self.repeats):
            joining = self._joining(cells, k)
            if len(joining) and (ions is None or not np.array_equal(ions.cells, joining)):
                ions = CellOperators.compile(self.mesh, joining, given.local[..., joining], with_drift=False,
                                             images=self.images)
            found[k, k] = self._through(ions, k) if len(joining) else 0.0
        self._note_oblique(cells, given.local, what)
        excess = np.linalg.eigvalsh(found - mean)[-1] if np.all(self.repeats) else np.max(np.diag(found - mean))
        if excess > EXCESS * np.abs(mean).max():
            raise ConvergenceError(explain(f"homogenise: {what}", f"found {excess:.2g} more than the volume mean",
                                           "no arrangement conducts better than its parts side by side", "Refine the"
                                           " mesh (coarsen=0.5) and look at `cellfem mesh`."))
        out[np.ix_(axes, axes)] = found
        return out

    def _note_oblique(self, cells: np.ndarray, local: np.ndarray, what: str) -> None:
        """Warn of off-diagonal entries between axes that do not both repeat: their sides reflect what flows across."""
        seen = np.abs(local[..., cells]).max(axis=2)
        apart = ~np.outer(self.repeats, self.repeats) & ~np.eye(len(seen), dtype=bool)
        if np.any(seen[apart] > OBLIQUE * seen.max()):
            warnings.warn(explain(f"homogenise: {what}", "found tensors with off-diagonal entries beside mirror sides",
                                  "mirrors see a diagonal tensor, and oblique flow is reflected", "Take a periodic cell"
                                  " (periods=...), or turn the axes along the tensor's own."), TrustWarning,
                          stacklevel=4)

    def connected(self, wet: np.ndarray) -> np.ndarray:
        """Pores that ions pass: connected with the top of the layer; in a periodic cell, with their own images."""
        label = self._label(wet)
        good = percolating(self.mesh, wet, self.pairing)[0] if np.all(self.repeats) else self.reaching_top(wet)
        if not good.any():
            raise GeometryError(explain("homogenise", "found no pore that leads anywhere", "ions need a way into the"
                                        " host", "Open the pores."))
        if not np.all(good):
            self._name_isolated(wet[~good], label[~good], wet)
        return wet[good]

    def reaching_top(self, wet: np.ndarray) -> np.ndarray:
        """(cells,) whether cells connect with the top of the layer."""
        label = self._label(wet)
        return np.isin(label, label[self._touching(wet, self.mesh.dim() - 1, self.high)])

    def _label(self, cells: np.ndarray) -> np.ndarray:
        return components(self.mesh, cells, None if self.pairing is None else self.pairing.cells)

    def _name_isolated(self, lost: np.ndarray, label: np.ndarray, wet: np.ndarray) -> None:
        largest = lost[label == np.argmax(np.bincount(label, self.volume[lost]))]
        place = self.mesh.p[:, self.mesh.t[:, largest]].mean(axis=(1, 2))
        count, share = len(np.unique(label)), float(self.volume[lost].sum() / self.volume[wet].sum())
        warnings.warn(explain("homogenise", f"found {count} isolated pore{'s' * (count > 1)}, {share:.2%} of the pore"
                              f" volume (the largest {near(place)})", "they count neither as porosity nor as surface",
                              "Check the design if they are not meant."), TrustWarning, stacklevel=4)

    def _on(self, cells: np.ndarray, axis: int, at) -> np.ndarray:
        """(d + 1, cells): whether the nodes of cells lie on the face x_axis = at[axis]."""
        x = self.mesh.p[axis, self.mesh.t[:, cells]]
        return np.abs(x - at[axis]) <= ON_FACE * (self.high[axis] - self.low[axis])

    def _touching(self, cells: np.ndarray, axis: int, at) -> np.ndarray:
        """Whether cells have a facet, not just an edge or a point, on that face."""
        return self._on(cells, axis, at).sum(axis=0) >= self.mesh.dim()

    def _joining(self, cells: np.ndarray, axis: int) -> np.ndarray:
        """Those of `cells` that connect the two faces of an axis."""
        label = self._label(cells)
        ends = [label[self._touching(cells, axis, at)] for at in (self.low, self.high)]
        return cells[np.isin(label, np.intersect1d(*ends))]

    def _through(self, ions: CellOperators, axis: int) -> float:
        """B along an axis whose two faces the cells of `ions` connect."""
        length, t = self.high[axis] - self.low[axis], self.mesh.t[:, ions.cells]
        nodes = [np.unique(ions.pattern.local[t[self._on(ions.cells, axis, at)]]) for at in (self.low, self.high)]
        u = conduct(ions, np.concatenate(nodes), np.repeat([0.0, 1.0], [len(part) for part in nodes]))
        return energy(ions, u) * length**2 / self.box


def _spanned(periods: np.ndarray, extent: np.ndarray) -> float:
    """Volume of the cell of lattice vectors, which span whole axes, and of the box along the others; 0 else."""
    d = len(extent)
    if periods.ndim != 2 or periods.shape[1] != d or not np.all(np.isfinite(periods)):
        return 0.0
    axes = np.any(periods != 0, axis=0)
    if axes.sum() != len(periods) or not axes.any():
        return 0.0
    return abs(float(np.linalg.det(periods[:, axes]))) * float(np.prod(extent[~axes]))

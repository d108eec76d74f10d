"""From a host layer to its effective medium: through-transport between mirror faces, or of a periodic cell."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cellfem.errors import GeometryError, TrustWarning, explain
from cellfem.geometry.checks import near
from cellfem.geometry.graph import components
from cellfem.geometry.measures import facet_areas, volumes
from cellfem.model.bounds import check_bounds
from cellfem.model.laplace import conduct, energy
from cellfem.model.medium import Medium
from cellfem.model.periodic import Pairing, efficiency, pair, percolating
from cellfem.numerics.operators import CellOperators, cell_basis, facet_basis, lumped_weights

ON_FACE = 1e-9  # [-] of the host's extent: nodes nearer than this lie on a face
FULL_AXES = {1: [2], 2: [0, 2], 3: [0, 1, 2]}  # where a mesh's axes stand among x, y, z


def homogenise(mesh, *, host=None, media: Mapping[str, Medium] | None = None, periods=None) -> Medium:
    """The effective medium of the host layer of a mesh: eps, B, sigma (3 x 3) and a_s.

    Mirror sides (`periods` None): potentials 0 and 1 on opposite faces of the layer and mirrors on the others give the
    diagonal of B = D_eff/D from the energy, B_k = (L_k/A_k) int B grad u . grad u, which bounds D_eff from above.
    Periodic cells: the fluctuation problem, a full tensor.  The dropped directions of 1-D and 2-D meshes are invariant:
    B = eps there.  A direction that nothing connects has B = 0, N_M = inf.

    Parameters
    ----------
    mesh : with the regions `pore` and `host` (resolved) or `electrode` (already homogenised, its properties varying)
    host : Host or None; its sigma scales the effective conductivity (None or inf: equipotential)
    media : medium per region, as for Cell; needed for `electrode`, of which it gives sigma too
    periods : (d, d) lattice vectors [m] of a periodic cell, one per row; None: the sides are mirrors

    Raises GeometryError where the mesh has no host layer, and ConvergenceError where a bound is violated.  Warns
    (TrustWarning) of isolated pores, which are left out of the porosity.
    """
    regions = [name for name in ("pore", "electrode") if name in mesh.subdomains]
    if not regions:
        raise GeometryError(explain("homogenise", f"found the regions {', '.join(sorted(mesh.subdomains))}",
                                    "a host layer with the regions pore and host, or electrode, is needed",
                                    "Mesh a design of walls, baffles or an envelope."))
    wet = np.sort(np.concatenate([mesh.subdomains[name] for name in regions]))
    solid = np.sort(mesh.subdomains.get("host", np.zeros(0, dtype=int)))
    layer = _Layer.of(mesh, np.concatenate([wet, solid]), periods)
    porosity, local, sigma, a_s = _local(mesh, media or {})
    connected = layer.connected(wet)
    eps = float(porosity[connected] @ layer.volume[connected]) / layer.box
    B = layer.effective(connected, local)
    resolved = "electrode" not in mesh.subdomains
    check_bounds(B, eps, "homogenise: B", two_phase=resolved)
    if not resolved:
        sigma = layer.effective(wet, sigma) if sigma is not None else np.inf
    elif host is not None and np.isfinite(host.sigma):
        share = float(layer.volume[solid].sum()) / layer.box
        sigma = layer.effective(solid, np.repeat(np.eye(mesh.dim())[..., None], mesh.nelements, axis=2))
        check_bounds(sigma, share, "homogenise: sigma_eff/sigma")
        sigma = host.sigma * sigma
    else:
        sigma = np.inf
    surface = np.asarray((mesh.boundaries or {}).get("host_surface", []), dtype=int)
    area = float(facet_areas(mesh, surface).sum()) if len(surface) else 0.0
    return Medium(eps=eps, B=B, sigma=sigma, a_s=(area + float(a_s @ layer.volume)) / layer.box)


def _local(mesh, media: Mapping[str, Medium]):
    """Per mesh cell: porosity, B (d, d, cells), sigma (d, d, cells) of `electrode` or None, a_s."""
    d, n = mesh.dim(), mesh.nelements
    porosity, B, a_s, sigma = np.ones(n), np.repeat(np.eye(d)[..., None], n, axis=2), np.zeros(n), None
    centroids = mesh.p[:, mesh.t].mean(axis=1)
    for name in ("pore", "electrode"):
        cells = mesh.subdomains.get(name, np.zeros(0, dtype=int))
        medium = media.get(name)
        if medium is None and name == "electrode" and len(cells):
            raise ValueError(explain("homogenise", "found no medium of the region 'electrode'", "its properties are"
                                     " needed", "Give media={'electrode': cf.Medium(...)}."))
        if medium is None or not len(cells):
            continue
        x = centroids[:, cells]
        porosity[cells], B[..., cells] = medium.porosity(x, name), medium.efficiency(x, name)
        a_s[cells] = medium.specific_surface(x, name)
        if not medium.equipotential:
            sigma = np.zeros_like(B)
            sigma[..., cells] = medium.conductivity(x, name)
    return porosity, B, sigma, a_s


def electrode_tortuosity_factor(mesh, *, media: Mapping[str, Medium] | None = None,
                                blocked: float | Callable = 0.0) -> float:
    """Tortuosity factor along z that a reaction within the host meets [-]: tau_e = 3 eps R kappa A/L.

    R = energy/I^2 of a current I that enters through the `mouth` and is drawn evenly by the whole active surface of the
    host layer.  Straight pores, narrow against their length, have 1; through-transport knows no dead ends, this does,
    and it tells a host that narrows with depth from one that widens.  Of a uniform electrode it is eps/B_zz.
    After the electrode tortuosity factor of Nguyen et al., npj Comput. Mater. 2020, 6, 123,
    doi:10.1038/s41524-020-00386-4.

    Parameters are those of `homogenise`, and `blocked` of Cell: the share of the surface under an insulating coating,
    which draws nothing; a number or a function of x (d, points) [m].  NaN where the mesh has no host layer or no
    surface in it.
    """
    regions = [name for name in ("pore", "electrode") if name in mesh.subdomains]
    if not regions or not len((mesh.boundaries or {}).get("mouth", ())):
        return math.nan
    wet = np.sort(np.concatenate([mesh.subdomains[name] for name in regions]))
    layer = _Layer.of(mesh, np.concatenate([wet, mesh.subdomains.get("host", wet[:0])]), None)
    porosity, local, _, a_s = _local(mesh, media or {})
    wet = wet[layer.reaching_top(wet)]
    load = _drawn(mesh, wet, a_s, lambda x: 1 - (blocked(x) if callable(blocked) else np.full(x.shape[1], blocked)))
    if not load.sum() > 0:
        return math.nan
    ions = CellOperators.compile(mesh, wet, local[..., wet], with_drift=False)
    load = load[ions.pattern.nodes] / load.sum()
    mouth = np.flatnonzero(np.isin(ions.pattern.nodes, mesh.facets[:, mesh.boundaries["mouth"]]))
    R = float(load @ conduct(ions, mouth, np.zeros(len(mouth)), load))
    height = layer.high[-1] - layer.low[-1]
    eps = float(porosity[wet] @ layer.volume[wet]) / layer.box
    return 3 * eps * R * layer.box / height**2


def _drawn(mesh, wet: np.ndarray, a_s: np.ndarray, bare: Callable) -> np.ndarray:
    """(mesh nodes,) active surface by the lumped rule: facets toward the cells `wet`, and a_s dV in them."""
    surface = np.asarray((mesh.boundaries or {}).get("host_surface", []), dtype=int)
    surface = surface[np.isin(mesh.f2t[:, surface], wet).any(axis=0)]
    load = lumped_weights(cell_basis(mesh, wet, lumped=True), a_s[wet] * bare(mesh.p[:, mesh.t[:, wet]].mean(axis=1)))
    if len(surface):
        load = load + lumped_weights(facet_basis(mesh, surface), bare(mesh.p[:, mesh.facets[:, surface]].mean(axis=1)))
    return load


@dataclass(frozen=True, eq=False)
class _Layer:
    """The host layer of a mesh: its box, and effective tensors of parts of it."""

    mesh: Any
    volume: np.ndarray  # (mesh cells,)
    low: np.ndarray  # (d,) [m] corners of the box; unused where periodic
    high: np.ndarray
    box: float  # its volume
    periods: np.ndarray | None
    pairing: Pairing | None

    @staticmethod
    def of(mesh, cells: np.ndarray, periods) -> _Layer:
        corners, volume = mesh.p[:, np.unique(mesh.t[:, cells])], volumes(mesh)
        low, high = corners.min(axis=1), corners.max(axis=1)
        if periods is None:
            return _Layer(mesh, volume, low, high, float(np.prod(high - low)), None, None)
        periods = np.asarray(periods, dtype=float)
        good = periods.shape == (mesh.dim(), mesh.dim()) and np.all(np.isfinite(periods))
        box, filled = abs(float(np.linalg.det(periods))) if good else 0.0, float(volume[cells].sum())
        if not abs(filled - box) <= 1e-6 * filled:
            raise GeometryError(explain("homogenise: periods", f"found lattice vectors that span {box:.6g}, and a host"
                                        f" layer of {filled:.6g} m^{mesh.dim()}", "the layer fills one periodic cell",
                                        "Give one lattice vector [m] per row, as many as the mesh has dimensions."))
        return _Layer(mesh, volume, low, high, box, periods, pair(mesh, cells, periods))

    def effective(self, cells: np.ndarray, local: np.ndarray) -> np.ndarray:
        """3 x 3 from the local tensors (d, d, mesh cells); along dropped directions the volume mean."""
        if self.pairing is not None:
            found = efficiency(self.mesh, cells, local, self.periods, self.pairing)
        else:
            found = np.diag([self._through(cells, local, k) for k in range(self.mesh.dim())])
        out = np.eye(3) * float(local[-1, -1, cells] @ self.volume[cells]) / self.box
        axes = FULL_AXES[self.mesh.dim()]
        out[np.ix_(axes, axes)] = found
        return out

    def connected(self, wet: np.ndarray) -> np.ndarray:
        """Pores that ions pass: connected with the top of the layer; in a periodic cell, with their own images."""
        label = components(self.mesh, wet)
        if self.pairing is not None:
            good, _ = percolating(self.mesh, wet, self.pairing)
        else:
            good = self.reaching_top(wet)
        if not good.any():
            raise GeometryError(explain("homogenise", "found no pore that leads anywhere", "ions need a way into the"
                                        " host", "Open the pores."))
        if not np.all(good):
            self._name_isolated(wet[~good], label[~good], wet)
        return wet[good]

    def reaching_top(self, wet: np.ndarray) -> np.ndarray:
        """(cells,) whether cells connect with the top of the layer."""
        label = components(self.mesh, wet)
        return np.isin(label, label[self._touching(wet, self.mesh.dim() - 1, self.high)])

    def _name_isolated(self, lost: np.ndarray, label: np.ndarray, wet: np.ndarray) -> None:
        largest = lost[label == np.argmax(np.bincount(label, self.volume[lost]))]
        place = self.mesh.p[:, self.mesh.t[:, largest]].mean(axis=(1, 2))
        count, share = len(np.unique(label)), float(self.volume[lost].sum() / self.volume[wet].sum())
        warnings.warn(explain("homogenise", f"found {count} isolated pore{'s' * (count > 1)}, {share:.2%} of the pore"
                              f" volume (the largest {near(place)})", "they do not count as porosity",
                              "Check the design if they are not meant."), TrustWarning, stacklevel=4)

    def _on(self, cells: np.ndarray, axis: int, at) -> np.ndarray:
        """(d + 1, cells): whether the nodes of cells lie on the face x_axis = at[axis]."""
        x = self.mesh.p[axis, self.mesh.t[:, cells]]
        return np.abs(x - at[axis]) <= ON_FACE * (self.high[axis] - self.low[axis])

    def _touching(self, cells: np.ndarray, axis: int, at) -> np.ndarray:
        """Whether cells have a facet, not just an edge or a point, on that face."""
        return self._on(cells, axis, at).sum(axis=0) >= self.mesh.dim()

    def _through(self, cells: np.ndarray, local: np.ndarray, axis: int) -> float:
        """B along an axis, 0 where nothing connects its two faces."""
        mesh, length = self.mesh, self.high[axis] - self.low[axis]
        label = components(mesh, cells)
        ends = [label[self._touching(cells, axis, at)] for at in (self.low, self.high)]
        cells = cells[np.isin(label, np.intersect1d(*ends))]
        if len(cells) == 0:
            return 0.0
        ions = CellOperators.compile(mesh, cells, local[..., cells], with_drift=False)
        nodes = [np.searchsorted(ions.pattern.nodes, np.unique(mesh.t[:, cells][self._on(cells, axis, at)]))
                 for at in (self.low, self.high)]
        u = conduct(ions, np.concatenate(nodes), np.repeat([0.0, 1.0], [len(part) for part in nodes]))
        return energy(ions, u) * length**2 / self.box

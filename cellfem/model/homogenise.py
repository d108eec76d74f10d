"""From a resolved host to its effective medium: through-transport between opposite mirror faces."""

from __future__ import annotations

import warnings

import numpy as np

from cellfem.errors import GeometryError, TrustWarning, explain
from cellfem.geometry.graph import components
from cellfem.geometry.measures import volumes
from cellfem.model.laplace import conduct, energy
from cellfem.model.medium import Medium
from cellfem.numerics.operators import CellOperators, facet_basis

ON_FACE = 1e-9  # [-] of the host's extent: nodes nearer than this lie on a face


def homogenise(mesh, *, host=None) -> Medium:
    """The effective medium of the host layer of a resolved mesh: eps, B, sigma (3 x 3) and a_s.

    Potentials 0 and 1 on opposite faces of the layer and mirror symmetry on the others give the diagonal of
    B = D_eff/D from the energy, B_k = (L_k/A_k) int |grad u|^2, which bounds D_eff from above.  The dropped directions
    of 1-D and 2-D meshes are invariant: B = eps there.

    Parameters
    ----------
    mesh : resolved mesh with the regions `pore` and `host`
    host : Host or None; its sigma scales the effective conductivity (None or inf: equipotential)

    Raises GeometryError where the mesh has no resolved host.  Warns (TrustWarning) of isolated pores, which are left
    out of the porosity.
    """
    if "pore" not in mesh.subdomains or "host" not in mesh.subdomains:
        raise GeometryError(explain("homogenise", f"found the regions {', '.join(sorted(mesh.subdomains))}",
                                    "a resolved host with the regions pore and host is needed",
                                    "Mesh a design of walls or baffles."))
    pore, solid = np.sort(mesh.subdomains["pore"]), np.sort(mesh.subdomains["host"])
    layer = np.concatenate([pore, solid])
    corners = mesh.p[:, np.unique(mesh.t[:, layer])]
    low, high = corners.min(axis=1), corners.max(axis=1)
    box = float(np.prod(high - low))
    connected = _reached(mesh, pore, high[-1])
    eps = _volume(mesh, connected) / box
    B = _axes(np.full(3, eps), [_efficiency(mesh, connected, k, low, high) for k in range(mesh.dim())])
    sigma = np.inf
    if host is not None and np.isfinite(host.sigma):
        solid_share = _volume(mesh, solid) / box
        values = _axes(np.full(3, solid_share), [_efficiency(mesh, solid, k, low, high) for k in range(mesh.dim())])
        sigma = host.sigma * np.diag(values)
    surface = np.asarray(mesh.boundaries.get("host_surface", []), dtype=int)
    area = float(facet_basis(mesh, surface).dx.sum()) if len(surface) else 0.0
    return Medium(eps=eps, B=np.diag(B), sigma=sigma, a_s=area / box)


def _axes(full: np.ndarray, found: list[float]) -> np.ndarray:
    """x, y, z values from those of the mesh's own axes."""
    full[{1: [2], 2: [0, 2], 3: [0, 1, 2]}[len(found)]] = found
    return full


def _reached(mesh, pore: np.ndarray, top: float) -> np.ndarray:
    """Pore cells that are connected with the top of the host."""
    label = components(mesh, pore)
    touches = np.any(mesh.p[-1, mesh.t[:, pore]] >= top * (1 - ON_FACE), axis=0)
    good = np.isin(label, np.unique(label[touches]))
    if not np.all(good):
        share = _volume(mesh, pore[~good]) / _volume(mesh, pore)
        warnings.warn(explain("homogenise", f"{len(np.unique(label[~good]))} isolated pores, {share:.2%} of the pore"
                              " volume", "they do not count as porosity", "Check the design if they are not meant."),
                      TrustWarning, stacklevel=3)
    return pore[good]


def _efficiency(mesh, cells: np.ndarray, axis: int, low, high) -> float:
    """B along an axis, 0 where nothing connects its two faces."""
    length = high[axis] - low[axis]
    label = components(mesh, cells)
    x = mesh.p[axis, mesh.t[:, cells]]
    at_low = np.any(np.abs(x - low[axis]) <= ON_FACE * length, axis=0)
    at_high = np.any(np.abs(x - high[axis]) <= ON_FACE * length, axis=0)
    through = np.intersect1d(label[at_low], label[at_high])
    cells = cells[np.isin(label, through)]
    if len(cells) == 0:
        return 0.0
    d = mesh.dim()
    ions = CellOperators.compile(mesh, cells, np.repeat(np.eye(d)[..., None], len(cells), axis=2), with_drift=False)
    position = mesh.p[axis, ions.pattern.nodes]
    bottom = np.flatnonzero(np.abs(position - low[axis]) <= ON_FACE * length)
    top = np.flatnonzero(np.abs(position - high[axis]) <= ON_FACE * length)
    fixed = np.concatenate([bottom, top])
    u = conduct(ions, fixed, np.concatenate([np.zeros(len(bottom)), np.ones(len(top))]))
    cross_section = float(np.prod(high - low)) / length
    return energy(ions, u) * length / cross_section


def _volume(mesh, cells: np.ndarray) -> float:
    return float(volumes(mesh)[cells].sum())

"""From a host layer to its effective medium: through-transport between mirror faces, or of a periodic cell."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
from threadpoolctl import threadpool_limits

from cellfem.errors import GeometryError, expect, explain
from cellfem.geometry.checks import need_mesh
from cellfem.geometry.measures import facet_areas
from cellfem.materials import Host
from cellfem.model.bounds import check_bounds
from cellfem.model.host_layer import HostLayer, Tensors
from cellfem.model.laplace import conduct
from cellfem.model.medium import Medium
from cellfem.model.surface import blocked_share, named_share, share_at
from cellfem.numerics.operators import CellOperators, cell_basis, facet_basis, lumped_weights


@threadpool_limits.wrap(limits=1, user_api="blas")  # the matrices are sparse: BLAS threads spin and do not help
def homogenise(mesh, *, host=None, media: Mapping[str, Medium] | None = None, periods=None) -> Medium:
    """The effective medium of the host layer of a mesh: eps, B, sigma (3 x 3) and a_s.

    Mirror sides (`periods` None): potentials 0 and 1 on opposite faces of the layer and mirrors on the others give the
    diagonal of B = D_eff/D from the energy, B_k = (L_k/A_k) int B grad u . grad u, which bounds D_eff from above.
    Periodic cells: the fluctuation problem, a full tensor.  Where only some axes repeat (those across a host layer,
    say) it gives their block of the tensor, and through-transport the others.  The dropped directions of 1-D and 2-D
    meshes are invariant: B is the mean there.  A direction that nothing connects has B = 0, N_M = inf.

    Parameters
    ----------
    mesh : with the regions `pore` and `host` (resolved) or `electrode` (already homogenised, its properties varying)
    host : Host or None; its sigma scales the effective conductivity (None or inf: equipotential)
    media : medium per region, as for Cell; needed for `electrode`, of which it gives sigma too
    periods : (m, d) lattice vectors [m] of a periodic cell, one per row, that span m whole axes of the mesh; None:
        those along the sides that the mesh names (`periodic_x`, ...), and mirrors else

    Raises GeometryError where the mesh has no host layer, and ConvergenceError where a bound is violated.  Warns
    (TrustWarning) of isolated pores, which are left out of porosity and surface, and of oblique tensors of which mirror
    sides see the diagonal alone.
    """
    _check_arguments("homogenise", mesh, media)
    expect(host is None or isinstance(host, Host), "homogenise.host", host, "a Host such as GRAPHENE, or None,",
           "Names belong to the command line; scripts take the library's objects.")
    regions = [name for name in ("pore", "electrode") if name in mesh.subdomains]
    if not regions:
        raise GeometryError(explain("homogenise", f"found the regions {', '.join(sorted(mesh.subdomains))}",
                                    "a host layer with the regions pore and host, or electrode, is needed",
                                    "Mesh a design with a host: sheets, a body or an envelope."))
    wet = np.sort(np.concatenate([mesh.subdomains[name] for name in regions]))
    solid = np.sort(mesh.subdomains.get("host", np.zeros(0, dtype=int)))
    layer = HostLayer.of(mesh, np.concatenate([wet, solid]), periods)
    porosity, B, sigma, a_s = _local(mesh, media or {})
    connected = layer.connected(wet)
    eps = float(porosity[connected] @ layer.volume[connected]) / layer.box
    resolved = "electrode" not in mesh.subdomains
    effective = layer.effective(connected, B, "B")
    check_bounds(effective, eps, "homogenise: B", two_phase=resolved)
    if not resolved:
        sigma = layer.effective(wet, sigma, "sigma") if sigma is not None else np.inf
    elif host is not None and np.isfinite(host.sigma):
        share = float(layer.volume[solid].sum()) / layer.box
        sigma = layer.effective(solid, Tensors.unit(mesh), "sigma")
        check_bounds(sigma, share, "homogenise: sigma_eff/sigma")
        sigma = host.sigma * sigma
    else:
        sigma = np.inf
    surface = np.asarray((mesh.boundaries or {}).get("host_surface", []), dtype=int)
    surface = np.setdiff1d(surface, _toward(mesh, surface, np.setdiff1d(wet, connected)))
    area = float(facet_areas(mesh, surface).sum())
    return Medium(eps=eps, B=effective, sigma=sigma,
                  a_s=(area + float(a_s[connected] @ layer.volume[connected])) / layer.box)


def _check_arguments(where: str, mesh, media) -> None:
    need_mesh(f"{where}.mesh", mesh)
    expect(media is None or (isinstance(media, Mapping) and all(isinstance(one, Medium) for one in media.values())),
           f"{where}.media", media, "a mapping of regions to cf.Medium", "Write media={'electrode': cf.Medium(...)}.")


def _toward(mesh, facets: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Those of `facets` that bound one of `cells`."""
    return facets[np.isin(mesh.f2t[:, facets], cells).any(axis=0)]


def _local(mesh, media: Mapping[str, Medium]) -> tuple[np.ndarray, Tensors, Tensors | None, np.ndarray]:
    """Per mesh cell: porosity, B, sigma of `electrode` or None, a_s."""
    porosity, B, a_s, sigma = np.ones(mesh.nelements), Tensors.unit(mesh), np.zeros(mesh.nelements), None
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
        porosity[cells], a_s[cells] = medium.porosity(x, name), medium.specific_surface(x, name)
        B.put(cells, medium.efficiency(x, name), medium.eps if medium.B is None else medium.B)
        if not medium.equipotential:
            sigma = Tensors.unit(mesh)
            sigma.put(cells, medium.conductivity(x, name), medium.sigma)
    return porosity, B, sigma, a_s


@threadpool_limits.wrap(limits=1, user_api="blas")  # the matrices are sparse: BLAS threads spin and do not help
def electrode_tortuosity_factor(mesh, *, media: Mapping[str, Medium] | None = None,
                                blocked: float | Callable | Mapping = 0.0) -> float:
    """Tortuosity factor along z that a reaction within the host meets [-]: tau_e = 3 eps R kappa A/L.

    R = energy/I^2 of a current I that enters through the `mouth` and is drawn evenly by the whole active surface of the
    host layer.  Straight pores, narrow against their length, have 1; through-transport knows no dead ends, this does,
    and it tells a host that narrows with depth from one that widens.  Of a uniform electrode it is eps/B_zz.
    After the electrode tortuosity factor of Nguyen et al., npj Comput. Mater. 2020, 6, 123,
    doi:10.1038/s41524-020-00386-4.

    Parameters are those of `homogenise`, and `blocked` of Cell: the share of the surface under an insulating coating,
    which draws nothing; a number, a function of x (d, points) [m], or a mapping of surfaces to them.  NaN where the
    mesh has no host layer or no surface in it.
    """
    _check_arguments("electrode_tortuosity_factor", mesh, media)
    regions = [name for name in ("pore", "electrode") if name in (mesh.subdomains or {})]
    if not regions or not len((mesh.boundaries or {}).get("mouth", ())):
        return math.nan
    wet = np.sort(np.concatenate([mesh.subdomains[name] for name in regions]))
    layer = HostLayer.of(mesh, np.concatenate([wet, mesh.subdomains.get("host", wet[:0])]), None)
    porosity, B, _, a_s = _local(mesh, media or {})
    wet = wet[layer.reaching_top(wet)]
    load = _drawn(mesh, wet, a_s, blocked)
    if not load.sum() > 0:
        return math.nan
    ions = CellOperators.compile(mesh, wet, B.local[..., wet], with_drift=False, images=layer.images)
    load = ions.pattern.summed(load) / load.sum()
    mouth = ions.pattern.local[np.unique(mesh.facets[:, mesh.boundaries["mouth"]])]
    mouth = np.unique(mouth[mouth >= 0])
    R = float(load @ conduct(ions, mouth, np.zeros(len(mouth)), load))
    height = layer.high[-1] - layer.low[-1]
    eps = float(porosity[wet] @ layer.volume[wet]) / layer.box
    return 3 * eps * R * layer.box / height**2


def _drawn(mesh, wet: np.ndarray, a_s: np.ndarray, blocked) -> np.ndarray:
    """(mesh nodes,) active surface by the lumped rule: facets toward the cells `wet`, and a_s dV in them."""
    surface = _toward(mesh, np.asarray((mesh.boundaries or {}).get("host_surface", []), dtype=int), wet)
    bare = 1 - share_at(named_share(blocked, "electrode"), mesh.p[:, mesh.t[:, wet]].mean(axis=1))
    load = lumped_weights(cell_basis(mesh, wet, lumped=True), a_s[wet] * bare)
    if len(surface):
        load = load + lumped_weights(facet_basis(mesh, surface), 1 - blocked_share(mesh, blocked, surface))
    return load



"""Reaction sites: where current passes between metal and electrolyte, on either scale.

Resolved, a site is a node of the active surface with the area that the vertex (lumped) rule gives it; homogenised, a
node of the `electrode` with a_s dV.  A node that belongs to surfaces of several kinds (host and collector floor, say)
is one site per kind, so that kinetics and films may differ from kind to kind.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True, eq=False)
class Sites:
    nodes: np.ndarray  # (sites,) mesh node
    area: np.ndarray  # (sites,) [m2] active area of the site (1-D: per m2, 2-D: per m)
    x: np.ndarray  # (dimension, sites) [m]
    kind: np.ndarray  # (sites,) index into `kinds`
    kinds: tuple[str, ...]  # names such as "host_surface", "collector", "electrode"
    facets: np.ndarray  # (facets,) mesh facets of the active surface; empty on the homogenised scale
    facet_sites: np.ndarray  # (facets, dimension) the site of each vertex of a facet
    facet_area: np.ndarray  # (facets,) [m2], weighted by the porosity of an adjoining separator
    shares: tuple[float, ...] = (1.0,)  # of the patches of a mosaic; the sites come patch by patch

    def split(self, shares: tuple[float, ...]) -> Sites:
        """Every place as several sites, one per patch of a mosaic, with shares of its area."""
        n = len(shares)
        return replace(self, nodes=np.tile(self.nodes, n), area=np.concatenate([share * self.area for share in shares]),
                       x=np.tile(self.x, n), kind=np.tile(self.kind, n), shares=tuple(shares))

    def patches(self, values: np.ndarray) -> np.ndarray:
        """(..., patches, places) of site values (..., sites)."""
        return values.reshape(*values.shape[:-1], len(self.shares), values.shape[-1] // len(self.shares))

    def places(self, values: np.ndarray) -> np.ndarray:
        """(..., places): means over the patches of each place."""
        return np.tensordot(self.patches(values), self.shares, axes=([-2], [0]))

    def on_facets(self, values: np.ndarray) -> np.ndarray:
        """Facet means (..., facets) of site values (..., sites)."""
        return self.places(values)[..., self.facet_sites].mean(axis=-1)

    def mean(self, values: np.ndarray) -> np.ndarray:
        """Area-weighted mean over the sites (last axis)."""
        return values @ self.area / self.area.sum()

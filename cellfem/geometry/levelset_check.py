"""What a lattice does not see of a body: parts thinner than its cells, between nodes that all lie on one side."""

from __future__ import annotations

import warnings

import numpy as np

from cellfem.errors import GeometryError, TrustWarning, explain
from cellfem.geometry.checks import near
from cellfem.geometry.levelset_cut import EDGES, Distance
from cellfem.geometry.levelset_lattice import Lattice
from cellfem.units import um

# [-] of all edges that cross the surface; flanks of sharp edges are cut off in any lattice, far fewer than these
MOST_UNSEEN, MANY_UNSEEN = 0.07, 0.04
SURELY = 0.9  # [-] two ends whose distances add up to less than this share of the edge may have a wall between them
DO = "Lower surface_cell_size_um (or neck_cell_size_um, or cell_size_um where those are left out), or thicken it."


def check_seen(lattice: Lattice, p: np.ndarray, value: np.ndarray, distance: Distance) -> None:
    """Raise GeometryError where walls or gaps slip through between the nodes p (3, n) of a lattice; warn of few.

    Between two nodes outside, a wall of parallel faces would have its middle where their distances from it are to each
    other as the parts of the edge; there its distance is looked up.  `value` (n,) [m] are the distances of the nodes.
    """
    edges, crossing = _candidates(lattice, p, value)
    if not edges.shape[1]:
        return
    one, two = edges
    share = value[one] / (value[one] + value[two])
    middle = p[:, one] + share * (p[:, two] - p[:, one])
    there = distance(middle)
    hidden = there * value[one] < 0
    part = hidden.sum() / (hidden.sum() + crossing)
    if part < MANY_UNSEEN:
        return
    worst = int(np.argmax(np.where(hidden, np.abs(there), 0.0)))
    kind = "walls" if value[one[worst]] > 0 else "gaps"
    length = np.linalg.norm(p[:, two[worst]] - p[:, one[worst]])
    text = explain("body", f"found {kind} that slip through between the nodes of the lattice, on {part:.0%} of the"
                   f" edges across the surface (the thickest {near(middle[:, worst])}, about"
                   f" {2 * abs(there[worst]) / um:.3g} um, between nodes {length / um:.3g} um apart)",
                   f"at most {MOST_UNSEEN:.0%} may, as at sharp edges: two cells are needed across every wall and gap",
                   DO)
    if part > MOST_UNSEEN:
        raise GeometryError(text)
    warnings.warn(text, TrustWarning, stacklevel=5)


def _candidates(lattice: Lattice, p: np.ndarray, value: np.ndarray) -> tuple[np.ndarray, int]:
    """(2, n) edges between nodes of one side that may hide a wall, and how many edges cross the surface."""
    box = lattice.box
    far = np.abs(value)[lattice.t].max(axis=0)
    t = lattice.t[:, far < lattice.span * (box.sides(box.levels).max() / 2)]  # the others hide nothing: see SURELY
    pairs = t[EDGES].transpose(1, 0, 2).reshape(2, -1)
    product = value[pairs[0]] * value[pairs[1]]
    length = np.linalg.norm(p[:, pairs[1]] - p[:, pairs[0]], axis=0)
    close = (np.abs(value[pairs]).sum(axis=0) < SURELY * length) & (product > 0)
    return _unique(pairs[:, close], p.shape[1]), _unique(pairs[:, product < 0], p.shape[1]).shape[1]


def _unique(pairs: np.ndarray, n: int) -> np.ndarray:
    low, high = np.minimum(*pairs).astype(np.int64), np.maximum(*pairs).astype(np.int64)
    return np.stack(np.divmod(np.unique(low * n + high), n))

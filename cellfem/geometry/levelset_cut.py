"""Cutting a body's surface into a lattice: nodes move onto it, then what is still cut is cut there.

A node moves onto the surface where it cuts one of the node's edges nearer than a share of the edge's length; nodes of
the sides and planes move within these alone.  Then every edge that still joins inside and outside is bisected where the
surface cuts it.  All cells bisect their edges in one global order, so that neighbours cut a shared face alike and the
mesh conforms whatever the surface looks like.  Because cut edges have ends that did not move and cuts that are not
near them, cells keep their shapes: how flat they can become does not depend on the surface.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cellfem.geometry.levelset_lattice import Lattice

Distance = Callable[[np.ndarray], np.ndarray]

# [-] of an edge's length: nodes nearer to a cut move onto the surface; found best by Labelle and Shewchuk
NEAR_ALONG, NEAR_ACROSS = 0.24999, 0.41189  # on edges of the cubes and between their centres; on all others
UNLIKE = 0.6  # [-] times as much where cubes of two sizes meet
INSIDE, ON, OUTSIDE, ABOVE = -1, 0, 1, 2  # of a node; ABOVE: in the layers above the body's box
ROUNDS = 4  # a cell has four cut edges at most
EDGES = np.array([(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)])
STEPS = 4  # of the search for the surface along an edge


@dataclass(frozen=True, eq=False)
class Cut:
    """A mesh of which no cell reaches across the surface."""

    p: np.ndarray  # (3, nodes) [m]
    t: np.ndarray  # (4, cells), positively oriented
    side: np.ndarray  # (nodes,) INSIDE, ON, OUTSIDE or ABOVE
    parent: np.ndarray  # (cells,) cell of the lattice
    value: np.ndarray  # (nodes of the lattice,) [m] distance where they were; inf in the layers above the body


def cut(lattice: Lattice, distance: Distance, height: int) -> Cut:
    """The lattice with the surface distance(x) = 0 cut in; the body reaches up to the plane of lattice place `height`.

    `distance` takes (3, n) [m] and gives (n,) [m], negative inside.
    """
    p = lattice.box.places(lattice.at)
    below = lattice.at[2] <= height
    value = np.full(p.shape[1], np.inf)
    value[below] = distance(p[:, below])
    original = lattice.originals()
    value = value[original]  # round-off must not tell the sides of a periodic cell apart
    side = np.where(below, np.sign(value), ABOVE).astype(np.int8)
    edges = _cut_edges(lattice.t, side)
    where = crossings(distance, p, value, edges)
    if any(lattice.box.periodic):  # images of an edge are cut alike to the last digit
        _, first, same = np.unique(original[edges[0]] * len(side) + original[edges[1]], return_index=True,
                                   return_inverse=True)
        where = where[first][same]
    _snap(p, side, lattice, edges, where, original)
    left = (side[edges[0]] == INSIDE) & (side[edges[1]] == OUTSIDE)
    edges, where = edges[:, left], where[left]
    return _bisect(p, lattice, side, edges, where, original, value)


def _cut_edges(t: np.ndarray, side: np.ndarray) -> np.ndarray:
    """(2, n) pairs of nodes that an edge joins from inside to outside."""
    corner = side[t]
    mixed = np.flatnonzero((corner == INSIDE).any(axis=0) & (corner == OUTSIDE).any(axis=0))
    pairs = t[:, mixed][EDGES].transpose(1, 0, 2).reshape(2, -1)
    pairs = pairs[:, side[pairs[0]] * side[pairs[1]] == INSIDE].astype(np.int64)
    pairs = np.where(side[pairs[0]] == INSIDE, pairs, pairs[::-1])
    keys = np.unique(pairs[0] * len(side) + pairs[1])
    return np.stack(np.divmod(keys, len(side)))


def crossings(distance: Distance, p: np.ndarray, value: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """(n,) where the surface cuts the edges, as a share of their length from the inner end: regula falsi."""
    if edges.shape[1] == 0:
        return np.zeros(0)
    start, step = p[:, edges[0]], p[:, edges[1]] - p[:, edges[0]]
    low, high = np.zeros(edges.shape[1]), np.ones(edges.shape[1])
    at_low, at_high = value[edges[0]].copy(), value[edges[1]].copy()
    share = at_low / (at_low - at_high)
    for _ in range(STEPS):
        found = distance(start + share * step)
        same = np.sign(found) == np.sign(at_low)
        at_high = np.where(same, at_high / 2, found)
        at_low = np.where(same, found, at_low / 2)
        low, high = np.where(same, share, low), np.where(same, high, share)
        with np.errstate(divide="ignore", invalid="ignore"):
            guess = low + (high - low) * at_low / (at_low - at_high)
        share = np.where(np.isfinite(guess), np.clip(guess, low, high), share)
    return share


def _snap(p, side, lattice: Lattice, edges: np.ndarray, where: np.ndarray, original: np.ndarray) -> None:
    """Move nodes near the surface onto it, in place.

    A node of a side or plane that no near cut of its own plane can take becomes part of the surface where it is: a
    wedge that thin, between the surface and the side, has no room for a cell of good shape.
    """
    apart = (lattice.at[:, edges[0]] != lattice.at[:, edges[1]]).sum(axis=0)
    along = (apart == 1) & (edges < lattice.middles).all(axis=0)
    ends = np.concatenate([edges, edges[::-1]], axis=1)
    share = np.concatenate([where, 1 - where])
    near = share < np.tile(np.where(along, NEAR_ALONG, NEAR_ACROSS), 2) * _room(lattice, ends)
    (node, other), share = ends[:, near], share[near]
    free = ~(lattice.held()[:, node] & (lattice.at[:, node] != lattice.at[:, other])).any(axis=0)
    move = np.where(free, share * (p[:, other] - p[:, node]), 0.0)
    far = np.round(np.linalg.norm(move, axis=0) / np.linalg.norm(lattice.box.sides(0)), 9)
    image = original[node]
    order = np.lexsort((other, far, ~free, image))
    first = order[np.unique(image[order], return_index=True)[1]]
    moves = np.zeros_like(p)
    moves[:, image[first]] = move[:, first]
    taken = np.zeros(len(side), dtype=bool)
    taken[image[first]] = True
    taken = taken[original]
    side[taken] = ON
    p[:, taken] += moves[:, original[taken]]


def _room(lattice: Lattice, ends: np.ndarray) -> np.ndarray:
    """(n,) factor on how near is near at the first end of edges: 1 where all cubes there are of the edge's size."""
    if lattice.box.levels == 0:
        return np.ones(ends.shape[1])
    least, most = np.zeros((2, lattice.at.shape[1]), dtype=np.int32)
    for span in np.unique(lattice.span)[::-1]:  # the smallest last
        nodes = lattice.t[:, lattice.span == span]
        least[nodes] = span
        most[nodes] = np.maximum(most[nodes], span)
    own = np.abs(lattice.at[:, ends[1]] - lattice.at[:, ends[0]]).max(axis=0)
    room = least[ends[0]] / np.maximum(own, least[ends[0]])
    return np.where(most[ends[0]] > least[ends[0]], UNLIKE * room, room)


def _bisect(p, lattice: Lattice, side, edges, where, original, value) -> Cut:
    """Bisect cut edges at the surface, each cell its own in ascending order of `_order` until none is left."""
    n, t = len(side), lattice.t
    keys = edges[0] * n + edges[1]
    rank = _order(p, edges, original)
    points = p[:, edges[0]] + where * (p[:, edges[1]] - p[:, edges[0]])
    corner = side[t]
    mixed = (corner == INSIDE).any(axis=0) & (corner == OUTSIDE).any(axis=0)
    done, parents = [t[:, ~mixed].astype(np.int64)], [np.flatnonzero(~mixed)]
    todo, parent = t[:, mixed].astype(np.int64), np.flatnonzero(mixed)
    p = np.concatenate([p, points], axis=1)
    side = np.concatenate([side, np.full(len(keys), ON, dtype=side.dtype)])
    for _ in range(ROUNDS):
        best = np.full(todo.shape[1], len(keys))
        chosen = np.full(todo.shape[1], -1)
        which = np.zeros(todo.shape[1], dtype=np.int64)
        for k, (a, b) in enumerate(EDGES):
            one, two = todo[a], todo[b]
            own = np.flatnonzero(side[one] * side[two] == INSIDE)
            inner, outer = one[own], two[own]
            swap = side[inner] == OUTSIDE
            inner, outer = np.where(swap, outer, inner), np.where(swap, inner, outer)
            edge = np.searchsorted(keys, inner * n + outer)
            sooner = rank[edge] < best[own]
            own, edge = own[sooner], edge[sooner]
            best[own], chosen[own], which[own] = rank[edge], k, edge
        still = chosen >= 0
        done.append(todo[:, ~still])
        parents.append(parent[~still])
        todo, parent, chosen, which = todo[:, still], parent[still], chosen[still], which[still]
        if not len(parent):
            break
        row = np.arange(len(parent))
        first, second = todo.copy(), todo.copy()
        first[EDGES[chosen, 1], row] = n + which
        second[EDGES[chosen, 0], row] = n + which
        todo, parent = np.concatenate([first, second], axis=1), np.concatenate([parent, parent])
    t = np.concatenate([*done, todo], axis=1)
    return Cut(p, t, side, np.concatenate([*parents, parent]), value)


def _order(p: np.ndarray, edges: np.ndarray, original: np.ndarray) -> np.ndarray:
    """(n,) rank of the cut edges: long ones first, images of each other next to each other."""
    length = np.linalg.norm(p[:, edges[1]] - p[:, edges[0]], axis=0)
    length = np.round(length / length.max(initial=1e-300), 6)
    rank = np.empty(len(length), dtype=np.int64)
    rank[np.lexsort((original[edges[1]], original[edges[0]], -length))] = np.arange(len(length))
    return rank


def inside(cut: Cut, distance: Distance) -> np.ndarray:
    """(cells,) whether a cell belongs to the body, by its nodes; where all lie on the surface, by its middle."""
    corner = cut.side[cut.t]
    found = (corner == INSIDE).any(axis=0) & ~(corner == ABOVE).any(axis=0)
    flat = np.flatnonzero((corner == ON).all(axis=0))
    if len(flat):
        found[flat] = distance(cut.p[:, cut.t[:, flat]].mean(axis=1)) < 0
    return found

"""Better shapes for the few flat cells beside the surface: their nodes try out places around them.

Nodes of the surface slide along it, those of sides and planes within these.  A move is taken where the least dihedral
angle of the cells around the node grows, so that no cell becomes worse than the worst around it was.  Where two
surfaces meet in a groove, all nodes of a cell may lie on them and nearly in a plane: then they may leave the surface.
"""

from __future__ import annotations

import numpy as np

from cellfem.geometry.levelset_cut import ON, Distance

GOOD = 13.0  # [degrees] dihedral angle from which on a cell is left alone
FLAT = 8.0  # [degrees] below which nodes may leave the surface
TURNS, TRIES, BOUND = 24, 12, 2  # the first BOUND turns keep all nodes of the surface on it
REACH = (0.05, 0.25)  # [-] of the mean edge at a node: how far moves go


def relaxed(p: np.ndarray, t: np.ndarray, side: np.ndarray, held: np.ndarray, distance: Distance) -> np.ndarray:
    """(3, nodes) [m] places in which cells (4, n) are less flat.

    `side` says which nodes lie on the surface, `held` (3, nodes) along which axes a node must stay.
    """
    near = np.flatnonzero((side[t] == ON).any(axis=0))
    bad = near[least_angle(p[:, t[:, near]]) < GOOD]
    movable = np.zeros(p.shape[1], dtype=bool)
    movable[t[:, bad]] = True
    movable &= ~held.all(axis=0)
    cells = t[:, movable[t].any(axis=0)] if len(bad) else t[:, :0]
    if not cells.size:
        return p
    nodes, local = np.unique(cells, return_inverse=True)
    x = _settled(p[:, nodes], local.reshape(4, -1), movable[nodes], side[nodes] == ON, held[:, nodes], distance)
    p = p.copy()
    p[:, nodes] = x
    return p


def least_angle(x: np.ndarray) -> np.ndarray:
    """(n,) [degrees] least dihedral angle of cells with corners x (3, 4, n); that of inverted ones is negative."""
    a, b, c, d = (x[:, k] for k in range(4))
    faces = [np.cross(c - b, d - b, axis=0), np.cross(d - a, c - a, axis=0), np.cross(b - a, d - a, axis=0),
             np.cross(c - a, b - a, axis=0)]  # all outward or all inward
    size = [np.sqrt((n**2).sum(axis=0)) for n in faces]
    cosine = np.full(x.shape[2], -1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        for i in range(4):
            for j in range(i):
                cosine = np.fmax(cosine, -(faces[i] * faces[j]).sum(axis=0) / (size[i] * size[j]))
    angle = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    return np.where((faces[3] * (d - a)).sum(axis=0) < 0, angle, -angle - 1e-9)


def _settled(x, t, movable, on, held, distance) -> np.ndarray:
    rng = np.random.default_rng(0)
    n = x.shape[1]
    x, angle = x.copy(), least_angle(x[:, t])
    for turn in range(TURNS):
        worst = _least_at(n, t, angle)
        wanting = movable & (worst < GOOD)
        if not wanting.any():
            break
        chosen = _apart(t, np.where(wanting, rng.random(n), -1.0))
        bound = on & ((turn < BOUND) | (worst >= FLAT))
        cells = np.flatnonzero(chosen[t].any(axis=0))  # each with one chosen node
        x, angle[cells] = _best_of_tries(x, t[:, cells], angle[cells], chosen, bound, held, distance, rng)
    return x


def _best_of_tries(x, t, angle, chosen, bound, held, distance, rng):
    """Places and angles after the `chosen` nodes, one in each of the cells (4, m), tried others around theirs."""
    nodes = np.flatnonzero(chosen)
    corner = chosen[t].argmax(axis=0)
    column = np.arange(t.shape[1])
    own = np.searchsorted(nodes, t[corner, column])  # among the chosen
    around = x[:, t]
    edge = np.sqrt(((around - around[:, corner, column][:, None]) ** 2).sum(axis=0)).sum(axis=0) / 3
    scale = np.bincount(own, edge, len(nodes)) / np.bincount(own, minlength=len(nodes))
    order = np.argsort(own, kind="stable")
    starts = np.searchsorted(own[order], np.arange(len(nodes)))
    best, place, angle = np.minimum.reduceat(angle[order], starts), x[:, nodes], angle.copy()
    for _ in range(TRIES):
        trial = _moved(x[:, nodes], scale, bound[nodes], held[:, nodes], distance, rng)
        around[:, corner, column] = trial[:, own]
        found = least_angle(around)
        least = np.minimum.reduceat(found[order], starts)
        better = least > best
        best[better], place[:, better] = least[better], trial[:, better]
        angle = np.where(better[own], found, angle)
    x = x.copy()
    x[:, nodes] = place
    return x, angle


def _least_at(n: int, t: np.ndarray, angle: np.ndarray) -> np.ndarray:
    least = np.full(n, np.inf)
    for row in t:
        np.minimum.at(least, row, angle)
    return least


def _apart(t: np.ndarray, lot: np.ndarray) -> np.ndarray:
    """(nodes,) those with the highest lot, where it is positive, in all their cells: no two share a cell."""
    highest = lot[t].max(axis=0)
    beaten = np.zeros(len(lot), dtype=bool)
    for row in t:
        beaten[row[lot[row] < highest]] = True
    return (lot > 0) & ~beaten


def _moved(x, scale, bound, held, distance: Distance, rng) -> np.ndarray:
    """Random places around x (3, n), those `bound` to the surface brought back to it by two Newton steps."""
    step = rng.normal(size=x.shape)
    step *= scale * rng.uniform(*REACH, size=x.shape[1]) / np.linalg.norm(step, axis=0)
    free = ~held
    out = x + np.where(free, step, 0.0)
    if bound.any():
        y, mask, small = out[:, bound], free[:, bound], 1e-4 * scale[bound]
        for _ in range(2):
            value = distance(y)
            slope = np.stack([distance(y + small * axis[:, None]) - value for axis in np.eye(3)]) / small * mask
            y = y - slope * value / np.maximum((slope**2).sum(axis=0), 0.1)
        out[:, bound] = y
    return out

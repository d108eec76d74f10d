"""The limiting current: the least upper bound of the steady superficial current.

Where no boundary passes anions and D and t+ are the same functions everywhere, N+ = -B grad w with
w = int_0^c D/(1 - t+) dc', so the field of w at the limit (w = 0 on the sites) is harmonic: one linear solve for its
shape, one scalar equation (the salt inventory) for its height.  A reservoir of uniform potential fixes the height.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq
from scipy.special import roots_sh_jacobi
from threadpoolctl import threadpool_limits

from cellfem.errors import ConvergenceError, explain
from cellfem.model.cell import Cell
from cellfem.model.counter import Reservoir, UniformFlux
from cellfem.model.laplace import conduct, energy
from cellfem.model.solve import Worker
from cellfem.model.start import balanced
from cellfem.model.system import Load, System
from cellfem.numerics.operators import CellOperators
from cellfem.physics.kinetics import ButlerVolmer
from cellfem.studies.asked import need_cell
from cellfem.studies.depletion import lowest
from cellfem.units import FARADAY

SWIFT = 1e4  # [A/m2] exchange current density that limits nothing
POINTS = {1: 4, 2: 4, 3: 3}  # of Gauss' rule along each direction in a cell, by dimension
BINS = 4000  # levels of w for the integral of the salt: some 1e-7
NEARLY = 0.05  # [-] c/c_0 above which a path that ends has not come near the limit


@threadpool_limits.wrap(limits=1, user_api="blas")  # the matrices are sparse: BLAS threads spin and do not help
def limiting_current(cell: Cell, *, strip: bool = False) -> float:
    """Limiting current [A/m2] (superficial): c -> 0 on the reachable active surface; inf where t+ = 1.

    Free of kinetics: the counter electrode is taken as an equipotential (`Foil`, `Reservoir`) or as a source of uniform
    flux.  With `strip`, the limit of the reverse current, where the counter electrode depletes.  Cells with several
    electrolytes are followed, with swift kinetics and without films, up to the last steady state.  With a reservoir of
    uniform current density the number is exact for constant t+ (c = 0 on the sites and c_0 on the counter fix c).

    Raises ValueError for what is no cell, ConvergenceError where that path cannot be followed, or where a law ends
    below the concentration that the limit brings to the counter electrode.
    """
    need_cell("limiting_current.cell", cell)
    kept = _kept(cell)
    if strip not in kept:
        several = any(medium.electrolyte is not None for medium in cell.medium.values())
        kept[strip] = _limit_of(System.of(cell), strip) if several else _limit_in(Pores.of(cell), strip)
    return kept[strip]


def limit_of(system: System, *, strip: bool = False) -> float:
    """`limiting_current` of a compiled cell."""
    kept = _kept(system.cell)
    if strip not in kept:
        kept[strip] = _limit_of(system, strip)
    return kept[strip]


def _kept(cell: Cell) -> dict[bool, float]:
    """What was found before: reports ask again for what a study has found."""
    return cell.__dict__.setdefault("_limiting_current", {})


@dataclass(frozen=True, eq=False)
class Pores:
    """What of a `System` one electrolyte's limit needs; compiled alone, in two thirds of the time."""

    cell: Cell
    ions: CellOperators
    site_ionic: np.ndarray
    counter_ionic: np.ndarray
    pore_volume: np.ndarray  # (electrolyte nodes,) int eps phi_i
    empty_volume: np.ndarray  # the same without deposit

    @staticmethod
    def of(cell: Cell) -> Pores:
        cells = cell.ionic_cells
        ions = CellOperators.compile(cell.mesh, cells, cell.efficiency[:, :, cells], with_drift=False,
                                     images=cell.images)
        local, corners = ions.pattern.local, len(cell.mesh.t)
        share = ions.volume * cell.porosity[cells] / corners
        volume = np.bincount(local[cell.mesh.t[:, cells]].ravel(), np.tile(share, corners), len(ions.pattern.nodes))
        return Pores(cell, ions, local[cell.sites.nodes], local[cell.counter_sites.nodes], volume, volume)


def _limit_of(system: System, strip: bool) -> float:
    if len(system.groups) > 1 and not system.cell.transport.single_ion:
        return _followed(_swift(system), -1.0 if strip else 1.0)
    return _limit_in(system, strip)


def _limit_in(system: System | Pores, strip: bool) -> float:
    """The limit of one electrolyte: one linear solve, one scalar equation."""
    cell, transport = system.cell, system.cell.transport
    if transport.single_ion or (strip and isinstance(cell.counter, Reservoir)):
        return math.inf
    host, counter = np.unique(system.site_ionic), np.unique(system.counter_ionic)
    if isinstance(cell.counter, UniformFlux):
        share = cell.counter_sites.area / cell.counter_sites.area.sum()
        load = np.bincount(system.counter_ionic, cell.area * share, len(system.pore_volume))
        shape = conduct(system.ions, host, np.zeros(len(host)), load)  # of w for a superficial F N+ of 1 A/m2
        flux = 1.0
        if strip:
            shape = shape[counter].max() - shape
    else:
        fixed = np.concatenate([host, counter])
        shape = conduct(system.ions, fixed, np.concatenate([np.zeros(len(host)), np.ones(len(counter))]))
        flux = energy(system.ions, shape) / cell.area
        if strip:
            shape = 1 - shape
    if isinstance(cell.counter, Reservoir):
        return float(FARADAY * transport.w(cell.electrolyte.c_0) * flux)
    return float(FARADAY * _height(system, np.maximum(shape, 0.0)) * flux)


def _height(system: System | Pores, shape: np.ndarray) -> float:
    """The factor of `shape` with which w holds the cell's salt: int eps c(w) dV = c_0 int eps dV."""
    transport, (levels, volume) = system.cell.transport, spread(system, shape)
    salt, most = transport.c_0 * volume.sum(), float(transport.w(transport.ceiling))

    def excess(height):
        return float(transport.c_of_w(height * levels) @ volume) - salt

    high = float(transport.w(transport.c_0)) / shape.max()
    while excess(high) < 0 and high * shape.max() < most:
        high *= 2
    height = brentq(excess, 0.0, high, xtol=1e-14 * high, rtol=1e-13) if excess(high) >= 0 else high
    if height * shape.max() > most:
        raise ConvergenceError(explain("limiting current", "at the limit salt crowds at the counter electrode beyond"
                                       f" {transport.ceiling:.4g} mol/m3, where a law ends (t+ -> 1, or D or kappa"
                                       " runs away)", "laws that hold up to there are needed", "Use the electrolyte"
                                       " as shipped, not as_printed(), or declare the c_range of your own law."))
    return height


def spread(system: System | Pores, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(levels, pore volume at each) of a field that is linear in each cell, for integrals of functions of it.

    By Gauss' rule in the cells, as the vertices alone would be wrong by the curvature of the function; what lies within
    a BINS-th of the field's range is then taken together at its mean, which is wrong by 1/BINS^2.
    """
    cell, ions = system.cell, system.ions
    t = ions.pattern.local[cell.mesh.t[:, ions.cells]]
    empty = ions.volume * cell.porosity[ions.cells]
    at_nodes, left = u[t], (system.pore_volume / system.empty_volume)[t]  # the share that deposit leaves
    top = float(u.max()) or 1.0
    volume, moment = np.zeros(BINS), np.zeros(BINS)
    for point, weight in zip(*simplex_rule(len(t) - 1), strict=True):
        at, own = point @ at_nodes, weight * empty * (point @ left)
        place = np.minimum((at * (BINS / top)).astype(int), BINS - 1)
        volume += np.bincount(place, own, BINS)
        moment += np.bincount(place, own * at, BINS)
    filled = volume > 0
    return moment[filled] / volume[filled], volume[filled]


def simplex_rule(dim: int) -> tuple[np.ndarray, np.ndarray]:
    """Barycentric points (points, dim + 1) and weights that add up to 1: a product of Gauss' rules."""
    points, weights = np.ones((1, 1)), np.ones(1)
    for k in range(dim):
        x, w = roots_sh_jacobi(POINTS[dim], k + 1, 1)  # for the weight (1 - x)^k on 0 <= x <= 1
        points = np.vstack([np.column_stack([np.full(len(points), a), (1 - a) * points]) for a in x])
        weights = np.concatenate([b * weights for b in w / w.sum()])
    return points, weights


def _swift(system: System) -> System:
    """The same cell with kinetics so fast that they limit nothing, and no films."""
    swift = ButlerVolmer(i_0=SWIFT, c_ref=system.unknowns.c_0)
    reactions = {"reaction": replace(system.reaction, kinetics=swift, R=np.zeros_like(system.reaction.R))}
    if system.counter_reaction is not None:
        reactions["counter_reaction"] = replace(system.counter_reaction, kinetics=swift,
                                                R=np.zeros_like(system.counter_reaction.R))
    return replace(system, **reactions)


def _followed(system: System, sign: float, ratio: float = 1e-4) -> float:
    """The current at which the least c/c_0 where metal plates falls to `ratio`, extrapolated to 0."""
    worker = Worker(system)
    mean = np.real(system.cell.transport.D(np.array([system.unknowns.c_0])))[0] * FARADAY * system.unknowns.c_0
    low, step = 0.0, 0.02 * mean / (np.ptp(system.cell.mesh.p[-1]) * max(1 - system.t_ref, 0.05))
    y, _ = balanced(worker, np.full(len(system.pore_volume), system.unknowns.c_0), Load(current=sign * step))
    path = [(0.0, 1.0)]
    for _ in range(400):
        try:
            new = worker.steady(y, Load(current=sign * (low + step)))
        except ConvergenceError:
            step /= 2
            if step < 1e-7 * low:
                break
            continue
        y, low = new, low + step
        least = lowest(system, y)[0]
        path.append((low, least))
        if least < ratio:
            break
        slope = (path[-2][1] - least) / step
        step = min(1.5 * step, 0.6 * least / slope) if slope > 0 else 1.5 * step
    if path[-1][1] > NEARLY:
        raise ConvergenceError(explain("limiting current", f"no steady state beyond {low / 10:.4g} mA/cm2, where"
                                       f" c/c_0 is {path[-1][1]:.2g} at its least", "a path to c = 0 is needed",
                                       "Refine the mesh where the electrolytes meet."))
    (a, ca), (b, cb) = path[-2:]
    return b + cb * (b - a) / (ca - cb) if ca > cb else b

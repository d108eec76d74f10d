"""Sand's time over the current: when the electrolyte depletes where the metal plates, in one cell or in several."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cellfem.errors import ConvergenceError, TrustWarning, explain
from cellfem.model.cell import Cell
from cellfem.model.protocol import STOP_RATIO, Galvanostatic, Steady
from cellfem.model.solution import Solution
from cellfem.studies.asked import need_cells, need_number, plating_currents
from cellfem.studies.endless import sand_number
from cellfem.studies.limiting import limiting_current
from cellfem.studies.planar import (
    is_plane,
    mean_properties,
    medium_on_plane,
    planar_sand_time,
    salt_time,
    separator_sand_time,
    separator_validity,
    validity,
)
from cellfem.studies.solve import TOLERANCE, need_tolerance, solve

EARLY_STOP = 1e-2  # [-] c/c_0 from which a run made for the error is extrapolated
COARSER = 8.0  # factor on the tolerance of such runs: steps twice as long, four times the error
BENT = 1.1  # [-] current over the limiting one up to which the stop's error and the steps' are added up
SALT_TIMES = 4.0  # [-] longest run over the time in which all the salt would be plated
NEAR_LIMIT = (1.01, 1.03, 1.1)  # [-] currents over the limiting one where times bend toward it
RESOLVED = 10.0  # [-] cells in the emptied layer that give the time to about 1 %
OPEN_ENDED = 25.0  # [-] the same below the limiting current, where salt comes back almost as fast as it is used


@dataclass(frozen=True, eq=False)
class SandPoint:
    """Depletion of one cell under one current."""

    cell: str  # its name in the study
    current: float  # [A/m2] superficial
    share_of_limit: float  # [-] current over the limiting current
    time: float  # [s] to depletion, extrapolated to c = 0; inf where it cannot come, NaN where pores closed before
    error: float  # [s] of the time: stop and time steps; NaN if not asked for or resolution < RESOLVED; 0 beside inf
    stop_time: float  # [s] at which c_s = 1e-3 c_0
    capacity: float  # [C/m2] Sand's capacity, current times time
    place: tuple[float, ...] | None  # [m] where it depletes
    planar: float  # [s] planar Sand's time in free electrolyte
    validity: str  # of the planar time in free electrolyte
    planar_separator: float  # [s] the same in the separator, NaN without one
    validity_separator: str  # of that; empty without a separator
    endless: float  # [s] of a bare plane in an endless layer of what adjoins it, exact in D(c), t+(c); NaN off planes
    resolution: float  # [-] depth sqrt(D_eff t/eps) that is emptied over the cell size there; NaN without a depletion
    solution: Solution | None  # the run; None where none was needed
    message: str = ""  # why the time is NaN


@dataclass(frozen=True, eq=False)
class SandStudy:
    """Sand's times of several cells; `limits` holds their limiting currents [A/m2]."""

    cells: Mapping[str, Cell]
    limits: Mapping[str, float]
    points: tuple[SandPoint, ...]

    def of(self, name: str) -> tuple[SandPoint, ...]:
        """The points of one cell, from low to high current."""
        return tuple(point for point in self.points if point.cell == name)


def sand_study(cells: Cell | Mapping[str, Cell], currents: Sequence[float], *, tolerance: float = TOLERANCE,
               near: Sequence[float] = (), errors: bool = True,
               progress: Callable[[float], None] | None = None) -> SandStudy:
    """Time to depletion over the current.

    Each current above what a cell sustains is run until c_s = 1e-3 c_0 at a place that plates in earnest, and
    extrapolated to c_s = 0.  Its error estimate is the difference from a second run with twice as long time steps,
    extrapolated from c_s = 1e-2 c_0; below 1.1 times the limiting current the difference of that run from one stopped
    at 1e-3 c_0 comes on top.  A plane at or below its limiting current, and a host with a steady state at this
    current, never deplete: their time is inf.

    Parameters
    ----------
    cells : a Cell, or several by name
    currents : superficial plating currents [A/m2], > 0
    tolerance : local error of c/c_0 per time step [-]
    near : multiples of each cell's own limiting current to add, where they lie between the least and the largest of
        the currents: `NEAR_LIMIT`, say, for a curve that bends toward its asymptote
    errors : whether to make these further runs
    progress : called with the share of the points that are done

    Raises
    ------
    ValueError for what is no cell, no currents, a current that does not plate, or no multiple of the limit.

    A run that does not converge leaves NaN and its message in its point, and the study goes on.
    """
    named = {"cell": cells} if isinstance(cells, Cell) else cells
    need_cells("sand_study.cells", named)
    currents = plating_currents("sand_study.currents", currents)
    need_tolerance("sand_study.tolerance", tolerance)
    for share in near:
        need_number("sand_study.near", share, "a multiple above 0 of the limiting current",
                    do="near=[1.01, 1.03, 1.1] bends the curve toward its limit.")
    asked = [(name, current) for name, cell in named.items() for current in _with_near(cell, currents, near)]
    points = []
    for name, current in asked:
        points.append(_point(name, named[name], current, tolerance, errors))
        if progress:
            progress(len(points) / len(asked))
    _warn_of_coarse_layers(points)
    return SandStudy(dict(named), {name: _limit(cell)[0] for name, cell in named.items()}, tuple(points))


def _with_near(cell: Cell, currents: Sequence[float], near: Sequence[float]) -> list[float]:
    """The currents and those at multiples of the cell's limiting current that lie between them."""
    limit = _limit(cell)[0] if near else math.nan
    return sorted({*currents, *(share * limit for share in near if currents[0] < share * limit < currents[-1])})


def _warn_of_coarse_layers(points: Sequence[SandPoint]) -> None:
    """Trust warnings, one for each cell whose mesh is too coarse for some of the currents."""
    for name in dict.fromkeys(point.cell for point in points):
        coarse = [point for point in points if point.cell == name and point.resolution < RESOLVED]
        if coarse:
            worst = min(coarse, key=lambda point: point.resolution)
            warnings.warn(explain(f"sand_study: {name}", f"found {worst.resolution:.2g} cells in the layer that is"
                                  f" emptied at {worst.current / 10:.4g} mA/cm2", f"at least {RESOLVED:g} are needed:"
                                  f" from {coarse[0].current / 10:.4g} mA/cm2 on times are too long by per cents",
                                  "Refine the surface (surface_cell_size_um)."), TrustWarning, stacklevel=3)


def _limit(cell: Cell) -> tuple[float, str]:
    """(limiting current [A/m2], ""), or (NaN, what kept it from being found)."""
    try:
        return limiting_current(cell), ""
    except ConvergenceError as error:
        return math.nan, str(error)


def _point(name: str, cell: Cell, current: float, tolerance: float, errors: bool) -> SandPoint:
    time, error, stop, place, run = math.nan, math.nan, math.nan, None, None
    limit, message = _limit(cell)
    try:
        if not message and _sustained(cell, current, limit):
            time, error, stop = math.inf, 0.0, math.inf
        elif not message:
            duration = longest(cell, current, limit)
            run = solve(cell, Galvanostatic(current=current, duration=duration), tolerance=tolerance)
            if run.outcome.kind == "depleted":
                time, stop, place = float(run.outcome.time_to_depletion), float(run.outcome.time), run.outcome.place
                error = _error(cell, current, duration, tolerance, time, limit) if errors else math.nan
            else:
                message = run.outcome.message
    except ConvergenceError as failure:
        message = str(failure)
    resolution = _resolution(cell, place, time)
    return SandPoint(name, current, current / limit, time, math.nan if resolution < RESOLVED else error, stop,
                     current * time, place, planar_sand_time(cell, current), validity(cell, current, limit),
                     separator_sand_time(cell, current), separator_validity(cell, current, limit),
                     _endless(cell, current), resolution, run, message)


def _endless(cell: Cell, current: float) -> float:
    """Sand's time [s] of a bare plane in an endless layer of the medium that adjoins it; NaN where no plane is."""
    return math.prod(medium_on_plane(cell)) * sand_number(cell.transport) / current**2 if is_plane(cell) else math.nan


def _resolution(cell: Cell, place: tuple[float, ...] | None, time: float) -> float:
    """How many surface cells lie in the emptied layer; on a plane, about 10 give the time to 1 %."""
    if place is None:
        return math.nan
    mesh = cell.mesh
    node = int(np.argmin(np.linalg.norm(mesh.p - np.array(place)[:, None], axis=0)))
    around = np.flatnonzero(np.any(mesh.t == node, axis=0) & (cell.porosity > 0))
    nodes = np.setdiff1d(mesh.t[:, around], node)
    size = np.min(np.linalg.norm(mesh.p[:, nodes] - mesh.p[:, [node]], axis=0))
    spread = np.mean(cell.efficiency[-1, -1, around] / cell.porosity[around])
    return float(math.sqrt(mean_properties(cell.transport)[0] * spread * time) / size)


def _sustained(cell: Cell, current: float, limit: float) -> bool:
    """Whether the current has a steady state in which no place that plates in earnest is depleted."""
    if current > limit:
        return False
    return is_plane(cell) or solve(cell, Steady(current=current)).outcome.kind == "steady"


def longest(cell: Cell, current: float, limit: float) -> float:
    """A time [s] by which a current that depletes has done so: some times that in which all the salt is plated."""
    return (SALT_TIMES if current > limit else OPEN_ENDED) * salt_time(cell, current)


def _error(cell: Cell, current: float, duration: float, tolerance: float, time: float, limit: float) -> float:
    """Distance [s] from runs with steps twice as long, stopped early and, near the limit, where the run stopped.

    There the stop and the steps err to opposite sides, and the first distance alone may vanish.
    """
    tolerance = min(COARSER * tolerance, 0.05)
    stops = (EARLY_STOP, STOP_RATIO) if current < BENT * limit else (EARLY_STOP,)
    try:
        again = [solve(cell, Galvanostatic(current=current, duration=duration, stop_ratio=stop), tolerance=tolerance)
                 for stop in stops]
    except ConvergenceError:
        return math.nan
    if any(run.outcome.kind != "depleted" for run in again):
        return math.nan
    times = [time, *(float(run.outcome.time_to_depletion) for run in again)]
    return float(np.sum(np.abs(np.diff(times))))

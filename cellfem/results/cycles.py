"""Cycles: what was plated, what came off, what stays behind, and what a Coulombic efficiency says of a cell's life.

Charges are those that the plated metal knows of, not current times time: they are the same to round-off.
"""

from __future__ import annotations

import math
import numbers

import numpy as np

from cellfem.errors import explain
from cellfem.model.solution import Solution
from cellfem.results.tables import RUN
from cellfem.studies.asked import need_run
from cellfem.units import cm, mAh

MAH_CM2 = mAh / cm**2
EMPTY = 1e-9  # [-] of what was plated: charges below are round-off


def cycle_table(solution: Solution, *, side_reaction: float = 0.0) -> list[dict[str, float | str]]:
    """One row per cycle, for `format_table` and `write_table`: a cycle begins where the host is plated after stripping.

    `plated` is what the metal on the host gained, `stripped` what it lost, `left behind` what it has at the cycle's
    end beyond the metal that it came with; the Coulombic efficiency of the geometry is stripped over plated, of a cycle
    that does both.  A cycle that strips more than it plated takes metal from before: how much stands under `of older
    metal`, and its efficiency is NaN, as it says nothing of the plated metal.

    In the model all of the current plates.  Where the share `side_reaction` of a charger's current reduces electrolyte
    instead, the charger gives plated/(1 - side_reaction), and the efficiency of the cell is (1 - side_reaction) times
    that of the geometry.

    Raises ValueError for a share outside 0 to 1 and for a run without a solved moment.
    """
    if isinstance(side_reaction, bool) or not (isinstance(side_reaction, numbers.Real) and 0 <= side_reaction < 1):
        raise ValueError(explain("cycle_table: side_reaction", f"found {side_reaction!r}", "a share of at least 0 and"
                                 " below 1 is needed", "0.01 where 1 % of the charge reduces electrolyte."))
    need_run("cycle_table", solution, moments=1)
    rows = []
    for number, (first, last) in enumerate(cycles(solution), start=1):
        plated, stripped = moved(solution, first, last)
        own = efficiency(plated, stripped)
        left = max(metal_on_host(solution, last) - came_with(solution), 0.0)
        row = {RUN: f"cycle {number}", "plated [mAh/cm2]": plated / MAH_CM2, "stripped [mAh/cm2]": stripped / MAH_CM2,
               "of older metal [mAh/cm2]": max(stripped - plated * (1 + EMPTY), 0.0) / MAH_CM2,
               "left behind [mAh/cm2]": left / MAH_CM2,
               "Coulombic efficiency of the geometry [%]": 100 * own}
        if side_reaction:
            row["Coulombic efficiency of the cell [%]"] = 100 * own * (1 - side_reaction)
        rows.append(row)
    return rows


def cycles(solution: Solution) -> list[tuple[int, int]]:
    """(first, last) moment of each cycle: a step that plates after one that stripped begins the next."""
    starts, stripped = [0], False
    charge = [metal_on_host(solution, k) for k in range(len(solution.times))]
    ends = [int(np.flatnonzero(solution.step_index == step)[-1]) for step in np.unique(solution.step_index)]
    before = 0
    for end in ends:
        gained = charge[end] - charge[before]
        round_off = EMPTY * max(map(abs, charge))
        if gained > round_off and stripped:
            starts.append(before)
            stripped = False
        stripped = stripped or gained < -round_off
        before = end
    return list(zip(starts, [*starts[1:], ends[-1]], strict=True))


def moved(solution: Solution, first: int, last: int) -> tuple[float, float]:
    """Charge [C/m2] plated and stripped from moment `first` to `last`, superficial."""
    steps = np.diff([metal_on_host(solution, k) for k in range(first, last + 1)])
    return float(steps[steps > 0].sum()), float(np.abs(steps[steps < 0]).sum())


def metal_on_host(solution: Solution, k: int) -> float:
    """Charge [C/m2] of the metal on the host, superficial."""
    return float(solution.sites["q"][k] @ solution.cell.sites.area) / solution.cell.area


def came_with(solution: Solution) -> float:
    """Charge [C/m2] of the metal that the host carries before the run, superficial."""
    return float(solution.cell.metal_at_start @ solution.cell.sites.area) / solution.cell.area


def efficiency(plated: float, stripped: float) -> float:
    """Stripped over plated; NaN where one of them is missing, or where older metal has been stripped as well."""
    if not (plated > 0 and stripped > 0) or stripped > plated * (1 + EMPTY):
        return math.nan
    return min(stripped / plated, 1.0)


def geometry_efficiency(solution: Solution) -> float:
    """Stripped over plated charge of all cycles that do both; NaN without one, and where older metal came off too."""
    both = [pair for pair in (moved(solution, *cycle) for cycle in cycles(solution)) if min(pair) > 0]
    return efficiency(*(sum(column) for column in zip(*both, strict=True))) if both else math.nan


def efficiency_of_retention(retention: float, cycles: int) -> float:
    """Coulombic efficiency CE = exp(ln R/n) of a cell without excess metal that keeps the share R after n cycles.

    Source: eq. (2) of He et al., Adv. Mater. 2025, doi:10.1002/adma.202502052.

    >>> round(efficiency_of_retention(0.8, 1000), 6)
    0.999777
    """
    _check_share("efficiency_of_retention: retention", retention)
    _check_cycles("efficiency_of_retention: cycles", cycles)
    return math.exp(math.log(retention) / cycles)


def retention_of_efficiency(efficiency: float, cycles: int) -> float:
    """Share R = CE^n of its capacity that a cell without excess metal keeps after n cycles: the same, solved for R.

    >>> round(retention_of_efficiency(0.981, 100), 3)
    0.147
    """
    _check_share("retention_of_efficiency: efficiency", efficiency)
    _check_cycles("retention_of_efficiency: cycles", cycles)
    return efficiency**cycles


def cycles_to_retention(efficiency: float, retention: float) -> float:
    """Cycles n = ln R/ln CE until a cell without excess metal keeps the share R; inf at CE = 1.

    >>> round(cycles_to_retention(0.999777, 0.8))
    1001
    """
    _check_share("cycles_to_retention: efficiency", efficiency)
    _check_share("cycles_to_retention: retention", retention)
    return math.inf if efficiency == 1 else math.log(retention) / math.log(efficiency)


def cycles_of_excess(efficiency: float, excess: float, cycled: float) -> float:
    """Cycles n = excess/((1 - CE) cycled) that an excess of metal lasts while each cycle loses the share 1 - CE.

    A cell without excess has n = 0 such cycles and loses capacity from the first on (`retention_of_efficiency`); inf at
    CE = 1.  Any one unit of charge.

    >>> round(cycles_of_excess(0.99, 3.0, 1.0))
    300
    """
    _check_share("cycles_of_excess: efficiency", efficiency)
    for name, value, least in (("excess", excess, 0.0), ("cycled", cycled, math.ulp(0.0))):
        if isinstance(value, bool) or not (isinstance(value, numbers.Real) and least <= value < math.inf):
            raise ValueError(explain(f"cycles_of_excess: {name}", f"found {value!r}", "a charge is needed: an excess of"
                                     " at least 0, and more than 0 that is cycled", "Both charges in one unit."))
    if excess == 0:
        return 0.0
    return math.inf if efficiency == 1 else excess / ((1 - efficiency) * cycled)


def average_efficiency(*, cycled: float, cycles: int, stripped: float, reservoir: float) -> float:
    """Average Coulombic efficiency (n Q_c + Q_s)/(n Q_c + Q_T) from a reservoir of metal that cycling eats up.

    Q_T (`reservoir`) is plated first, n cycles strip and plate Q_c (`cycled`) each, Q_s (`stripped`) comes off at last.
    Any one unit of charge.

    Source: B. D. Adams et al., Adv. Energy Mater. 2018, 8, 1702097 (doi:10.1002/aenm.201702097).

    >>> round(average_efficiency(cycled=1.0, cycles=10, stripped=4.9, reservoir=5.0), 5)
    0.99333
    """
    for name, value in (("cycled", cycled), ("reservoir", reservoir)):
        if not (isinstance(value, numbers.Real) and math.isfinite(value) and value > 0):
            raise ValueError(explain(f"average_efficiency: {name}", f"found {value!r}", "a positive charge is needed",
                                     "All three charges in one unit."))
    _check_cycles("average_efficiency: cycles", cycles)
    if not (isinstance(stripped, numbers.Real) and 0 <= stripped <= reservoir):
        raise ValueError(explain("average_efficiency: stripped", f"found {stripped!r}", "a charge from 0 to that of the"
                                 " reservoir is needed", "No more comes off than was plated."))
    return (cycles * cycled + stripped) / (cycles * cycled + reservoir)


def _check_share(where: str, value) -> None:
    if isinstance(value, bool) or not (isinstance(value, numbers.Real) and 0 < value <= 1):
        raise ValueError(explain(where, f"found {value!r}", "a share above 0 and up to 1 is needed", "0.98, not 98."))


def _check_cycles(where: str, value) -> None:
    if isinstance(value, bool) or not (isinstance(value, numbers.Real) and math.isfinite(value) and value > 0):
        raise ValueError(explain(where, f"found {value!r}", "a number of cycles above 0 is needed",
                                 "A whole cycle plates and strips once."))

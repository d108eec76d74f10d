"""Where each mAh/cm2 goes: the charge that is plated between two capacities, by depth."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from cellfem.errors import explain
from cellfem.model.solution import Solution
from cellfem.results.atomic import check_folder, write_bytes
from cellfem.results.cycles import metal_on_host
from cellfem.results.deposit import first_plating
from cellfem.results.export import check_name
from cellfem.results.figures import figure_with, png
from cellfem.results.tables import RUN
from cellfem.results.values import host_top
from cellfem.studies.asked import need_runs
from cellfem.units import cm, mAh, um

MAH_CM2 = mAh / cm**2
BINS, COLUMNS = 25, 4
MOST = 1000  # intervals


def plated_between(solution: Solution, every: float) -> tuple[np.ndarray, np.ndarray]:
    """Capacities [C/m2] (n + 1,) and what each site plated between them [C/m2] (n, sites), in the first plating step.

    The last interval is shorter where the run ended within it.  Between recorded moments a site's charge is taken to
    grow in step with the capacity.

    Raises ValueError for an interval that is not positive and for a run that plates nothing.
    """
    if isinstance(every, bool) or not (isinstance(every, numbers.Real) and math.isfinite(every) and every > 0):
        raise ValueError(explain("filling: every", f"found {every!r}", "a capacity above 0 is needed",
                                 "1 * mAh / cm**2, say."))
    moments = first_plating(solution) if len(solution.times) > 1 else np.zeros(0, dtype=int)
    if len(moments) == 0:
        raise ValueError(explain("filling", f"found a run that plates nothing ({solution.outcome.message})",
                                 "a transient run that plates is needed", "Plate galvanostatically."))
    if moments[0] > 0:
        moments = np.concatenate([[moments[0] - 1], moments])
    capacity = np.array([metal_on_host(solution, k) for k in moments])
    capacity = capacity - capacity[0]
    if capacity[-1] > MOST * every:
        raise ValueError(explain("filling: every", f"found {every:g} C/m2, which makes {capacity[-1] / every:.3g}"
                                 " intervals", f"at most {MOST} are allowed", f"{capacity[-1] / 5:.3g} makes 5."))
    edges = np.append(np.arange(0, capacity[-1] * (1 - 1e-9), every), capacity[-1])
    at = np.clip(np.searchsorted(capacity, edges, side="right") - 1, 0, len(moments) - 2)
    share = ((edges - capacity[at]) / (capacity[at + 1] - capacity[at]))[:, None]
    q = solution.sites["q"]
    reached = (1 - share) * q[moments[at]] + share * q[moments[at + 1]]
    return edges, np.diff(reached, axis=0)


def filling_table(runs: Mapping[str, Solution], *, every: float) -> list[dict[str, float | str]]:
    """One row per run and interval: which share of it went to the bottom half and to the bottom quarter of the host."""
    need_runs("filling_table", runs)
    rows = []
    for name, run in runs.items():
        edges, plated = plated_between(run, every)
        z, top = run.cell.sites.x[-1], host_top(run.cell.mesh)
        for k, row in enumerate(plated):
            total = row @ run.cell.sites.area
            rows.append({RUN: name, "from [mAh/cm2]": edges[k] / MAH_CM2, "to [mAh/cm2]": edges[k + 1] / MAH_CM2}
                        | {f"to the bottom {part} [%]": 100 * float(row @ (_below(z, share * top) * run.cell.sites.area)
                                                                    / total)
                           for part, share in (("half", 0.5), ("quarter", 0.25))})
    return rows


def write_filling(out: str | Path, name: str, runs: Mapping[str, Solution], *, every: float) -> Path:
    """Draw, a panel per run, where each `every` [C/m2] of capacity went by depth, as `name.png`; returns the path.

    The share of the interval per um of the host layer: every curve has the same area, also where the surface varies.
    """
    check_name(name)
    need_runs("write_filling", runs)
    out = check_folder(out)
    columns = len(runs) if len(runs) <= COLUMNS else -(-len(runs) // 2)
    lines = -(-len(runs) // columns)
    figure = figure_with(0.6 + 3.2 * columns, 4.2 * lines)
    axes = figure.subplots(lines, columns, squeeze=False, sharex=True, sharey=True).ravel()
    for ax in axes[len(runs):]:
        ax.set_axis_off()
    for ax, (label, run) in zip(axes, runs.items(), strict=False):
        edges, plated = plated_between(run, every)
        colours = _shades(len(plated))
        for k, row in enumerate(plated):
            depth, density = _by_depth(run, row)
            ax.plot(density, depth / um, color=colours[k], marker="o", markersize=3,
                    label=f"{edges[k] / MAH_CM2:.3g} to {edges[k + 1] / MAH_CM2:.3g}")
        ax.set_title(label, fontsize=9)
        ax.set_xlabel("share plated [% per um of depth]", fontsize=8)
        ax.grid(alpha=0.3)
        ax.legend(title="capacity [mAh/cm2]", fontsize=7, title_fontsize=7)
    for ax in axes[max(len(runs) - columns, 0):len(runs)]:  # nothing stands below these
        ax.tick_params(labelbottom=True)
    axes[0].invert_yaxis()
    for ax in axes[::columns]:
        ax.set_ylabel("depth below the top of the host [um]")
    out.mkdir(parents=True, exist_ok=True)
    return write_bytes(out / f"{name}.png", png(figure))


def _by_depth(run: Solution, plated: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Depth [m] of the middle of each layer, and what it took [% of all per um of depth].

    The charge of each height of nodes is spread between the middles to its neighbours, so that layers need not meet
    nodes.
    """
    sites, top = run.cell.sites, host_top(run.cell.mesh)
    heights, level = np.unique(np.round(sites.x[-1] / top, 9) * top, return_inverse=True)
    charge = np.bincount(level, plated * sites.area)
    ends = np.concatenate([[0.0], 0.5 * (heights[1:] + heights[:-1]), [top]])
    edges = np.linspace(0, top, BINS + 1)
    below = np.interp(edges, ends, np.concatenate([[0.0], np.cumsum(charge)]))
    middle = 0.5 * (edges[1:] + edges[:-1])
    return (top - middle)[::-1], (np.diff(below) / np.diff(edges))[::-1] / charge.sum() * 100 * um


def _below(z: np.ndarray, height: float) -> np.ndarray:
    """(sites,) 1 below a height, 1/2 on it."""
    return np.where(np.isclose(z, height, rtol=1e-9), 0.5, z < height)


def _shades(n: int) -> np.ndarray:
    from matplotlib import colormaps

    return colormaps["viridis"](np.linspace(0.0, 0.85, max(n, 2)))

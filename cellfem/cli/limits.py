"""The commands that find limits: `cellfem limit`, `cellfem sand`, `cellfem safe`."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from tqdm import tqdm

import cellfem as cf
from cellfem.errors import explain
from cellfem.results.tables import FAILED
from cellfem.studies.sand import NEAR_LIMIT
from cellfem.units import cm, mA, mAh


def run_limit(a: argparse.Namespace, cells: dict[str, cf.Cell], out: Path) -> None:
    """Limiting currents and currents at 1 %, as a table and a page."""
    found = _each("limit", cells, cf.limiting_current if a.limiting_only else cf.current_at_one_percent)
    rows = cf.write_limits(out, cells, found)
    print(cf.format_table(rows) + "\n")
    _tell(out)
    _sum_up("limit", rows)


def run_sand(a: argparse.Namespace, cells: dict[str, cf.Cell], out: Path) -> None:
    """Time to depletion over the current."""
    currents = np.array(sorted(a.current_mA_cm2)) * mA / cm**2
    if a.points is not None:
        if len(currents) != 2 or currents[0] == currents[1]:
            raise ValueError(explain("--points", f"found {len(set(currents))} different currents with it",
                                     "the lowest and the highest one are needed",
                                     "Write --current-mA-cm2 10 100 --points 8, say."))
        currents = np.geomspace(*currents, a.points)
    capacity = None if a.capacity_mAh_cm2 is None else a.capacity_mAh_cm2 * mAh / cm**2
    with tqdm(total=100, desc="sand", bar_format="{desc}: {percentage:3.0f}%|{bar}| [{elapsed}<{remaining}]",
              disable=None) as bar:
        study = cf.sand_study(cells, currents, near=NEAR_LIMIT, progress=lambda share: bar.update(100 * share - bar.n))
    rows = cf.write_sand(out, study, capacity=capacity)
    points = list(zip(rows, study.points, strict=True))
    for name in cells:  # a table per cell, one column per current
        own = [{**row, "run": f"{row['current [mA/cm2]']:.4g}"} for row, point in points if point.cell == name]
        print(f"{name}, currents in mA/cm2\n{cf.format_table(own)}\n")
    _tell(out)
    _sum_up("sand", rows)


def run_safe(a: argparse.Namespace, cells: dict[str, cf.Cell], out: Path) -> None:
    """The edge of safe operation."""
    given = {"--capacity-mAh-cm2": a.capacity_mAh_cm2, "--current-mA-cm2": a.current_mA_cm2}
    named = [flag for flag, value in given.items() if value is not None]
    if len(named) != 1:
        raise ValueError(explain("what to find", f"found {' and '.join(named) or 'neither'}",
                                 f"exactly one of {' and '.join(given)} is needed", "The other one is what is found."))
    if a.current_mA_cm2 is None:
        found = _each("safe", cells, lambda cell: cf.safe_current(cell, a.capacity_mAh_cm2 * mAh / cm**2, risk=a.risk))
    else:
        found = _each("safe", cells, lambda cell: cf.safe_capacity(cell, a.current_mA_cm2 * mA / cm**2, risk=a.risk))
    rows = cf.write_safe(out, cells, found)
    print(cf.format_table(rows) + "\n")
    _tell(out)
    _sum_up("safe", rows)


def _each(name: str, cells: dict[str, cf.Cell], search) -> dict:
    """What the search finds for each cell, or the error with which it fails: the others go on."""
    found = {}
    for key, cell in tqdm(cells.items(), desc=name, disable=None):
        try:
            found[key] = search(cell)
        except cf.ConvergenceError as error:
            found[key] = error
    return found


def _sum_up(command: str, rows) -> None:
    """Raise ConvergenceError where some of the rows have no number, after everything is written."""
    failed = [str(row["run"]) for row in rows if row.get(FAILED)]
    if failed:
        raise cf.ConvergenceError(explain(command, f"found no number for {len(failed)} of {len(rows)}"
                                          f" ({failed[0]} first)", "all of them have to converge", "Their messages"
                                          " stand in the table and the report; the rest is done."))


def _tell(out: Path) -> None:
    print(f"Page with pictures and assumptions: {out / 'report.html'}")

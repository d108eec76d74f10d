"""Can one parameter set come near the four published numbers of VGA and HGA?  Ours beside them, assumptions stated.

    python cases/published_vga_hga.py      -> results/published_vga_hga/: report.csv, report.html, .pvd files

The dimensions, current, electrolyte and kinetics behind the published numbers are not known: docs/published.md says
what this comparison can show and what it cannot.
"""
from dataclasses import replace
from functools import partial
from pathlib import Path

import cellfem as cf
from cellfem.materials import GRAPHENE, LITHIUM
from cellfem.units import cm, mA, um

ROOT = Path(__file__).parents[1]
DESIGNS = {"vga": "vga_2d", "hga": "hga_2d"}  # 20 um channels; 1 um sheets every 10 um with 10 um half slits
EXCHANGE = {"i0_0.1": 0.1 * mA / cm**2, "i0_0.01": 0.01 * mA / cm**2}
CURRENT = cf.Steady(current=2 * mA / cm**2)
ELECTROLYTE = cf.Electrolyte(name="assumed: D = 3e-10 m2/s, kappa = c/c_0 S/m, t+ = 0.38", D=3e-10, t_plus=0.38,
                             kappa=lambda c, T: c / 1000.0, c_0=1000.0)
DROP = "concentration drop across host [%]"
SPREAD = "plating current, max/min - 1 [%]"
PUBLISHED = {"vga": (2.7, 3.6), "hga": (43.2, 283.0)}      # Chen et al., Joule 2020, 4, 938


def design(name, **changes):
    """The design under the free electrolyte, with lengths [m] replaced: `electrolyte`, `size`, `gap`, `pitch`, ..."""
    flat = cf.Geometry.load(ROOT / "geometries" / f"{DESIGNS[name]}.toml")
    inside = {key: changes.pop(key) for key in ("gap", "pitch") if key in changes}
    if inside:
        changes["baffles"] = replace(flat.baffles, **inside)
    return replace(flat, **{"separator": 0.0, "electrolyte": 50 * um, **changes})


def cell(mesh, i_0):
    return cf.Cell(mesh, metal=LITHIUM, electrolyte=ELECTROLYTE, host=GRAPHENE, film=cf.Film(R=0.0),
                   kinetics=cf.ButlerVolmer(i_0=i_0), counter=cf.Reservoir())


def main(out=ROOT / "results" / "published_vga_hga", coarsen=1.0):
    runs, checks = {}, {}
    for name in DESIGNS:
        mesh = design(name).mesh(coarsen=coarsen)
        for label, i_0 in EXCHANGE.items():
            run = f"{name}-{label}"
            runs[run] = cf.solve(cell(mesh, i_0), CURRENT)
            checks[run] = cf.refine_check(design(name), partial(cell, i_0=i_0), CURRENT, coarsen=coarsen, against=[2],
                                          run=runs[run])
    return cf.write_report(out, runs, checks=checks)


def table(rows):
    """The rows of docs/published.md: drop and spread of VGA and HGA, published and ours."""
    ours = {row["run"]: row for row in rows}
    lines = ["| | VGA drop | VGA spread | HGA drop | HGA spread |", "|---|---|---|---|---|",
             "| published | " + " | ".join(f"{v:g}" for name in DESIGNS for v in PUBLISHED[name]) + " |"]
    for label, i_0 in EXCHANGE.items():
        cells = [f"{ours[f'{name}-{label}'][key]:.3g}" for name in DESIGNS for key in (DROP, SPREAD)]
        lines.append(f"| computed, i_0 = {i_0 / (mA / cm**2):g} mA/cm2 | " + " | ".join(cells) + " |")
    return "\n".join(lines)


VARIED = {  # one assumption at a time, at i_0 = 0.1 mA/cm2: of the design, of the current, of i_0
    "as above": ({}, 1, 1),
    "half slit 5 um": ({"gap": 5 * um}, 1, 1),
    "half slit 15 um": ({"gap": 15 * um}, 1, 1),
    "half width 40 um": ({"size": (40 * um, 100 * um)}, 1, 1),
    "half width 60 um": ({"size": (60 * um, 100 * um)}, 1, 1),
    "sheets every 20 um": ({"pitch": 20 * um}, 1, 1),
    "all sheets 9 um lower, the last one on the collector": (
        {"size": (50 * um, 91 * um), "electrolyte": 59 * um}, 1, 1),
    "the collector does not plate": ({"collector_plates": False}, 1, 1),
    "1 mA/cm2": ({}, 0.5, 1),
    "3 mA/cm2": ({}, 1.5, 1),
    "i_0 = 1 mA/cm2": ({}, 1, 10),
}


def sensitivity(coarsen=2.0):
    """Drop and spread of HGA as one assumption changes: (what, drop, spread)."""
    rows = []
    for what, (changes, current, exchange) in VARIED.items():
        run = cf.solve(cell(design("hga", **changes).mesh(coarsen=coarsen), 0.1 * mA / cm**2 * exchange),
                       cf.Steady(current=current * CURRENT.current))
        row = cf.report(run)
        rows.append((what, row[DROP], row[SPREAD]))
    return rows


if __name__ == "__main__":
    print(table(main()))
    print("\n| HGA | drop | spread |\n|---|---|---|")
    print(*(f"| {what} | {drop:.3g} | {spread:.3g} |" for what, drop, spread in sensitivity()), sep="\n")

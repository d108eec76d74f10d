"""Where does the plating go in a graded skeleton?  Films, coatings, conductivity, porosity against current density.

    python cases/gradient_skeleton.py
        -> results/gradient_skeleton/: report.csv, report.html, .pvd files of the shipped gradients;
           filling_film.csv and .png, filling_coating.*, filling_conductivity.*, filling_porosity.*: the filling maps

A uniform host fills from its mouth.  A film or a coating that is thicker, or a conductivity that is lower, toward the
mouth turns this round where it outweighs the electrolyte's own resistance: compare the dimensionless groups in the
tables.  A porosity gradient alone does not: an open mouth lets more through to the bottom, a dense one less.  The maps
show which share of 1 mAh/cm2, plated from rest, ends in the bottom half of a host with a film of 1e-5 Ohm m2 (assumed:
almost bare), so that the electrolyte has something to say.  Blue fills from the bottom, red from the mouth, and a line
parts them; where a run ended before 1 mAh/cm2, its field says why and at how much.
"""
import tomllib
from functools import cache
from pathlib import Path

import cellfem as cf
from cellfem.materials import CELGARD_2500, LIPF6_EC_DMC, LITHIUM
from cellfem.units import cm, mA, mAh

ROOT = Path(__file__).parents[1]
SHIPPED = ["graded_uniform", "graded_porosity", "graded_conductivity", "graded_film", "pu_2019"]
CURRENTS = [1.0, 10.0, 50.0, 100.0]  # [mA/cm2] superficial
STRENGTHS = {"film": [1.0, 10.0, 100.0, 1000.0], "coating": [1.0, 2.0, 5.0, 100.0],
             "conductivity": [1.0, 1e5, 3e5, 1e6], "porosity": [0.25, 1.0, 4.0]}  # mean porosity 0.6
MEANING = {"film": "gradient strength, film resistance top over bottom [-]",
           "coating": "gradient strength, bare surface of the lower over the upper half [-]",
           "conductivity": "gradient strength, conductivity bottom over top [-]",
           "porosity": "gradient strength, porosity top over bottom [-]"}
PLATING = cf.Galvanostatic(current=2 * mA / cm**2, capacity=0.2 * mAh / cm**2)
CAPACITY = 1 * mAh / cm**2  # of the maps
FILM = 1e-5  # [Ohm m2] of the maps
SHARE = "plated in the bottom half [%]"
PASSED = "plated capacity [mAh/cm2]"
EARLY = "ended early"


def plate(design, protocol, coarsen, **given):
    cell = cf.Cell(design.mesh(coarsen=coarsen), metal=LITHIUM, electrolyte=LIPF6_EC_DMC, separator=CELGARD_2500,
                   **cf.graded(design))
    return cf.solve(cell, protocol, **given)


def skeleton(gradient, strength):
    """The uniform host with one gradient of a given strength; without one where that is 1."""
    keys = tomllib.loads((ROOT / "geometries" / "graded_uniform.toml").read_text())
    keys["surface"]["film_Ohm_m2"] = FILM
    if gradient == "porosity":
        keys["electrode"]["porosity"] = {"linear": [1.2 * strength / (1 + strength), 1.2 / (1 + strength)]}
    elif strength == 1:
        return cf.Geometry.from_dict(keys)
    elif gradient == "film":
        keys["surface"]["film_Ohm_m2"] = {"exponential": [FILM * strength, FILM]}
    elif gradient == "coating":
        keys["surface"]["blocked"] = {"piecewise": [1 - 1 / strength, 0.0], "edges_um": [50.0]}
    else:
        keys["electrode"]["sigma_S_m"] = {"exponential": [100.0 / strength, 100.0]}
    return cf.Geometry.from_dict(keys)


@cache
def filled(design, current, coarsen):
    """The share of the charge in the bottom half, and the groups; a tolerance that is good for 0.1 % of the share."""
    run = plate(design, cf.Galvanostatic(current=current * mA / cm**2, capacity=CAPACITY), coarsen, tolerance=1e-2)
    row = cf.report(run)
    early = "" if run.outcome.kind == "finished" else f"{run.outcome.kind} at\n{row[PASSED]:.2g} mAh/cm2"
    return {SHARE: 100 * cf.bottom_share(run), EARLY: early,
            **{key: row[key] for key in (PASSED, *cf.GROUPS, "outcome")}}


def filling(gradient, coarsen):
    """One row per current density and strength."""
    return [{"run": f"{gradient}-{strength:g}-{current:g}", "current density [mA/cm2]": current,
             MEANING[gradient]: strength, **filled(skeleton(gradient, strength), current, coarsen)}
            for strength in STRENGTHS[gradient] for current in CURRENTS]


def main(out=ROOT / "results" / "gradient_skeleton", coarsen=1.0):
    runs = {name: plate(cf.Geometry.load(ROOT / "geometries" / f"{name}.toml"), PLATING, coarsen) for name in SHIPPED}
    rows = cf.write_report(out, runs, title="Where does the plating go in a graded skeleton?")
    for row, run in zip(rows, runs.values(), strict=True):
        row[SHARE] = 100 * cf.bottom_share(run)
    for gradient in STRENGTHS:
        table = filling(gradient, coarsen)
        cf.write_table(out, f"filling_{gradient}", table)
        cf.write_map(out, f"filling_{gradient}", table, x="current density [mA/cm2]", y=MEANING[gradient],
                     value=SHARE, scale=(0.0, 50.0, 100.0), note=EARLY)
    return rows


if __name__ == "__main__":
    print(cf.format_table(main()))

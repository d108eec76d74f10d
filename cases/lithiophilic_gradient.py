"""How far does a lithiophilic bottom lead the metal down?  The first, second and third mAh/cm2 in four skeletons.

    python cases/lithiophilic_gradient.py
        -> results/lithiophilic_gradient/: report.csv, report.html, view.py and a .pvd time series per skeleton;
           filling.csv and filling.png: where each mAh/cm2 goes; first.csv and first.png: the first 0.1 mAh/cm2 against
           current and covering charge

A skeleton after Pu et al. (Nat. Commun. 2019, 10, 1896): nickel, its bottom under gold (no nucleation overpotential),
its top under alumina (nothing plates).  Bare, it fills from the top.  Gold draws all the metal until nickel is covered
as well: as long as the overpotential stays well below nickel's 30 mV, that takes some covering charges, not some
mAh/cm2.  What keeps the metal down for good is the alumina.  The last run has both on sheets that are resolved in 2-D:
view.py shows the metal grow on them.
"""
import tomllib
from pathlib import Path

import cellfem as cf
from cellfem.materials import CELGARD_2500, LIPF6_EC_DMC, LITHIUM, NICKEL
from cellfem.units import cm, mA, mAh

ROOT = Path(__file__).parents[1]
DESIGN = ROOT / "geometries" / "lithiophilic_gradient.toml"
NICKEL_MV = 30.0
SKELETONS = {"bare": ("nucleation_mV", "blocked"), "gold below": ("blocked",), "alumina above": ("nucleation_mV",),
             "gold and alumina": ()}                    # what is taken away from the design
PLATING = cf.Galvanostatic(current=2 * mA / cm**2, capacity=3 * mAh / cm**2)
START = 0.1 * mAh / cm**2
CURRENTS, COVERINGS = [0.5, 10.0], [36.0, 360.0, 3600.0]     # [mA/cm2], [C/m2] of true area
SHARE = "to the bottom half [%]"
# the coatings of "gold and alumina" on sheets that are resolved in 2-D
SHEETS = {"shape": "walls", "dimension": 2, "size_um": [20.5, 100.0], "cell_size_um": 3.0,
          "walls": {"pitch_um": 41.0, "thickness_um": 1.0}}


def skeleton(without, covering=None):
    """The design without some of its coatings; nickel's overpotential where there is no gold."""
    keys = tomllib.loads(DESIGN.read_text(encoding="utf-8"))
    for key in without:
        del keys["surface"][key]
    keys["surface"].setdefault("nucleation_mV", NICKEL_MV)
    if covering is not None:
        keys["surface"]["covering_C_m2"] = covering
    return cf.Geometry.from_dict(keys)


def sheets():
    keys = tomllib.loads(DESIGN.read_text(encoding="utf-8")) | SHEETS
    del keys["electrode"]
    return cf.Geometry.from_dict(keys)


def plate(design, protocol, coarsen):
    cell = cf.Cell(design.mesh(coarsen=coarsen), metal=LITHIUM, electrolyte=LIPF6_EC_DMC, separator=CELGARD_2500,
                   host=NICKEL, **cf.graded(design))
    return cf.solve(cell, protocol)


def first(coarsen):
    """Where the first 0.1 mAh/cm2 goes in the skeleton with gold below, by current and covering charge."""
    rows = []
    for covering in COVERINGS:
        design = skeleton(SKELETONS["gold below"], covering)
        for current in CURRENTS:
            run = plate(design, cf.Galvanostatic(current=current * mA / cm**2, capacity=START), coarsen)
            share = cf.filling_table({"gold below": run}, every=START)[0][SHARE]
            rows.append({"run": f"{covering:g}-{current:g}", "current [mA/cm2]": current,
                         "covering charge [C/m2]": covering, SHARE: share})
    return rows


def main(out=ROOT / "results" / "lithiophilic_gradient", coarsen=1.0):
    runs = {name: plate(skeleton(without), PLATING, coarsen) for name, without in SKELETONS.items()}
    runs["sheets"] = plate(sheets(), PLATING, coarsen)
    rows = cf.write_report(out, runs, title="How far does a lithiophilic bottom lead the metal down?")
    cf.write_table(out, "filling", cf.filling_table(runs, every=1 * mAh / cm**2))
    cf.write_filling(out, "filling", runs, every=1 * mAh / cm**2)
    table = first(coarsen)
    cf.write_table(out, "first", table)
    cf.write_map(out, "first", table, x="current [mA/cm2]", y="covering charge [C/m2]",
                 value=SHARE)
    for row in rows:
        for k, part in enumerate(cf.filling_table({row["run"]: runs[row["run"]]}, every=1 * mAh / cm**2), start=1):
            row[f"mAh/cm2 number {k} {SHARE}"] = part[SHARE]
    return rows


if __name__ == "__main__":
    print(cf.format_table(main()))

"""Do fine pores hold more metal than coarse ones before they close?  Lithium, sodium and potassium, plated to closure.

    python cases/pore_filling.py
        -> results/pore_filling/: report.csv, report.html, view.py and a .pvd time series per run;
           filled.csv: what each held, of how much, and how it ended;
           filling.csv and filling.png: where each 1 mAh/cm2 went until the first pore closed

Two porous coppers after Yun et al. (Adv. Mater. 2016, 28, 6932), of one porosity: pores of 1 um, dealloyed, and of
200 um, a foam.  Fine pores have two hundred times the surface and spread the current thinly, but draw it to the mouth,
j_top ~ a^(-1/2): they close there first.  Homogenised; pores are cylinders that narrow evenly (`cf.TUBES`).

At 2 mA/cm2 the electrolyte of the coarse pores depletes before they close (`ended` in filled.csv says so), so that they
are filled once more, at 0.05.  `sheets` is resolved in 2-D, a channel of 20 um between sheets: open growth_0.png, or
view.py, to see its metal grow.
"""
from dataclasses import replace
from pathlib import Path

import cellfem as cf
from cellfem.materials import (
    CELGARD_2500,
    COPPER,
    KFSI_DME,
    LIPF6_EC_DMC,
    LITHIUM,
    NAPF6_EC_PC,
    POTASSIUM,
    SODIUM,
)
from cellfem.units import cm, mA, mAh

ROOT = Path(__file__).parents[1]
HOSTS = {"fine": ("fine_pores", 2.0), "coarse": ("coarse_pores", 2.0), "coarse slow": ("coarse_pores", 0.05),
         "sheets": ("vga_2d", 2.0)}                     # design, current [mA/cm2]
CHEMISTRIES = [(LITHIUM, LIPF6_EC_DMC), (SODIUM, NAPF6_EC_PC), (POTASSIUM, KFSI_DME)]
MORE = 40 * mAh / cm**2                                 # than any of them holds
FULL, FIRST = "capacity that fills the host [mAh/cm2]", "plated capacity [mAh/cm2]"


def plate(design, mesh, metal, electrolyte, current):
    media = None
    if design.electrode is not None:
        media = {"electrode": replace(cf.graded(design)["media"]["electrode"], growth=cf.TUBES)}
    cell = cf.Cell(mesh, metal=metal, electrolyte=electrolyte, host=COPPER, separator=CELGARD_2500, media=media)
    return cf.solve(cell, cf.Galvanostatic(current=current * mA / cm**2, capacity=MORE))


def main(out=ROOT / "results" / "pore_filling", coarsen=1.0):
    runs = {}
    for name, (file, current) in HOSTS.items():
        design = cf.Geometry.load(ROOT / "geometries" / f"{file}.toml")
        mesh = design.mesh(coarsen=coarsen)
        for metal, electrolyte in CHEMISTRIES:
            runs[f"{name}-{metal.symbol}"] = plate(design, mesh, metal, electrolyte, current)
    rows = cf.write_report(out, runs, title="Do fine pores hold more metal than coarse ones before they close?")
    cf.write_table(out, "filled", [{"run": row["run"], "ended": runs[row["run"]].outcome.kind, FIRST: row[FIRST],
                                    FULL: row[FULL]} for row in rows])
    cf.write_table(out, "filling", cf.filling_table(runs, every=1 * mAh / cm**2))
    cf.write_filling(out, "filling", runs, every=2 * mAh / cm**2)
    return rows


if __name__ == "__main__":
    print(cf.format_table(main()))

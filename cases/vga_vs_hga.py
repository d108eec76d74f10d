"""Do straight pores plate more evenly than winding ones?  VGA against HGA, for Li, Na and K.

    python cases/vga_vs_hga.py      -> results/vga_vs_hga/: report.csv, report.html, one .pvd per cell for ParaView
"""
from functools import partial
from pathlib import Path

import cellfem as cf
from cellfem.materials import CELGARD_2500, GRAPHENE, KFSI_DME, LIPF6_EC_DMC, LITHIUM, NAPF6_EC_PC, POTASSIUM, SODIUM
from cellfem.units import cm, mA, mAh

ROOT = Path(__file__).parents[1]
DESIGNS = ["vga", "hga"]
CHEMISTRIES = [(LITHIUM, LIPF6_EC_DMC), (SODIUM, NAPF6_EC_PC), (POTASSIUM, KFSI_DME)]
PLATING = cf.Galvanostatic(current=2 * mA / cm**2, capacity=1 * mAh / cm**2)


def main(out=ROOT / "results" / "vga_vs_hga", coarsen=1.0):
    runs, checks = {}, {}
    for design in DESIGNS:
        geometry = cf.Geometry.load(ROOT / "geometries" / f"{design}.toml")
        mesh = geometry.mesh(coarsen=coarsen)
        for metal, electrolyte in CHEMISTRIES:
            cell = partial(cf.Cell, metal=metal, electrolyte=electrolyte, host=GRAPHENE, separator=CELGARD_2500)
            name = f"{design}-{metal.symbol}"
            runs[name] = cf.solve(cell(mesh), PLATING)
            if metal is LITHIUM:               # error bars, from meshes with cells of twice and four times the size
                checks[name] = cf.refine_check(geometry, cell, PLATING, coarsen=coarsen, against=[2, 4], run=runs[name])
    return cf.write_report(out, runs, checks=checks)     # csv, html, one .pvd per run; returns the rows


if __name__ == "__main__":
    print(cf.format_table(main()))

"""Do holes feed the layers of an HGA better than slits?  Staggered square holes, fully three-dimensional, Li, Na and K.

    python cases/hga_holes.py       -> results/hga_holes/: report.csv, report.html, one .pvd per cell for ParaView

Same sheets, same spacing and same charge as the slit HGA of cases/vga_vs_hga.py, so the rows can be read side by side.
"""
from pathlib import Path

import cellfem as cf
from cellfem.materials import CELGARD_2500, GRAPHENE, KFSI_DME, LIPF6_EC_DMC, LITHIUM, NAPF6_EC_PC, POTASSIUM, SODIUM
from cellfem.units import cm, mA, mAh

ROOT = Path(__file__).parents[1]
CHEMISTRIES = [(LITHIUM, LIPF6_EC_DMC), (SODIUM, NAPF6_EC_PC), (POTASSIUM, KFSI_DME)]
PLATING = cf.Galvanostatic(current=2 * mA / cm**2, capacity=1 * mAh / cm**2)


def main(out=ROOT / "results" / "hga_holes", coarsen=1.0):
    mesh = cf.Geometry.load(ROOT / "geometries" / "hga_holes.toml").mesh(coarsen=coarsen)
    runs = {}
    for metal, electrolyte in CHEMISTRIES:
        cell = cf.Cell(mesh, metal=metal, electrolyte=electrolyte, host=GRAPHENE, separator=CELGARD_2500)
        runs[f"hga_holes-{metal.symbol}"] = cf.solve(cell, PLATING)
    return cf.write_report(out, runs)


if __name__ == "__main__":
    print(cf.format_table(main()))

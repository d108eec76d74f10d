"""Which substrate lets lithium, sodium and potassium start gently?  One host, seven substrates, three metals.

    python cases/substrates.py
        -> results/substrates/: report.csv, report.html, view.py and a .pvd time series per run;
           start.csv and start.png: nucleation dip and plateau of each pair

A felt of porosity 0.8 is covered by one substrate after the other and plated to 0.2 mAh/cm2.  The dip is what the bare
substrate costs above the plateau of the metal on itself.  Overpotentials are those of lithium where none is known: for
potassium on everything, for sodium on all but tin and gold, with which it alloys; what differs otherwise is film,
electrolyte and room.  `sheets` are resolved in 2-D, on copper and on gold: view.py shows their metal grow.
"""
from pathlib import Path

import cellfem as cf
from cellfem.materials import (
    CARBON,
    CELGARD_2500,
    KFSI_DME,
    LIPF6_EC_DMC,
    LITHIUM,
    NAPF6_EC_PC,
    POTASSIUM,
    SODIUM,
    substrates,
)
from cellfem.units import cm, mA, mAh

ROOT = Path(__file__).parents[1]
FELT, SHEETS = ROOT / "geometries" / "graded_uniform.toml", ROOT / "geometries" / "vga_2d.toml"
CHEMISTRIES = [(LITHIUM, LIPF6_EC_DMC), (SODIUM, NAPF6_EC_PC), (POTASSIUM, KFSI_DME)]
SUBSTRATES = [substrates.COPPER, substrates.NICKEL, substrates.CARBON, substrates.TIN, substrates.PLATINUM,
              substrates.ALUMINIUM, substrates.GOLD]
PLATING = cf.Galvanostatic(current=1 * mA / cm**2, capacity=0.2 * mAh / cm**2)
BARRIER = "nucleation overpotential [mV]"
DIP, PLATEAU = "nucleation dip [mV]", "plateau after nucleation [mV]"


def plate(design, metal, electrolyte, substrate, mesh):
    media, film = cf.graded(design)["media"], cf.Film(R=metal.R_film)   # that of each metal, not the felt's own
    cell = cf.Cell(mesh, metal=metal, electrolyte=electrolyte, host=CARBON, separator=CELGARD_2500, media=media,
                   film=film, substrate=substrate)
    return cf.solve(cell, PLATING)


def main(out=ROOT / "results" / "substrates", coarsen=1.0):
    design, runs, known = cf.Geometry.load(FELT), {}, {}
    for metal, electrolyte in CHEMISTRIES:
        mesh = design.mesh(coarsen=coarsen)
        for substrate in SUBSTRATES:
            name = f"{metal.symbol}-{substrate.name}"
            runs[name] = plate(design, metal, electrolyte, substrate, mesh)
            known[name] = 1e3 * substrate.nucleation(metal.symbol).eta
    sheets = cf.Geometry.load(SHEETS).mesh(coarsen=coarsen)
    for substrate in (substrates.COPPER, substrates.GOLD):
        name = f"sheets-{substrate.name}"
        cell = cf.Cell(sheets, metal=LITHIUM, electrolyte=LIPF6_EC_DMC, host=CARBON, separator=CELGARD_2500,
                       substrate=substrate)
        runs[name], known[name] = cf.solve(cell, PLATING), 1e3 * substrate.nucleation("Li").eta
    rows = cf.write_report(out, runs, title="Which substrate lets lithium, sodium and potassium start gently?")
    start = [{"run": row["run"], "metal": row["metal"], BARRIER: known[row["run"]], DIP: row[DIP],
              PLATEAU: row[PLATEAU]} for row in rows]
    cf.write_table(out, "start", start)
    felts = [row for row in start if not row["run"].startswith("sheets")]
    cf.write_curves(out, "start", felts, x=BARRIER, values=[DIP, PLATEAU], group="metal", logarithmic=False)
    return rows


if __name__ == "__main__":
    print(cf.format_table(main()))

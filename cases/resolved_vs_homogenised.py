"""How far may a scaffold be replaced by its effective medium?  VGA, and HGA with ever finer layers, on both scales.

    python cases/resolved_vs_homogenised.py
        -> results/resolved_vs_homogenised/: report.csv, report.html, differences.csv, one .pvd per cell for ParaView

Twins have the same host, kinetics, film and start.  The mesh of the pores does not follow the deposit, so the transport
of the twin does not either (cf.Growth(transport=0, electronic=0)).  Straight channels are what homogenising assumes:
VGA and its twin agree.  Between the sheets of HGA the metal plates on both faces along a winding path whose cells are
as long as the half period, and most of it within a few sheets of the mouth: the twin, which has forgotten them, lies
below.  Sheets, gaps and period made smaller together keep the effective medium; the depth that plating reaches falls
with the root of the spacing, a sheet's share of it likewise, and with it the difference.  The overpotential without the
counter electrode shows it (VGA -1 %, HGA -17, -11 and -7 % at spacings of 10, 5 and 2.5 um): the foil's own film and
kinetics, the same on both scales, are most of the voltage.
"""
from dataclasses import replace
from pathlib import Path

import cellfem as cf
from cellfem.materials import CELGARD_2500, GRAPHENE, LIPF6_EC_DMC, LITHIUM
from cellfem.units import cm, mA, mAh

ROOT = Path(__file__).parents[1]
PLATING = cf.Galvanostatic(current=2 * mA / cm**2, capacity=1 * mAh / cm**2)
CELL = {"metal": LITHIUM, "electrolyte": LIPF6_EC_DMC, "host": GRAPHENE, "separator": CELGARD_2500}


def finer(design, factor):
    """An HGA with sheets, gaps and period divided by `factor`; the height stays."""
    sheets = design.baffles
    return replace(design, size=(design.size[0] / factor, design.size[1]), cell_size=design.cell_size / factor,
                   baffles=replace(sheets, pitch=sheets.pitch / factor, thickness=sheets.thickness / factor,
                                   gap=sheets.gap / factor))


def main(out=ROOT / "results" / "resolved_vs_homogenised", coarsen=1.0):
    vga, hga = (cf.Geometry.load(ROOT / "geometries" / f"{name}.toml") for name in ("vga_2d", "hga_2d"))
    designs = {"vga": vga, "hga-10um": hga, "hga-5um": finer(hga, 2), "hga-2.5um": finer(hga, 4)}
    runs, differences = {}, []
    for name, design in designs.items():
        mesh = design.mesh(coarsen=coarsen)
        resolved = cf.solve(cf.Cell(mesh, **CELL), PLATING)
        medium = replace(cf.homogenise(mesh, host=GRAPHENE), growth=cf.Growth(transport=0.0, electronic=0.0))
        twin = cf.Cell(design.envelope(dimension=1).mesh(), media={"electrode": medium}, **CELL)
        runs[f"{name}-resolved"], runs[f"{name}-homogenised"] = resolved, cf.solve(twin, PLATING)
        numbers = cf.twin_differences(resolved, runs[f"{name}-homogenised"])
        differences.append({"run": name, "tortuosity factor, z [-]": medium.tortuosity_factor[2, 2], **numbers})
    rows = cf.write_report(out, runs)
    cf.write_table(out, "differences", differences)
    print(cf.format_table(differences))
    return rows


if __name__ == "__main__":
    print(cf.format_table(main()))

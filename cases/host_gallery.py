"""Which scaffold serves Li, Na and K best, and what does its mass cost?  Published kinds of hosts side by side.

    python cases/host_gallery.py
        -> results/host_gallery/: gallery.csv, gallery.png (the hosts side by side), price.png (current at 1 % and
           risk against mAh per gram of anode), report.csv, report.html and .pvd files of the resolved pieces

Each host is resolved on a piece (its design in geometries/): porosity, area, tortuosity factors, and for each metal
the steady drop and spread of the current at 1 mA/cm2 within that piece.  Its homogenised twin is then taken 100 um
thick, the same for all, behind the same separator: it plates 3 mAh/cm2 at 1 mA/cm2, which gives drop, spread, risk and
filling, and its current at 1 %.  mAh per gram of anode counts the host (areal mass) and the metal plated: the price of
a heavy scaffold.  The twin of a foam with pores wider than 100 um (cu_foam) is a formality.  Hosts are equipotential;
dimensions are assumed where the design files say so.  Pieces have cells twice as large as their designs say
(`coarsen`); where these are too coarse for walls, gaps or bounds, a piece takes finer ones, and its row says which.
What fails is listed with its reason and does not stop the rest.
"""
from dataclasses import replace
from math import inf
from pathlib import Path

import cellfem as cf
from cellfem import materials as m
from cellfem.units import FARADAY, cm, mA, mAh, mg, um

ROOT = Path(__file__).parents[1]
CHEMISTRIES = [(m.LITHIUM, m.LIPF6_EC_DMC), (m.SODIUM, m.NAPF6_EC_PC), (m.POTASSIUM, m.KFSI_DME)]
LI22SN5 = cf.Host(name="Li22Sn5", sigma=inf, rho=2560.0, mark="illustrative: rho from a cubic cell of 1.98 nm with 16"
                  " formula units, for which no source was read")
HOSTS = {"gyroid": m.CARBON, "ni_scaffold": m.NICKEL, "cu_porous": m.COPPER, "vga": m.GRAPHENE, "hga": m.GRAPHENE,
         "rgo_random": m.GRAPHENE, "cu_foam": m.COPPER, "carbon_cloth": m.CARBON, "cnt_felt": m.CARBON,
         "cnt_mxene": m.CARBON, "graphene_balls": m.GRAPHENE, "yolk_shell": m.CARBON, "lamellar_alloy": LI22SN5}
CURRENT, CAPACITY, HEIGHT = 1 * mA / cm**2, 3 * mAh / cm**2, 100 * um
DROP, SPREAD = "concentration drop across host [%]", "plating current, max/min - 1 [%]"
RISK, FILLING = "risk, max [-]", "pore filling, max [%]"
ONE, MASS, GRAMS = "current at 1 % [mA/cm2]", "areal mass of host [mg/cm2]", "mAh per gram of anode [mAh/g]"
SHOWN = ("specific surface [1/mm]", "tortuosity factor, z [-]", "concentration drop across host, 100 um [%]",
         "plating current, max/min - 1, 100 um [%]", ONE, "risk, max, 100 um [-]", "pore filling, max, 100 um [%]",
         GRAMS)
FINER = (2.0, 1.5, 1.0)  # factors on the cells of the resolved pieces, tried in turn where walls need finer cells
SIZE = "factor on the cells of the piece [-]"


def piece(name, coarsen):
    """The resolved piece, the factor on its cells, and its homogenised medium."""
    design = cf.Geometry.load(ROOT / "geometries" / f"{name}.toml")
    for factor in (coarsen, *(finer for finer in FINER if finer < coarsen)):
        try:
            mesh = design.mesh(coarsen=factor)
            return design, mesh, factor, cf.homogenise(mesh, host=replace(HOSTS[name], sigma=inf))
        except (cf.GeometryError, cf.ConvergenceError) as error:  # no mesh, or one whose tensor passes its bounds
            failed = error
    raise failed


def cell(mesh, name, metal, electrolyte, media=None):
    """Bare separator cell with an equipotential host; metal grows on it as on itself."""
    host = replace(HOSTS[name], sigma=inf, substrate=None)
    return cf.Cell(mesh, metal=metal, electrolyte=electrolyte, host=host, separator=m.CELGARD_2500, media=media)


def twin(design):
    """One dimension: the homogenised host at the common height, a separator, a counter electrode."""
    envelope = design.envelope(dimension=1)
    return replace(envelope, size=(HEIGHT,), electrolyte=0.0, separator=25 * um, cell_size=2 * um,
                   surface_cell_size=None).mesh()


def compared(design, medium, name, metal, electrolyte):
    """The numbers of the 100 um thick twin."""
    thick = cell(twin(design), name, metal, electrolyte, {"electrode": medium})
    row = cf.report(cf.solve(thick, cf.Galvanostatic(current=CURRENT, capacity=CAPACITY)))
    mass = (1 - medium.eps) * HEIGHT * HOSTS[name].rho
    grams = 1e3 * (mass + CAPACITY * metal.M / FARADAY)  # [g/m2]
    found = {f"{key.split(' [')[0]}, 100 um [{key.split(' [')[1]}": row[key] for key in (DROP, SPREAD, RISK, FILLING)}
    return found | {ONE: cf.current_at_one_percent(thick).current / (mA / cm**2), MASS: mass / (mg / cm**2),
                    GRAMS: CAPACITY / 3.6 / grams}


def rows_of(name, coarsen, runs):
    """One row for each metal; what fails says why in its place."""
    design, mesh, factor, medium = piece(name, coarsen)
    tau = medium.tortuosity_factor
    head = {"design": name, "porosity [-]": medium.eps, "specific surface [1/mm]": medium.a_s / 1e3,
            "tortuosity factor, x [-]": tau[0, 0], "tortuosity factor, y [-]": tau[1, 1],
            "tortuosity factor, z [-]": tau[2, 2], SIZE: factor, "height of the piece [um]": design.size[-1] / um}
    for metal, electrolyte in CHEMISTRIES:
        row = {"run": f"{name}-{metal.symbol}", **head, "metal": metal.symbol, "failed": ""}
        try:
            row |= compared(design, medium, name, metal, electrolyte)
            run = cf.solve(cell(mesh, name, metal, electrolyte), cf.Steady(current=CURRENT))
            runs[row["run"]] = run
            local = cf.report(run)
            row |= {key: local[key] for key in (DROP, SPREAD, "limiting current [mA/cm2]")}
        except (ValueError, cf.ConvergenceError) as error:
            row["failed"] = str(error)
        yield row


def filled(rows):
    """All rows with all columns, what is missing as not a number."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    return [{key: row.get(key, float("nan")) for key in keys} for row in rows]


def main(out=ROOT / "results" / "host_gallery", coarsen=2.0):
    rows, runs = [], {}
    for name in HOSTS:
        try:
            rows += rows_of(name, coarsen, runs)
        except (ValueError, cf.ConvergenceError) as error:
            rows.append({"run": name, "design": name, "metal": "", "failed": str(error)})
    rows = filled(rows)
    cf.write_table(out, "gallery", rows)
    drawn = [row for row in rows if row["failed"] == ""]
    if drawn:
        cf.write_dots(out, "gallery", drawn, names="design", group="metal", values=SHOWN)
        cf.write_curves(out, "price", drawn, x=GRAMS, values=[ONE, "risk, max, 100 um [-]"], group="metal")
    print(cf.format_table(rows))
    return cf.write_report(out, runs, title="Hosts side by side")


if __name__ == "__main__":
    print(cf.format_table(main()))

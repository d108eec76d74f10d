"""Which property of the electrolyte makes a host safer?  t+, D, kappa, c_0 and temperature, each up and down.

    python cases/electrolyte_levers.py
        -> results/electrolyte_levers/: report.csv, report.html, safe.png, tornado.png

The safe current of one host (VGA's cross-section, lithium) for 2 mAh/cm2 at risk 0.5, with one property of LiPF6 in
EC:DMC changed at a time: what a high transference number, fast diffusion, a concentrated salt or a warm cell is worth.
Concentration and temperature bring along the D, kappa and t+ that the fits have there; the scaled properties are
made up, and marked so.

Last, a salt so concentrated that hardly a solvent molecule is free (t+ + 0.25), undiluted and diluted by a liquid that
does not dissolve it.  Undiluted, at 3 M, it is viscous: D and kappa a quarter.  Diluted to 1 M it flows again, D 0.8
times as before, but its ion pairs conduct badly: kappa a third.  These factors are assumptions that show the trade, and
say nothing about any one electrolyte.
"""
from dataclasses import replace
from pathlib import Path

import cellfem as cf
from cellfem.materials import CELGARD_2500, GRAPHENE, LIPF6_EC_DMC, LITHIUM
from cellfem.units import cm, from_celsius, mAh

ROOT = Path(__file__).parents[1]
CAPACITY, RISK, TOLERANCE = 2 * mAh / cm**2, 0.5, 2e-3
BASE = LIPF6_EC_DMC


def scaled(key, factor=1.0, shift=0.0, base=BASE):
    """The electrolyte with one property multiplied, and raised, at every concentration and temperature."""
    prop = getattr(base, key)
    return replace(base, **{key: replace(prop, law=lambda c, T: factor * prop(c, T) + shift, mark="illustrative",
                                         note=f"{factor:g} times the measured one, {shift:+g}")})


def paired(c_0, D, kappa):
    """The electrolyte of paired ions: a higher t+, and factors on D and kappa."""
    electrolyte = scaled("kappa", kappa, base=scaled("D", D, base=scaled("t_plus", shift=0.25)))
    assumed = f"illustrative: a paired salt; t+ + 0.25, {D:g} times D, {kappa:.3g} times kappa are assumptions"
    return replace(electrolyte, c_0=c_0, remarks=(assumed,))


LEVERS = {  # name: (electrolyte, temperature [degC])
    "base": (BASE, 25.0),
    "t+ - 0.2": (scaled("t_plus", shift=-0.2), 25.0), "t+ + 0.2": (scaled("t_plus", shift=0.2), 25.0),
    "D / 2": (scaled("D", 0.5), 25.0), "D x 2": (scaled("D", 2.0), 25.0),
    "kappa / 2": (scaled("kappa", 0.5), 25.0), "kappa x 2": (scaled("kappa", 2.0), 25.0),
    "c_0 = 0.5 M": (replace(BASE, c_0=500.0), 25.0), "c_0 = 2 M": (replace(BASE, c_0=2000.0), 25.0),
    "0 degC": (BASE, 0.0), "45 degC": (BASE, 45.0),
    "diluted, 1 M": (paired(1000.0, 0.8, 1 / 3), 25.0), "undiluted, 3 M": (paired(3000.0, 0.25, 0.25), 25.0),
}
PAIRS = {"transference number t+": ("t+ - 0.2", "t+ + 0.2"), "diffusivity D": ("D / 2", "D x 2"),
         "conductivity kappa": ("kappa / 2", "kappa x 2"), "salt concentration c_0": ("c_0 = 0.5 M", "c_0 = 2 M"),
         "temperature": ("0 degC", "45 degC"), "concentrated, paired salt": ("diluted, 1 M", "undiluted, 3 M")}


def main(out=ROOT / "results" / "electrolyte_levers", coarsen=1.0):
    mesh = cf.Geometry.load(ROOT / "geometries" / "vga_2d.toml").mesh(coarsen=1.5 * coarsen)
    cells = {name: cf.Cell(mesh, metal=LITHIUM, electrolyte=electrolyte, host=GRAPHENE, separator=CELGARD_2500,
                           temperature=from_celsius(temperature))
             for name, (electrolyte, temperature) in LEVERS.items()}
    found = {name: cf.safe_current(cell, CAPACITY, risk=RISK, tolerance=min(coarsen, 3) * TOLERANCE)
             for name, cell in cells.items()}
    rows = cf.write_safe(out, cells, found, title="Which property of the electrolyte makes a host safer?")
    cf.write_tornado(out, "tornado", rows, value="safe current [mA/cm2]", base="base", pairs=PAIRS)
    return rows


if __name__ == "__main__":
    print(cf.format_table(main()))

"""The library by name: command-line names, defaults per metal, and the catalogue as rows."""

from __future__ import annotations

import math
from dataclasses import fields

from cellfem.errors import did_you_mean, explain
from cellfem.materials import electrolytes, hosts, metals, separators, substrates
from cellfem.materials.electrolyte import CONSISTENT, Electrolyte
from cellfem.materials.hosts import Host
from cellfem.materials.metals import Metal
from cellfem.materials.property import ROLES, T_USUAL
from cellfem.materials.separators import Separator
from cellfem.materials.substrates import Substrate
from cellfem.units import um

COLUMNS = ("kind", "name", "material", "property", "value", "unit", "range", "source", "mark")


def _named(module, kind: type) -> dict:
    return {name.lower().replace("_", "-"): value for name, value in vars(module).items()
            if isinstance(value, kind) and not name.startswith("_")}


LIBRARY: dict[str, dict] = {
    "metal": _named(metals, Metal),
    "electrolyte": _named(electrolytes, Electrolyte),
    "host": _named(hosts, Host),
    "separator": _named(separators, Separator),
    "substrate": _named(substrates, Substrate),
}

DEFAULT_ELECTROLYTES = {"Li": "lipf6-ec-dmc", "Na": "napf6-ec-pc", "K": "kfsi-dme"}


def names(kind: str) -> tuple[str, ...]:
    """Command-line names of a kind ("metal", "electrolyte", "host", "separator", "substrate"), as `find` takes them."""
    return tuple(_kind(kind))


def find(kind: str, name: str) -> Metal | Electrolyte | Host | Separator | Substrate:
    """The library's material of that name: its constant in lower case with hyphens; metals also by symbol.

    Raises ValueError ("did you mean") for an unknown kind or name.

    >>> find("metal", "Li").name, find("electrolyte", "napf6-ec-pc").cation
    ('lithium', 'Na')
    """
    known = _kind(kind)
    wanted = str(name).strip().lower().replace("_", "-").replace(" ", "-")
    if kind == "metal":
        known = known | {metal.symbol.lower(): metal for metal in known.values()}
    if wanted not in known:
        raise ValueError(explain(kind, f'found "{name}"', "a name of the library is needed",
                                 did_you_mean(wanted, known)))
    return known[wanted]


def default_electrolyte(metal: Metal) -> Electrolyte:
    """The electrolyte that goes with a metal where none is named."""
    if metal.symbol not in DEFAULT_ELECTROLYTES:
        raise ValueError(explain("electrolyte", f"found none for {metal.name}", "the library knows electrolytes of "
                                 + ", ".join(DEFAULT_ELECTROLYTES), "Name one: electrolyte=..."))
    return find("electrolyte", DEFAULT_ELECTROLYTES[metal.symbol])


def catalogue() -> list[dict[str, str]]:
    """One row per value of the library, with the keys of `COLUMNS`; electrolytes at c_0 and 25 degC."""
    rows = []
    for kind, materials in LIBRARY.items():
        for name, material in materials.items():
            for row in properties(material):
                head = {"kind": kind, "name": name, "material": material.name}
                rows.append(head | dict(zip(COLUMNS[3:], row, strict=True)))
    return rows


def properties(material: Metal | Electrolyte | Host | Separator | Substrate) -> list[tuple[str, ...]]:
    """(property, value, unit, range, source, mark) of every value of a material; electrolytes at c_0 and 25 degC."""
    describe = {Metal: _metal_rows, Electrolyte: _electrolyte_rows, Host: _host_rows, Separator: _separator_rows,
                Substrate: _substrate_rows}
    return list(describe[type(material)](material))


def catalogue_markdown() -> str:
    """The catalogue for the documentation: one table per kind, values of one range and source in one row."""
    rows, sources, parts = catalogue(), [], []
    for kind in LIBRARY:
        lines = [f"### {kind.capitalize()}s", "", "| name | values | range | source | mark |", "|---|---|---|---|---|"]
        groups: dict[tuple[str, ...], list[str]] = {}
        for row in (row for row in rows if row["kind"] == kind):
            if row["source"] and row["source"] not in sources:
                sources.append(row["source"])
            source = f"[{sources.index(row['source']) + 1}]" if row["source"] else ""
            group = groups.setdefault((row["name"], row["range"], source, row["mark"]), [])
            group.append(f"{row['property']} = {row['value']}" + (f" {row['unit']}" if row["unit"] != "-" else ""))
        lines += [f"| `{name}` | {'; '.join(values)} | {span} | {source} | {mark} |"
                  for (name, span, source, mark), values in groups.items()]
        parts.append("\n".join(lines))
    parts.append("\n".join(["### Sources of the values", ""] + [f"{i}. {text}" for i, text in enumerate(sources, 1)]))
    return "\n\n".join(parts) + "\n"


def _kind(kind: str) -> dict:
    if kind not in LIBRARY:
        raise ValueError(explain("materials", f'found the kind "{kind}"', "a kind of material is needed",
                                 did_you_mean(kind, LIBRARY)))
    return LIBRARY[kind]


def _electrolyte_rows(electrolyte: Electrolyte):
    for key, role in ROLES.items():
        prop = electrolyte.properties[key]
        value = float(prop(electrolyte.c_0, T_USUAL))
        spans = [_range(*prop.c_range, "mol/m3"), _range(*prop.T_range, "K")]
        yield key, f"{value:.4g}", role.unit, ", ".join(s for s in spans if s), prop.source, prop.about
    yield ("r_NE", f"{electrolyte.nernst_einstein():.2f}", "-", f"usual {CONSISTENT[0]:g}-{CONSISTENT[1]:g}", "",
           "computed" if electrolyte.consistent else "computed: the four properties hardly fit together")


def _metal_rows(metal: Metal):
    sources, marks = dict(metal.sources), dict(metal.marks)
    values = (("M", metal.M, "kg/mol"), ("rho", metal.rho, "kg/m3"), ("E0", metal.E0, "V vs SHE"))
    for key, value, unit in values:
        yield key, f"{value:.6g}", unit, "", sources.get(key, ""), marks.get(key, "")
    yield "V_m", f"{metal.V_m:.5g}", "m3/mol", "", "", "computed: M/rho"
    units = {"i_0": "A/m2", "c_ref": "mol/m3"}
    for field in fields(metal.kinetics):
        yield (field.name, f"{getattr(metal.kinetics, field.name):g}", units.get(field.name, "-"), "",
               sources.get("kinetics", ""), marks.get("kinetics", ""))
    yield "R_film", f"{metal.R_film:g}", "Ohm m2", "", sources.get("R_film", ""), marks.get("R_film", "")


def _host_rows(host: Host):
    yield "sigma", f"{host.sigma:g}", "S/m", "", host.source, host.mark
    yield "rho", f"{host.rho:g}", "kg/m3", "", host.source, host.mark


def _separator_rows(separator: Separator):
    error = f"N_M +- {separator.macmullin_error:g}" if separator.macmullin_error else ""
    yield "eps", f"{separator.eps:g}", "-", error, separator.source, separator.mark
    yield "macmullin", f"{separator.macmullin:g}", "-", error, separator.source, separator.mark
    yield "thickness", f"{separator.thickness / um:g}", "um", error, separator.source, separator.mark


def _range(low: float, high: float, unit: str) -> str:
    if low == 0 and math.isinf(high):
        return ""
    return f"{low:g} {unit}" if low == high else f"{low:g}-{high:g} {unit}"


def _substrate_rows(substrate: Substrate):
    for symbol, value in substrate.eta:
        yield f"eta_nuc, {symbol}", f"{value:g}", "V", "", substrate.source, dict(substrate.marks).get(symbol, "")
    if substrate.eta:
        yield "q_n", f"{substrate.q_n:g}", "C/m2", "", "", "illustrative"
    else:
        yield "plating", "none", "-", "", substrate.source, ""

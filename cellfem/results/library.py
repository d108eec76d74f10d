"""The library of materials as text for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter


def format_materials(rows: Sequence[dict[str, str]]) -> str:
    """Rows of `materials.catalogue` as text: a block per material, a line per property, sources numbered at the end.

    >>> print(format_materials([{"kind": "host", "name": "iron", "material": "iron", "property": "rho", "unit": "kg/m3",
    ...                          "value": "7870", "range": "", "source": "a book", "mark": "assumed"}]))
    hosts
    <BLANKLINE>
      iron
        rho  7870 kg/m3  [1]
        -> rho: assumed
    <BLANKLINE>
    sources
      [1] a book
    """
    sources = list(dict.fromkeys(row["source"] for row in rows if row["source"]))
    name_width = max((len(row["property"]) for row in rows), default=0)
    width = max((len(_quantity(row)) for row in rows), default=0)
    lines = []
    for kind, of_kind in groupby(rows, itemgetter("kind")):
        lines += [f"{kind}s", ""]
        for (name, material), grouped in groupby(of_kind, itemgetter("name", "material")):
            lines.append(f"  {name}" + (f": {material}" if material != name else ""))
            own = list(grouped)
            for row in own:
                cite = f"[{sources.index(row['source']) + 1}]" if row["source"] else "no source"
                line = f"    {row['property']:<{name_width}}  {_quantity(row):<{width}}  {cite}  {row['range']}"
                lines.append(line.rstrip())
            lines += [f"    -> {mark}" for mark in _marks(own)] + [""]
    lines.append("sources")
    lines += [f"  [{i}] {source}" for i, source in enumerate(sources, 1)]
    return "\n".join(lines)


def _quantity(row: dict[str, str]) -> str:
    return f"{row['value']} {row['unit']}"


def _marks(rows: list[dict[str, str]]) -> list[str]:
    """Each mark of a material once, after the properties that it belongs to."""
    properties: dict[str, list[str]] = {}
    for row in rows:
        if row["mark"]:
            properties.setdefault(row["mark"], []).append(row["property"])
    return [f"{', '.join(names)}: {mark}" for mark, names in properties.items()]

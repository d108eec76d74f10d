"""What all pages share: how they are made, pictures inside, and what is told of the cells and runs behind them."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from cellfem.model.assumptions import assumptions
from cellfem.model.cell import Cell
from cellfem.model.solution import Solution
from cellfem.results.setup import COLUMNS, cell_text, property_rows, setup, steady_only
from cellfem.results.tables import by_text

ILLUSTRATIVE = "illustrative"  # the mark of a value that no source supports


@dataclass(frozen=True)
class Picture:
    """A picture of a page."""

    heading: str
    caption: str
    png: bytes

    @property
    def data(self) -> str:
        """The PNG as a data URI."""
        return "data:image/png;base64," + base64.b64encode(self.png).decode("ascii")


def rendered(template: str, **values: Any) -> str:
    """The page that a template of this folder makes of the values; they are text, not HTML."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    pages = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined,
                        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
    return pages.get_template(template).render(version=installed_version(), **values)


def told(cells: Mapping[str, Cell], runs: Mapping[str, Sequence[Solution]],
         warned: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The values of told.html: assumptions, warnings, what was run, and every property value.

    `runs` and `warned` are the runs that were made with each cell, and what was warned of, by the cells' names.
    """
    steady = [name for name in cells if all(steady_only(run.protocol) for run in runs.get(name, ()))]
    notes = by_text({name: assumptions(cell, steady=name in steady) for name, cell in cells.items()})
    return {"assumptions": [(text, who, ILLUSTRATIVE in text) for text, who in notes],
            "warnings": by_text(warned),
            "setups": [(name, setup(runs[name][0]) if len(runs.get(name, ())) == 1 else cell_text(cell, name in steady))
                       for name, cell in cells.items()],
            "columns": COLUMNS,
            "properties": [list(row.values()) for row in property_rows(cells, steady)]}


def installed_version() -> str:
    """cellfem's version, or a word where it runs without being installed."""
    try:
        return version("cellfem")
    except PackageNotFoundError:
        return "(not installed)"

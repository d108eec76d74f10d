"""Pages of studies: what was asked, tables, pictures; assumptions, warnings and property values of every cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cellfem.model.cell import Cell
from cellfem.model.solution import Solution
from cellfem.results.atomic import check_folder, write_bytes, write_text
from cellfem.results.pages import Picture, rendered, told
from cellfem.results.tables import RUN, Row, csv_text, keys_of, value_text


@dataclass(frozen=True)
class Table:
    """A table of a study's page: one line per row."""

    heading: str
    rows: Sequence[Row]
    note: str = ""

    @property
    def keys(self) -> list[str]:
        """The columns: `run` without a title, then every key that has a value somewhere."""
        return ["", *(key for key in keys_of(self.rows) if any(value_text(row.get(key)) != "-" for row in self.rows))]

    @property
    def values(self) -> list[list[str]]:
        return [[str(row[RUN]), *(value_text(row.get(key)) for key in self.keys[1:])] for row in self.rows]


def write_study(out: str | Path, name: str, *, title: str, intro: Sequence[str], parts: Sequence[Table | Picture],
                rows: Sequence[Row], cells: Mapping[str, Cell], runs: Mapping[str, Sequence[Solution]],
                files: Mapping[str, bytes]) -> None:
    """Write `name.html`, `name.csv` with `rows`, and the pictures `files` into the folder `out`.

    `cells` and `runs` are what the study computed with, by the names that its assumptions and warnings are told under.
    """
    out = check_folder(out)
    page = _page(title, intro, parts, cells, runs)
    out.mkdir(parents=True, exist_ok=True)
    for file, data in files.items():
        write_bytes(out / file, data)
    write_text(out / f"{name}.csv", csv_text(rows))
    write_text(out / f"{name}.html", page)


def _page(title, intro, parts, cells, runs) -> str:
    warned = {name: tuple(dict.fromkeys(text for run in own for text in run.warnings)) for name, own in runs.items()}
    return rendered("study.html", title=title, intro=intro, parts=parts,
                    date=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M"),
                    **told(cells, runs, _without_numbers(warned)))


def _without_numbers(warned: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Of warnings that differ by a number alone (how far c fell), the last one of each name."""
    return {name: list({"".join(ch for ch in text if not ch.isdigit()): text for text in own}.values())
            for name, own in warned.items()}

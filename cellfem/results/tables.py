"""Rows of reported numbers as plain text and as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence

from cellfem.errors import expect

Row = Mapping[str, float | str]
RUN = "run"  # the first column
FAILED = "did not converge"  # the column with the messages of rows without their numbers
LONG = 14  # characters beyond which a text stands below a table of plain text, not in it


def keys_of(rows: Sequence[Row]) -> list[str]:
    """Every key of the rows but `run`, in the order in which they are met."""
    return [key for key in dict.fromkeys(key for row in rows for key in row) if key != RUN]


def value_text(value: float | str | None) -> str:
    """A reported value for people: four significant digits, plain where that is short; '-' for what is not there.

    >>> [value_text(v) for v in (12.3456, 0.001234567, 1.2e-13, 86400.0, 1234567.0, float("inf"), None)]
    ['12.35', '0.001235', '1.2e-13', '86400', '1.235e+06', 'inf', '-']
    """
    if value is None or isinstance(value, str):
        return value or "-"
    if math.isnan(value):
        return "-"
    size = abs(value)
    if size < 1e-3 and size > 0:
        return f"{value:.2g}"
    if 1e4 <= size < 1e6:
        return f"{value:.0f}"
    return f"{value:.4g}"


def split(rows: Sequence[Row], longest: int = LONG) -> tuple[list[str], list[str]]:
    """Keys whose values fit into a table, and keys with texts (the outcome) that need lines of their own.

    Keys without a value in any run (those of a host where there is none, say) are left out.
    """
    keys = [key for key in keys_of(rows) if any(value_text(row.get(key)) != "-" for row in rows)]
    long = [k for k in keys if any(isinstance(row.get(k), str) and len(row[k]) > longest for row in rows)]
    return [k for k in keys if k not in long], long


def format_table(rows: Sequence[Row]) -> str:
    """Plain text: quantities as rows, runs as columns, and long texts such as the outcome below.

    `rows` are what `write_report` returns: one dict per run, with its name under `run`.

    >>> print(format_table([{"run": "vga-Li", "depletion, max [%]": 61.234, "limiting current [mA/cm2]": 5.4321},
    ...                     {"run": "vga-Na", "depletion, max [%]": 70.0, "limiting current [mA/cm2]": float("inf")}]))
                               vga-Li  vga-Na
    depletion, max [%]          61.23      70
    limiting current [mA/cm2]   5.432     inf
    """
    need_rows("format_table", rows)
    if not rows:
        return "no runs"
    short, long = split(rows)
    lines = [["", *(str(row[RUN]) for row in rows)]]
    lines += [[key, *(value_text(row.get(key)) for row in rows)] for key in short]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text = ["  ".join([line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))])
            for line in lines]
    for key in long:
        said = by_text({str(row[RUN]): (value_text(row.get(key)),) for row in rows})
        text += ["", key, *(f"  {who}: {what}" for what, who in said)]
    return "\n".join(line.rstrip() for line in text)


def need_rows(where: str, rows) -> None:
    """Refuse (ValueError) all but a list of rows with names."""
    expect(isinstance(rows, Sequence) and all(isinstance(row, Mapping) and RUN in row for row in rows), where, rows,
           "a list of dicts, each with its name under 'run',", "A report alone is [{'run': 'VGA', **cf.report(run)}].")


def by_text(texts: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """Each text once, with the runs that say it: "all runs", or their names."""
    said: dict[str, list[str]] = {}
    for name, own in texts.items():
        for text in dict.fromkeys(own):
            said.setdefault(text, []).append(name)
    return [(text, "all runs" if len(names) == len(texts) > 1 else ", ".join(names)) for text, names in said.items()]


def csv_text(rows: Sequence[Row]) -> str:
    """RFC 4180: `run` first, one column per key, numbers so that they read back exactly; nothing where a key misses."""
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, [RUN, *keys_of(rows)], restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({key: repr(float(v)) if _is_number(v) else v for key, v in row.items()} for row in rows)
    return buffer.getvalue()


def _is_number(value) -> bool:
    return not isinstance(value, str | bool) and value is not None

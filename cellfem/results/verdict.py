"""What a set of runs says in a few sentences: per metal the evenest run and the largest risk; whether metals agree."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cellfem.results.tables import RUN, Row, value_text

METAL, SPREAD, RISK, ENDS = "metal", "plating current, max/min - 1 [%]", "risk, max [-]", "time to depletion [s]"


def verdict(rows: Sequence[Row]) -> list[str]:
    """Sentences from the rows of `write_report`; none for a metal with fewer than two runs.

    >>> rows = [{"run": f"{d}-{m}", "metal": m, "plating current, max/min - 1 [%]": s, "risk, max [-]": r}
    ...         for d, m, s, r in (("vga", "Li", 32.0, 0.01), ("hga", "Li", 5500.0, 0.08),
    ...                            ("vga", "Na", 48.0, 0.1), ("hga", "Na", 15000.0, 1.2))]
    >>> print(*verdict(rows), sep="\\n")
    Li: vga-Li plates most evenly (max/min - 1: 32 %), hga-Li least (5500 %); largest risk 0.08 (hga-Li), below 1.
    Na: vga-Na plates most evenly (max/min - 1: 48 %), hga-Na least (15000 %); largest risk 1.2 (hga-Na), from 1 on.
    The order of designs by evenness is the same for Li and Na.
    """
    metals = list(dict.fromkeys(str(row[METAL]) for row in rows if row.get(METAL)))
    of = {metal: [row for row in rows if row.get(METAL) == metal] for metal in metals}
    said = [_of_metal(metal, of[metal]) for metal in metals if len(of[metal]) > 1]
    return [text for text in (*said, _agreement(of)) if text]


def _of_metal(metal: str, rows: Sequence[Row]) -> str:
    parts = []
    even = _sorted(rows, SPREAD)
    if len(even) > 1:
        parts.append(f"{even[0][RUN]} plates most evenly (max/min - 1: {value_text(even[0][SPREAD])} %),"
                     f" {even[-1][RUN]} least ({value_text(even[-1][SPREAD])} %)")
    risky = _sorted(rows, RISK)
    if risky:
        most = risky[-1]
        parts.append(f"largest risk {value_text(most[RISK])} ({most[RUN]}), "
                     + ("from 1 on" if most[RISK] >= 1 else "below 1"))
    first = _sorted(rows, ENDS)
    if first:
        parts.append(f"{first[0][RUN]} runs out of ions first, after {value_text(first[0][ENDS])} s")
    return f"{metal}: {'; '.join(parts)}." if parts else ""


def _agreement(of: dict[str, Sequence[Row]]) -> str:
    """Whether all metals put the designs, named as the runs without their metal, in the same order."""
    orders = {metal: [str(row[RUN]).removesuffix(f"-{metal}") for row in _sorted(rows, SPREAD)]
              for metal, rows in of.items()}
    metals = list(orders)
    if len(metals) < 2 or any(len(order) < 2 or set(order) != set(orders[metals[0]]) for order in orders.values()):
        return ""
    names = ", ".join(metals[:-1]) + f" and {metals[-1]}"
    if all(order == orders[metals[0]] for order in orders.values()):
        return f"The order of designs by evenness is the same for {names}."
    return "The order of designs by evenness depends on the metal: " + "; ".join(
        f"{metal}: {', '.join(order)}" for metal, order in orders.items()) + "."


def _sorted(rows: Sequence[Row], key: str) -> list[Row]:
    """Rows with a finite number under `key`, the smallest first."""
    return sorted((row for row in rows if isinstance(row.get(key), int | float) and math.isfinite(row[key])),
                  key=lambda row: row[key])

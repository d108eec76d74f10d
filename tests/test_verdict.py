"""The few sentences on top of a report."""

from __future__ import annotations

from cellfem.results.verdict import verdict

SPREAD, RISK, ENDS = "plating current, max/min - 1 [%]", "risk, max [-]", "time to depletion [s]"


def row(design, metal, spread, risk, ends=float("inf")):
    return {"run": f"{design}-{metal}", "metal": metal, SPREAD: spread, RISK: risk, ENDS: ends}


def test_one_run_needs_no_verdict():
    assert verdict([row("vga", "Li", 3.0, 0.1)]) == []
    assert verdict([row("vga", "Li", 3.0, 0.1), row("vga", "Na", 4.0, 0.1)]) == []


def test_metals_that_disagree_are_told():
    rows = [row("vga", "Li", 3.0, 0.1), row("hga", "Li", 9.0, 0.2),
            row("vga", "K", 8.0, 0.1), row("hga", "K", 5.0, 0.2)]
    assert verdict(rows)[-1] == "The order of designs by evenness depends on the metal: Li: vga, hga; K: hga, vga."


def test_the_first_to_run_out_is_named():
    rows = [row("vga", "Na", 3.0, 1.4, 900.0), row("hga", "Na", 9.0, 2.0, 60.0)]
    assert "from 1 on; hga-Na runs out of ions first, after 60 s." in verdict(rows)[0]


def test_numbers_that_are_missing_are_left_out():
    bare = [{"run": "a-Li", "metal": "Li"}, {"run": "b-Li", "metal": "Li", SPREAD: float("nan"), RISK: 0.3}]
    assert verdict(bare) == ["Li: largest risk 0.3 (b-Li), below 1."]
    assert verdict([{"run": "a"}, {"run": "b"}]) == []

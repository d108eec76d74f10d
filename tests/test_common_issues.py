"""docs/common-issues.md has an entry for every message that the source can raise or warn with."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "cellfem"
PAGE = ROOT / "docs" / "common-issues.md"
ANY = "..."
# Where the arguments (where, found, allowed) stand in calls that lead to a message; None: not given there.
EXPLAIN = (0, 1, 2)
FORWARDS = {
    ("geometry/rules.py", "_fail"): (1, 2, 3),
    ("geometry/cad.py", "fail"): (0, 1, 2),
    ("geometry/cad_check.py", "fail"): (0, 1, 2),
    ("model/bounds.py", "_fail"): (0, 1, 2),
    ("numerics/newton.py", "_message"): (0, 1, None),
    ("model/medium.py", "check"): (0, 2, 3),
    ("model/tensors.py", "check"): (0, 2, 3),
    ("studies/one_percent.py", "need_number"): (0, None, 2),
    ("studies/safe.py", "need_number"): (0, None, 2),
    ("studies/sand.py", "need_number"): (0, None, 2),
    ("results/sandpage.py", "need_number"): (0, None, 2),
    ("materials/electrolyte.py", "append"): (0, None, None),
    ("physics/film.py", "append"): (0, None, None),
    ("materials/hosts.py", "warn"): (0, None, None),
    ("materials/metals.py", "warn"): (0, None, None),
}
BARE = {"ArgumentTypeError", "OSError"}  # raised with a text of their own, which a message then takes in
INTERNAL = {("results/vtu.py", "array ... has ... rows where the part has ...")}  # no input leads there


def pattern(node: ast.AST | None) -> str:
    """The text of an expression, `...` for what is filled in."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else ANY for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return pattern(node.left) + pattern(node.right)
    return ANY


def plain(text: str) -> str:
    """One line, without marks of code, every filled-in piece as `...`."""
    text = re.sub(r"\s+", " ", text.replace("`", ""))
    return re.sub(r"(?:\.{3} ?)+(?=\.{3})", "", text).strip()


def messages(source: str, file: str) -> list[tuple[int, str]]:
    """(line, 'where: found; allowed') of every message in a file; those without a word of their own are left out."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and _name(node.exc) in BARE:
            found.append((node.lineno, pattern(node.exc.args[0])))
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args \
                and isinstance(node.exc.args[0], ast.Constant | ast.JoinedStr) and _name(node.exc) not in BARE:
            found.append((node.lineno, pattern(node.exc.args[0])))
        if not isinstance(node, ast.Call):
            continue
        if _name(node) == "expect":
            found.append((node.lineno, f"{pattern(node.args[1])}: found {ANY}; {pattern(node.args[3])} is needed"))
        places = EXPLAIN if _name(node) == "explain" else FORWARDS.get((file, _name(node)))
        if places is None or (len(places) > 1 and len(node.args) <= max(p for p in places if p is not None)):
            continue
        where, what, allowed = (pattern(node.args[p]) if p is not None else None for p in places)
        text = where if what is None and allowed is None else f"{where}: {what or ANY}; {allowed or ANY}"
        found.append((node.lineno, text))
    found += [(node.lineno, pattern(node.value)) for function in ast.walk(ast.parse(source))
              if isinstance(function, ast.FunctionDef) and function.name == "_lost_message"
              for node in ast.walk(function) if isinstance(node, ast.Return)]
    return [(line, plain(text)) for line, text in found if re.search("[a-z]{2}", re.sub("found|is needed", "", text))]


def _name(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def all_messages() -> dict[str, str]:
    """Message -> where it arises."""
    return {text: f"{path.relative_to(ROOT)}:{line}" for path in sorted(PACKAGE.rglob("*.py"))
            for line, text in messages(path.read_text(), path.relative_to(PACKAGE).as_posix())
            if (path.relative_to(PACKAGE).as_posix(), text) not in INTERNAL}


def entries() -> set[str]:
    """The messages that the page explains: the code in the first column of its tables."""
    rows = re.findall(r"^\| (.*?) \|", PAGE.read_text(), flags=re.M)
    return {plain(code) for row in rows for code in re.findall(r"``? ?(.*?) ?``?(?=<br>|$)", row)}


def test_every_message_has_its_entry():
    known = entries()
    missing = [f"{place}: `{text}`" for text, place in all_messages().items() if text not in known]
    assert not missing, "docs/common-issues.md needs rows for\n" + "\n".join(missing)


def test_every_entry_has_its_message():
    stale = entries() - set(all_messages()) - {"message"}
    assert not stale, "no message of the source is\n" + "\n".join(sorted(stale))


def test_every_entry_says_what_it_means_and_what_to_do():
    for line in PAGE.read_text().splitlines():
        if line.startswith("| `"):
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            assert len(cells) == 3 and all(len(cell) > 15 for cell in cells[1:]), line


@pytest.mark.parametrize("source, text", [
    ('explain(f"{file}: c_0", f"found {x!r}", "a positive one" " is needed", "Do.")',
     "...: c_0: found ...; a positive one is needed"),
    ('explain(where, found, allowed, do)', None),
    ('expect(good, "solve.cell", cell, "a cf.Cell", "Do.")', "solve.cell: found ...; a cf.Cell is needed"),
    ('raise ValueError("no way")', "no way"),
    ('raise ValueError(text)', None),
])
def test_the_scan_sees_messages(source, text):
    assert [found for _, found in messages(source, "x.py")] == ([] if text is None else [text])


if __name__ == "__main__":  # the rows that are missing, to be filled in
    known = entries() if PAGE.is_file() else set()
    print(*(f"| `{text}` | {place} | |" for text, place in all_messages().items() if text not in known), sep="\n")

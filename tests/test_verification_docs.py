"""docs/verification.md is what the verification tests write: every case, its text, its figure, bounds that hold."""

from __future__ import annotations

import re

import pytest
from verification import book

CHAPTERS = book.chapters()
CASES = {name: text for chapter in CHAPTERS.values() for name, text in chapter.cases.items()}


@pytest.fixture(scope="module")
def text():
    assert book.BOOK.exists(), "run `make verify`"
    return book.BOOK.read_text()


def test_every_chapter_and_case_stands_in_the_book_as_it_is(text):
    expected = [f"## {book.title(chapter.text)}" for chapter in CHAPTERS.values()]
    assert re.findall(r"^## .*$", text, flags=re.M) == expected
    headings = [f"### {book.title(case)}" for case in CASES.values()]
    assert re.findall(r"^### .*$", text, flags=re.M) == headings
    for name, case in CASES.items():
        assert book.section(case, name) in text, f"{name}: run `make verify`"
    for chapter in CHAPTERS.values():
        for paragraph in book.paragraphs(chapter.text)[1:]:
            assert paragraph in text


@pytest.mark.parametrize("name", CASES)
def test_every_case_states_problem_exact_answer_measurement_and_figure(text, name):
    problem, *_ = [part for part in book.paragraphs(CASES[name]) if part.startswith("Problem:")]
    answer, *_ = [part for part in book.paragraphs(CASES[name]) if part.startswith("Exact:")]
    assert len(problem) > 30 and len(answer) > 20
    part = text.split(f"`{name}`")[1].split("\n### ")[0]
    assert re.search(r"^\|---", part, flags=re.M), "a table of what was measured"
    assert f"({(book.FIGURES / book.slug(name)).as_posix()}.png)" in part


def numbers(cells: list[str]) -> list[float]:
    return [float(cell.split()[0]) for cell in cells]


def test_printed_errors_keep_their_bounds(text):
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("|")]
    checked = 0
    for row in rows:
        if row[0] == "quantity":
            is_order = "observed order" in row
        elif not row[0].startswith("---"):
            found, bound = numbers(row[-2:])
            assert found >= bound if is_order else found <= bound, row
            checked += 1
    assert checked > 100


def test_figures_are_those_of_the_cases():
    folder = book.BOOK.parent / book.FIGURES
    assert {path.stem for path in folder.glob("*")} == {book.slug(name) for name in CASES}
    assert sum(path.stat().st_size for path in folder.glob("*.png")) < 2e6


def test_numbers_are_masked_and_words_are_not():
    assert book.mask("| c | 1.20e-05 | -3 |") == book.mask("| c | 9 | 4.5 |")
    assert book.mask("N- at 0.5") == "N- at #"
    assert book.mask("| c | 1.2 |") != book.mask("| psi | 1.2 |")


def test_a_page_asserts_its_bounds():
    page = book.Page("test_x", "Title.")
    page.close("a", 1.0001, 1.0, 1e-3)
    page.close("b", 5.0, 5.1, 0.2, "um")
    assert page.order("c", [1, 0.5, 0.25], [4.0, 1.0, 0.25], 1.9) == pytest.approx(2)
    for wrong in (lambda: page.close("a", 1.01, 1.0, 1e-3), lambda: page.close("b", 5.0, 5.5, 0.2, "um"),
                  lambda: page.below("d", 2e-3, 1e-3), lambda: page.order("c", [1, 0.5], [2.0, 1.0], 1.9),
                  lambda: page.close("nan", float("nan"), 1.0, 1e-3), lambda: page.below("nan", float("nan"), 1.0)):
        with pytest.raises(AssertionError):
            wrong()

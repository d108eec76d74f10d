"""docs/materials.md shows the library as it is; `python tests/test_materials_docs.py` rewrites its catalogue."""

from __future__ import annotations

import doctest
from pathlib import Path

from cellfem import materials

PAGE = Path(__file__).parents[1] / "docs" / "materials.md"
MARKER = "do not edit below this line -->\n"


def page() -> str:
    text = PAGE.read_text(encoding="utf-8")
    return text[: text.index(MARKER) + len(MARKER)] + "\n" + materials.catalogue_markdown()


def test_the_catalogue_in_the_docs_is_the_library():
    assert PAGE.read_text(encoding="utf-8") == page(), f"run python {Path(__file__).name}"


def test_the_examples_of_the_page_run():
    result = doctest.testfile(str(PAGE), module_relative=False)
    assert result.attempted >= 8
    assert result.failed == 0


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

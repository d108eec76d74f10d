"""The documentation is true: snippets run, commands parse, links lead somewhere, versions agree."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
TEXT = {".md", ".py", ".toml", ".cff", ".html", ".in", ".csv", ".txt", ".yml", ".yaml", ""}


def tracked() -> list[Path]:
    """Text files of the repository; of the working tree where there is no git."""
    try:
        listing = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
        paths = [ROOT / name for name in listing.splitlines()]
    except (OSError, subprocess.CalledProcessError):
        paths = [p for p in ROOT.rglob("*") if not re.search(r"/(\.\w+|results|build|__pycache__)/", str(p))]
    return [p for p in paths if p.is_file() and p.suffix in TEXT]


def blocks(path: Path, *languages: str) -> list[str]:
    """The fenced code blocks of a page in one of the languages ("" for a bare fence)."""
    fences = re.findall(r"^```(\w*)\n(.*?)^```", path.read_text(), flags=re.M | re.S)
    return [block for language, block in fences if language in languages]


def snippets(language: str) -> list:
    return [pytest.param(block, id=f"{page.relative_to(ROOT)}-{number}")
            for page in PAGES for number, block in enumerate(blocks(page, language))]


CASES = {path.read_text() for path in (ROOT / "cases").glob("*.py")}


def is_script(block: str) -> bool:
    """Neither a case, which runs elsewhere, nor a session with >>>, which pytest collects as a doctest."""
    return block not in CASES and not block.startswith(">>>")


@pytest.mark.parametrize("block", [param for param in snippets("python") if is_script(param.values[0])])
def test_python_snippets_run(block, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    exec(compile(block, "snippet", "exec"), {"__name__": "snippet"})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_sessions_stand_in_fences(page):
    """Outside of them Markdown takes >>> for a quote in a quote in a quote."""
    assert ">>>" not in re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)


def test_readme_shows_the_case_as_it_is():
    assert set(blocks(ROOT / "README.md", "python")) & CASES, "the README's script is not a file of cases/ any more"


def commands():
    for page in PAGES:
        for block in blocks(page, "", "sh", "bash", "console", "text"):
            for line in block.splitlines():
                yield page.name, line.split("  #")[0].strip().removeprefix("$ ")


@pytest.mark.parametrize("line", sorted({line for _, line in commands() if line.startswith("cellfem ")}))
def test_documented_commands_parse(line, monkeypatch):
    from cellfem import cli

    monkeypatch.chdir(ROOT)
    arguments = cli.parse(shlex.split(line)[1:])
    for design in getattr(arguments, "designs", []):
        assert (ROOT / design).is_file()


def test_documented_make_targets_exist():
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), flags=re.M))
    used = {line.split()[1] for _, line in commands() if line.startswith("make ")}
    assert {"demo", "test"} <= used <= targets


@pytest.mark.parametrize("block", snippets("toml"))
def test_toml_snippets_are_designs(block, tmp_path):
    import cellfem as cf

    path = tmp_path / "design.toml"
    path.write_text(block)
    assert cf.Geometry.load(path).name


def anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as code hosts make them."""
    heads = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_resolve(page):
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
    broken = []
    for target in re.findall(r"\]\(((?:[^()\s]|\([^()]*\))+)\)", text):
        if re.match(r"https?://", target):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        if not path.is_file() or (anchor and anchor not in anchors(path)):
            broken.append(target)
    assert not broken


def test_every_page_of_docs_is_in_the_index():
    index = (ROOT / "docs" / "index.md").read_text()
    assert [p.name for p in (ROOT / "docs").glob("*.md") if p.name != "index.md" and f"({p.name})" not in index] == []


def test_equations_are_numbered_through_and_references_lead_to_one():
    numbers = [int(n) for n in re.findall(r"\\tag\{(\d+)\}", (ROOT / "docs" / "theory.md").read_text())]
    assert numbers == list(range(1, len(numbers) + 1))
    for path in tracked():
        for n in re.findall(r"theory(?:\.md)?,? \((\d+)\)", path.read_text()):
            assert int(n) in numbers, f"{path.name} points to equation ({n})"


def test_every_reported_number_is_defined():
    import cellfem as cf
    from cellfem.materials import CELGARD_2500, GRAPHENE, LIPF6_EC_DMC, LITHIUM

    mesh = cf.Geometry.load(ROOT / "geometries" / "vga.toml").mesh(coarsen=6)
    cell = cf.Cell(mesh, metal=LITHIUM, electrolyte=LIPF6_EC_DMC, host=GRAPHENE, separator=CELGARD_2500)
    reported = set(cf.report(cf.solve(cell, cf.Galvanostatic(current=20.0, duration=1.0))))
    patchy = cf.MosaicFilm(shares=(0.5, 0.5), films=(cf.Film(R=1e-2), cf.Film(R=1e-3)), correlation_length=5e-6)
    steps = [cf.Galvanostatic(current=sign * 20.0, duration=5.0) for sign in (1, -1)]
    reported |= set(cf.report(cf.solve(replace(cell, film=patchy), steps)))  # numbers of such runs alone
    plane = replace(cell, mesh=cf.Geometry.load(ROOT / "geometries" / "slab.toml").mesh(coarsen=6))
    reported |= set(cf.report(cf.current_at_one_percent(plane).solution))
    page = (ROOT / "docs" / "conventions.md").read_text()
    table = page[page.index("## Reported numbers"):page.index("## Files")]
    defined = {name for row in re.findall(r"^\|(.*?)\|", table, flags=re.M) for name in re.findall(r"`(.*?)`", row)}
    assert defined == reported


def test_no_machine_paths():
    pattern = re.compile(r"(?<![\w.:/~$*-])/(?:home|root|work|Users|mnt|tmp)/\w")
    found = [f"{p.relative_to(ROOT)}: {m.group()}" for p in tracked() for m in pattern.finditer(p.read_text())]
    assert not found


def test_versions_agree():
    import cellfem

    citation = re.search(r"^version: (.*)$", (ROOT / "CITATION.cff").read_text(), flags=re.M).group(1)
    assert cellfem.__version__ == citation


def test_dependencies_are_explained_with_their_licence():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    page = (ROOT / "docs" / "decisions.md").read_text()
    for line in [*project["dependencies"], *project["optional-dependencies"]["test"]]:
        assert re.split(r"[^\w-]", line)[0] in page.lower(), line

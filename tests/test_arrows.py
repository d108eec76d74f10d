"""Who may import whom: the rooms of docs/decisions.md, read from the source with ast."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "cellfem"

COMMON = {"units", "errors", "fields"}
MODEL = COMMON | {"physics", "materials", "geometry", "numerics", "model"}
ROOMS = {
    "units": set(),
    "errors": set(),
    "fields": {"units"},
    "physics": COMMON,
    "materials": COMMON | {"physics"},
    "geometry": COMMON,
    "numerics": {"errors"},
    "model": MODEL,
    "studies": MODEL | {"studies"},
    "results": MODEL - {"numerics"} | {"studies"},
    "cli": MODEL - {"numerics"} | {"studies", "results"},
    "__main__": {"cli"},
    "__init__": MODEL - {"numerics"} | {"studies", "results"},
}
# A solution can write itself; it looks for the writer only when asked to.
TURNED = {("cellfem.model.solution", "cellfem.results.export")}
# Slow to import, or in need of a display: only inside the functions that draw.
DRAWING = {"pyvista", "matplotlib", "mpl_toolkits", "vtk", "vtkmodules"}
ONLY_IN = {"pydantic": {"geometry"}, "skfem": {"geometry", "numerics", "model", "results"}, "tqdm": {"cli", "studies"}}


def modules() -> dict[str, Path]:
    """Dotted name -> file of every module of the package."""
    names = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return names


MODULES = modules()


def imports(source: str, module: str = "", is_package: bool = False) -> list[tuple[str, bool]]:
    """(imported module, imported at the top?) for each import; names imported from a package count as modules."""
    found = []

    def visit(node: ast.AST, top: bool) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                found.extend((alias.name, top) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                base = child.module or ""
                if child.level:
                    parents = module.split(".")[: -child.level + (1 if is_package else 0) or None]
                    base = ".".join(parents + ([child.module] if child.module else []))
                found.append((base, top))
                names = (f"{base}.{alias.name}" for alias in child.names)
                found.extend((name, top) for name in names if name in MODULES)
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            visit(child, top and not inside and not _is_type_checking(child))

    visit(ast.parse(source), True)
    return found


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def wrong_arrows(module: str, source: str, is_package: bool = False) -> list[str]:
    wrong = []
    for target, top in imports(source, module, is_package):
        if not target.startswith("cellfem"):
            continue
        if target == "cellfem" and room(module) == "cli":
            continue  # the command line speaks to the library as a script does
        if target == "cellfem":
            wrong.append(f"{module} imports the public names of cellfem; import the room instead")
        elif room(target) not in ROOMS[room(module)] | {room(module)} and ((module, target) not in TURNED or top):
            wrong.append(f"{module} imports {target}")
        elif room(module) == "results" and target.startswith("cellfem.model.system"):
            wrong.append(f"{module} imports {target}: results read solutions, never systems")
    return wrong


@pytest.mark.parametrize("module", MODULES)
def test_arrows_point_one_way(module):
    path = MODULES[module]
    if module == "cellfem":
        wrong = [t for t, _ in imports(path.read_text(), module, True)
                 if t.startswith("cellfem") and room(t) not in ROOMS["__init__"]]
    else:
        wrong = wrong_arrows(module, path.read_text(), path.name == "__init__.py")
    assert not wrong


@pytest.mark.parametrize("source", [
    "from cellfem.model.cell import Cell",
    "from cellfem.model import cell",
    "import cellfem.model.cell",
    "def late():\n    from cellfem.model.cell import Cell",
    "from ..model import cell",
    "from cellfem import model",
    "import cellfem as cf",
])
def test_a_wrong_arrow_is_seen(source):
    MODULES.setdefault("cellfem.model", PACKAGE / "model" / "__init__.py")
    assert wrong_arrows("cellfem.physics.transport", source)


def test_a_turned_arrow_must_stay_inside_its_function():
    line = "from cellfem.results.export import write_solution"
    assert wrong_arrows("cellfem.model.solution", line)
    assert not wrong_arrows("cellfem.model.solution", f"def write():\n    {line}")


@pytest.mark.parametrize("module", MODULES)
def test_drawing_libraries_are_imported_where_they_draw(module):
    top = {name.split(".")[0] for name, top in imports(MODULES[module].read_text(), module) if top}
    assert not top & DRAWING


@pytest.mark.parametrize("module", MODULES)
def test_third_party_libraries_are_declared_and_in_their_rooms(module):
    declared = {re.split(r"[^\w-]", line)[0] for line in _project()["dependencies"]}
    provides = {"scikit-fem": {"skfem"}, "matplotlib": {"matplotlib", "mpl_toolkits"},
                "vtk": {"vtk", "vtkmodules"}}
    allowed = set.union({"cellfem"}, set(sys.stdlib_module_names), *(provides.get(name, {name}) for name in declared))
    used = {name.split(".")[0] for name, _ in imports(MODULES[module].read_text(), module)}
    assert used <= allowed
    for library, rooms in ONLY_IN.items():
        assert library not in used or room(module) in rooms
    if room(module) == "physics":
        assert used <= {"numpy", "cellfem"} | set(sys.stdlib_module_names), "physics is numpy only"


def _project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.mark.parametrize("case", sorted((ROOT / "cases").glob("*.py")), ids=lambda path: path.stem)
def test_cases_import_only_cellfem(case):
    used = {name.split(".")[0] for name, _ in imports(case.read_text())}
    assert used <= {"cellfem"} | set(sys.stdlib_module_names)

"""The verification book: what each verification test measured, as docs/verification.md with a figure per case.

A verification test asks for the fixture `page` and tells it what it computes; the page asserts the bound and keeps
the row.  The text of a section is the test's docstring: a title, a paragraph "Problem: ..." and one "Exact: ...".
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "docs" / "verification.md"
FIGURES = Path("images") / "verification"  # beside the book
CHAPTERS = ("plane", "closed", "electrode", "bodies", "limits", "manufactured", "time")
MODULES = tuple(f"test_verification_{chapter}" for chapter in CHAPTERS)
NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d*)?(?:e[-+]?\d+)?(?![\w.])")
HEAD = """# Verification

Written by the tests: `make verify` runs them and rewrites this page and its figures. Each section is one test: the
problem, its exact answer, and what cellfem gets, with the bound that the test asserts. Errors are relative unless they
carry a unit. An observed order is the slope of log(error) over log(cell size), fitted through all meshes.
"""


@dataclass
class Page:
    """What one test measured."""

    name: str  # of the test
    text: str  # its docstring
    rows: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    orders: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    drawings: list = field(default_factory=list)

    def close(self, quantity: str, value: float, exact: float, within: float, unit: str = "") -> None:
        """Assert |value - exact| <= within: relative to |exact|, or absolute where a unit is given ("-" for none)."""
        error = abs(value - exact) / (1.0 if unit else abs(exact))
        shown = "" if unit in ("", "-") else f" {unit}"
        self.rows.append((quantity, f"{value:.6g}", f"{exact:.6g}", f"{error:.1e}{shown}", f"{within:.0e}{shown}"))
        assert error <= within, f"{quantity}: {value!r} against {exact!r}: {error:.2e} > {within:g}"

    def below(self, quantity: str, error: float, within: float) -> None:
        """Assert that an error that has no single exact value, such as the norm of a difference, is small."""
        self.rows.append((quantity, "", "", f"{error:.1e}", f"{within:.0e}"))
        assert error <= within, f"{quantity}: {error:.2e} > {within:g}"

    def order(self, quantity: str, h, errors, at_least: float) -> float:
        """Fit the slope of log(error) over log(h) and assert it."""
        h, errors = np.asarray(h, dtype=float), np.asarray(errors, dtype=float)
        slope = float(np.polyfit(np.log(h), np.log(errors), 1)[0])
        self.orders.append((quantity, f"{errors[0]:.1e}", f"{errors[-1]:.1e}", f"{slope:.2f}", f"{at_least:g}"))
        assert slope >= at_least, f"{quantity}: order {slope:.3f} < {at_least} with errors {errors}"
        return slope

    def draw(self, drawing) -> None:
        """Keep `drawing(axes)` for the figure; it runs only when the book is written."""
        self.drawings.append(drawing)

    def convergence(self, xlabel: str, lines: dict, slope: float = 2.0) -> None:
        """A log-log figure of errors; `lines` maps a label to (h, errors)."""
        def drawing(axes):
            for label, (h, errors) in lines.items():
                axes.loglog(h, errors, "o-", label=label, markersize=3)
            h, errors = np.asarray(next(iter(lines.values())), dtype=float)
            axes.loglog(h, 0.5 * errors[0] * (h / h[0]) ** slope, "k:", label=f"slope {slope:g}")
            axes.set(xlabel=xlabel, ylabel="error")
            axes.set_xticks(h, [f"{size:.3g}" for size in h])
            axes.set_xticks([], minor=True)
            axes.legend()

        self.draw(drawing)

    def compare(self, xlabel: str, ylabel: str, exact: tuple, found: dict, log: bool = False) -> None:
        """A figure of the exact curve (x, y) with what cellfem gets: label -> (x, y), as points."""
        def drawing(axes):
            axes.plot(*exact, "k-", label="exact", linewidth=0.8)
            for label, points in found.items():
                axes.plot(*points, "o", label=label, markersize=4, fillstyle="none")
            axes.set(xlabel=xlabel, ylabel=ylabel)
            if log:
                axes.set(xscale="log", yscale="log")
            axes.legend()

        self.draw(drawing)

    def markdown(self) -> str:
        lines = [section(self.text, self.name)]
        if self.rows:
            lines += ["| quantity | cellfem | exact | error | bound |", "|---|---|---|---|---|"]
            lines += ["| " + " | ".join(row) + " |" for row in self.rows] + [""]
        if self.orders:
            lines += ["| quantity | error, coarsest | error, finest | observed order | at least |",
                      "|---|---|---|---|---|"]
            lines += ["| " + " | ".join(row) + " |" for row in self.orders] + [""]
        if self.drawings:
            lines += [f"![{title(self.text)}]({(FIGURES / (slug(self.name) + '.png')).as_posix()})", ""]
        return "\n".join(lines)

    def save_figures(self, folder: Path) -> None:
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt

        if not self.drawings:
            return
        with plt.rc_context({"font.size": 8, "legend.fontsize": 7, "legend.frameon": False, "lines.linewidth": 1.2}):
            figure, axes = plt.subplots(1, len(self.drawings), figsize=(3.6 * len(self.drawings), 2.6), squeeze=False)
            for drawing, ax in zip(self.drawings, axes[0], strict=True):
                drawing(ax)
            figure.tight_layout()
            (folder / FIGURES).mkdir(parents=True, exist_ok=True)
            figure.savefig(folder / FIGURES / f"{slug(self.name)}.png", dpi=110, metadata={"Software": None})
            plt.close(figure)


def slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.removeprefix("test_").lower()).strip("-")


def paragraphs(text: str) -> list[str]:
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", text.strip())]


def title(text: str) -> str:
    return paragraphs(text)[0].rstrip(".")


def section(text: str, name: str) -> str:
    """Heading and text of a case, from its test's docstring."""
    head, *body = paragraphs(text)
    body = [re.sub(r"^(Problem|Exact):", r"**\1:**", part) for part in body]
    return "\n\n".join([f"### {head.rstrip('.')}", *body, f"`{name}`\n"])


def mask(text: str) -> str:
    """The text with every number replaced, to compare what does not depend on the machine's last digits."""
    return NUMBER.sub("#", text)


@dataclass(frozen=True)
class Chapter:
    """What a test module contributes, read from its source without running it."""

    text: str  # docstring of the module
    cases: dict[str, str]  # test -> docstring


def chapters() -> dict[str, Chapter]:
    """Module name -> chapter, in the book's order."""
    found = {}
    for module in MODULES:
        tree = ast.parse((ROOT / "tests" / f"{module}.py").read_text())
        tests = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
                 and any(argument.arg == "page" for argument in node.args.args)]
        found[module] = Chapter(ast.get_docstring(tree), {node.name: ast.get_docstring(node) for node in tests})
    return found


def write(pages: dict[str, Page], folder: Path) -> Path:
    """Write verification.md and its figures into `folder` from the pages of all cases."""
    parts = [HEAD]
    for chapter in chapters().values():
        parts += [f"## {title(chapter.text)}\n", *(part + "\n" for part in paragraphs(chapter.text)[1:])]
        for name in chapter.cases:
            parts.append(pages[name].markdown())
            pages[name].save_figures(folder)
    path = folder / BOOK.name
    path.write_text("\n".join(parts).rstrip() + "\n")
    return path

"""The fixture `page` of the verification tests, and the options that keep their book and the results of the cases."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from verification import book

PAGES = pytest.StashKey[dict]()


def pytest_addoption(parser):
    parser.addoption("--verification-docs", metavar="FOLDER", type=Path,
                     help="write verification.md and its figures into this folder; needs -m verification")
    parser.addoption("--case-results", metavar="FOLDER", type=Path,
                     help="keep what the small cases write in this folder")


def pytest_configure(config):
    config.addinivalue_line("markers", "verification: compares with an exact answer; a section of docs/verification.md")
    config.stash[PAGES] = {}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.stem in book.MODULES and "page" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.verification)


@pytest.fixture
def page(request):
    """Where a verification test tells what it measured; fails where the committed book says something else."""
    failed = request.session.testsfailed
    page = book.Page(request.node.name, inspect.getdoc(request.function))
    yield page
    if request.session.testsfailed > failed:
        return
    request.config.stash[PAGES][page.name] = page
    if request.config.getoption("--verification-docs") is None and book.BOOK.exists():
        if book.mask(page.markdown()) not in book.mask(book.BOOK.read_text()):
            pytest.fail("docs/verification.md does not show this case as it is: run `make verify`", pytrace=False)


def pytest_sessionfinish(session):
    folder = session.config.getoption("--verification-docs")
    if folder is None or session.config.option.collectonly:
        return
    pages = session.config.stash[PAGES]
    missing = [name for chapter in book.chapters().values() for name in chapter.cases if name not in pages]
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if missing:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter.write_line(f"\nverification.md is not written: no result of {', '.join(missing)}", red=True)
    else:
        reporter.write_line(f"\nwrote {book.write(pages, folder)}")

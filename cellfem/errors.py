"""Errors written for an electrochemist: where, what was found, what is allowed, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from numbers import Real
from pathlib import Path

SHOWN = 60  # characters of what was found


class GeometryError(ValueError):
    """A design or mesh that cannot conduct ions or electrons as asked."""


class ConvergenceError(RuntimeError):
    """A field that did not converge and is therefore not returned; `history` holds one row per Newton step."""

    def __init__(self, message: str, history: tuple = ()):
        super().__init__(message)
        self.history = history


class TrustWarning(UserWarning):
    """A number that deserves less trust than it shows; repeated in the report."""


def explain(where: str, found: str, allowed: str, do: str) -> str:
    """The four parts of a message, as one text.

    >>> explain("walls.pitch_um", "found -3", "a positive length is needed", "Give the wall-to-wall period.")
    'walls.pitch_um: found -3; a positive length is needed. Give the wall-to-wall period.'
    """
    return f"{where}: {found}; {allowed}. {do}"


def expect(good: bool, where: str, value, needed: str, do: str) -> None:
    """Raise ValueError with what was found, unless it is `good`.

    >>> expect(isinstance(3, str), "run", 3, "a name", 'Write "vga-Li", say.')
    Traceback (most recent call last):
    ValueError: run: found 3; a name is needed. Write "vga-Li", say.
    """
    if not good:
        raise ValueError(explain(where, f"found {shown(value)}", f"{needed} is needed", do))


def shown(value) -> str:
    """What was found, in few words: a number, text or short list as it stands, else its kind."""
    text = repr(value)
    return text if isinstance(value, Real | str | list | tuple | None) and len(text) <= SHOWN else \
        f"an object of the kind {type(value).__name__}"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """'Did you mean "x"?', or the list of known names where none is near."""
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f'Did you mean "{near[0]}"?' if near else "Known names: " + ", ".join(known) + "."


def near_file(path: Path, suffix: str) -> str:
    """'Did you mean "x"?' of the files beside a missing `path`, '' where none has nearly its name."""
    if path.exists():
        return ""
    files = sorted(file.name for file in path.parent.glob(f"*{suffix}"))
    near = difflib.get_close_matches(path.name, files, n=1, cutoff=0.75)
    return f'Did you mean "{near[0]}"?' if near else ""

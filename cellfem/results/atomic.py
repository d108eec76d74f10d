"""Files that are either whole or not there: written under another name, flushed to disk, then renamed."""

from __future__ import annotations

import contextlib
import os
import tempfile
from os import PathLike
from pathlib import Path

from cellfem.errors import expect, explain

_SUFFIX = ".part"  # no reader of results takes such a file for its own


def write_bytes(path: str | Path, data: bytes) -> Path:
    """Write `data` to `path` so that a reader meets the old file or the new one, never a piece of it.

    The bytes go to a temporary file in the same folder (a rename is atomic only inside one file system), reach the
    disk (fsync), and take the name with `os.replace`.  If anything fails the temporary file is removed.
    """
    path = Path(path)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=_SUFFIX, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())  # mkstemp is private to its owner; results are ordinary files
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    return path


def write_text(path: str | Path, text: str) -> Path:
    """`write_bytes` of UTF-8 text, line ends as given."""
    return write_bytes(path, text.encode("utf-8"))


def check_folder(path: str | Path) -> Path:
    """The folder `path`, after making sure that results can be written there; to be called before a long run.

    Nothing is left behind: a missing folder is not created, its nearest existing parent is tried instead.

    Raises ValueError where a file is in the way or the place cannot be written.
    """
    expect(isinstance(path, str | PathLike), "output folder", path, "a path",
           'The folder stands first: "results/x", say.')
    folder = Path(path).expanduser()
    where = f"output folder {folder}"
    try:
        existing = next(p for p in (folder, *folder.absolute().parents) if p.exists())
        if not existing.is_dir():
            raise ValueError(explain(where, f"{existing} is a file", "a folder or a free name is needed",
                                     "Choose another folder, or move that file away."))
        handle, temporary = tempfile.mkstemp(prefix=".cellfem.", suffix=_SUFFIX, dir=existing)
        os.close(handle)
        os.unlink(temporary)
    except OSError as error:
        raise ValueError(explain(where, f"cannot be written ({error.strerror or error})",
                                 "a folder in which files can be made is needed",
                                 "Choose another folder, or mend its permissions.")) from error
    return folder


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

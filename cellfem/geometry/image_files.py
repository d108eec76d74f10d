"""Voxel images from files that are not to be trusted: sizes are checked against the file before anything is read."""

from __future__ import annotations

import contextlib
import logging
import lzma
import math
import struct
import tokenize
import zipfile
import zlib
from pathlib import Path

import numpy as np

from cellfem.errors import did_you_mean, explain

MOST_BYTES = 2_000_000_000  # of an image in memory
MOST_PACKED = 1100  # times that deflate can shrink data
LARGEST_HEADER = 10_000  # [bytes] of an array's description in .npy
SUFFIXES = (".npy", ".npz", ".tif", ".tiff")
# what readers of damaged files raise, each by the fault that it happens upon first
DAMAGED = (ValueError, TypeError, IndexError, KeyError, AttributeError, ArithmeticError, RuntimeError, AssertionError,
           EOFError, OSError, MemoryError, SyntaxError, struct.error, zlib.error, lzma.LZMAError, zipfile.BadZipFile,
           NotImplementedError, tokenize.TokenError)


def read_array(path: Path, where: str) -> np.ndarray:
    """The array in a .npy, .npz or .tif file, in the file's own order of axes.

    Raises ValueError, beginning with `where`, for files that cannot be read, that are larger than MOST_BYTES
    unpacked, or whose header claims more than the file holds.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(explain(where, f'found the file "{path.name}"', "an image in .tif, .npy or .npz is needed",
                                 "Save the stack as one TIFF file, or with numpy.save."))
    try:
        size = path.stat().st_size
        if path.is_dir() or size == 0:
            raise OSError("a folder" if path.is_dir() else "it is empty")
        return {".npy": _npy, ".npz": _npz}.get(suffix, _tiff)(path, size)
    except FileNotFoundError:
        near = [other.name for other in path.parent.glob(f"*{suffix}")] if path.parent.is_dir() else []
        do = did_you_mean(path.name, near) if near else "Mind the path: it starts at the design file's folder."
        fault = "no such file"
    except DAMAGED as error:
        fault, do = str(error).splitlines()[0][:200] if str(error) else type(error).__name__, \
            "Save it again: one uncompressed TIFF stack, or numpy.save."
    raise ValueError(explain(where, f'cannot read "{path.name}" ({fault})', "a whole image file is needed", do))


def _npy(path: Path, size: int) -> np.ndarray:
    with path.open("rb") as file:
        shape, dtype = _described(file)
        _check_claim(shape, dtype, size - file.tell())
    return np.load(path, allow_pickle=False, max_header_size=LARGEST_HEADER)


def _described(file) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and kind of numbers that the header of an .npy claims."""
    version = np.lib.format.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError("an unknown version of .npy")
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(file, max_header_size=LARGEST_HEADER)
    if dtype.hasobject:
        raise ValueError("it holds Python objects, which may carry code")
    return shape, dtype


def _check_claim(shape, dtype: np.dtype, held: int) -> None:
    claimed = math.prod(shape) * dtype.itemsize
    if min(shape, default=1) < 0 or claimed != held:
        raise ValueError(f"its header claims {claimed} bytes of numbers, the file holds {held}")
    if claimed > MOST_BYTES:
        raise ValueError(f"{claimed:.3g} bytes, more than {MOST_BYTES:.3g}: crop it first")


def _npz(path: Path, size: int) -> np.ndarray:
    with zipfile.ZipFile(path) as archive:
        entries = [entry for entry in archive.infolist() if entry.filename.endswith(".npy")]
        if len(entries) != 1:
            raise ValueError(f"{len(entries)} arrays in it, one is needed")
        if entries[0].file_size > MOST_BYTES or entries[0].file_size > MOST_PACKED * size:
            raise ValueError(f"it claims to unpack to {entries[0].file_size} bytes")
        with archive.open(entries[0]) as file:
            shape, dtype = _described(file)
            _check_claim(shape, dtype, entries[0].file_size - file.tell())
            data = file.read(math.prod(shape) * dtype.itemsize)
        return np.frombuffer(data, dtype=dtype).reshape(shape)


@contextlib.contextmanager
def _quiet(name: str):
    """Without what a library logs: faults are told once, by the error."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)


def _tiff(path: Path, size: int) -> np.ndarray:
    import tifffile

    with _quiet("tifffile"), tifffile.TiffFile(path, _multifile=False) as file:
        series = file.series[0]
        claimed, held = series.size * series.dtype.itemsize, 0
        for page in series.pages:
            if page is None:
                raise ValueError("a page is missing")
            held += sum(page.databytecounts)
            if any(begin + count > size for begin, count in zip(page.dataoffsets, page.databytecounts, strict=True)):
                raise ValueError("it is cut off: a page lies beyond the end of the file")
        packed = any(page.compression != 1 for page in series.pages)
        if held > size or claimed > held * (MOST_PACKED if packed else 1):
            raise ValueError(f"its header claims {claimed} bytes of numbers, the file holds {held}")
        if claimed > MOST_BYTES:
            raise ValueError(f"{claimed:.3g} bytes, more than {MOST_BYTES:.3g}: crop it first")
        return series.asarray(maxworkers=1)

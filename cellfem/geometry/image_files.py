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

from cellfem.errors import explain, near_file

MOST_BYTES = 2_000_000_000  # of an image in memory
MOST_PACKED = 1100  # times that deflate can shrink data
LARGEST_HEADER = 10_000  # [bytes] of an array's description in .npy
SUFFIXES = (".npy", ".npz", ".tif", ".tiff")
# what readers of damaged files raise, each by the fault that it happens upon first
DAMAGED = (ValueError, TypeError, IndexError, KeyError, AttributeError, ArithmeticError, RuntimeError, AssertionError,
           EOFError, OSError, MemoryError, SyntaxError, struct.error, zlib.error, lzma.LZMAError, zipfile.BadZipFile,
           NotImplementedError, tokenize.TokenError)


def described(path: Path, where: str) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and kind of numbers of the array in a file, from its header alone; raises what `read_array` raises."""
    return _guarded(path, where, {".npy": _npy_header, ".npz": _npz_header}, _tiff_header)


def read_array(path: Path, where: str, ranges: tuple[slice, ...] = ()) -> np.ndarray:
    """The array in a .npy, .npz or .tif file, in the file's own order of axes, or the part of it within `ranges`.

    Raises ValueError, beginning with `where`, for files that cannot be read, of which more than MOST_BYTES would be
    kept, or whose header claims more than the file holds.
    """
    return _guarded(path, where, {".npy": lambda *file: _npy(*file, ranges), ".npz": lambda *file: _npz(*file, ranges)},
                    lambda *file: _tiff(*file, ranges))


def _guarded(path: Path, where: str, readers: dict, tiff):
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(explain(where, f'found the file "{path.name}"', "an image in .tif, .npy or .npz is needed",
                                 "Save the stack as one TIFF file, or with numpy.save."))
    try:
        size = path.stat().st_size
        if path.is_dir() or size == 0:
            raise OSError("a folder" if path.is_dir() else "it is empty")
        return readers.get(suffix, tiff)(path, size)
    except FileNotFoundError:
        do = near_file(path, suffix) or "Mind the path: it starts at the design file's folder."
        fault = "no such file"
    except DAMAGED as error:
        fault, do = str(error).splitlines()[0][:200] if str(error) else type(error).__name__, \
            "Save it again: one uncompressed TIFF stack, or numpy.save."
    raise ValueError(explain(where, f'cannot read "{path.name}" ({fault})', "a whole image file is needed", do))


def _npy_header(path: Path, size: int) -> tuple[tuple[int, ...], np.dtype]:
    with path.open("rb") as file:
        shape, _, dtype = _described(file)
        _check_claim(shape, dtype, size - file.tell())
    return shape, dtype


def _npy(path: Path, size: int, ranges) -> np.ndarray:
    shape, dtype = _npy_header(path, size)
    _check_size(shape, dtype, ranges)
    kept = np.load(path, mmap_mode="r", allow_pickle=False, max_header_size=LARGEST_HEADER)[ranges]
    return np.array(kept)


def _described(file) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, whether the first axis runs fastest, and kind of numbers that the header of an .npy claims."""
    version = np.lib.format.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError("an unknown version of .npy")
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(file, max_header_size=LARGEST_HEADER)
    if dtype.hasobject:
        raise ValueError("it holds Python objects, which may carry code")
    return shape, fortran, dtype


def _check_claim(shape, dtype: np.dtype, held: int) -> None:
    claimed = math.prod(shape) * dtype.itemsize
    if min(shape, default=1) < 0 or claimed != held:
        raise ValueError(f"its header claims {claimed} bytes of numbers, the file holds {held}")


def _check_size(shape, dtype: np.dtype, ranges) -> None:
    counts = [len(range(n)[r]) for n, r in zip(shape, ranges, strict=False)] + list(shape[len(ranges):])
    kept = math.prod(counts) * dtype.itemsize
    if kept > MOST_BYTES:
        raise ValueError(f"{kept:.3g} bytes, more than {MOST_BYTES:.3g}: crop it first")


def _npz_header(path: Path, size: int) -> tuple[tuple[int, ...], np.dtype]:
    with zipfile.ZipFile(path) as archive:
        entry = _only_array(archive, size)
        with archive.open(entry) as file:
            shape, _, dtype = _described(file)
            _check_claim(shape, dtype, entry.file_size - file.tell())
    return shape, dtype


def _only_array(archive: zipfile.ZipFile, size: int) -> zipfile.ZipInfo:
    entries = [entry for entry in archive.infolist() if entry.filename.endswith(".npy")]
    if len(entries) != 1:
        raise ValueError(f"{len(entries)} arrays in it, one is needed")
    if entries[0].file_size > MOST_PACKED * size:
        raise ValueError(f"it claims to unpack to {entries[0].file_size} bytes")
    return entries[0]


def _npz(path: Path, size: int, ranges) -> np.ndarray:
    """Unpacked layer by layer along the slowest axis, so that only what is kept stays in memory."""
    with zipfile.ZipFile(path) as archive:
        entry = _only_array(archive, size)
        with archive.open(entry) as file:
            shape, fortran, dtype = _described(file)
            _check_claim(shape, dtype, entry.file_size - file.tell())
            _check_size(shape, dtype, ranges)
            slow = shape[::-1] if fortran else shape
            wanted = tuple(ranges) + tuple(slice(None) for _ in range(len(shape) - len(ranges)))
            wanted = wanted[::-1] if fortran else wanted
            keep, layers = range(slow[0])[wanted[0]], []
            for k in range(slow[0]):
                data = file.read(math.prod(slow[1:]) * dtype.itemsize)
                if k in keep:
                    layers.append(np.frombuffer(data, dtype=dtype).reshape(slow[1:])[wanted[1:]])
    found = np.stack(layers) if layers else np.empty([0, *slow[1:]], dtype)
    return found.T if fortran else found


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


def _tiff_header(path: Path, size: int) -> tuple[tuple[int, ...], np.dtype]:
    with _tiff_series(path, size) as series:
        return tuple(series.shape), series.dtype


def _tiff(path: Path, size: int, ranges) -> np.ndarray:
    with _tiff_series(path, size) as series:
        _check_size(series.shape, series.dtype, ())  # pages are unpacked as a whole
        return series.asarray(maxworkers=1)[ranges]


@contextlib.contextmanager
def _tiff_series(path: Path, size: int):
    """The first stack of pages, whose claims agree with the file."""
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
        yield series

"""Properties that vary with depth, as design files say them: constant, linear, exponential, piecewise or a table."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from cellfem.errors import did_you_mean, explain
from cellfem.units import um

FORMS = "a number, {linear = [top, bottom]}, {exponential = [top, bottom]}, {piecewise = [...], edges_um = [...]} or" \
    " {table = [...], depth_um = [...]}"
PLACES = {"piecewise": "edges_um", "table": "depth_um"}  # law -> key of its depths
SHORTEST = 1e-3 * um  # [m] between two depths
KNOTS = 65  # depths at which a function of a profile is tabulated
LAWS = ("linear", "exponential", *PLACES)


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A property by depth below the top (the mouth) of the host.

    With xi = depth/height: `linear` v_0 + (v_1 - v_0) xi; `exponential` v_0 (v_1/v_0)^xi; `piecewise` one value per
    layer, `depth` being the edges between them; `table` linear between its rows, constant beyond them.
    """

    law: str  # "constant" or one of LAWS
    values: tuple[float, ...]  # in SI, from the top down
    depth: tuple[float, ...] = ()  # [m] of the edges or rows, increasing
    where: str = field(default="profile", compare=False)  # where messages say that it stands

    def at(self, depth: np.ndarray, height: float) -> np.ndarray:
        """Values at depths [m] below the top of a host of that height [m]."""
        depth = np.clip(depth, 0.0, height)
        values = np.array(self.values)
        match self.law:
            case "linear":
                return values[0] + (values[1] - values[0]) * (depth / height)
            case "exponential":
                return values[0] * (values[1] / values[0]) ** (depth / height)
            case "piecewise":
                return values[np.searchsorted(self.depth, depth, side="right")]
            case "table":
                return np.interp(depth, self.depth, values)
        return np.full(np.shape(depth), values[0])

    @property
    def varies(self) -> bool:
        return len(set(self.values)) > 1

    def mean(self, height: float) -> float:
        """Over the height of the host."""
        edges = np.unique([0.0, height, *self.depth, *np.linspace(0, height, 1001)])
        return float(np.average(self.at((edges[1:] + edges[:-1]) / 2, height), weights=np.diff(edges)))

    def slope(self, depth: np.ndarray, height: float) -> np.ndarray:
        """Change per way down, of laws without jumps."""
        step = 1e-5 * height
        return (self.at(depth + step, height) - self.at(depth - step, height)) / (2 * step)

    def mapped(self, of: Callable[[np.ndarray], np.ndarray], height: float) -> Profile:
        """The profile of of(value): layers stay layers, what varies without jumps becomes a table."""
        if self.law in ("constant", "piecewise"):
            return replace(self, values=tuple(np.asarray(of(np.array(self.values))).tolist()))
        depth = np.unique([*self.depth, *np.linspace(0, height, KNOTS)])
        values = of(self.at(depth, height)).tolist()
        return replace(self, law="table", values=tuple(values), depth=tuple(depth.tolist()))


def read_profile(given: Any, where: str, unit: float = 1.0) -> Profile:
    """The profile that a key of a design file says, its values times `unit`; ValueError names `where`."""
    if _number(given):
        return Profile(law="constant", values=(given * unit,), where=where)
    if not isinstance(given, dict):
        _fail(where, f"found {_shown(given)}", f"{FORMS} is needed", "Depths count from the top of the host down.")
    law = next((name for name in LAWS if name in given), None)
    if law is None:
        _fail(where, f"found the keys {', '.join(given) or 'none'}", f"{FORMS} is needed",
              did_you_mean(next(iter(given), ""), LAWS))
    places = PLACES.get(law)
    for key in given:
        if key not in (law, places):
            _fail(f"{where}.{key}", "found a key that is not known here", f"{law} goes with {places or 'no other key'}",
                  did_you_mean(key, [law, *([places] if places else [])]))
    values = _numbers(given[law], f"{where}.{law}")
    depth = _numbers(given.get(places), f"{where}.{places}") if places else []
    _check_counts(law, values, depth, where)
    return Profile(law=law, values=tuple(v * unit for v in values), depth=tuple(d * um for d in depth), where=where)


def _check_counts(law: str, values: list[float], depth: list[float], where: str) -> None:
    wanted = {"piecewise": len(depth) + 1, "table": max(len(depth), 2)}.get(law, 2)
    if len(values) != wanted or (law == "table" and len(depth) < 2):
        allowed = {"piecewise": "one value more than edges is needed",
                   "table": "as many values as depths, at least two, are needed"}
        _fail(f"{where}.{law}", f"found {len(values)} values" + (f" and {len(depth)} depths" if law in PLACES else ""),
              allowed.get(law, "two values, at the top and at the bottom, are needed"),
              "Count from the top of the host down.")
    for before, after in itertools.pairwise(depth):
        if after - before < SHORTEST / um:
            _fail(f"{where}.{PLACES[law]}", f"found {after:.10g} after {before:.10g}", "depths that increase are"
                  " needed", "Sort the rows from the top of the host (0) down to the collector; a jump is a piecewise"
                  " profile.")
    if depth and depth[0] < 0:
        _fail(f"{where}.{PLACES[law]}", f"found {depth[0]:g}", "depths from 0 on are needed",
              "0 is the top of the host.")
    if law == "exponential" and min(values) <= 0:
        _fail(f"{where}.exponential", f"found {min(values):g}", "positive values are needed", "Use a linear profile for"
              " values that reach 0.")


def check_depths(profile: Profile, height: float) -> None:
    """Raise ValueError where the depths of a profile reach beyond a host of that height [m]."""
    key = f"{profile.where}.{PLACES.get(profile.law, '')}"
    for depth in profile.depth:
        if depth > height * (1 + 1e-9):
            _fail(key, f"found {depth / um:.6g}", f"depths up to the host's height {height / um:.6g} um are needed",
                  "Depths are in um and count from the top of the host.")
        if profile.law == "piecewise" and not SHORTEST <= depth <= height - SHORTEST:
            _fail(key, f"found {depth / um:.6g}", f"edges between 0 and the host's height {height / um:.6g} um are"
                  " needed", "An edge parts two layers: leave it out, and one value, where there is one layer.")


def check_range(profile: Profile, good, found_unit: float, allowed: str, do: str) -> None:
    """Raise ValueError where a value of the profile is not `good` (a function of one value in SI)."""
    for value in profile.values:
        if not (math.isfinite(value) and good(value)):
            _fail(profile.where, f"found {value / found_unit:g}", allowed, do)


def _numbers(given: Any, where: str) -> list[float]:
    if not isinstance(given, list) or not all(_number(value) for value in given):
        _fail(where, f"found {_shown(given)}", "a list of numbers is needed", "Write it like [0.5, 0.8].")
    return [float(value) for value in given]


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300 and value == value


def _shown(value: Any) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _fail(where: str, found: str, allowed: str, do: str):
    raise ValueError(explain(where, found, allowed, do))

"""What was run, in words: materials, surface, counter electrode and protocol of a run; its property values as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields

import numpy as np

from cellfem.materials import Substrate, properties
from cellfem.model.assumptions import replaced_by_cell
from cellfem.model.cell import Cell
from cellfem.model.counter import Foil, Reservoir
from cellfem.model.protocol import Potentiostatic, Rest, Steady, Step
from cellfem.model.solution import Solution
from cellfem.model.surface import nucleations
from cellfem.results.figures import time_text
from cellfem.results.tables import by_text
from cellfem.units import ZERO_CELSIUS, cm, mA, mAh, mV

COLUMNS = ("material", "property", "value", "unit", "range", "source", "mark", "runs")


def setup(run: Solution) -> str:
    """Materials, temperature, surface, counter electrode and protocol of a run in a line."""
    steps = "; then ".join(step_text(step) for step in run.protocol)
    return cell_text(run.cell, steady_only(run.protocol)) + (f"; {steps}" if steps else "")


def steady_only(protocol: Sequence[Step]) -> bool:
    """Whether metal is taken as there from the start: a steady state knows no nucleation."""
    return bool(protocol) and all(isinstance(step, Steady) for step in protocol)


def cell_text(cell: Cell, steady: bool = False) -> str:
    """A cell in a line; `steady`: metal is there already."""
    named = [own.name for own in (cell.metal, cell.electrolyte, cell.host, cell.separator) if own is not None]
    words = [*named, f"{cell.temperature - ZERO_CELSIUS:.4g} degC", _law(cell.kinetics_used),
             f"film {_span(cell.film_resistance)} Ohm m2"]
    if not steady and cell.bare is not None:
        words += [_nucleation(name, kind, cell) for name, kind in nucleations(cell).items()]
    if callable(cell.blocked) or isinstance(cell.blocked, Mapping):
        words.append("part of the surface blocked by a coating, by place")
    elif cell.blocked:
        words.append(f"{100 * cell.blocked:.4g} % of the surface blocked by a coating")
    if np.any(cell.metal_at_start > 0):
        plated = cell.sites.mean(cell.metal_at_start) / (mAh / cm**2)
        words.append(f"{plated:.4g} mAh per cm2 of true area plated before")
    words.append(_counter(cell))
    return ", ".join(words)


def _law(kinetics) -> str:
    """A law of kinetics with its numbers, in SI units as its docstring says."""
    numbers = ", ".join(f"{field.name} = {getattr(kinetics, field.name):.4g}" for field in fields(kinetics)
                        if isinstance(getattr(kinetics, field.name), int | float))
    return f"{type(kinetics).__name__} ({numbers})"


def _span(values: np.ndarray) -> str:
    low, high = float(np.min(values)), float(np.max(values))
    return f"{low:.4g}" if high - low <= 1e-9 * high else f"{low:.4g} to {high:.4g}"


def _nucleation(name: str, kind, cell: Cell) -> str:
    """How metal starts on one kind of surface."""
    if isinstance(kind, Substrate) and kind.blocked:
        return f"{name}: {kind.name}, nothing plates"
    at = cell.sites.kind == cell.sites.kinds.index(name) if name in cell.sites.kinds else np.zeros(0, dtype=bool)
    eta = cell.bare.eta_nuc[at] if at.any() else np.array([-np.inf])
    barrier = "metal starts without a barrier" if np.all(np.isneginf(eta)) else \
        f"nucleation at {_span(np.where(np.isneginf(eta), 0.0, eta) / mV)} mV"
    return f"{name}: " + (f"{kind.name}, " if isinstance(kind, Substrate) else "") + barrier


def _counter(cell: Cell) -> str:
    if isinstance(cell.counter, Foil):
        return f"counter electrode: foil with {_law(cell.counter_kinetics)}, film" \
               f" {_span(cell.counter_film.resistance(np.zeros((cell.mesh.dim(), 1))))} Ohm m2"
    return "counter electrode: " + ("reservoir at c_0" if isinstance(cell.counter, Reservoir) else "uniform flux")


def step_text(step: Step) -> str:
    """A step of a protocol in words.

    >>> from cellfem.model.protocol import Galvanostatic
    >>> step_text(Galvanostatic(current=20.0, capacity=36000.0))
    'plating at 2 mA/cm2 up to 1 mAh/cm2'
    """
    density = mA / cm**2
    if isinstance(step, Rest):
        return f"rest for {time_text(step.duration)}"
    if isinstance(step, Potentiostatic):
        return f"{step.voltage / mV:.4g} mV for {time_text(step.duration)}"
    doing = f"{'plating' if step.current > 0 else 'stripping'} at {abs(step.current) / density:.4g} mA/cm2"
    if isinstance(step, Steady):
        return f"{doing}, steady state"
    return f"{doing} " + (f"for {time_text(step.duration)}" if step.capacity is None
                          else f"up to {step.capacity / (mAh / cm**2):.4g} mAh/cm2")


def property_rows(cells: Mapping[str, Cell], steady: Sequence[str] = ()) -> list[dict[str, str]]:
    """Every property value that the cells use, once, with unit, range, source, mark and the runs that use it.

    Runs named in `steady` leave out nucleation; kinetics and films that a cell replaces are left out of its metal's.
    """
    rows = {name: [tuple(row) for own in _materials(cell, name in steady) for row in _rows(own, cell)]
            for name, cell in cells.items()}
    return [dict(zip(COLUMNS, (*row, who), strict=True)) for row, who in by_text(rows)]


def _materials(cell: Cell, steady: bool) -> list:
    others = [medium.electrolyte for medium in (cell.media or {}).values()]
    bare = [] if steady else [kind for kind in nucleations(cell).values() if isinstance(kind, Substrate)]
    return [own for own in (cell.metal, cell.electrolyte, *others, cell.host, cell.separator, *bare) if own is not None]


def _rows(material, cell: Cell):
    unused = replaced_by_cell(cell) if material is cell.metal else set()
    if "kinetics" in unused:
        unused |= {field.name for field in fields(cell.metal.kinetics)}
    for name, *values in properties(material):
        if name not in unused:
            yield material.name, name, *values

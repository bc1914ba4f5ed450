"""Sweeps, here or on a Ray cluster."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypedDict, Union

from ._errors import UsageError
from ._stakeout import Scenario, Sweep, written
from ._stakeout import sweep as _sweep

Values = Mapping[str, object]
Levels = Mapping[str, Union[Sequence[object], str]]


class Plan(TypedDict):
    """The arguments of the compiled function: texts, as the command line takes them."""

    file: str
    over: list[str]
    points: list[list[tuple[str, str]]] | None
    set: list[tuple[str, str]]
    replicates: int | None
    outputs: list[str] | None
    design: str | None
    twin: bool | None
    out: str | None
    extend: bool


def pairs(values: Values) -> list[tuple[str, str]]:
    """Paths and texts."""
    return [(path, written(value)) for path, value in values.items()]


def sweep(
    what: Scenario | str | os.PathLike[str],
    over: Levels | None = None,
    *,
    points: Iterable[Values] | None = None,
    set: Values | None = None,
    replicates: int | None = None,
    outputs: Sequence[str] | None = None,
    design: str | None = None,
    twin: bool | None = None,
    out: str | os.PathLike[str] | None = None,
    extend: bool = False,
    shard: tuple[int, int] | None = None,
    threads: int | None = None,
    engine: str = "local",
    shards: int | None = None,
) -> Sweep:
    """Runs a scenario at many points and keeps every cell, so that nothing is ever run twice.

    ``what`` is a sweep file; with ``over`` or ``points`` it is a scenario or its file. ``over`` maps paths to lists of
    values, or to a text such as ``"1 %..10 %/4"``; several make the design, a grid unless ``design`` says otherwise.
    ``points`` lists points one by one. Plan, cells and results are those of ``stakeout sweep``: they lie in ``out``,
    or in ``sweeps/NAME``, and whoever calls again goes on where the last one stopped.

    ``engine="ray"`` hands ``shards`` parts to a Ray cluster (``pip install 'stakeout-sim[ray]'``); ``out`` must then be a
    folder that every node sees. The result has the same bytes.

    A point that the scenario refuses, or a cell that fails, does not end the sweep: it is a row of ``failures`` and a
    warning, and ``results`` has only the points that ran.
    """
    changes: list[tuple[str, str]] = []
    file = what
    if isinstance(what, Scenario):
        if over is None and points is None:
            raise UsageError("a sweep of a Scenario needs `over` or `points`; a sweep file says both itself")
        file, changes = what.path, list(what.changes)
    if over is not None and points is not None:
        raise UsageError("`over` and `points` exclude each other")
    plan: Plan = {
        "file": os.fspath(file),  # type: ignore[arg-type]
        "over": [f"{path}={_levels(path, values)}" for path, values in (over or {}).items()],
        "points": None if points is None else [pairs(point) for point in points],
        "set": changes + pairs(set or {}),
        "replicates": replicates,
        "outputs": None if outputs is None else list(outputs),
        "design": design,
        "twin": twin,
        "out": None if out is None else os.fspath(out),
        "extend": extend,
    }
    if engine == "local":
        return told(_sweep(**plan, shard=shard, threads=threads))
    if engine != "ray":
        raise UsageError(f"no engine `{engine}`; there are local and ray")
    if shard is not None or threads is not None:
        raise UsageError("`shard` and `threads` are Ray's to choose")
    from .ray import sweep_on_ray

    return told(sweep_on_ray(plan, shards))


def told(done: Sweep) -> Sweep:
    """The sweep, with a warning where something of it failed."""
    failures = done.failures
    if len(failures) > 0:
        lines = failures["why"][0].splitlines()
        first = next((line for line in lines if line.startswith("error: ")), lines[0])
        warnings.warn(
            f"{len(failures)} failure{'s' if len(failures) > 1 else ''} among {done.points} points; "
            f"point {failures['point'][0]}: {first}",
            stacklevel=3,
        )
    return done


def _levels(path: str, values: Sequence[object] | str) -> str:
    if isinstance(values, str):
        return values
    texts = [written(value) for value in values]
    if not texts:
        raise UsageError(f"`{path}` has no values")
    for value, text in zip(values, texts):
        if (isinstance(value, str) and "," in text) or ".." in text:
            raise UsageError(f"`{text}` cannot stand in a list of values: use `points`")
    return ", ".join(texts)


def run_shard(plan: Mapping[str, Any], index: int, of: int, threads: int) -> int:
    """Runs one part of a plan and says how many cells were run; for schedulers."""
    return _sweep(**plan, shard=(index, of), threads=threads).cells_run

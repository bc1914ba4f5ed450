"""Doors to other programs that choose points: SALib, Optuna, the EMA workbench.

Nothing here needs them: a problem of SALib is a dict, an optimiser is asked and told, and the workbench reads tables.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ._errors import UsageError
from ._stakeout import Scenario, Sweep
from ._sweep import sweep


@dataclass(frozen=True)
class Factor:
    """A number in a scenario that a method may choose between two ends."""

    path: str
    """Dotted path of the field."""
    low: float
    """Lower end, in the unit."""
    high: float
    """Upper end, in the unit."""
    unit: str = ""
    """Unit as a scenario writes it, such as ``"%"``; empty for a bare number."""
    is_count: bool = False
    """Only whole numbers."""
    digits: int = 6
    """Significant digits that are written. What a sampler draws has more, and fields that are held exactly refuse them."""

    def written(self, value: float) -> str:
        """A value with its unit."""
        number = str(int(round(value))) if self.is_count else _plain(value, self.digits)
        return f"{number} {self.unit}" if self.unit else number


def _plain(value: float, digits: int) -> str:
    """A number without an exponent."""
    text = format(Decimal(format(value, f".{max(digits, 1) - 1}e")), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def salib_problem(factors: Sequence[Factor]) -> dict[str, Any]:
    """The problem that SALib's samplers and analysers take."""
    return {
        "num_vars": len(factors),
        "names": [factor.path for factor in factors],
        "bounds": [[factor.low, factor.high] for factor in factors],
    }


def at(factors: Sequence[Factor], values: Iterable[float]) -> dict[str, str]:
    """One point as a scenario takes it."""
    return {factor.path: factor.written(float(value)) for factor, value in zip(factors, values)}


def evaluate(
    what: Scenario | str | os.PathLike[str],
    factors: Sequence[Factor],
    samples: Iterable[Iterable[float]],
    output: str,
    **options: Any,
) -> list[float]:
    """The mean of one figure at every sample, in order: what SALib's analysers take. Options are those of ``sweep``.

    Every sample has a value: one that the scenario refuses raises ``UsageError``, and where no replicate has the figure the
    value is NaN.
    """
    points = [at(factors, sample) for sample in samples]
    done = sweep(what, points=points, **options)
    return _means(done, output)


def _means(done: Sweep, output: str) -> list[float]:
    """A value a point, in the order of the points: a refused one has no row in the results."""
    points = done.results["point"]
    if len(points) < done.points:
        refused = next(row for row in done.failures.rows_as_dicts() if row["point"] not in points)
        raise UsageError(f"point {refused['point']} cannot be run: {refused['why']}")
    return [float("nan") if mean is None else mean for mean in done.results[output]]


class AskTell:
    """The loop around an optimiser that is asked for points and told what they came to, such as Optuna's study::

        study = optuna.create_study(directions=["minimize"])
        loop = stakeout.AskTell(scenario, factors, ["verification_overhead"], out="sweeps/optuna", replicates=4)
        loop.run(study, rounds=10, batch=4)

    Each round is a sweep of its own in a folder below ``out``, so a loop that is run again with the same seed of the
    optimiser finds its cells.
    """

    def __init__(
        self,
        what: Scenario | str | os.PathLike[str],
        factors: Sequence[Factor],
        outputs: Sequence[str],
        *,
        out: str | os.PathLike[str],
        value: Callable[[Mapping[str, float]], Sequence[float]] | None = None,
        **options: Any,
    ) -> None:
        self.what = what
        self.factors = list(factors)
        self.outputs = list(outputs)
        self.out = os.fspath(out)
        self.value = value
        self.options = options
        self.rounds = 0

    def suggest(self, trial: Any) -> dict[str, str]:
        """A point that a trial of Optuna proposes."""
        values = [
            trial.suggest_int(factor.path, int(factor.low), int(factor.high))
            if factor.is_count
            else trial.suggest_float(factor.path, factor.low, factor.high)
            for factor in self.factors
        ]
        return at(self.factors, values)

    def evaluate(self, points: Sequence[Mapping[str, str]]) -> list[list[float]]:
        """What each point came to: the outputs, or what ``value`` makes of them."""
        self.rounds += 1
        folder = os.path.join(self.out, f"round-{self.rounds:04}")
        done = sweep(self.what, points=points, out=folder, extend=True, **self.options)
        columns = {output: _means(done, output) for output in self.outputs}
        found = [{output: columns[output][row] for output in self.outputs} for row in range(len(points))]
        if self.value is None:
            return [[figures[output] for output in self.outputs] for figures in found]
        return [list(self.value(figures)) for figures in found]

    def run(self, study: Any, rounds: int, batch: int = 1) -> None:
        """Asks for ``batch`` points, evaluates them together and tells, ``rounds`` times."""
        for _ in range(rounds):
            trials = [study.ask() for _ in range(batch)]
            points = [self.suggest(trial) for trial in trials]
            for trial, values in zip(trials, self.evaluate(points)):
                study.tell(trial, values)


def ema_tables(done: Sweep, outcomes: Sequence[str]) -> tuple[list[dict[str, Any]], dict[str, list[float]]]:
    """Experiments and outcomes as the EMA workbench has them: ``pandas.DataFrame(experiments)`` and a dict of arrays.

    A row is a cell; levels that are numbers with a unit become numbers.
    """
    rows = done.responses.rows_as_dicts()
    experiments = []
    for row in rows:
        levels: dict[str, Any] = {}
        for factor in done.factors:
            levels.update(_numbers(factor, row[factor]))
        experiments.append({**levels, "scenario": row["point"], "policy": "None", "model": done.name})
    found = {name: [_real(row.get(name)) for row in rows] for name in outcomes}
    return experiments, found


def _real(value: Any) -> float:
    return float("nan") if value is None else float(value)


def _numbers(factor: str, label: str) -> dict[str, Any]:
    """A label as columns: `path=value, path=value` for a listed point, one value otherwise."""
    parts = [part.partition("=") for part in label.split(", ")] if factor == "point" else [(factor, "=", label)]
    found: dict[str, Any] = {}
    for path, _, text in parts:
        number = text.split(" ")[0]
        try:
            found[path] = float(number)
        except ValueError:
            found[path] = text
    return found

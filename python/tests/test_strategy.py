"""Strategies written in Python."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest

import stakeout


@stakeout.strategy("swapper_in_python")
class Swapper(stakeout.Strategy):
    """Serves a share of the requests with a cheaper model."""

    parameters: ClassVar[Mapping[str, str | int | bool]] = {"rate": "50 %", "substitute": "int4"}

    def __init__(self, rate: float, substitute: str) -> None:
        self.rate, self.substitute = rate, substitute

    def policy(self, view: stakeout.View) -> stakeout.Policy:
        return stakeout.Policy(self.rate, self.substitute)


@stakeout.strategy("watcher_in_python")
class Watcher(stakeout.Strategy):
    """Follows the rules and writes down what it sees."""

    seen: ClassVar[list[tuple[int, int, float, int]]] = []

    def policy(self, view: stakeout.View) -> stakeout.Policy:
        self.seen.append((view.epoch, view.reputation, view.weight_share, view.earned))
        return stakeout.Policy()


@stakeout.strategy("broken_in_python")
class Broken(stakeout.Strategy):
    """Divides by zero in its second epoch."""

    def policy(self, view: stakeout.View) -> stakeout.Policy:
        return stakeout.Policy(0.0 if view.epoch < 1 else 1 / (view.epoch - view.epoch))


@stakeout.strategy("greedy_in_python")
class Greedy(stakeout.Strategy):
    """Asks for more than everything."""

    def policy(self, view: stakeout.View) -> stakeout.Policy:
        return stakeout.Policy(substitute_rate=1.5, substitute="int4")


def swapped(first: stakeout.Scenario, strategy: object) -> stakeout.Scenario:
    return first.set("population.swapper.strategy", strategy)


def test_a_strategy_in_python_does_what_its_twin_in_rust_does(first: stakeout.Scenario, first_run: stakeout.Run) -> None:
    run = stakeout.run(swapped(first, "swapper_in_python"))
    ours, theirs = run.participants.rows_as_dicts(), first_run.participants.rows_as_dicts()
    for a, b in zip(ours, theirs):
        a.pop("strategy"), b.pop("strategy")
    assert ours == theirs


def test_parameters_arrive_and_are_checked_like_any_other(first: stakeout.Scenario) -> None:
    bold = stakeout.run(swapped(first, {"swapper_in_python": {"rate": "100 %"}}))
    timid = stakeout.run(swapped(first, {"swapper_in_python": {"rate": "1 %"}}))
    assert sum(bold.participants["cheated"]) > 10 * sum(timid.participants["cheated"])
    with pytest.raises(stakeout.ScenarioError, match="rate"):
        swapped(first, {"swapper_in_python": {"rat": "1 %"}})
    with pytest.raises(stakeout.ScenarioError):
        swapped(first, {"swapper_in_python": {"rate": "200 %"}})


def test_it_is_asked_once_an_epoch_for_each_identity(first: stakeout.Scenario) -> None:
    Watcher.seen.clear()
    stakeout.run(swapped(first, "watcher_in_python"))
    epochs = [epoch for epoch, *_ in Watcher.seen]
    assert all(epochs.count(epoch) == 2 for epoch in set(epochs)) and len(set(epochs)) >= 3
    assert all(0 <= reputation <= 100 and 0 < weight <= 1 for _, reputation, weight, _ in Watcher.seen)
    assert any(earned > 0 for *_, earned in Watcher.seen)


def test_an_exception_of_a_strategy_ends_the_run_and_is_its_cause(first: stakeout.Scenario, tmp_path: Path) -> None:
    broken = swapped(first, "broken_in_python")
    with pytest.raises(stakeout.StrategyError, match="broken_in_python") as caught:
        stakeout.run(broken, replicates=3)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    with pytest.raises(stakeout.StrategyError):
        stakeout.sweep(broken, {"seed": [1, 2]}, replicates=2, out=tmp_path)
    with pytest.raises(stakeout.StrategyError, match="substitute_rate is 1.5"):
        stakeout.run(swapped(first, "greedy_in_python"))
    assert stakeout.run(first).digest


def test_another_source_is_another_scenario(first: stakeout.Scenario) -> None:
    def hash_with(version: str) -> str:
        made = type("Changing", (stakeout.Strategy,), {"version": version, "__doc__": "Changes."})
        stakeout.strategy("changing_in_python")(made)
        return swapped(first, "changing_in_python").hash

    assert hash_with("1") != hash_with("2")
    assert hash_with("1") == hash_with("1")


def test_names_that_cannot_be_are_refused() -> None:
    for name in ("honest", "With Spaces", ""):
        with pytest.raises(stakeout.UsageError):
            stakeout.strategy(name)(Swapper)

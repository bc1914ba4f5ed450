"""Sweeps, solve, validate, calibrations, and the doors to other programs."""

from __future__ import annotations

import _thread
import math
import random
import threading
from pathlib import Path
from typing import Any

import pytest

import stakeout

ROOT = Path(__file__).resolve().parents[2]
RATES = {"protocol.sampling.flat_rate": ["5 %", "20 %", "50 %"]}


def test_shards_and_threads_change_no_byte(first: stakeout.Scenario, tmp_path: Path) -> None:
    whole = stakeout.sweep(first, RATES, replicates=3, out=tmp_path / "whole", threads=2)
    assert (whole.points, whole.cells_run) == (3, 9)
    for index in (1, 2):
        part = stakeout.sweep(first, RATES, replicates=3, out=tmp_path / "parts", shard=(index, 2), threads=1)
        assert part.cells_run == (6 if index == 1 else 3)
    merged = stakeout.sweep(first, RATES, replicates=3, out=tmp_path / "parts")
    assert merged.cells_run == 0
    assert merged.digest == whole.digest
    for name in ("plan.json", "results.csv", "responses.csv"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "parts" / name).read_bytes()


def test_a_cell_is_a_run_of_its_point(first: stakeout.Scenario, tmp_path: Path) -> None:
    done = stakeout.sweep(first, RATES, replicates=2, out=tmp_path)
    run = stakeout.run(first.set("protocol.sampling.flat_rate", "5 %"), replicates=2)
    assert done.responses["digest"][:2] == run.digests
    assert done.results["protocol.sampling.flat_rate"] == ["5 %", "20 %", "50 %"]


def test_a_sweep_that_is_interrupted_goes_on_where_it_stopped(first: stakeout.Scenario, tmp_path: Path) -> None:
    long = first.with_(duration="20 epochs")
    timer = threading.Timer(1.0, _thread.interrupt_main)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        stakeout.sweep(long, RATES, replicates=4000, out=tmp_path, threads=2)
    timer.join()
    kept = len(list((tmp_path / "cells").glob("*/*.json")))
    again = stakeout.sweep(long, RATES, replicates=2, out=tmp_path, extend=True)
    assert kept > 0 and again.cells_run <= 6


def test_another_plan_in_the_folder_is_kept(first: stakeout.Scenario, tmp_path: Path) -> None:
    stakeout.sweep(first, RATES, replicates=2, out=tmp_path)
    with pytest.raises(stakeout.InputOutputError, match="another plan"):
        stakeout.sweep(first, RATES, replicates=3, out=tmp_path)


def test_points_may_be_listed_one_by_one(first: stakeout.Scenario, tmp_path: Path) -> None:
    points = [{"protocol.sampling.flat_rate": "5 %", "seed": 1}, {"protocol.sampling.flat_rate": "50 %", "seed": 2}]
    done = stakeout.sweep(first, points=points, replicates=2, out=tmp_path)
    assert done.results["seed"] == [1, 2]
    checked = done.results["checked_share"]
    assert checked[0] < 0.1 < checked[1]


def test_a_wrong_sweep_says_what_is_wrong(first: stakeout.Scenario, tmp_path: Path) -> None:
    with pytest.raises(stakeout.ScenarioError, match="flat_rate"):
        stakeout.sweep(first, {"protocol.sampling.flat_rat": ["5 %"]}, out=tmp_path)
    with pytest.raises(stakeout.UsageError, match="no design"):
        stakeout.sweep(first, RATES, design="hexagon", out=tmp_path)
    with pytest.raises(stakeout.UsageError, match="no engine"):
        stakeout.sweep(first, RATES, engine="cloud", out=tmp_path)
    with pytest.raises(stakeout.UsageError, match="parts count from 1"):
        stakeout.sweep(first, RATES, shard=(3, 2), out=tmp_path)
    with pytest.raises(stakeout.UsageError):
        stakeout.sweep(first, out=tmp_path)


def test_solve_finds_where_the_menu_stops_paying(tmp_path: Path, first_file: Path) -> None:
    question = tmp_path / "question.yaml"
    (tmp_path / "network.yaml").write_text(first_file.read_text())
    question.write_text(
        "solve: floor\n"
        "scenario: network.yaml\n"
        "set: { protocol.rewards.initial: 100 GNK, hardware.h100.cost: 400 GNK/h }\n"
        "parameter: { path: protocol.sampling.flat_rate, range: { from: 1 %, to: 50 %, scale: log } }\n"
        "tolerance: 60 %\n"
        "attacks:\n"
        "  - { name: bold, set: { population.swapper.strategy: { model_swapper: { rate: 100 %, substitute: int4 } } } }\n"
        "honest: { population.swapper.strategy: honest }\n"
        "replicates: { floor: 4, ceiling: 8 }\n"
    )
    found = stakeout.solve(question, out=tmp_path / "cells")
    (row,) = found.frontier.rows_as_dicts()
    assert row["binding_attack"] == "bold"
    assert set(found.search["verdict"]) <= {"deterred", "profitable", "unclear"}
    assert set(found.search["menu_verdict"]) <= {"deterred", "profitable", "unclear"}
    assert row["deters_from_value"] is not None
    # Another question has no place in the folder of this one, unless it is asked for.
    rate = "population.swapper.strategy.model_swapper.rate"
    tune = "tune: { path: " + rate + ", range: { from: 50 %, to: 100 % } } }\n"
    effort = "tuning: { places: 2, replicates: 1, rounds: 0 }\n"
    question.write_text(question.read_text().replace("} } } }\n", "} } }, " + tune + effort))
    with pytest.raises(stakeout.InputOutputError, match="holds another plan"):
        stakeout.solve(question, out=tmp_path / "cells")
    found = stakeout.solve(question, out=tmp_path / "cells", extend=True)
    assert set(found.search["tuned_to"]) <= {"50 %", "100 %"}
    assert len(found.frontier["tuned_to"]) == 1


def test_closed_forms_hold() -> None:
    table = stakeout.validate(["mm1"], quick=True)
    assert len(table) > 0 and all(table["holds"])
    with pytest.raises(stakeout.UsageError):
        stakeout.validate(["mm2"])


def test_a_calibration_is_read_by_name_and_from_a_file() -> None:
    named = stakeout.calibration("demo-large")
    assert named.substitutes["substitute"][0] == "none"
    similarity = named.laws["similarity"]
    assert all(0.0 <= value <= 1.0 for value in similarity)
    filed = stakeout.calibration(ROOT / "scenarios/calibration/demo-large.yaml")
    assert filed.laws["similarity"] == similarity
    with pytest.raises(stakeout.UsageError, match="published-gonka"):
        stakeout.calibration("none-of-these")


FACTORS = [
    stakeout.Factor("protocol.sampling.flat_rate", 1.0, 50.0, "%"),
    stakeout.Factor("population.honest.count", 4, 12, is_count=True),
]


def test_a_problem_of_salib_is_sampled_and_evaluated(first: stakeout.Scenario, tmp_path: Path) -> None:
    problem = stakeout.salib_problem(FACTORS)
    assert problem["num_vars"] == 2 and problem["bounds"][1] == [4, 12]
    from stakeout.design import evaluate

    samples = [[1.0, 4.2], [25.0, 8.0], [50.0, 12.0]]
    found = evaluate(first, FACTORS, samples, "checked_share", replicates=1, out=tmp_path)
    assert found == sorted(found) and len(found) == 3


def test_what_a_sampler_draws_is_written_as_a_field_can_hold_it() -> None:
    rate = stakeout.Factor("demand.rate", 0.5, 2.0, "/s")
    assert rate.written(1.1304828911) == "1.13048 /s"
    assert rate.written(0.00000012345678) == "0.000000123457 /s"
    assert rate.written(2.0) == "2 /s"
    assert stakeout.Factor("x", 0, 1e9).written(123456789.0) == "123457000"
    assert FACTORS[1].written(4.6) == "5"


def test_a_refused_point_is_told_and_leaves_no_gap(first: stakeout.Scenario, tmp_path: Path) -> None:
    from stakeout.design import evaluate

    rate = FACTORS[0]
    points = [{rate.path: "5 %"}, {rate.path: "500 %"}, {rate.path: "20 %"}]
    with pytest.warns(UserWarning, match="1 failure among 3 points; point 1: error: .*flat_rate"):
        done = stakeout.sweep(first, points=points, replicates=1, out=tmp_path / "listed")
    assert (done.results["point"], done.failures["point"]) == ([0, 2], [1])
    assert "out of range" in done.failures["why"][0] and "flat_rate" in done.failures["replay"][0]
    with pytest.warns(UserWarning), pytest.raises(stakeout.UsageError, match="point 1 cannot be run"):
        evaluate(first, [rate], [[5.0], [500.0]], "checked_share", replicates=1, out=tmp_path / "samples")


class Study:
    """Asks for points by chance and remembers: what an optimiser does, without one."""

    def __init__(self) -> None:
        self.random = random.Random(1)
        self.told: list[list[float]] = []

    def ask(self) -> Any:
        return self

    def suggest_float(self, name: str, low: float, high: float) -> float:
        return self.random.uniform(low, high)

    def suggest_int(self, name: str, low: int, high: int) -> int:
        return self.random.randint(low, high)

    def tell(self, trial: Any, values: list[float]) -> None:
        self.told.append(values)


def test_an_optimiser_is_asked_and_told(first: stakeout.Scenario, tmp_path: Path) -> None:
    told = []
    for _ in range(2):
        study = Study()
        loop = stakeout.AskTell(first, FACTORS, ["verification_overhead"], out=tmp_path, replicates=1)
        loop.run(study, rounds=2, batch=2)
        told.append(study.told)
    assert len(told[0]) == 4 and told[0] == told[1]
    assert all(not math.isnan(value) for values in told[0] for value in values)


def test_tables_of_the_workbench_have_numbers_for_levels(first: stakeout.Scenario, tmp_path: Path) -> None:
    done = stakeout.sweep(first, RATES, replicates=2, out=tmp_path)
    experiments, outcomes = stakeout.ema_tables(done, ["checked_share"])
    assert [row["protocol.sampling.flat_rate"] for row in experiments] == [5.0, 5.0, 20.0, 20.0, 50.0, 50.0]
    assert len(outcomes["checked_share"]) == 6

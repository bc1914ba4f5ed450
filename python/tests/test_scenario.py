"""Scenarios: loading, changing, and what is said about mistakes."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

import stakeout


def test_a_change_gives_another_scenario_and_leaves_the_first_alone(first: stakeout.Scenario) -> None:
    changed = first.with_({"protocol.sampling.flat_rate": "5 %"}, seed=9)
    assert (changed.seed, first.seed) == (9, 7)
    assert changed.hash != first.hash
    assert changed.set("protocol.sampling.flat_rate", "20 %").with_(seed=7).hash == first.hash
    assert changed.changes == [("protocol.sampling.flat_rate", "5 %"), ("seed", "9")]


def test_keywords_name_nested_values_with_double_underscores(first: stakeout.Scenario) -> None:
    by_keyword = first.with_(protocol__sampling__flat_rate="5 %")
    assert by_keyword.hash == first.set("protocol.sampling.flat_rate", "5 %").hash


def test_lists_maps_switches_and_numbers_are_written_as_a_scenario_has_them(first: stakeout.Scenario) -> None:
    strategy = {"model_swapper": {"rate": "10 %", "substitute": "int4"}}
    changed = first.with_({"population.swapper.strategy": strategy, "population.honest.models": ["Qwen3-32B"]})
    assert changed.hash != first.hash
    assert changed.set("population.swapper.strategy", {"model_swapper": {"rate": "50 %", "substitute": "int4"}}).hash == (
        first.hash
    )


def test_every_mistake_of_a_file_comes_with_its_place_and_its_repair(tmp_path: Path, first_file: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    text = first_file.read_text().replace("flat_rate: 20 %", "flat_rat: 20 %").replace("rate: 1 /s", "rate: 1")
    wrong.write_text(text)
    with pytest.raises(stakeout.ScenarioError) as caught:
        stakeout.Scenario.load(wrong)
    error = caught.value
    assert "the scenario has" in str(error) and "wrong.yaml:" in str(error)
    assert len(error.errors) >= 2
    by_path = {problem.path: problem for problem in error.errors}
    problem = next(problem for path, problem in by_path.items() if path.endswith("flat_rat"))
    lines = text.splitlines()
    assert problem.line is not None and "flat_rat" in lines[problem.line - 1]
    assert problem.column is not None and lines[problem.line - 1][problem.column - 1 :].startswith("flat_rat")
    assert problem.suggestion is not None and "flat_rate" in problem.suggestion
    assert pickle.loads(pickle.dumps(error)).errors == error.errors


def test_a_mistake_in_a_change_names_the_path_and_the_nearest_word(first: stakeout.Scenario) -> None:
    with pytest.raises(stakeout.ScenarioError) as caught:
        first.set("protocol.sampling.flat_rat", "5 %")
    (problem,) = caught.value.errors
    assert problem.line is None and "flat_rate" in (problem.suggestion or "")
    with pytest.raises(ValueError):
        first.set("protocol.sampling.flat_rate", "500 %")


def test_a_file_that_is_not_there_is_an_error_of_input(tmp_path: Path) -> None:
    with pytest.raises(stakeout.InputOutputError) as caught:
        stakeout.Scenario.load(tmp_path / "none.yaml")
    assert isinstance(caught.value, OSError) and caught.value.exit_code == 4


def test_a_value_without_a_written_form_is_refused(first: stakeout.Scenario) -> None:
    for value in (object(), float("nan"), {1, 2}):
        with pytest.raises(stakeout.UsageError):
            first.set("seed", value)


def test_a_name_from_a_scenario_cannot_write_html(first: stakeout.Scenario) -> None:
    page = first.set("question", "<script>alert(1)</script>")._repr_html_()
    assert "<script" not in page and "&lt;script&gt;" in page


def test_explain_says_where_each_value_comes_from(first: stakeout.Scenario) -> None:
    rows = {row["path"]: row for row in first.explain().rows_as_dicts()}
    assert rows["seed"]["origin"] == "file"
    assert rows["protocol.sampling.flat_rate"]["value"] == "20 %"

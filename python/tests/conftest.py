"""What the tests share: the repository's scenarios."""

from __future__ import annotations

from pathlib import Path

import pytest

import stakeout

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def first_file() -> Path:
    return ROOT / "scenarios/smoke/two-swappers.yaml"


@pytest.fixture(scope="session")
def first(first_file: Path) -> stakeout.Scenario:
    return stakeout.Scenario.load(first_file)


@pytest.fixture(scope="session")
def first_run(first: stakeout.Scenario) -> stakeout.Run:
    return stakeout.run(first)

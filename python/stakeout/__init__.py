"""Does cheating pay? A deterministic simulator of networks that pay strangers to run AI.

A scenario in, a run out::

    import stakeout

    scenario = stakeout.Scenario.load("scenarios/smoke/two-swappers.yaml")
    run = stakeout.run(scenario.with_(seed=7))
    print(run.digest)              # that of `stakeout run` for the same scenario and seed
    run.strategies.to_polars()     # Arrow, handed over without a copy

Results are :class:`Table` objects, which every library that speaks the Arrow PyCapsule interface takes as they are:
``polars.DataFrame(table)``, ``pyarrow.table(table)``.
"""

from __future__ import annotations

from ._calibration import Calibration, calibration
from ._errors import (
    ExpectationError,
    InputOutputError,
    InternalError,
    LimitError,
    Problem,
    ScenarioError,
    StakeoutError,
    StrategyError,
    UsageError,
    VerificationError,
)
from ._stakeout import Run, Scenario, Solution, Sweep, Table, View, __version__, run, solve, validate, worlds
from ._strategy import Policy, Strategy, strategy
from ._sweep import sweep
from .design import AskTell, Factor, ema_tables, salib_problem

__all__ = [
    "AskTell",
    "Calibration",
    "ExpectationError",
    "Factor",
    "InputOutputError",
    "InternalError",
    "LimitError",
    "Policy",
    "Problem",
    "Run",
    "Scenario",
    "ScenarioError",
    "Solution",
    "StakeoutError",
    "Strategy",
    "StrategyError",
    "Sweep",
    "Table",
    "UsageError",
    "VerificationError",
    "View",
    "__version__",
    "calibration",
    "ema_tables",
    "run",
    "salib_problem",
    "solve",
    "strategy",
    "sweep",
    "validate",
    "worlds",
]

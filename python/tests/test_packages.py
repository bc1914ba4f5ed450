"""The doors to SALib, Optuna and the EMA workbench, with the packages themselves (`pip install '.[test,methods]'`).

Seeds are fixed, the packages' own as well: what a test sees is exact for one version of each package. Sizes of
samples stand with the tests; where two are compared, so does how often drawn seeds would raise a false alarm.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import stakeout
from stakeout.design import evaluate

#: A network in which a substitute has something to save, so that cheating pays where little is checked.
DEAR = {"protocol.rewards.initial": "100 GNK", "hardware.h100.cost": "400 GNK/h"}
RATE = "protocol.sampling.flat_rate"
FACTORS = [
    stakeout.Factor(RATE, 1.0, 50.0, "%"),
    stakeout.Factor("population.swapper.strategy.model_swapper.rate", 5.0, 100.0, "%"),
    stakeout.Factor("demand.rate", 0.5, 2.0, "/s"),
]
RANGES = {factor.path: f"{factor.low} {factor.unit}..{factor.high} {factor.unit}" for factor in FACTORS}
ROWS = 128


@pytest.fixture(scope="module")
def network(first: stakeout.Scenario) -> stakeout.Scenario:
    return first.with_({**DEAR, "until": "300 blocks"})


def of_kind(table: stakeout.Table, kind: str) -> list[dict[str, Any]]:
    """The rows of one kind of index, in the order of the factors."""
    return [row for row in table.rows_as_dicts() if row["index"] == kind]


def test_salib_finds_the_indices_that_a_sweep_finds(network: stakeout.Scenario, tmp_path: Path) -> None:
    """Two samples of the same network: each index lies within the two intervals together.

    128 base rows each. Were seeds drawn, two like intervals at 95 % would lie apart once in 180 times, and one pair
    of the six once in 30.
    """
    pytest.importorskip("SALib")
    from SALib.analyze import sobol as analysis
    from SALib.sample import sobol as sampling

    problem = stakeout.salib_problem(FACTORS)
    samples = sampling.sample(problem, ROWS, calc_second_order=False, seed=3)
    found = evaluate(network, FACTORS, samples, "checked", replicates=1, out=tmp_path / "salib")
    theirs = analysis.analyze(problem, _array(found), calc_second_order=False, seed=3)
    done = stakeout.sweep(network, RANGES, design=f"indices:{ROWS}", replicates=1, out=tmp_path / "ours")
    ours = done.sensitivity("checked")
    for kind, name in (("first", "S1"), ("total", "ST")):
        for at, row in enumerate(of_kind(ours, kind)):
            assert row["factor"] == FACTORS[at].path
            apart = abs(float(theirs[name][at]) - row["share"])
            half = (row["high"] - row["low"]) / 2
            assert apart <= half + float(theirs[f"{name}_conf"][at]), (name, row, theirs[name][at])
    # What is compared is not all nothing: the rate decides how many answers are checked, and then how many there are.
    rate, cheater, demand = (row["share"] for row in of_kind(ours, "total"))
    assert rate > demand > cheater and rate > 0.5 and demand > 0.1


def test_salib_reads_the_cells_of_a_sweep_as_the_sweep_does(network: stakeout.Scenario, tmp_path: Path) -> None:
    """One sample of 32 base rows and two readers: what is the same estimator gives the same number."""
    pytest.importorskip("SALib")
    from SALib.analyze import sobol as analysis

    done = stakeout.sweep(network, RANGES, design="indices:32", replicates=1, out=tmp_path)
    values = done.responses["checked"]
    count, ordered = len(FACTORS), []
    for row in range(32):
        a, b, *mixed = values[row * (2 * count + 2) : (row + 1) * (2 * count + 2)]
        ordered.extend([a, *mixed, b])
    theirs = analysis.analyze(stakeout.salib_problem(FACTORS), _array(ordered), seed=3)
    ours = done.sensitivity("checked")
    assert [row["share"] for row in of_kind(ours, "total")] == pytest.approx(list(theirs["ST"]), rel=1e-9)
    # SALib centres what it reads before it estimates shares of one factor alone.
    assert [row["share"] for row in of_kind(ours, "first")] == pytest.approx(list(theirs["S1"]), abs=0.1)


def test_optuna_finds_the_floor_that_solve_finds(network: stakeout.Scenario, tmp_path: Path) -> None:
    """The least rate of checks at which a cheater has no premium, asked for in 32 points of 4 replicates."""
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.WARNING)

    def value(figures: Any) -> list[float]:
        return [figures["nominal_sampling_share"] + max(0.0, figures["cheating_premium"])]

    bests = []
    for attempt in ("one", "two"):
        study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=5))
        outputs = ["nominal_sampling_share", "cheating_premium"]
        loop = stakeout.AskTell(
            network, FACTORS[:1], outputs, out=tmp_path / attempt, replicates=4, value=value
        )
        loop.run(study, rounds=8, batch=4)
        assert len(study.trials) == 32
        bests.append(study.best_params[RATE])
    assert bests[0] == bests[1], "the same seed asks for other points"
    # On a grid as fine as the bracket that the optimiser narrowed down.
    rates = {RATE: [f"{rate} %" for rate in range(1, 51)]}
    done = stakeout.sweep(network, rates, replicates=4, out=tmp_path / "grid")
    premiums = dict(zip(range(1, 51), done.results["cheating_premium"]))
    floor = min(rate for rate in premiums if all(premiums[other] <= 0.0 for other in premiums if other >= rate))
    assert floor - 2.0 <= bests[0] <= floor + 2.0, (bests, floor)


def test_the_workbench_reads_the_tables_of_a_sweep(network: stakeout.Scenario, tmp_path: Path) -> None:
    """Feature scoring names the factor that decides, and PRIM the end of its range, of 120 points of one replicate."""
    pytest.importorskip("ema_workbench")
    import pandas
    from ema_workbench.analysis import feature_scoring, prim

    done = stakeout.sweep(network, RANGES, design="latin_hypercube:120", replicates=1, out=tmp_path)
    rows, outcomes = stakeout.ema_tables(done, ["checked_share"])
    experiments = pandas.DataFrame(rows).drop(columns=["scenario", "policy", "model"])
    checked = _array(outcomes["checked_share"])
    scores = feature_scoring.get_feature_scores_all(experiments, {"checked_share": checked}, random_state=1)
    assert scores["checked_share"].idxmax() == RATE and scores["checked_share"][RATE] > 0.6
    # A third and more is checked where the rate asks for it, whatever else the experiments vary.
    box = prim.Prim(experiments, checked > 0.3, threshold=0.8).find_box()
    limits = box.box_lims[-1]
    assert box.density > 0.9 and box.coverage > 0.8
    assert 30.0 < limits[RATE][0] < 45.0 and limits[RATE][1] > 48.0


def _array(values: Any) -> Any:
    import numpy

    return numpy.asarray(list(values), dtype=float)

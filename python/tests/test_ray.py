"""Sweeps on a cluster of Ray: what is killed loses nothing, and the bytes are those of one machine.

The cluster is a head without CPUs and two nodes with one each, all on this machine.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import stakeout

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
# Workers that yield to everything else would make the test wait for a busy machine.
os.environ.setdefault("RAY_worker_niceness", "0")
ray = pytest.importorskip("ray")

RATES = {"protocol.sampling.flat_rate": ["1 %", "2 %", "5 %", "10 %", "15 %", "20 %", "30 %", "50 %"]}
REPLICATES = 6


@pytest.fixture
def cluster() -> Iterator[Any]:
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    made.add_node(num_cpus=1)
    made.add_node(num_cpus=1)
    ray.init(address=made.address, log_to_driver=False)
    yield made
    ray.shutdown()
    made.shutdown()


def cells(folder: Path) -> int:
    return len(list((folder / "cells").glob("*/*.json")))


def workers() -> list[int]:
    """Processes of Ray that are at a part of a sweep."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if line.startswith(b"ray::_work"):
                found.append(int(entry.name))
    return found


def wait_for(condition: Any, seconds: float = 120.0) -> None:
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("what was waited for did not happen")


def test_a_strategy_written_in_python_goes_with_the_sweep(
    cluster: Any, first: stakeout.Scenario, tmp_path: Path
) -> None:
    class Half(stakeout.Strategy):
        """Swaps every other answer."""

        def policy(self, view: stakeout.View) -> stakeout.Policy:
            return stakeout.Policy("50 %", "int4")

    stakeout.strategy("half_on_ray")(Half)
    scenario = first.set("population.swapper.strategy", "half_on_ray")
    rates = {"protocol.sampling.flat_rate": ["5 %", "20 %"]}
    local = stakeout.sweep(scenario, rates, replicates=2, out=tmp_path / "local")
    spread = stakeout.sweep(scenario, rates, replicates=2, out=tmp_path / "spread", engine="ray", shards=2)
    assert spread.digest == local.digest
    assert all(cheated > 0 for cheated in spread.responses["cheated"])


def test_a_killed_worker_and_a_killed_node_change_no_byte(
    cluster: Any, first: stakeout.Scenario, tmp_path: Path
) -> None:
    scenario = first.with_(duration="60 epochs")
    local = stakeout.sweep(scenario, RATES, replicates=REPLICATES, out=tmp_path / "local")
    spread = tmp_path / "spread"
    killed: list[int] = []

    def kill_a_worker() -> None:
        wait_for(lambda: cells(spread) >= 4 and workers())
        pid = workers()[0]
        os.kill(pid, signal.SIGKILL)
        killed.append(cells(spread))

    killer = threading.Thread(target=kill_a_worker)
    killer.start()
    # The helper of Ray must be driven from the main thread, so the sweep runs in another one.
    done: list[stakeout.Sweep] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(
                stakeout.sweep(scenario, RATES, replicates=REPLICATES, out=spread, engine="ray", shards=8)
            )
        except BaseException as error:
            failed.append(error)

    sweeping = threading.Thread(target=run)
    sweeping.start()
    killer.join()
    wait_for(lambda: cells(spread) >= killed[0] + 4)
    at_kill = cells(spread)
    cluster.remove_node(cluster.list_all_nodes()[-1], allow_graceful=False)
    sweeping.join(timeout=300)
    assert not failed, failed
    total = len(RATES["protocol.sampling.flat_rate"]) * REPLICATES
    assert 4 <= killed[0] < total and at_kill < total, "the kills came too late to prove anything"
    assert done[0].digest == local.digest
    for name in ("plan.json", "results.csv", "responses.csv"):
        assert (spread / name).read_bytes() == (tmp_path / "local" / name).read_bytes()
    # A second start finds everything: what a driver that was killed comes back to.
    again = stakeout.sweep(scenario, RATES, replicates=REPLICATES, out=spread)
    assert again.cells_run == 0 and again.digest == local.digest

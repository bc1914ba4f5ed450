"""Sweeps on a cluster of Ray: what is killed loses nothing, and the bytes are those of one machine.

The cluster is a head without CPUs and two nodes with one each, all on this machine.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import stakeout

#: A busy machine is no dead one: what Ray waits for before it gives a process up.
PATIENCE = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # Workers that yield to everything else would make the test wait for a busy machine.
    "RAY_worker_niceness": "0",
    "RAY_raylet_start_wait_time_s": "120",
    "RAY_worker_register_timeout_seconds": "300",
    "RAY_health_check_initial_delay_ms": "60000",
    "RAY_health_check_timeout_ms": "60000",
}
for name, value in PATIENCE.items():
    os.environ.setdefault(name, value)
ray = pytest.importorskip("ray")

RATES = {"protocol.sampling.flat_rate": ["1 %", "2 %", "5 %", "10 %", "15 %", "20 %", "30 %", "50 %"]}
REPLICATES = 6


@pytest.fixture
def cluster() -> Iterator[Any]:
    """Two nodes that have both answered. Where Ray does not come up, nothing can be said of sweeps on it."""
    from ray.cluster_utils import Cluster

    def where() -> str:
        return str(ray.get_runtime_context().get_node_id())

    made = None
    try:
        try:
            made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
            made.add_node(num_cpus=1)
            made.add_node(num_cpus=1)
            ray.init(address=made.address, log_to_driver=False)
        except Exception as error:
            pytest.skip(f"Ray does not start here: {error!r}")
        ask = ray.remote(scheduling_strategy="SPREAD", max_retries=5)(where)
        try:
            wait_for(lambda: len(set(ray.get([ask.remote() for _ in range(4)], timeout=300))) == 2)
        except ray.exceptions.GetTimeoutError as error:
            pytest.skip(f"no two nodes of Ray answer here: {error!r}")
        yield made
    finally:
        ray.shutdown()
        if made is not None:
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


def wait_for(condition: Any, seconds: float = 300.0) -> None:
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
    spread = tmp_path / "spread"
    worker_killed, node_killed = tmp_path / "worker-killed", tmp_path / "node-killed"

    class Waits(stakeout.Strategy):
        """Swaps half; on the cluster, the sweep waits at four and at twelve cells until somebody has been killed."""

        def policy(self, view: stakeout.View) -> stakeout.Policy:
            for done, kill in ((4, worker_killed), (12, node_killed)):
                while not kill.exists() and len(list((spread / "cells").glob("*/*.json"))) >= done:
                    time.sleep(0.05)
            return stakeout.Policy("50 %", "int4")

    stakeout.strategy("waits_for_kills")(Waits)
    scenario = first.set("population.swapper.strategy", "waits_for_kills")
    local = stakeout.sweep(scenario, RATES, replicates=REPLICATES, out=tmp_path / "local")
    counts: list[int] = []

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

    sweeping = threading.Thread(target=run, daemon=True)
    sweeping.start()
    try:
        wait_for(lambda: failed or (cells(spread) >= 4 and workers()))
        assert not failed, failed
        os.kill(workers()[0], signal.SIGKILL)
        counts.append(cells(spread))
        worker_killed.touch()
        wait_for(lambda: failed or cells(spread) >= 12)
        assert not failed, failed
        cluster.remove_node(cluster.list_all_nodes()[-1], allow_graceful=False)
        counts.append(cells(spread))
    finally:
        # Nobody is left waiting, whatever went wrong.
        worker_killed.touch()
        node_killed.touch()
    sweeping.join(timeout=300)
    assert not failed, failed
    total = len(RATES["protocol.sampling.flat_rate"]) * REPLICATES
    assert 4 <= counts[0] < 12 <= counts[1] < total
    assert done and done[0].digest == local.digest
    for name in ("plan.json", "results.csv", "responses.csv"):
        assert (spread / name).read_bytes() == (tmp_path / "local" / name).read_bytes()
    # A second start finds everything: what a driver that was killed comes back to.
    again = stakeout.sweep(scenario, RATES, replicates=REPLICATES, out=spread)
    assert again.cells_run == 0 and again.digest == local.digest


def test_a_killed_driver_changes_no_byte(cluster: Any, tmp_path: Path) -> None:
    """The program that called `sweep` dies with cells in flight on both nodes, is started again, and completes."""
    local, spread, signs = tmp_path / "local", tmp_path / "spread", tmp_path / "signs"
    for folder in (local, spread, signs):
        folder.mkdir()

    def driver(engine: str, out: Path, waits_for: Path) -> subprocess.Popen[str]:
        program = [sys.executable, str(Path(__file__).with_name("ray_driver.py")), engine, str(out), str(waits_for)]
        return subprocess.Popen([*program, str(cluster.address)], stdout=subprocess.PIPE, text=True)

    def finished(process: subprocess.Popen[str]) -> tuple[int, str]:
        told, _ = process.communicate(timeout=300)
        assert process.returncode == 0
        run, digest = told.split()
        return int(run), digest

    # Whoever has been killed already waits for nobody.
    over = tmp_path / "over"
    over.mkdir()
    (over / "driver-killed").touch()
    total, digest = finished(driver("local", local, over))

    killed = driver("ray", spread, signs)
    try:
        # Both workers stand inside a cell, and neither gets out while the driver lives.
        wait_for(lambda: killed.poll() is not None or len(list(signs.glob("waits-*"))) == 2)
        assert killed.poll() is None
        kept = cells(spread)
        killed.send_signal(signal.SIGKILL)
        assert killed.wait(timeout=60) == -signal.SIGKILL
        assert 4 <= kept <= total - 2
        assert not (spread / "results.csv").exists()
        # Ray ends the workers of a driver that is gone: what they were at is lost, what was finished is not.
        wait_for(lambda: not workers())
        assert cells(spread) == kept
        (signs / "driver-killed").touch()
        _, again = finished(driver("ray", spread, signs))
    finally:
        (signs / "driver-killed").touch()
        killed.kill()
    assert again == digest and cells(spread) == total
    for name in ("plan.json", "results.csv", "responses.csv"):
        assert (spread / name).read_bytes() == (local / name).read_bytes()

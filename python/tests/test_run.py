"""Runs: the digests of the command line, Arrow, interruption."""

from __future__ import annotations

import _thread
import json
import threading
from decimal import Decimal
from pathlib import Path

import pandas
import polars
import pyarrow
import pytest

import stakeout

ROOT = Path(__file__).resolve().parents[2]
# Scenarios whose digests the golden runs of the command line state.
GOLDEN = ["two-swappers", "sprt", "service"]


@pytest.mark.parametrize("name", GOLDEN)
def test_the_digest_is_that_of_the_command_line(name: str) -> None:
    recorded = json.loads((ROOT / f"tests/golden/{name}.json").read_text())
    run = stakeout.run(stakeout.Scenario.load(ROOT / f"scenarios/smoke/{name}.yaml"))
    assert run.digest == recorded["digest"]
    means = dict(zip(run.figures["figure"], run.figures["mean"]))
    for figure, value in recorded["figures"].items():
        if not isinstance(value, str):
            assert means[figure] == value, figure


def test_threads_change_no_byte(first: stakeout.Scenario) -> None:
    runs = [stakeout.run(first, replicates=3, threads=threads) for threads in (1, 2)]
    assert runs[0].digests == runs[1].digests
    assert len(set(runs[0].digests)) == 3


def test_polars_pandas_and_pyarrow_take_a_table_as_it_is(first_run: stakeout.Run) -> None:
    table = first_run.participants
    frame = polars.DataFrame(table)
    arrow = pyarrow.table(table)
    assert frame.columns == table.columns == arrow.column_names
    assert frame.height == arrow.num_rows == len(table) == 30
    assert frame["reward_base_units"].to_list() == [Decimal(value) for value in table["reward_base_units"]]
    assert arrow["host"].to_pylist() == table["host"]
    assert isinstance(table.to_pandas(), pandas.DataFrame)
    # A stream may be asked for again and again: handing over copies nothing and uses nothing up.
    assert polars.DataFrame(table).equals(frame)


def test_handing_a_table_over_copies_no_buffer(first_run: stakeout.Run) -> None:
    table = first_run.participants
    addresses = {
        buffer.address
        for _ in range(3)
        for chunk in pyarrow.table(table)["reward_base_units"].chunks
        for buffer in chunk.buffers()
        if buffer is not None
    }
    assert len(addresses) == 1


def test_money_is_exact(first_run: stakeout.Run) -> None:
    sums = dict(zip(first_run.figures["figure"], first_run.figures["mean_base_units"]))
    assert sums["issued"] == sum(first_run.epochs["issued_base_units"])
    assert str(sums["issued"]) == first_run.summary["figures"]["issued"]["mean"]


def test_several_replicates_follow_each_other_in_a_table(first: stakeout.Scenario) -> None:
    run = stakeout.run(first, replicates=2)
    assert run.epochs["replicate"] == [0, 0, 0, 1, 1, 1]
    assert len(run.convictions) == len(run.convictions["host"])


def test_a_run_directory_is_written_once(first: stakeout.Scenario, tmp_path: Path) -> None:
    run = stakeout.run(first, out=tmp_path)
    assert run.folder is not None and (run.folder / "manifest.json").is_file()
    assert json.loads((run.folder / "summary.json").read_text())["digest"] == run.digest
    with pytest.raises(stakeout.InputOutputError):
        stakeout.run(first, out=tmp_path)
    assert stakeout.run(first, out=tmp_path, replace=True).folder == run.folder


def test_ctrl_c_ends_a_long_run(first: stakeout.Scenario) -> None:
    long = first.with_(duration="100000 epochs")
    timer = threading.Timer(0.5, _thread.interrupt_main)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        stakeout.run(long)
    timer.join()
    assert stakeout.run(first).digest


def test_other_threads_of_python_go_on_during_a_run(first: stakeout.Scenario) -> None:
    counted = 0
    stop = threading.Event()

    def count() -> None:
        nonlocal counted
        while not stop.is_set():
            counted += 1
            stop.wait(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    before = counted
    stakeout.run(first.with_(duration="60 epochs"), threads=1)
    after = counted
    stop.set()
    thread.join()
    assert after - before >= 5


def test_no_thread_is_none(first: stakeout.Scenario) -> None:
    with pytest.raises(stakeout.UsageError):
        stakeout.run(first, threads=0)


def test_a_notebook_shows_runs_and_tables(first_run: stakeout.Run) -> None:
    page = first_run._repr_html_()
    assert page.count("<table>") == 2 and first_run.digest in page
    assert "20 of 30 rows" in first_run.participants._repr_html_()


def test_a_column_that_does_not_exist_is_refused_with_those_that_do(first_run: stakeout.Run) -> None:
    with pytest.raises(stakeout.UsageError, match="rewards_base_units"):
        first_run.epochs["reward"]

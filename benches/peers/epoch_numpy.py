#!/usr/bin/env python3
"""The step of `fidelity: epoch` in numpy, and the two timed beside each other.

    cargo build --release -p stakeout-agents --example simulate
    python3 benches/peers/epoch_numpy.py --simulate target/release/examples/simulate --epochs 3650 --rounds 5

`--radcad` also times the same step as a state update of radCAD (package `radcad`), which keeps a record of every epoch.
`--stakeout target/release/stakeout` times the command line instead, which also writes a row a host and epoch to Parquet.

The model is the network of scenarios/networks/ten-years.yaml: 1,000 hosts, 80,800 requests an epoch, reputation-based
sampling, the sequential test, votes of the whole group, duty at claim, decaying rewards that vest over 180 epochs. It
is written as somebody who knows numpy would write it: one vectorised expression over hosts or requests wherever
there is one, a loop over the few answers that fail a check. Money is in int64, which is enough for these sizes, where
the simulator keeps 128 bits. What it leaves out: stages and their gaps, power cap, collateral, debts, histograms, the
digest. Needs numpy alone.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

# One thread, and no hint about the processor: both programs get what there is.
for name in ("OPENBLAS_CORETYPE", "MKL_DEBUG_CPU_TYPE", "NPY_DISABLE_CPU_FEATURES"):
    os.environ.pop(name, None)
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np  # noqa: E402

SCENARIO = os.path.join(os.path.dirname(__file__), "..", "..", "scenarios", "networks", "ten-years.yaml")
REQUESTS = 80_800 * (15_391 - 276) / 15_391  # those that come during a proof of compute are turned away
PROMPT, ANSWER = (300.0, 3000.0), (220.0, 1400.0)  # medians and 95th percentiles in model tokens
Z95 = 1.6448536269514722
MAX_TOKENS = 5000
PREFILL_NS, DECODE_NS = 125_000, 16_666_667
# Of the checked answers of an honest host, and of int4's: what the simulator's run of this network shows.
FAIL_HONEST, FAIL_SWAPPED = 6.1e-3, 0.9
P0, P1, H = 0.05, 0.10, 4.0
REWARD0, DECAY = 323_000 * 10**9, 0.9995251127946402
VESTING = 180


class Network:
    """The state of all hosts, one array a quantity."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.weight = np.repeat([20_000, 5_000, 1_000, 1_000, 5_000], [50, 240, 660, 40, 10]).astype(np.int64)
        self.drop = np.repeat([0.0, 0.0, 0.0, 0.05, 0.0], [50, 240, 660, 40, 10])
        self.swap = np.repeat([0.0, 0.0, 0.0, 0.0, 0.5], [50, 240, 660, 40, 10])
        hosts = len(self.weight)
        self.share = self.weight / self.weight.sum()
        self.cumulative = np.cumsum(self.share)
        self.completed = np.zeros(hosts)
        self.penalty = np.zeros(hosts)
        self.wallet = np.zeros(hosts, dtype=np.int64)
        self.vesting = np.zeros((VESTING, hosts), dtype=np.int64)
        self.governance = 0
        self.traffic = 0
        self.epoch = 200
        self.rows = []

    def rates(self):
        """The mean number of checks of an answer, by host."""
        traffic = self.traffic
        if traffic >= 10_000:
            floor = 0.01
        elif traffic >= 5_000:
            floor = 0.05 - 0.04 * (traffic - 5_000) / 5_000
        else:
            floor = 1.0 - 0.95 * max(traffic - 100, 0) / 4_900
        reputation = np.clip(np.floor((self.completed - self.penalty) / 30 * 100), 0, 100)
        return reputation, 1.0 - (1.0 - floor) * reputation / 100

    def lengths(self, count, law):
        median, p95 = law
        sigma = np.log(p95 / median) / Z95
        return np.rint(self.rng.lognormal(np.log(median), sigma, count)).astype(np.int64)

    def convict(self, checked, failed):
        """Walks a host's checks in order; says at which answer it is convicted, or -1, and how many votes went against it."""
        step_fail, step_pass = np.log(P1 / P0), np.log((1 - P1) / (1 - P0))
        sums = np.cumsum(np.where(failed, step_fail, step_pass))
        run = np.zeros(len(failed), dtype=np.int64)
        length = 0
        for place, is_failed in enumerate(failed):
            length = length + 1 if is_failed else 0
            run[place] = length
        over = np.nonzero((sums >= H) | (run >= 5))[0]
        last = over[0] if len(over) else len(failed) - 1
        invalidated = 0
        for _ in range(int(failed[: last + 1].sum())):
            # The whole group votes; each finds the same with its own noise.
            votes = self.rng.random(len(self.weight)) < FAIL_SWAPPED
            invalidated += int(self.weight[votes].sum() * 2 >= self.weight.sum())
        return (checked[last] if len(over) else -1), invalidated

    def step(self):
        rng, hosts = self.rng, len(self.weight)
        reputation, rate = self.rates()
        requests = rng.poisson(REQUESTS * self.share)
        missed = rng.binomial(requests, self.drop)
        finished = requests - missed
        swapped = rng.binomial(finished, self.swap)
        first = np.concatenate(([0], np.cumsum(finished)))
        count = int(first[-1])
        prompt = self.lengths(count, PROMPT)
        answer = np.minimum(self.lengths(count, ANSWER), MAX_TOKENS)
        tokens = np.add.reduceat(np.append(prompt + answer, 0), np.minimum(first[:-1], count)) * (finished > 0)
        busy = np.add.reduceat(np.append(prompt * PREFILL_NS + answer * DECODE_NS, 0), np.minimum(first[:-1], count)) * (
            finished > 0
        )
        # Who checks what: validations are spread over the others by weight.
        executor = np.repeat(np.arange(hosts), finished)
        checks = rng.poisson(rate[executor])
        checked = np.nonzero(checks)[0]
        validators = np.searchsorted(self.cumulative, rng.random(int(checks.sum())))
        required = np.bincount(validators, minlength=hosts)
        work = np.bincount(
            validators, weights=np.repeat((prompt + answer)[checked] * PREFILL_NS, checks[checked]), minlength=hosts
        )
        busy = busy + work.astype(np.int64)
        # Verdicts: honest hosts with a failing check, and all swappers, are walked through in order.
        honest_failed = rng.binomial(np.bincount(executor[checked], minlength=hosts), FAIL_HONEST)
        invalid = np.zeros(hosts, dtype=bool)
        invalidated = np.zeros(hosts, dtype=np.int64)
        for host in np.nonzero((self.swap > 0) | (honest_failed > 0))[0]:
            own = checked[(checked >= first[host]) & (checked < first[host + 1])]
            if self.swap[host] > 0:
                is_swapped = rng.random(len(own)) < swapped[host] / max(finished[host], 1)
                failed = rng.random(len(own)) < np.where(is_swapped, FAIL_SWAPPED, FAIL_HONEST)
            else:
                failed = np.zeros(len(own), dtype=bool)
                failed[rng.choice(len(own), honest_failed[host], replace=False)] = True
            at, invalidated[host] = self.convict(own, failed)
            if at >= 0:
                invalid[host] = True
                taken = at - first[host] + 1
                surplus = finished[host] - taken
                finished = finished + np.where(invalid, 0, rng.multinomial(surplus, self.share))
                finished[host] = taken
        # Settlement, claims, vesting, reputation.
        reward = int(REWARD0 * DECAY**self.epoch)
        passes = missed <= 0.4 * np.maximum(requests, 1)
        shares = reward // 10**6 * self.weight // self.weight.sum() * 10**6
        paid = np.where(invalid | ~passes, 0, shares)
        work_coins = np.where(invalid, 0, tokens)
        done = required
        claims = required - done <= 0.4 * np.maximum(required, 1)
        due = np.where(claims, paid + work_coins, 0)
        self.governance += reward - int(paid.sum())
        each, rest = due // VESTING, due % VESTING
        self.vesting += each
        self.vesting[0] += rest
        self.wallet += self.vesting[0]
        self.vesting = np.roll(self.vesting, -1, axis=0)
        self.vesting[-1] = 0
        fraction = missed / np.maximum(finished, 1)
        self.penalty += np.where(fraction > 0.01, fraction, 0.0)
        self.completed += 1
        self.traffic = int(finished.sum())
        self.epoch += 1
        self.rows.append((reputation, finished, missed, invalid, required, paid, work_coins, busy, invalidated))


def numpy_seconds(epochs):
    network = Network(1)
    network.step()
    start = time.process_time()
    for _ in range(epochs):
        network.step()
    return time.process_time() - start


def radcad_seconds(epochs):
    from radcad import Backend, Engine, Experiment, Model, Simulation

    def step(_parameters, _substep, _history, state, _signals):
        state["network"].step()
        return "network", state["network"]

    def traffic(_parameters, _substep, _history, state, _signals):
        return "traffic", state["network"].traffic

    network = Network(1)
    network.step()
    model = Model(
        initial_state={"network": network, "traffic": network.traffic},
        state_update_blocks=[{"policies": {}, "variables": {"network": step, "traffic": traffic}}],
        params={},
    )
    experiment = Experiment(Simulation(model=model, timesteps=epochs, runs=1))
    # In one process, and without a copy of all hosts at every step: as fast as it can be asked to be.
    experiment.engine = Engine(backend=Backend.SINGLE_PROCESS, deepcopy=False)
    start = time.process_time()
    rows = experiment.run()
    spent = time.process_time() - start
    assert len(rows) == epochs + 1, "one row an epoch and the start"
    return spent


def children_seconds(command):
    before = os.times()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return (after.children_user - before.children_user) + (after.children_system - before.children_system)


def stakeout_seconds(arguments):
    epochs = str(arguments.epochs)
    if arguments.simulate:
        return children_seconds([arguments.simulate, SCENARIO, epochs])
    with tempfile.TemporaryDirectory() as out:
        command = [arguments.stakeout, "run", SCENARIO, "--set", f"duration={epochs} epochs", "--no-twins"]
        return children_seconds(command + ["--threads", "1", "--out", os.path.join(out, "run")])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulate", help="the example that simulates and writes nothing, to compare with")
    parser.add_argument("--stakeout", help="the command line, to compare with")
    parser.add_argument("--radcad", action="store_true", help="time the step inside radCAD, too")
    parser.add_argument("--epochs", type=int, default=365)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    ratios = []
    for _ in range(arguments.rounds):
        numpy = numpy_seconds(arguments.epochs)
        line = f"numpy {numpy / arguments.epochs * 1e3:.3f} ms an epoch"
        if arguments.simulate or arguments.stakeout:
            ours = stakeout_seconds(arguments)
            ratios.append(numpy / ours)
            line += f", stakeout {ours / arguments.epochs * 1e3:.3f} ms an epoch, ratio {ratios[-1]:.1f}"
        if arguments.radcad:
            radcad = radcad_seconds(arguments.epochs)
            line += f", radCAD {radcad / arguments.epochs * 1e3:.3f} ms an epoch"
            if ratios:
                line += f", ratio {radcad / ours:.1f}"
        print(line, flush=True)
    if ratios:
        print(f"median ratio {statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})")
    print(f"numpy {np.__version__}, Python {sys.version.split()[0]}, CPU time", flush=True)


if __name__ == "__main__":
    main()

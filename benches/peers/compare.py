#!/usr/bin/env python3
"""Sets the simulator beside its peers: the same network, in one run, in interleaved rounds.

    python3 benches/peers/compare.py [--rounds N] [--inferences N] [--only NAME ...]
        [--bench PROGRAM] [--peers FOLDER] [--python PYTHON]

Every program is run twice a round, to a full length and to almost nothing; what the difference cost in processor time,
over the inferences by which the two differ, is the cost of an inference without that of starting. Ratios are taken
inside a round, so that a busy machine slows both sides, and the table shows their median. A program that simulates
another network gives itself away by its sojourn, which has to be 1/(1 - 0.7) = 3.3333 seconds.

What is not installed is skipped and named below the table. Without --bench and --peers the programs are built first.
"""

import argparse
import math
import os
import platform
import re
import resource
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SOJOURN = 1 / (1 - 0.7)
CHECK_RATE = 0.1
LINE = re.compile(r"inferences (\d+) (?:counted (\d+) )?sojourn (\S+) checked (\S+)")
# Inferences that arrive in the 400 s of warm-up, at 7,000/1.1 a second.
WARM_UP = 400 * 7000 / 1.1


class Program:
    """A way to simulate the network: its command for a number of inferences."""

    def __init__(self, name, command, inferences, asked=None):
        self.name, self.command, self.inferences = name, command, inferences
        self.asked = asked
        self.costs, self.seen = [], None

    def run(self, inferences):
        """Processor seconds of a run, and the groups of the line that it prints."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([*self.command, str(inferences)], capture_output=True, text=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found = LINE.match(done.stdout)
        if done.returncode or not found:
            sys.exit(f"{self.name}: {' '.join(self.command)} {inferences}: {done.stdout}{done.stderr}")
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, found.groups()

    def measure(self):
        """Adds this round's nanoseconds an inference."""
        start, (fewest, *_) = self.run(0)
        spent, seen = self.run(self.inferences)
        self.seen = seen
        self.costs.append((spent - start) * 1e9 / (int(seen[0]) - int(fewest)))

    def is_same_network(self):
        """Is the sojourn within four standard errors of what queueing theory says, and the checked share of its own?"""
        inferences, counted, sojourn, checked = self.seen
        counted = float(counted) if counted else int(inferences) - WARM_UP
        share = 4 * math.sqrt(CHECK_RATE * (1 - CHECK_RATE) / int(inferences))
        # Without a chain a validation is counted when it arrives, and the last of them may still be under way.
        late = 5 * 7000 / 1.1 * CHECK_RATE / int(inferences)
        return (
            abs(float(sojourn) - SOJOURN) < 4 * standard_error(counted)
            and abs(float(checked) - CHECK_RATE) < share + late
        )


def standard_error(counted):
    """Of the mean sojourn over this many inferences, in seconds.

    Whitt 1989, Planning queueing simulations: the asymptotic variance of the mean wait in an M/M/1 queue is
    rho (2 + 5 rho - 4 rho^2 + rho^3) / (1 - rho)^4 over the number of customers, validations among them. A short run
    that starts in the stationary state cannot vary more than the state of its 10,000 queues does.
    """
    rho = 0.7
    variance = rho * (2 + 5 * rho - 4 * rho**2 + rho**3) / (1 - rho) ** 4
    long = math.sqrt(variance / (counted * (1 + CHECK_RATE)))
    queues = math.sqrt(rho / (1 - rho) ** 2 / 10_000) / rho
    return min(long, queues + 1 / math.sqrt(counted))


def is_importable(python, module):
    """Does this Python have the module?"""
    found = subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False)
    return found.returncode == 0


def module_version(python, module):
    """The version of an installed package."""
    code = f"from importlib.metadata import version; print(version('{module}'))"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def crate_versions():
    """The versions that the lock file beside this script pins."""
    return dict(re.findall(r'name = "([^"]+)"\nversion = "([^"]+)"', (HERE / "Cargo.lock").read_text()))


def build(manifest, package):
    """Builds a crate of Rust and answers the folder with its programs, or nothing where it cannot be built."""
    command = ["cargo", "build", "--release", "--manifest-path", str(manifest), "--package", package]
    try:
        if subprocess.run(command, check=False).returncode:
            return None
    except FileNotFoundError:
        return None
    target = os.environ.get("CARGO_TARGET_DIR")
    return (Path(target) if target else manifest.parent / "target") / "release"


def programs(options):
    """All programs that can be run here, the simulator and the baseline first; and why the others cannot."""
    missing = []
    bench = options.bench or (build(ROOT / "Cargo.toml", "stakeout-bench") or Path()) / "stakeout-bench"
    if not Path(bench).is_file():
        sys.exit("there is no stakeout-bench to compare with")
    found = [
        Program("stakeout", [str(bench), "workload", "verified-network"], 4 * options.inferences),
        Program("std heap", [str(bench), "workload", "std-heap"], options.inferences),
    ]
    folder = options.peers or build(HERE / "Cargo.toml", "stakeout-peers")
    versions = crate_versions()
    for crate, asked in (("desque", 5), ("simcore", 8), ("nexosim", 15)):
        program = Path(folder or "") / f"on_{crate}"
        if folder and program.is_file():
            name = f"{crate} {versions[crate]}"
            found.append(Program(name, [str(program)], options.inferences, asked))
        else:
            missing.append(f"{crate}: {program.name} is not built")
    script = str(HERE / "simpy_network.py")
    if is_importable(options.python, "simpy"):
        version = module_version(options.python, "simpy")
        for style, inferences, asked in (("callbacks", 200_000, 100), ("processes", 100_000, 100)):
            command = [options.python, script, style]
            found.append(Program(f"SimPy {version}, {style}", command, inferences, asked))
    else:
        missing.append(f"SimPy: not in {options.python} (pip install -r benches/peers/requirements.txt)")
    peers = found[2:]
    for name in options.only or []:
        if not any(peer.name.lower().startswith(name.lower()) for peer in peers):
            here = ", ".join(peer.name for peer in peers) or "none"
            sys.exit(f"no peer's name begins with {name!r}; here are: {here}; skipped: {'; '.join(missing) or 'none'}")
    wanted = tuple(name.lower() for name in options.only or [""])
    return found[:2] + [peer for peer in peers if peer.name.lower().startswith(wanted)], missing


def interval(values):
    """Median and range."""
    return statistics.median(values), min(values), max(values)


def measure_rounds(measured, rounds):
    """Measures every program in every round; stopped by Ctrl-C, keeps the rounds that are whole and says how many."""
    try:
        for number in range(rounds):
            for program in measured:
                program.measure()
                print(f"round {number + 1}: {program.name}: {program.costs[-1]:.1f} ns", file=sys.stderr)
    except KeyboardInterrupt:
        rounds = min(len(program.costs) for program in measured)
        if not rounds:
            sys.exit("stopped before a round was whole")
        for program in measured:
            del program.costs[rounds:]
    return rounds


def processor():
    """What the machine says of its processor."""
    try:
        found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found.group(1) if found else platform.processor() or "an unnamed processor"


def print_table(measured):
    """The table, with ratios to the simulator and to the std heap program."""
    stakeout, heap = measured[0].costs, measured[1].costs
    print("| program | ns/inference | stakeout is faster by, median [range] | asked", end=" ")
    print("| std heap is faster by | sojourn, s | checked |")
    print("|---|---|---|---|---|---|---|")
    for program in measured:
        cost = statistics.median(program.costs)
        times, low, high = interval([theirs / ours for theirs, ours in zip(program.costs, stakeout)])
        beside = statistics.median(theirs / base for base, theirs in zip(heap, program.costs))
        _, _, sojourn, checked = program.seen
        asked = f"≥ {program.asked}" if program.asked else ""
        ratio = "1" if program is measured[0] else f"{times:.1f} [{low:.1f}, {high:.1f}]"
        seen = f"{float(sojourn):.4f} | {float(checked):.4f}"
        print(f"| {program.name} | {cost:.1f} | {ratio} | {asked} | {beside:.3g} | {seen} |")


def main():
    """Runs the rounds, prints the table, and fails if a program simulates another network."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    in_rust = "of the programs in Rust; four times as many of the simulator, a few hundred thousand of SimPy"
    parser.add_argument("--inferences", type=int, default=5_000_000, help=in_rust)
    parser.add_argument("--only", action="append", help="peers whose name begins so")
    parser.add_argument("--bench", type=Path, help="a built stakeout-bench")
    parser.add_argument("--peers", type=Path, help="the folder with the built peers")
    parser.add_argument("--python", default=sys.executable, help="the Python that has SimPy")
    options = parser.parse_args()
    if options.rounds < 1 or options.inferences <= WARM_UP:
        parser.error(f"at least one round, and more than the {WARM_UP:.0f} inferences of the warm-up")
    measured, missing = programs(options)
    rounds = measure_rounds(measured, options.rounds)
    print(f"{rounds} rounds on {processor()}, {platform.system()} {platform.machine()}")
    print()
    print_table(measured)
    for reason in missing:
        print(f"skipped: {reason}")
    strange = [program.name for program in measured if not program.is_same_network()]
    if strange:
        sys.exit(f"another network was simulated: {', '.join(strange)}")


if __name__ == "__main__":
    main()

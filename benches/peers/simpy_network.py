"""The verified network of the bench suite on SimPy, in its two styles.

    python3 simpy_network.py callbacks|processes INFERENCES

`callbacks` hangs a method on each timeout and keeps the queues itself: the fastest that SimPy does. `processes` is a
generator for each job and a `Resource` for each executor, as SimPy's tutorial has it.

The network starts in its stationary state, drawn from the product form, since the 400 simulated seconds that the other
programs run in would take SimPy most of a minute. Inferences that arrive count; those drawn at the start do not.
"""

import sys
import time
from collections import deque
from random import Random

import simpy

EXECUTORS = 10_000
UTILISATION = 0.7
CHECK_RATE = 0.1
DELAY = 5.0
RATE = UTILISATION * EXECUTORS / (1 + CHECK_RATE)

random = Random(1)
uniform, exponential = random.random, random.expovariate


class Outcome:
    """What the run saw."""

    def __init__(self):
        self.completed = self.counted = self.checked = 0
        self.sojourn = 0.0

    def count(self, arrived, now):
        """A finished inference; `arrived` is None for those drawn at the start."""
        self.completed += 1
        if arrived is not None:
            self.counted += 1
            self.sojourn += now - arrived


def other_than(executor):
    """Another executor, each as likely."""
    other = int(uniform() * (EXECUTORS - 1))
    return other + (other >= executor)


def stationary_queues():
    """For each executor its jobs at the start, True for a validation: geometric in number, one in eleven a check."""
    for _ in range(EXECUTORS):
        jobs = []
        while uniform() < UTILISATION:
            jobs.append(uniform() < CHECK_RATE / (1 + CHECK_RATE))
        yield jobs


def stationary_arrivals():
    """Times at which the validations that are under way at the start arrive: Poisson over one delay."""
    now = exponential(RATE * CHECK_RATE)
    while now < DELAY:
        yield now
        now += exponential(RATE * CHECK_RATE)


class Callbacks:
    """A method for each thing that happens; an executor is a queue of (arrival or None, is it a validation)."""

    def __init__(self, inferences):
        self.env = simpy.Environment()
        self.outcome = Outcome()
        self.to_come = inferences
        self.queues = [deque() for _ in range(EXECUTORS)]
        for executor, jobs in enumerate(stationary_queues()):
            for is_validation in jobs:
                self.accept(executor, (None, is_validation))
        for delay in stationary_arrivals():
            self.after(delay, self.validate, int(uniform() * EXECUTORS))
        self.schedule_request()

    def after(self, delay, callback, value=None):
        """Calls `callback` with a timeout that carries `value`."""
        self.env.timeout(delay, value).callbacks.append(callback)

    def schedule_request(self):
        """The next arrival, while there are any to come."""
        if self.to_come:
            self.to_come -= 1
            self.after(exponential(RATE), self.request)

    def request(self, _timeout):
        """An inference arrives."""
        self.schedule_request()
        self.accept(int(uniform() * EXECUTORS), (self.env.now, False))

    def validate(self, timeout):
        """A validation arrives at the executor that its timeout carries."""
        self.accept(timeout.value, (None, True))

    def accept(self, executor, job):
        """Puts a job at the end of a queue, and starts it if nobody is before it."""
        queue = self.queues[executor]
        queue.append(job)
        if len(queue) == 1:
            self.after(exponential(1.0), self.complete, executor)

    def complete(self, timeout):
        """The executor that the timeout carries finishes its job."""
        executor = timeout.value
        queue = self.queues[executor]
        arrived, is_validation = queue.popleft()
        if queue:
            self.after(exponential(1.0), self.complete, executor)
        if is_validation:
            return
        self.outcome.count(arrived, self.env.now)
        if uniform() < CHECK_RATE:
            self.outcome.checked += 1
            self.after(DELAY, self.validate, other_than(executor))


class Processes:
    """A generator for each job; an executor is a resource of capacity one."""

    def __init__(self, inferences):
        self.env = env = simpy.Environment()
        self.outcome = Outcome()
        self.executors = [simpy.Resource(env) for _ in range(EXECUTORS)]
        for executor, jobs in enumerate(stationary_queues()):
            for is_validation in jobs:
                env.process(self.serve(executor) if is_validation else self.inference(executor, None))
        for delay in stationary_arrivals():
            env.process(self.validation(int(uniform() * EXECUTORS), delay))
        env.process(self.clients(inferences))

    def clients(self, inferences):
        """Sends the requests."""
        for _ in range(inferences):
            yield self.env.timeout(exponential(RATE))
            self.env.process(self.inference(int(uniform() * EXECUTORS), self.env.now))

    def serve(self, executor):
        """Waits for an executor and takes its time."""
        with self.executors[executor].request() as turn:
            yield turn
            yield self.env.timeout(exponential(1.0))

    def inference(self, executor, arrived):
        """A request from arrival to completion, and its validation."""
        yield from self.serve(executor)
        self.outcome.count(arrived, self.env.now)
        if uniform() < CHECK_RATE:
            self.outcome.checked += 1
            yield from self.validation(other_than(executor), DELAY)

    def validation(self, executor, delay):
        """Computes an answer again, after a delay."""
        yield self.env.timeout(delay)
        yield from self.serve(executor)


def main():
    """Runs one style and prints the line that `compare.py` reads."""
    styles = {"callbacks": Callbacks, "processes": Processes}
    if len(sys.argv) != 3 or sys.argv[1] not in styles or not sys.argv[2].isdigit():
        sys.exit(__doc__)
    inferences = int(sys.argv[2])
    network = styles[sys.argv[1]](inferences)
    network.env.run()
    outcome = network.outcome
    sojourn = outcome.sojourn / outcome.counted if outcome.counted else float("nan")
    checked = outcome.checked / outcome.completed if outcome.completed else float("nan")
    cpu = time.process_time() * 1e9 / max(inferences, 1)
    print(
        f"inferences {inferences} counted {outcome.counted} sojourn {sojourn:.4f}"
        f" checked {checked:.4f} cpu_ns {cpu:.1f}"
    )


if __name__ == "__main__":
    main()

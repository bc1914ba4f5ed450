"""A driver of a sweep on Ray, as a program of its own, for the test that kills it.

    python ray_driver.py ENGINE OUT SIGNS [ADDRESS]

The strategy swaps half of its answers. While the folder of signs has no `driver-killed`, a worker that meets four finished
cells or more says so in a sign of its own and waits: the driver can then be killed with cells in flight.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import stakeout

RATES = {"protocol.sampling.flat_rate": ["1 %", "2 %", "5 %", "10 %", "20 %", "50 %"]}
REPLICATES = 4
#: Cells that are finished before anybody waits.
FINISHED = 4


class WaitsInFlight(stakeout.Strategy):
    """Swaps half; on the cluster, waits inside a cell until the driver has been killed."""

    def policy(self, view: stakeout.View) -> stakeout.Policy:
        out, signs = Path(os.environ["SWEEP_OUT"]), Path(os.environ["SWEEP_SIGNS"])
        while not (signs / "driver-killed").exists() and len(list(out.glob("cells/*/*.json"))) >= FINISHED:
            (signs / f"waits-{os.getpid()}").touch()
            time.sleep(0.05)
        return stakeout.Policy("50 %", "int4")


def main() -> None:
    engine, out, signs, *address = sys.argv[1:]
    surroundings = {"SWEEP_OUT": out, "SWEEP_SIGNS": signs}
    os.environ.update(surroundings)
    stakeout.strategy("waits_in_flight")(WaitsInFlight)
    scenario = stakeout.Scenario.load(Path(__file__).resolve().parents[2] / "scenarios/smoke/two-swappers.yaml")
    scenario = scenario.set("population.swapper.strategy", "waits_in_flight")
    if engine == "ray":
        import ray

        ray.init(address=address[0], log_to_driver=False, runtime_env={"env_vars": surroundings})
        done = stakeout.sweep(scenario, RATES, replicates=REPLICATES, out=out, engine="ray", shards=6)
    else:
        done = stakeout.sweep(scenario, RATES, replicates=REPLICATES, out=out)
    print(done.cells_run, done.digest)


if __name__ == "__main__":
    main()

"""Sweeps on a Ray cluster.

The cells in the plan's folder are the record, not Ray's object store: a worker, a node or the driver may be killed at any
moment, and what was finished is found again by whoever goes on. Every worker freezes the plan itself and refuses to work
when it comes to another one than the driver's, as workers with another release of the program do.
"""

from __future__ import annotations

import os
from typing import cast

import ray

from ._errors import UsageError
from ._stakeout import Sweep
from ._stakeout import sweep as _sweep
from ._strategy import Strategy, make_known, registered
from ._sweep import Plan, run_shard

#: How often a part is given to another worker after its own was lost.
RETRIES = 20


def _work(plan: Plan, index: int, of: int, strategies: dict[str, tuple[type[Strategy], str]], version: str) -> int:
    """One part of the plan on a worker: one thread for each CPU that Ray counts for a task."""
    from . import __version__

    if __version__ != version:
        raise UsageError(f"a worker has stakeout {__version__} and the driver {version}")
    for name, (made, key) in strategies.items():
        # The source of a class that came over the wire lies with the driver, and so does its hash.
        make_known(name, made, key)
    return run_shard(plan, index, of, 1)


def sweep_on_ray(plan: Plan, shards: int | None = None) -> Sweep:
    """Carries out a plan on the cluster that Ray is connected to, or on one that it starts here."""
    if plan["out"] is None:
        raise UsageError("engine='ray' needs `out`: a folder that every node sees")
    plan = cast(Plan, {**plan, "file": os.path.abspath(plan["file"]), "out": os.path.abspath(plan["out"])})
    if not ray.is_initialized():
        ray.init(include_dashboard=False, log_to_driver=False)
    from . import __version__

    # The driver freezes the plan first, so that the parts find it and compare; the first part of as many as a plan may
    # have points is one point at most.
    of = shards or max(8, 4 * int(ray.cluster_resources().get("CPU", 1)))
    task = ray.remote(max_retries=RETRIES, retry_exceptions=False)(_work)
    handed = [task.remote(plan, index, of, dict(registered), __version__) for index in range(1, of + 1)]
    waiting = list(handed)
    while waiting:
        done, waiting = ray.wait(waiting, timeout=1.0)
        ray.get(done)
    again = cast(Plan, {**plan, "extend": False})
    return _sweep(**again, shard=None, threads=None)

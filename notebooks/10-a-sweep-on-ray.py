# %% [markdown]
# # 10. A sweep on Ray
#
# The same sweep, once on the threads of this machine and once on a Ray cluster, here a local one. The cells in the folder
# are the record, so the two results are the same bytes.

# %%
import logging
import os
import time

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
# Ray asks the system to favour everything else over its workers; here the two are compared.
os.environ.setdefault("RAY_worker_niceness", "0")
import ray
import stakeout

replicates = 20  # small: 3
scenario = stakeout.Scenario.load("../scenarios/smoke/two-swappers.yaml").with_(duration="60 epochs")
rates = {"protocol.sampling.flat_rate": ["1 %", "2 %", "5 %", "10 %", "20 %", "50 %"]}

# %%
began = time.perf_counter()
local = stakeout.sweep(scenario, rates, replicates=replicates, out="sweeps/ray-local", threads=2)
on_threads = time.perf_counter() - began

# %%
ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
# Workers are started and load the package in a sweep that is not timed.
stakeout.sweep(scenario.with_(seed=8), rates, replicates=1, out="sweeps/ray-warm", engine="ray", shards=6)
began = time.perf_counter()
spread = stakeout.sweep(scenario, rates, replicates=replicates, out="sweeps/ray-spread", engine="ray", shards=6)
on_ray = time.perf_counter() - began
ray.shutdown()

# %%
cells = len(local.responses)
print(f"2 threads: {cells / on_threads:.1f} cells/s; 2 workers of Ray: {cells / on_ray:.1f} cells/s")
spread

# %%
assert spread.digest == local.digest
assert spread.responses["digest"] == local.responses["digest"]

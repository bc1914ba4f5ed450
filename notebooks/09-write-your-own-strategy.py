# %% [markdown]
# # 9. Write your own strategy
#
# A strategy is a class with one method. It is asked once an epoch what to do, and sees what a host may know of itself. This
# one cheats until its answers begin to fail, then follows the rules until the failures are a small part again.

# %%
import time

import matplotlib.pyplot as plt
import stakeout


@stakeout.strategy("wary_swapper")
class WarySwapper(stakeout.Strategy):
    """Swaps while few of its checks have failed."""

    parameters = {"rate": "100 %", "tolerance": "5 %"}

    def __init__(self, rate: float, tolerance: float) -> None:
        self.rate, self.tolerance = rate, tolerance

    def policy(self, view: stakeout.View) -> stakeout.Policy:
        checks = view.validated + view.invalidated
        is_safe = checks == 0 or view.invalidated / checks <= self.tolerance
        return stakeout.Policy(self.rate if is_safe and not view.was_convicted else 0.0, "int4")


replicates = 20  # small: 4
scenario = stakeout.Scenario.load("../scenarios/smoke/two-swappers.yaml").with_(duration="10 epochs")
wary = stakeout.run(scenario.set("population.swapper.strategy", "wary_swapper"), replicates=replicates)
bold = stakeout.run(
    scenario.set("population.swapper.strategy", {"model_swapper": {"rate": "100 %", "substitute": "int4"}}),
    replicates=replicates,
)
wary

# %%
figure, axes = plt.subplots(figsize=(7, 3))
for run, label in ((wary, "wary"), (bold, "bold")):
    rows = [row for row in run.participants.rows_as_dicts() if row["owner"].startswith("swapper")]
    epochs = sorted({row["epoch"] for row in rows})
    cheated = [sum(row["cheated"] for row in rows if row["epoch"] == epoch) / replicates for epoch in epochs]
    axes.plot(epochs, cheated, "o-", label=label)
axes.set_xlabel("epoch")
axes.set_ylabel("substituted answers a run")
axes.legend()
plt.show()

# %% [markdown]
# What it costs to ask Python: the same network with its cheaters in Rust and in Python, doing the same.


# %%
@stakeout.strategy("swapper_again")
class SwapperAgain(stakeout.Strategy):
    """The program's own swapper, in Python."""

    def policy(self, view: stakeout.View) -> stakeout.Policy:
        return stakeout.Policy(1.0, "int4")


def seconds(strategy: object) -> tuple[float, str]:
    made = scenario.set("population.swapper.strategy", strategy)
    began = time.perf_counter()
    digest = stakeout.run(made, replicates=1, threads=1).summary["digest"]
    return time.perf_counter() - began, digest


in_rust, _ = seconds({"model_swapper": {"rate": "100 %", "substitute": "int4"}})
in_python, _ = seconds("swapper_again")
print(f"in Rust {in_rust:.3f} s, in Python {in_python:.3f} s")

# %%
in_all = {name: sum(run.participants["cheated"]) for name, run in (("wary", wary), ("bold", bold))}
assert 0 < in_all["wary"] < in_all["bold"]
again = stakeout.run(scenario.set("population.swapper.strategy", "wary_swapper"), replicates=replicates)
assert again.digests == wary.digests, "the same seed gives the same bytes, in Python too"

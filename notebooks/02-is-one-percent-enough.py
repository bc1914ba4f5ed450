# %% [markdown]
# # 2. Is 1 % enough?
#
# A host that serves a smaller model saves hardware time. Checks that are rare enough never find it. How rare is that, for
# one that swaps a tenth of its answers and for one that swaps them all?

# %%
import matplotlib.pyplot as plt
import stakeout

replicates = 30  # small: 6
rates = ["0.5 %", "1 %", "2 %", "5 %", "10 %", "20 %", "50 %"]
# Ten hosts, of which two swap.
scenario = stakeout.Scenario.load("../scenarios/smoke/two-swappers.yaml")
# Hardware costs about 60 % of what an honest host earns, so that there is something to save.
scenario = scenario.with_({"protocol.rewards.initial": "100 GNK", "hardware.h100.cost": "400 GNK/h"})


def curve(share: str) -> stakeout.Sweep:
    cheat = {"model_swapper": {"rate": share, "substitute": "int4"}}
    return stakeout.sweep(
        scenario.set("population.swapper.strategy", cheat),
        {"protocol.sampling.flat_rate": rates},
        replicates=replicates,
        out=f"sweeps/one-percent-{share.split()[0]}",
    )


bold, timid = curve("100 %"), curve("10 %")
bold

# %%
figure, axes = plt.subplots(figsize=(7, 3.2))
places = [float(rate.split()[0]) for rate in rates]
for sweep, label in ((bold, "swaps everything"), (timid, "swaps a tenth")):
    results = sweep.results
    axes.plot(places, [100 * value for value in results["cheating_premium"]], "o-", label=label)
axes.axhline(0, color="black", linewidth=0.8)
axes.set_xscale("log")
axes.set_xlabel("answers checked, %")
axes.set_ylabel("earns more than honest, %")
axes.legend()
plt.show()

# %%
figure, axes = plt.subplots(figsize=(7, 3.2))
for sweep, label in ((bold, "swaps everything"), (timid, "swaps a tenth")):
    axes.plot(places, [100 * value for value in sweep.results["cheaters_convicted_share"]], "o-", label=label)
axes.set_xscale("log")
axes.set_xlabel("answers checked, %")
axes.set_ylabel("convicted, %")
axes.legend()
plt.show()

# %% [markdown]
# Cheating is found by the number of failed checks, not by their share: in a network as small and as short as this one,
# 1 % sees too few answers of one host. The timid cheater is the one that sets the rate.

# %%
results = bold.results
premium = dict(zip(rates, results["cheating_premium"]))
convicted = dict(zip(rates, results["cheaters_convicted_share"]))
timidly = dict(zip(rates, timid.results["cheaters_convicted_share"]))
assert premium["0.5 %"] > 0, "at 0.5 % swapping everything pays here"
assert premium["50 %"] < 0 and convicted["50 %"] == 1.0
assert all(timidly[rate] <= convicted[rate] for rate in rates)
assert results["verification_overhead"] == sorted(results["verification_overhead"]), "more checks cost more"

# %% [markdown]
# # 1. What one epoch looks like, against the chain's record
#
# The chain recorded what each host of epoch 56 of the mainnet did. The scenario replays the recorded requests under the
# network's rules; what is left to chance is who is checked. A figure of the record should then lie where one further run
# of the simulation would fall.

# %%
import matplotlib.pyplot as plt
import stakeout

replicates = 40  # small: 8
scenario = stakeout.Scenario.load("../scenarios/networks/gonka-mainnet-epoch56.yaml")
run = stakeout.run(scenario, replicates=replicates)
record = run.recorded
assert record is not None
record

# %% [markdown]
# Rewards first: they follow from weights and the schedule. Chance touches them only where the draw of checks costs a host
# its claim, which a run in forty may show.

# %%
rows = record.rows_as_dicts()
rewards = [row for row in rows if row["figure"] == "reward"]
for row in rewards:
    print(f"{row['host'][:20]:22} recorded {row['recorded']:.0f}  simulated {row['simulated_mean']:.0f}")

# %% [markdown]
# Then the checks of each host's answers, which are drawn.

# %%
checks = [row for row in rows if row["figure"] == "validated"]
figure, axes = plt.subplots(figsize=(7, 5))
places = range(len(checks))
means = [row["simulated_mean"] for row in checks]
axes.errorbar(
    means,
    places,
    xerr=[[m - row["low"] for m, row in zip(means, checks)], [row["high"] - m for m, row in zip(means, checks)]],
    fmt="o",
    capsize=3,
    label="simulated, where one run in 1,000 falls outside",
)
axes.plot([row["recorded"] for row in checks], places, "x", color="black", label="recorded")
axes.set_yticks(list(places), [row["host"] for row in checks], fontsize=8)
axes.set_xlabel("passing validations of its answers in the epoch")
axes.legend(fontsize=8)
plt.show()

# %% [markdown]
# What has to hold: requests are replayed exactly; rewards come out as recorded, to the last base unit, but for a host or
# two with bad luck in some run; and one host at most lies outside by its checks.

# %%
served = [row for row in rows if row["figure"] == "inferences"]
assert served and all(row["is_exact"] for row in served)
assert rewards and all(row["low"] <= row["recorded"] <= row["high"] for row in rewards)
assert sum(row["is_exact"] for row in rewards) >= len(rewards) - 2
inside = [row["low"] <= row["recorded"] <= row["high"] for row in checks]
print(f"{sum(inside)} of {len(inside)} hosts' checks lie inside")
assert sum(inside) >= len(inside) - 1

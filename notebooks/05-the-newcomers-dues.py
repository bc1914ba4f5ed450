# %% [markdown]
# # 5. The newcomer's dues
#
# Where reputation decides how often one is checked, a newcomer is checked most. A strategy written in Python watches what
# a host is told of itself: its reputation and the rate at which the published rule checks it.

# %%
import matplotlib.pyplot as plt
import stakeout

epochs = 40  # small: 16
told: dict[int, tuple[int, float]] = {}


@stakeout.strategy("watcher")
class Watcher(stakeout.Strategy):
    """Follows the rules and writes down what it is told."""

    version = "1"

    def policy(self, view: stakeout.View) -> stakeout.Policy:
        told[view.epoch] = (view.reputation, view.target_rate)
        return stakeout.Policy()


scenario = stakeout.Scenario.load("../scenarios/attacks/newcomer-swap.yaml")
scenario = scenario.with_({"population.mallory.strategy": "watcher", "population.mallory.count": 1})
scenario = scenario.with_(duration=f"{epochs} epochs")
run = stakeout.run(scenario, replicates=1)
run

# %%
seen = sorted(told)
reputation = [told[epoch][0] for epoch in seen]
rate = [told[epoch][1] for epoch in seen]
figure, axes = plt.subplots(figsize=(7, 3.2))
axes.plot(seen, reputation, "o-", label="reputation, 0 to 100")
axes.plot(seen, [100 * value for value in rate], "s-", label="checked, % of its answers")
axes.set_xlabel("epochs since it joined")
axes.legend()
plt.show()

# %%
assert reputation[0] == 0 and reputation[-1] > reputation[0]
assert reputation == sorted(reputation), "an honest host's reputation never falls"
settled = [value for value in rate if value > 0]
assert settled[0] == max(settled) and settled[-1] < settled[0], "the newcomer is checked most"
print(f"checked at first {settled[0]:.1%}, after {len(seen)} epochs {settled[-1]:.1%}")

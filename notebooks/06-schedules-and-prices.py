# %% [markdown]
# # 6. Which reward schedule survives a fall of the price?
#
# Providers live on coins and pay their costs in money. Five schedules issue about the same number of coins in the first
# year, and differ in when; a sixth issues none and leaves providers to the fees. Each runs twice in the market of
# `scenarios/markets`: in a calm year, and in one in which the coin loses 80 % in epoch 100. What they need is in the
# table of fields in `docs/worlds.md`.

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import stakeout

baseline = Path("../scenarios/markets/baseline.yaml").read_text()
given = "schedule: {decay: {first: 285000, keep: 0.999525}}"
assert given in baseline
year = 365
coins = sum(285_000 * 0.999525**epoch for epoch in range(year))


def first_of(keep: float) -> float:
    """Coins of the first epoch of a decay that issues as many in a year."""
    return coins / sum(keep**epoch for epoch in range(year))


schedules = {
    "level": f"{{decay: {{first: {coins / year:.0f}, keep: 1}}}}",
    "Gonka's decay": "{decay: {first: 285000, keep: 0.999525}}",
    "slow decay": f"{{decay: {{first: {first_of(0.997):.0f}, keep: 0.997}}}}",
    "halving each quarter": f"{{halving: {{first: {coins / 91 / 1.875:.0f}, every: 91}}}}",
    "steep decay": f"{{decay: {{first: {first_of(0.99):.0f}, keep: 0.99}}}}",
    "fees alone": "{decay: {first: 0, keep: 1}}",
}

# %%
folder = Path("sweeps/schedules")
folder.mkdir(parents=True, exist_ok=True)


def write(name: str, schedule: str, shock: str) -> Path:
    text = baseline.replace(given, f"schedule: {schedule}").split("bounds:")[0]
    path = folder / f"{name}.yaml"
    path.write_text(text + shock)
    return path


fall = "  shocks:\n    - {epoch: 100, coin_price: 0.2}\n"
files, names = [], {}
for number, (name, schedule) in enumerate(schedules.items()):
    for weather, shock in (("calm", ""), ("fall", fall)):
        files.append(write(f"{number}-{weather}", schedule, shock))
        names[f"{number}-{weather}"] = (name, weather)
table = stakeout.worlds([str(file) for file in files])
seen = {}
for row in table.rows_as_dicts():
    seen[(*names[row["world"]], row["figure"])] = row["observed"]

# %%
print(f"{'schedule':22} {'coins, million':>14} {'providers, calm':>16} {'after the fall':>15} {'profit, fall':>13}")
for name in schedules:
    issued = seen[name, "fall", "coins issued"] / 1e6
    calm, fallen = (seen[name, weather, "providers active"] for weather in ("calm", "fall"))
    profit = seen[name, "fall", "profit of an honest provider an epoch"]
    print(f"{name:22} {issued:14.1f} {calm:16.0f} {fallen:15.0f} {profit:13.1f}")

# %%
figure, axes = plt.subplots(figsize=(7, 3.4))
places = range(len(schedules))
for weather, shift, label in (("calm", -0.2, "calm year"), ("fall", 0.2, "coin falls by 80 % in epoch 100")):
    left = [seen[name, weather, "providers active"] for name in schedules]
    axes.barh([place + shift for place in places], left, height=0.4, label=label)
axes.axvline(200, color="black", linewidth=0.8)
axes.set_yticks(list(places), list(schedules))
axes.invert_yaxis()
axes.set_xlabel("providers active at the end of the year, of 200 at its beginning")
axes.legend(fontsize=8)
figure.tight_layout()
plt.show()

# %% [markdown]
# The fall costs every schedule that issues coins some of its providers. What decides how many are left is what the
# schedule still pays when the price has fallen: one that has paid most of its coins by then loses more providers to its
# own decay, in a calm year, than a level one loses to the fall. Fees alone carry a tenth of them, whatever the price.

# %%
paying = [name for name in schedules if name != "fees alone"]
issued = [seen[name, "fall", "coins issued"] for name in paying]
assert max(issued) < 1.01 * min(issued)
calm = {name: seen[name, "calm", "providers active"] for name in schedules}
fallen = {name: seen[name, "fall", "providers active"] for name in schedules}
# The same order in both years: the flatter the schedule, the more are left.
assert [fallen[name] for name in schedules] == sorted(fallen.values(), reverse=True)
assert all(fallen[name] < calm[name] for name in paying)
assert fallen["level"] > 0.8 * 200 and fallen["fees alone"] < 0.2 * 200
# A steep schedule loses more to itself than a level one to the fall of the price.
assert 200 - calm["steep decay"] > 200 - fallen["level"]

# %% [markdown]
# The rules themselves are those that networks publish: each is held against its public total or property.

# %%
rules = stakeout.worlds(["bitcoin-halving", "gonka-decay", "burn-and-mint", "tail"], size=2_000)
for row in rules.rows_as_dicts():
    print(f"{row['world']:18} {row['figure'][:52]:54} {row['observed']:.6g}")
assert all(rules["holds"])

# %% [markdown]
# # 6. Which reward schedule survives a fall of the price?
#
# Providers live on coins and pay their costs in money. The market of `scenarios/markets` lets them enter and leave; its
# stress tests change one thing each. Each file states what has to come out, and the table says whether it did.

# %%
import matplotlib.pyplot as plt
import stakeout

size = 20_000  # small: 2_000
names = ["baseline", "stress-coin-price", "stress-demand-down", "stress-cheap-gpu", "stress-unlock", "stress-vanish"]
table = stakeout.worlds([f"../scenarios/markets/{name}.yaml" for name in names], size=size)
table

# %%
rows = [row for row in table.rows_as_dicts() if row["closed_form"] == "market"]
figures = sorted({row["figure"] for row in rows})
shown = [figure for figure in figures if sum(row["figure"] == figure for row in rows) >= 4][:3]
figure, many = plt.subplots(1, len(shown), figsize=(4 * len(shown), 3), squeeze=False)
for axes, name in zip(many[0], shown):
    own = [row for row in rows if row["figure"] == name]
    axes.barh([row["world"] for row in own], [row["observed"] for row in own])
    axes.set_title(name, fontsize=8)
figure.tight_layout()
plt.show()

# %% [markdown]
# The schedules themselves, against what their networks publish.

# %%
schedules = stakeout.worlds(["bitcoin-halving", "gonka-decay", "burn-and-mint", "tail"], size=size)
for row in schedules.rows_as_dicts():
    print(f"{row['world']:18} {row['figure'][:52]:54} {row['observed']:.6g}  {'holds' if row['holds'] else 'FAILS'}")

# %%
assert all(table["holds"]) and all(schedules["holds"])

# %% [markdown]
# # 8. Ownership, mining, market, grant: one table
#
# Four ways to pay strangers for machines: a share in what is trained, proof of work, a market for cards, and a grant for
# a public good. Each is a small world that states its question and what has to come out.

# %%
import stakeout

size = 20_000  # small: 2_000
names = ["pluralis-ownership", "bitcoin", "idle-supply", "bloom"]
table = stakeout.worlds(names, size=size)
table

# %%
for name in names:
    rows = [row for row in table.rows_as_dicts() if row["world"] == name]
    print(f"\n{name}: {rows[0]['question']}")
    for row in rows:
        print(f"  {row['figure'][:60]:62} {row['observed']:.6g}")

# %%
assert set(table["world"]) == set(names)
assert all(table["holds"])

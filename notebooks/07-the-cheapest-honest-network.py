# %% [markdown]
# # 7. Solve: the cheapest honest network
#
# `solve` searches for the laxest rule under which no attack of a menu gains more than is tolerated, and says what the
# network then costs honest people.

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import stakeout

ceiling = 60  # small: 30
question = Path("sweeps/cheapest/question.yaml")
question.parent.mkdir(parents=True, exist_ok=True)
(question.parent / "first.yaml").write_text(Path("../scenarios/first.yaml").read_text())
question.write_text(f"""
solve: cheapest-notebook
scenario: first.yaml
set: {{ population.swapper.strategy: honest }}
parameter: {{ path: protocol.sampling.flat_rate, range: {{ from: 1 %, to: 100 %, scale: log }} }}
tolerance: 20 %
attacks:
  - path: population.timid.strategy.model_swapper.rate
    name: swaps
    values: [20 %, 50 %, 100 %]
honest: {{ population.timid.strategy: honest }}
epsilon: 1 %
confidence: 95 %
replicates: {{ floor: 20, ceiling: {ceiling} }}
price: [checked_share, verification_overhead, honest_convicted_share]
""")
found = stakeout.solve(question, out="sweeps/cheapest/cells")
found

# %%
found.search

# %%
figure, axes = plt.subplots(figsize=(7, 3.2))
rows = found.search.rows_as_dicts()
for attack in sorted({row["attack"] for row in rows}):
    own = sorted((row["value"], 100 * row["gain"]) for row in rows if row["attack"] == attack)
    axes.plot([value for value, _ in own], [gain for _, gain in own], "o-", label=attack)
axes.axhline(1, color="black", linewidth=0.8)
axes.set_xscale("log")
axes.set_xlabel("answers checked, %")
axes.set_ylabel("gain over honesty, %")
axes.legend(fontsize=8)
plt.show()

# %%
(frontier,) = found.frontier.rows_as_dicts()
print(f"deters from {frontier['deters_from_value']:.3g} %, not surely at {frontier['not_below_value']:.3g} %; binding: {frontier['binding_attack']}; to see it: {frontier['replay']}")
assert 2 < frontier["not_below_value"] < frontier["deters_from_value"] < 40
# The rule has to hold against the timid: bold swappers lose long before.
assert frontier["binding_attack"] == "swaps 20 %"
assert all(row["gain_high"] < 0.01 + 1e-12 for row in rows if row["verdict"] == "deterred")
assert 0 <= frontier["verification_overhead"] < 1

# %% [markdown]
# # 3. What can a forward pass tell?
#
# A validator replays an answer and compares log-probabilities. Two honest machines differ a little, a quantised model
# differs more. The calibration holds both as measured on real forward passes of a model that people use.

# %%
import matplotlib.pyplot as plt
import stakeout

calibration = stakeout.calibration("smollm2-135m")
calibration

# %%
laws = calibration.laws.rows_as_dicts()
kernels = sorted({row["executor"] for row in laws})
prompts = sorted({row["prompts"] for row in laws})
substitutes = calibration.substitutes["substitute"]
print("kernels:", ", ".join(kernels))
print("prompts:", ", ".join(prompts))
print("substitutes:", ", ".join(substitutes))


def median(substitute: str, prompts_of: str) -> float:
    """Median similarity over the kernel pairs."""
    found: list[float] = []
    for executor in kernels:
        for validator in kernels:
            law = [
                (row["p"], row["similarity"])
                for row in laws
                if (row["substitute"], row["executor"], row["validator"], row["prompts"])
                == (substitute, executor, validator, prompts_of)
            ]
            if law:
                found.append(min(law, key=lambda point: abs(point[0] - 0.5))[1])
    return sum(found) / len(found)


# %%
figure, axes = plt.subplots(figsize=(7, 3.5))
for substitute in substitutes:
    law = [
        row
        for row in laws
        if row["substitute"] == substitute and row["prompts"] == prompts[0] and row["executor"] == row["validator"] == kernels[0]
    ]
    axes.plot([row["similarity"] for row in law], [row["p"] for row in law], label=substitute)
axes.set_xlabel("similarity of an answer")
axes.set_ylabel("share of answers at or below")
axes.legend(fontsize=6, ncol=2)
plt.show()

# %% [markdown]
# The operating points say what a threshold makes of it: how often an honest answer fails, and how often a substituted one
# does.

# %%
points = [row for row in calibration.operating_points.rows_as_dicts() if row["attack"] == "naive"]
for row in points[:12]:
    print(
        f"{row['substitute']:14} fails {100 * row['true_positive']:5.1f} % "
        f"[{100 * row['true_positive_low']:.1f}, {100 * row['true_positive_high']:.1f}] "
        f"while honest fails {100 * row['false_positive']:.2f} %"
    )

# %%
assert substitutes[0] == "none"
honest = median("none", prompts[0])
worse = [name for name in substitutes[1:] if median(name, prompts[0]) < honest]
print(f"{len(worse)} of {len(substitutes) - 1} substitutes look less similar than an honest answer, by the median")
assert len(worse) >= (len(substitutes) - 1) / 2
assert points and all(row["true_positive_low"] <= row["true_positive"] <= row["true_positive_high"] for row in points)
assert any(row["true_positive"] > row["false_positive"] for row in points)

# %% [markdown]
# # 4. The attack that pays
#
# Each attack is run beside its honest twin: the same requests, the same draws, one owner made honest. The difference is
# what the attack is worth. Swapping the model pays where checks are rare; which rule stops it?

# %%
import matplotlib.pyplot as plt
import stakeout

replicates = 32  # small: 8
attack = stakeout.Scenario.load("../scenarios/attacks/model-swap-rare-checks.yaml")
rates = ["0.5 %", "1 %", "2 %", "5 %", "10 %", "25 %", "50 %"]
done = stakeout.sweep(
    attack, {"protocol.sampling.flat_rate": rates}, replicates=replicates, twin=True, out="sweeps/attack-that-pays"
)
done

# %%
results = done.results
places = [float(rate.split()[0]) for rate in rates]
coins = 1e9
gain = [value / coins for value in results["deviator_gain"]]
low = [value / coins for value in results["deviator_gain_low"]]
high = [value / coins for value in results["deviator_gain_high"]]
figure, axes = plt.subplots(figsize=(7, 3.2))
axes.plot(places, gain, "o-")
axes.fill_between(places, low, high, alpha=0.25)
axes.axhline(0, color="black", linewidth=0.8)
axes.set_xscale("log")
axes.set_xlabel("answers checked, %")
axes.set_ylabel("gain over the honest twin, coins")
plt.show()

# %%
by_rate = dict(zip(rates, zip(low, high)))
assert by_rate["0.5 %"][0] > 0, "with one check in two hundred the attack pays"
assert by_rate["50 %"][1] < 0, "with a check of every other answer it does not"

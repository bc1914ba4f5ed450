//! Filecoin's two schedules: simple minting by time, and baseline minting by the power the network has reached.
//!
//! Invariant: the effective time never runs ahead of the clock, and both together never mint their allocation.
//!
//! References: filecoin-project/builtin-actors actors/reward; filecoin.io, "Engineering Filecoin's Economy".

use super::fixed::{Wide, double_power, half_power};
use crate::units::Amount;

/// Both schedules' parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilecoinParams {
    /// All that simple minting ever issues.
    pub simple_total: Amount,
    /// All that baseline minting ever issues.
    pub baseline_total: Amount,
    /// Epochs in which the remainder halves.
    pub half_life: u64,
    /// The baseline of epoch 0, in any unit of power.
    pub baseline_power: u128,
    /// Epochs in which the baseline doubles.
    pub baseline_doubling: u64,
}

impl FilecoinParams {
    /// 330 and 770 million coins of 10^18, half-life six years of 365 days in epochs of 30 s; a baseline of 2.5057
    /// EiB, in TiB, that doubles every year.
    #[must_use]
    pub const fn mainnet() -> Self {
        const EPOCHS_PER_YEAR: u64 = 365 * 2_880;
        const COIN: i128 = 1_000_000_000_000_000_000;
        Self {
            simple_total: Amount::from_base_units(330_000_000 * COIN),
            baseline_total: Amount::from_base_units(770_000_000 * COIN),
            half_life: 6 * EPOCHS_PER_YEAR,
            baseline_power: 25_057 * 1_048_576 / 10_000,
            baseline_doubling: EPOCHS_PER_YEAR,
        }
    }
}

/// What simple minting has issued before an epoch: `floor(total·(1 - 2^(-epoch/half_life)))`, rounded down.
#[must_use]
pub fn compute_simple_minted(params: &FilecoinParams, epoch: u64) -> Amount {
    minted(
        params.simple_total,
        &half_power(u128::from(epoch), u128::from(params.half_life)),
    )
}

fn minted(total: Amount, left: &Wide) -> Amount {
    let total = u128::try_from(total.base_units()).expect("a negative allocation");
    Amount::from_base_units(Wide::one().minus(left).of(total))
}

/// How far the network has come on the baseline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaselineState {
    epoch: u64,
    effective: u64,
    /// Power reached, capped by the baseline, summed over epochs.
    realized: Wide,
    /// The baseline summed over the effective epochs.
    passed: Wide,
}

impl Default for BaselineState {
    fn default() -> Self {
        Self::new()
    }
}

impl BaselineState {
    /// Before the first epoch.
    #[must_use]
    pub fn new() -> Self {
        let zero = Wide::one().minus(&Wide::one());
        Self {
            epoch: 0,
            effective: 0,
            realized: zero.clone(),
            passed: zero,
        }
    }

    /// Counts one epoch of so much power: the effective time moves to where the summed baseline equals the summed
    /// capped power.
    pub fn process_epoch(&mut self, params: &FilecoinParams, power: u128) {
        let power = Wide::ratio(power, 1).min(baseline_at(params, self.epoch));
        self.realized = self.realized.plus(&power);
        self.epoch += 1;
        let mut next = baseline_at(params, self.effective);
        while self.effective < self.epoch && self.passed.plus(&next) <= self.realized {
            self.passed = self.passed.plus(&next);
            self.effective += 1;
            next = baseline_at(params, self.effective);
        }
    }

    /// Whole effective epochs so far.
    #[must_use]
    pub const fn effective_epochs(&self) -> u64 {
        self.effective
    }

    /// What baseline minting has issued: by the effective time, with its last epoch in proportion.
    #[must_use]
    pub fn minted(&self, params: &FilecoinParams) -> Amount {
        let rest = self
            .realized
            .minus(&self.passed)
            .over(&baseline_at(params, self.effective));
        let at = |epochs: u64| half_power(u128::from(epochs), u128::from(params.half_life));
        let (left, right) = (at(self.effective), at(self.effective + 1));
        minted(
            params.baseline_total,
            &left.minus(&left.minus(&right).times(&rest)),
        )
    }
}

fn baseline_at(params: &FilecoinParams, epoch: u64) -> Wide {
    let growth = double_power(u128::from(epoch), u128::from(params.baseline_doubling));
    growth.times(&Wide::ratio(params.baseline_power, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COIN: i128 = 1_000_000_000_000_000_000;

    #[test]
    fn simple_minting_has_its_published_totals() {
        let params = FilecoinParams::mainnet();
        let at = |epoch| compute_simple_minted(&params, epoch).base_units();
        assert_eq!(at(1) / 10_i128.pow(9), 36_266_260_308);
        assert_eq!(at(365 * 2_880) / COIN, 36_003_423);
        assert_eq!(at(20 * 365 * 2_880) / COIN, 297_259_853);
    }

    /// Years as epochs, so that the test is quick.
    fn yearly() -> FilecoinParams {
        FilecoinParams {
            half_life: 6 * 12,
            baseline_doubling: 12,
            ..FilecoinParams::mainnet()
        }
    }

    #[test]
    fn power_at_the_baseline_makes_effective_time_the_clock() {
        let (params, mut state) = (yearly(), BaselineState::new());
        for epoch in 1..=60 {
            state.process_epoch(&params, u128::MAX >> 1);
            assert_eq!(state.effective_epochs(), epoch);
        }
        let expected = minted(params.baseline_total, &half_power(60, 72));
        assert!((state.minted(&params) - expected).base_units().abs() <= 1);
    }

    #[test]
    fn less_power_mints_later_and_never_more() {
        let params = yearly();
        let run = |power| {
            let mut state = BaselineState::new();
            for _ in 0..60 {
                state.process_epoch(&params, power);
            }
            (state.effective_epochs(), state.minted(&params))
        };
        // A constant power of the first baseline sums to 60 of them, and of the doubling baseline 26 epochs
        // sum to less than 60: (2^(26/12) - 1)/(2^(1/12) - 1) = 58.8.
        assert_eq!(run(params.baseline_power).0, 26);
        assert!(run(params.baseline_power).1 > run(params.baseline_power / 2).1);
        assert_eq!(run(0).1, Amount::ZERO);
    }
}

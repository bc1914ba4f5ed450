//! The subsidy of the launch network: new coins as a multiple of the coins earned by work.
//!
//! Invariant: the subsidies never sum to more than the supply set aside for them.
//!
//! Reference: gonka-ai/gonka v0.2.0 x/inference/keeper/accountsettle.go.

use crate::units::{Amount, Fraction, Rounding, mul_div};

/// The parameters of the subsidy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegacySubsidyParams {
    /// The part of a host's income that the subsidy makes up, at first.
    pub rate: Fraction,
    /// The rate falls each time this part of the supply has been paid out.
    pub cutoff: Fraction,
    /// The part by which the rate falls.
    pub decrease: Fraction,
}

/// The subsidy for an epoch's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegacySubsidy {
    /// New coins.
    pub subsidy: Amount,
    /// Whether paying them reaches or passes a cut-off.
    pub is_cutoff_crossed: bool,
    /// The rate of the next epoch.
    pub rate_next: Fraction,
}

/// The subsidy for so much work, given what was paid out of the supply before.
///
/// ```text
/// work / (1 - rate)
/// ```
///
/// At a cut-off the rate falls, and the work not yet subsidised is subsidised at the lower rate. What
/// is paid out never passes the supply. An epoch that passes several cut-offs meets each of them
/// (A-64); a subsidy that ends on a cut-off has crossed it.
///
/// # Panics
/// When the cut-off is zero, or the rate is one, or an amount is negative.
#[must_use]
pub fn compute_legacy_subsidy(
    params: &LegacySubsidyParams,
    supply: Amount,
    paid_before: Amount,
    rate: Fraction,
    work: Amount,
) -> LegacySubsidy {
    let one = u128::from(Fraction::ONE.parts());
    let step = supply.share(params.cutoff, Rounding::Down);
    assert!(step > Amount::ZERO, "a subsidy without a cut-off");
    let mut result = LegacySubsidy {
        subsidy: Amount::ZERO,
        is_cutoff_crossed: false,
        rate_next: rate,
    };
    // Work in parts of 10^18 of a base unit: the work that a cut-off uses up is no whole number.
    let mut work_left = u128::try_from(work.base_units())
        .expect("negative work")
        .checked_mul(one)
        .expect("work overflowed");
    loop {
        let paid = paid_before + result.subsidy;
        let left_of_supply = (supply - paid).max(Amount::ZERO);
        if left_of_supply.is_zero() {
            return result;
        }
        let until_cutoff =
            (step - Amount::from_base_units(paid.base_units() % step.base_units())).min(left_of_supply);
        let own_part = u128::from(result.rate_next.complement().parts());
        assert!(own_part > 0, "a subsidy rate of one");
        let wanted =
            Amount::from_base_units(i128::try_from(work_left / own_part).expect("a subsidy overflowed"));
        if wanted < until_cutoff {
            result.subsidy += wanted;
            return result;
        }
        result.subsidy += until_cutoff;
        result.is_cutoff_crossed = true;
        work_left -= mul_div(
            until_cutoff.base_units().unsigned_abs(),
            own_part,
            1,
            Rounding::Down,
        );
        result.rate_next = result
            .rate_next
            .times(params.decrease.complement(), Rounding::Down);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMS: LegacySubsidyParams = LegacySubsidyParams {
        rate: Fraction::from_percent(90),
        cutoff: Fraction::from_percent(5),
        decrease: Fraction::from_percent(20),
    };

    #[test]
    fn the_rate_falls_by_a_fifth_at_each_cutoff() {
        let supply = Amount::from_base_units(600_000_000_000);
        let (mut rate, mut paid, mut rates) = (PARAMS.rate, Amount::ZERO, Vec::new());
        while rates.len() < 12 {
            let result =
                compute_legacy_subsidy(&PARAMS, supply, paid, rate, Amount::from_base_units(100_000_000));
            if result.is_cutoff_crossed {
                rates.push(rate.parts() / 100_000_000_000_000);
            }
            (rate, paid) = (result.rate_next, paid + result.subsidy);
        }
        // .9 · .8^k to four decimals, rounded down.
        assert_eq!(
            rates,
            [
                9000, 7200, 5760, 4608, 3686, 2949, 2359, 1887, 1509, 1207, 966, 773
            ]
        );
    }

    #[test]
    fn subsidies_never_pass_the_supply_however_large_the_work() {
        let supply = Amount::from_base_units(200_000);
        for (paid, work) in [
            (0, 1_000_000_000),
            (199_500, 1_000),
            (200_000, 1_000),
            (250_000, 1_000),
        ] {
            let paid = Amount::from_base_units(paid);
            let result =
                compute_legacy_subsidy(&PARAMS, supply, paid, PARAMS.rate, Amount::from_base_units(work));
            assert!(paid + result.subsidy <= supply.max(paid));
        }
    }
}

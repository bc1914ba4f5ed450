//! Which answers are checked, and by whom.
//!
//! Every validator decides alone, with a probability proportional to its weight, so that the mean
//! number of checks of an answer is the *target rate*. A rate of one is an average of one check, not
//! a promise of one: see [`compute_unchecked_probability`].
//!
//! Invariant: quotients are rounded to sixteen decimals, as the network's code does, so that a
//! decision never differs from the network's by a last digit. Reference: gonka-ai/gonka
//! x/inference/calculations/{should_validate,min_validation_average}.go. Page: docs/spec/sampling.md.

use crate::hash_draw::HashDraw;
use crate::units::{Decimal, Fraction, Reputation, Rounding, Weight, mul_div};

/// Parts of a [`Decimal`] in one unit of the sixteenth decimal.
const PARTS_AT_16: u128 = 100;
/// One in units of the sixteenth decimal.
const ONE_AT_16: u128 = 10_000_000_000_000_000;

/// How the target rate of an answer is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SamplingRule {
    /// From the executor's reputation and the network's traffic (profiles A and B).
    Reputation,
    /// The same rate for everybody.
    Flat,
    /// The same rate for everybody, as so many designated validators: where the rate is one, exactly one.
    Designated,
    /// The same rate for everybody, drawn among the slots of the session (profile C).
    Slots,
    /// Nothing is checked.
    None,
}

/// Parameters of the family; defaults and their sources are on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SamplingParams {
    /// The rule.
    pub rule: SamplingRule,
    /// The target rate of a full reputation under full traffic.
    pub rate_min: Fraction,
    /// The target rate of a newcomer. The network allows more than one check on average.
    pub rate_max: Decimal,
    /// The floor of the rate at half of the full traffic.
    pub rate_halfway: Fraction,
    /// Requests an epoch from which on the floor is `rate_min`.
    pub traffic_full: u64,
    /// Requests an epoch up to which the floor is `rate_max`.
    pub traffic_min: u64,
    /// The target rate of the flat rule.
    pub flat_rate: Fraction,
    /// Whether an answer of an executor without reputation gets a designated validator when nobody
    /// drew it: what the network's article says, and its code does not do.
    pub at_least_one_for_newcomers: bool,
}

/// The lowest target rate at this traffic: what a full reputation is checked at.
///
/// ```text
/// m(T) = min                                     T >= F
///        min + (half - min)·(F - T)/(F/2)        F/2 <= T < F
///        half + (max - half)·(F/2 - T)/(F/2 - L) L < T < F/2
///        max                                     T <= L
/// ```
///
/// F: `traffic_full`; L: `traffic_min`; T: the larger of the requests so far in this epoch and those
/// of the epoch before, over the whole network and all its models.
#[must_use]
pub fn compute_rate_floor(params: &SamplingParams, traffic: u64) -> Decimal {
    let halfway_traffic = params.traffic_full / 2;
    let (low, halfway) = (Decimal::from(params.rate_min), Decimal::from(params.rate_halfway));
    if traffic >= params.traffic_full {
        low
    } else if traffic >= halfway_traffic {
        low + (halfway - low) * divide(params.traffic_full - traffic, halfway_traffic)
    } else if traffic > params.traffic_min {
        halfway
            + (params.rate_max - halfway)
                * divide(halfway_traffic - traffic, halfway_traffic - params.traffic_min)
    } else {
        params.rate_max
    }
}

/// The mean number of checks that an answer of this executor gets.
///
/// ```text
/// max - (max - m(T))·reputation/100
/// ```
#[must_use]
pub fn compute_target_rate(params: &SamplingParams, traffic: u64, executor: Reputation) -> Decimal {
    match params.rule {
        SamplingRule::None => Decimal::ZERO,
        SamplingRule::Flat | SamplingRule::Designated | SamplingRule::Slots => params.flat_rate.into(),
        SamplingRule::Reputation => {
            let range = params.rate_max - compute_rate_floor(params, traffic);
            params.rate_max - range * Decimal::from_ratio(i128::from(executor.get()), 100)
        }
    }
}

/// The probability that one validator checks an answer; zero when the executor holds all the weight.
///
/// ```text
/// min(1, target·w/(W - w_executor))
/// ```
#[must_use]
pub fn compute_validator_probability(
    target: Decimal,
    validator: Weight,
    total: Weight,
    executor: Weight,
) -> Fraction {
    let others = u128::from(total.saturating_sub(executor).get());
    if others == 0 || target.parts() <= 0 {
        return Fraction::ZERO;
    }
    let target = target.parts().unsigned_abs();
    let units = round_half_up(target, u128::from(validator.get()), others * PARTS_AT_16);
    Fraction::from_parts((units.min(ONE_AT_16) * PARTS_AT_16) as u64)
}

/// The probability that an answer of the executor at this index is checked by nobody.
///
/// ```text
/// Π over j ≠ executor of (1 - p_j)
/// ```
///
/// The limit for many equal validators at a target of one is 1/e, 36.8 %.
#[must_use]
pub fn compute_unchecked_probability(weights: &[Weight], executor: usize, target: Decimal) -> Fraction {
    let total: Weight = weights.iter().copied().sum();
    let own = weights.get(executor).copied().unwrap_or(Weight::ZERO);
    let others = weights.iter().enumerate().filter(|(index, _)| *index != executor);
    others.fold(Fraction::ONE, |unchecked, (_, weight)| {
        let probability = compute_validator_probability(target, *weight, total, own);
        unchecked.times(probability.complement(), Rounding::HalfEven)
    })
}

/// Whether an answer that nobody drew gets a designated validator.
#[must_use]
pub const fn is_check_guaranteed(params: &SamplingParams, executor: Reputation) -> bool {
    let is_sampling = !matches!(params.rule, SamplingRule::None);
    params.at_least_one_for_newcomers && is_sampling && executor.get() == 0
}

/// The validator designated for an answer that nobody drew: by weight among all but the executor.
///
/// `None` when nobody else has weight. The network has no such rule; choosing by weight keeps every
/// validator's share of the work what it is under the ordinary draw (A-50).
#[must_use]
pub fn compute_designated_validator(draw: HashDraw, weights: &[Weight], executor: usize) -> Option<usize> {
    let others = || {
        weights
            .iter()
            .enumerate()
            .filter(move |(index, _)| *index != executor)
    };
    let total: u64 = others().map(|(_, weight)| *weight).sum::<Weight>().get();
    if total == 0 {
        return None;
    }
    let mut left = draw.below(total);
    for (index, weight) in others() {
        if left < weight.get() {
            return Some(index);
        }
        left -= weight.get();
    }
    None
}

/// A quotient of counts to sixteen decimals, half up, as the network's decimal library divides.
fn divide(numerator: u64, denominator: u64) -> Decimal {
    let units = round_half_up(u128::from(numerator), ONE_AT_16, u128::from(denominator));
    Decimal::from_parts((units * PARTS_AT_16) as i128)
}

/// `a·b/c` to the nearest integer, halves up.
fn round_half_up(a: u128, b: u128, c: u128) -> u128 {
    mul_div(2 * a, b, c, Rounding::Down).div_ceil(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash_draw::hash_draw;

    fn params() -> SamplingParams {
        SamplingParams {
            rule: SamplingRule::Reputation,
            rate_min: Fraction::from_percent(1),
            rate_max: Decimal::ONE,
            rate_halfway: Fraction::from_percent(5),
            traffic_full: 10_000,
            traffic_min: 100,
            flat_rate: Fraction::from_percent(10),
            at_least_one_for_newcomers: true,
        }
    }

    #[test]
    fn the_rate_never_rises_with_traffic_or_reputation() {
        for traffic in 0..10_100 {
            assert!(compute_rate_floor(&params(), traffic + 1) <= compute_rate_floor(&params(), traffic));
        }
        for points in 0..100 {
            let rate = |points| compute_target_rate(&params(), 10_000, Reputation::new(points));
            assert!(rate(points + 1) < rate(points));
        }
    }

    #[test]
    fn half_of_a_last_digit_is_rounded_up() {
        assert_eq!(round_half_up(1, 1, 2), 1);
        assert_eq!(round_half_up(3, 1, 2), 2);
        assert_eq!(round_half_up(1, 1, 3), 0);
        assert_eq!(round_half_up(2, 1, 3), 1);
    }

    #[test]
    fn equal_validators_leave_the_closed_form_unchecked() {
        for n in [3u64, 5, 10, 50, 377] {
            let weights = vec![Weight::new(7); n as usize];
            let unchecked = compute_unchecked_probability(&weights, 0, Decimal::ONE);
            let each = Decimal::ONE - Decimal::from_ratio(1, i128::from(n - 1));
            let expected = (each.ln() * Decimal::from_integer(n as i64 - 1)).exp();
            assert!(
                (Decimal::from(unchecked) - expected).parts().abs() < 1_000_000,
                "{n}: {unchecked}"
            );
        }
    }

    #[test]
    fn the_other_rules_ignore_reputation() {
        let flat = SamplingParams {
            rule: SamplingRule::Flat,
            ..params()
        };
        let none = SamplingParams {
            rule: SamplingRule::None,
            ..params()
        };
        for points in [0, 50, 100] {
            let rate = compute_target_rate(&flat, 5, Reputation::new(points));
            assert_eq!(rate, Fraction::from_percent(10).into());
            assert_eq!(
                compute_target_rate(&none, 5, Reputation::new(points)),
                Decimal::ZERO
            );
            assert!(!is_check_guaranteed(&none, Reputation::new(points)));
        }
        assert!(is_check_guaranteed(&flat, Reputation::ZERO));
        assert!(!is_check_guaranteed(&flat, Reputation::new(1)));
    }

    #[test]
    fn nobody_is_designated_but_another_with_weight() {
        let weights = [5, 0, 3, 2].map(Weight::new);
        let mut seen = [0; 4];
        for n in 0..500 {
            let draw = hash_draw(1, &n.to_string());
            seen[compute_designated_validator(draw, &weights, 0).unwrap()] += 1;
        }
        assert_eq!(seen[0] + seen[1], 0);
        // 500 draws of 3/5: five standard deviations are 55, so chance fails this below 1e-6.
        assert!((245..=355).contains(&seen[2]), "{seen:?}");
        assert_eq!(
            compute_designated_validator(HashDraw { raw: 9 }, &[Weight::new(4)], 0),
            None
        );
    }
}

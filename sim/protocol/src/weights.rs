//! The power cap: no host's weight may be too large a part of all.
//!
//! Invariant: capping never raises a weight and never changes the order of weights.
//!
//! Reference: gonka-ai/gonka x/inference/module/power_capping.go,
//! x/inference/keeper/bitcoin_rewards.go.

use crate::units::{Fraction, Rounding, Weight, mul_div};

/// The weight that nobody may exceed, if anybody does.
///
/// With the weights in ascending order `w_0..w_{n-1}`, `S_k` the sum of the first `k`, and `p` the cap:
///
/// ```text
/// first k with w_k > p·(S_k + w_k·(n-k)):   floor(p·S_k / (1 - p·(n-k))),   or w_k if 1 <= p·(n-k)
/// ```
///
/// The part that `w_k` is of that sum grows with `k`: where the largest weight is no larger a part of all than the cap,
/// nobody's is, and the weights need no order.
///
/// As on the network, where `n·p < 1` the first weight is already above the cap, `S_0` is zero, and
/// the cap is zero: every host loses all of its weight. [`settlement_cap`] exists to avoid that.
#[must_use]
pub fn compute_power_cap(weights: impl Iterator<Item = Weight> + Clone, cap: Fraction) -> Option<Weight> {
    let (mut whole, mut largest) = (0_u128, Weight::ZERO);
    for weight in weights.clone() {
        (whole, largest) = (whole + u128::from(weight.get()), largest.max(weight));
    }
    if !is_above(u128::from(largest.get()), whole, cap) {
        return None;
    }
    let mut ascending: Vec<Weight> = weights.collect();
    ascending.sort_unstable();
    find_cap(&ascending, cap)
}

/// Whether a weight is too large a part of a whole. A whole number is above a product exactly when it is above the product
/// rounded down.
fn is_above(weight: u128, whole: u128, cap: Fraction) -> bool {
    let (p, one) = (u128::from(cap.parts()), u128::from(Fraction::ONE.parts()));
    weight > mul_div(whole, p, one, Rounding::Down)
}

fn find_cap(ascending: &[Weight], cap: Fraction) -> Option<Weight> {
    let (p, one) = (u128::from(cap.parts()), u128::from(Fraction::ONE.parts()));
    let mut below: u128 = 0;
    for (k, weight) in ascending.iter().map(|w| u128::from(w.get())).enumerate() {
        let rest = (ascending.len() - k) as u128;
        if is_above(weight, below + weight * rest, cap) {
            let limit = match one.checked_sub(p * rest) {
                None | Some(0) => weight,
                Some(denominator) => mul_div(below, p, denominator, Rounding::Down),
            };
            return Some(Weight::new(
                u64::try_from(limit.min(weight)).expect("a cap above its weight"),
            ));
        }
        below += weight;
    }
    None
}

/// Cuts every weight to the power cap and says what the cap was, where one was in force.
pub fn apply_power_cap(weights: &mut [Weight], cap: Fraction) -> Option<Weight> {
    let limit = compute_power_cap(weights.iter().copied(), cap)?;
    for weight in weights {
        *weight = (*weight).min(limit);
    }
    Some(limit)
}

/// The cap that settlement uses for so many hosts: 100 %, 50 %, 40 %, and 30 % from four on.
#[must_use]
pub const fn settlement_cap(hosts: usize) -> Fraction {
    match hosts {
        0 | 1 => Fraction::ONE,
        2 => Fraction::from_percent(50),
        3 => Fraction::from_percent(40),
        _ => Fraction::from_percent(30),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(values: &[u64]) -> Vec<Weight> {
        values.iter().copied().map(Weight::new).collect()
    }

    #[test]
    fn capping_lowers_weights_and_keeps_their_order() {
        for values in [
            vec![8_000, 1_000, 4_000, 2_000],
            vec![1, 1, 1, 97],
            vec![5; 7],
            vec![0, 0, 9, 30, 30],
        ] {
            let before = weights(&values);
            let mut after = before.clone();
            apply_power_cap(&mut after, Fraction::from_percent(30));
            for i in 0..before.len() {
                assert!(after[i] <= before[i]);
                for j in 0..before.len() {
                    assert!(before[i] > before[j] || after[i] <= after[j]);
                }
            }
        }
    }

    /// 3,000 lists of up to seven weights, against the list in its order.
    #[test]
    fn a_cap_that_the_largest_weight_keeps_is_kept_by_all() {
        let mut word = 1_u64;
        let mut found = 0;
        for round in 0..3_000_u32 {
            let mut values = Vec::new();
            for _ in 0..round % 8 {
                word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                values.push((word >> 33) >> (word >> 60));
            }
            let mut ascending = weights(&values);
            ascending.sort_unstable();
            let cap = Fraction::from_percent(round % 101);
            let limit = find_cap(&ascending, cap);
            found += u32::from(limit.is_some());
            assert_eq!(
                compute_power_cap(weights(&values).into_iter(), cap),
                limit,
                "{values:?}, {cap:?}"
            );
        }
        assert!((500..2_500).contains(&found), "{found}");
    }

    #[test]
    fn nobody_holds_more_than_the_cap_up_to_one_unit() {
        let mut capped = weights(&[10, 70, 300, 2_000, 15_000, 90_000, 400_000]);
        let cap = Fraction::from_percent(30);
        apply_power_cap(&mut capped, cap);
        let total: Weight = capped.iter().copied().sum();
        for weight in &capped {
            assert!(weight.get() <= cap.of(total.get(), Rounding::Up) + 1);
        }
    }

    #[test]
    fn capping_twice_is_capping_once_up_to_rounding() {
        let mut once = weights(&[10, 70, 300, 2_000, 15_000, 90_000, 400_000]);
        apply_power_cap(&mut once, Fraction::from_percent(30));
        let mut twice = once.clone();
        apply_power_cap(&mut twice, Fraction::from_percent(30));
        for (a, b) in once.iter().zip(&twice) {
            assert!(a.get() - b.get() <= 4, "{a} fell to {b}");
        }
    }

    #[test]
    fn small_networks_keep_their_weight_under_the_settlement_cap() {
        for hosts in 1..10 {
            let mut equal = weights(&vec![500; hosts]);
            assert_eq!(
                apply_power_cap(&mut equal, settlement_cap(hosts)),
                None,
                "{hosts} hosts"
            );
        }
    }
}

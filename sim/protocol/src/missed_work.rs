//! Whether a participant missed too many requests, or too many of its validations.
//!
//! A one-sided test of the missed share against an allowed rate. For six allowed rates the network
//! looks a critical value up in a table; every entry of it is the rule in
//! [`compute_critical_misses`]. For other rates it sums the binomial tail.
//!
//! Invariant: integers decide. Reference: gonka-ai/gonka x/inference/calculations/stats_table.go,
//! stats.go, and x/inference/keeper/bitcoin_rewards.go for the dynamic rate. Page:
//! docs/spec/missed-work.md.

use crate::units::{Decimal, Fraction, Rounding, checked_mul_div};

/// The allowed rates that have a table, in permille.
const TABLE_PERMILLE: [u32; 6] = [50, 100, 200, 300, 400, 500];
/// The table ends here; above it the share itself is compared.
const TABLE_MAX: u64 = 990;
/// The 95 % quantile of the normal distribution, in parts of 10^12.
const Z_95: u128 = 1_644_853_626_951;
const Z_SCALE: u128 = 1_000_000_000_000;
/// The level of the test: a tail below 5 % fails.
const LEVEL: Fraction = Fraction::from_percent(5);
/// The largest term of a binomial sum, from which the others are found by their ratios.
const TERM_MAX: u128 = 1 << 80;

/// Counts that do not describe a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MissedWorkError {
    /// More misses than requests.
    #[error("{missed} missed of {total} is no sample")]
    MissedAboveTotal {
        /// The misses given.
        missed: u64,
        /// The requests given.
        total: u64,
    },
}

/// Whether the misses are compatible with the allowed rate; nothing asked of means yes.
///
/// # Errors
/// When more are missed than were asked.
pub fn passes_missed_work_test(missed: u64, total: u64, p0: Fraction) -> Result<bool, MissedWorkError> {
    if missed > total {
        return Err(MissedWorkError::MissedAboveTotal { missed, total });
    }
    // No miss is compatible with any rate, and nothing asked of leaves nothing to miss.
    if missed == 0 {
        return Ok(true);
    }
    match table_permille(p0) {
        Some(permille) if total > TABLE_MAX => {
            Ok(u128::from(missed) * 1_000 <= u128::from(permille) * u128::from(total))
        }
        Some(permille) => Ok(missed <= compute_critical_misses(total, permille)),
        None => Ok(compute_binomial_tail(missed, total, p0) >= LEVEL),
    }
}

/// The most misses that pass among `total` requests, for a rate with a table.
///
/// ```text
/// crit(n) = max(min(n, 4), ⌊n·p0 + 1.6448536·√(n·p0·(1 - p0))⌋)
/// ```
///
/// at the largest node n not above `total`; the nodes are 2..10 and then every ten up to 990. A single
/// request always passes.
#[must_use]
pub fn compute_critical_misses(total: u64, p0_permille: u32) -> u64 {
    if total < 2 {
        return total;
    }
    let node = u128::from(if total < 10 {
        total
    } else {
        total.min(TABLE_MAX) / 10 * 10
    });
    let p = u128::from(p0_permille.min(1_000));
    let mean = node * p * Z_SCALE;
    let margin = (Z_95 * Z_95 * node * p * (1_000 - p)).isqrt();
    let critical = (mean + margin) / (1_000 * Z_SCALE);
    critical.max(node.min(4)) as u64
}

fn table_permille(p0: Fraction) -> Option<u32> {
    TABLE_PERMILLE
        .into_iter()
        .find(|permille| Fraction::from_permille(*permille) == p0)
}

/// `P(X >= missed)` for a binomial X of `total` trials; the error is below 1e-15.
///
/// Terms are found from the largest by the ratio of neighbours, so that nothing underflows however
/// many trials there are, and the tail is divided by the sum of all terms:
///
/// ```text
/// t(k+1)/t(k) = (n - k)·p / ((k + 1)·(1 - p))
/// ```
#[must_use]
pub fn compute_binomial_tail(missed: u64, total: u64, p: Fraction) -> Fraction {
    if missed == 0 || p == Fraction::ONE {
        return if missed <= total {
            Fraction::ONE
        } else {
            Fraction::ZERO
        };
    }
    if missed > total || p.is_zero() {
        return Fraction::ZERO;
    }
    let (numerator, denominator) = p.lowest_terms();
    let (success, failure) = (u128::from(numerator), u128::from(denominator - numerator));
    let mode = mode_of(total, numerator, denominator);
    let (mut below, mut tail) = (0u128, 0u128);
    let mut count = |k: u64, term: u128| if k >= missed { tail += term } else { below += term };
    count(mode, TERM_MAX);
    let (mut k, mut term) = (mode, TERM_MAX);
    while k < total && term > 0 {
        term = step(term, u128::from(total - k) * success, u128::from(k + 1) * failure);
        k += 1;
        count(k, term);
    }
    (k, term) = (mode, TERM_MAX);
    while k > 0 && term > 0 {
        term = step(term, u128::from(k) * failure, u128::from(total - k + 1) * success);
        k -= 1;
        count(k, term);
    }
    Fraction::from_ratio(tail, tail + below)
}

/// A most likely count: ⌊(n + 1)·p⌋, at most n.
fn mode_of(total: u64, numerator: u64, denominator: u64) -> u64 {
    let mode = (u128::from(total) + 1) * u128::from(numerator) / u128::from(denominator);
    (mode as u64).min(total)
}

/// A neighbouring term. Terms never exceed the largest, so the quotient always fits.
fn step(term: u128, numerator: u128, denominator: u128) -> u128 {
    checked_mul_div(term, numerator, denominator, Rounding::HalfEven)
        .map_or(TERM_MAX, |next| next.min(TERM_MAX))
}

/// Requests of one participant in the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestCounts {
    /// Requests served.
    pub served: u64,
    /// Requests missed.
    pub missed: u64,
}

/// Parameters of the dynamic allowed rate; defaults and their sources are on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DynamicP0Params {
    /// The allowed rate that governance set.
    pub p0: Fraction,
    /// What is added to the network's own missed share, in permille.
    pub margin_permille: u32,
    /// With fewer requests in the epoch, governance's rate holds.
    pub requests_min: u64,
    /// With fewer participants that were asked at all, governance's rate holds.
    pub participants_min: u32,
}

/// The allowed rate of one epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DynamicP0 {
    /// The rate in permille.
    pub p0_permille: u32,
    /// Whether nobody is punished: half of the network's requests went missing, so the fault is not a
    /// participant's.
    pub is_suspended: bool,
}

impl DynamicP0 {
    /// The rate.
    #[must_use]
    pub const fn p0(self) -> Fraction {
        Fraction::from_permille(self.p0_permille)
    }
}

/// The allowed rate after a look at how the whole network did.
///
/// ```text
/// snap(⌊1000·missed/total⌋ + margin), at least snap(governance)     snap: up to 50, 100, 200, ... 500
/// ```
///
/// Suspends punishment when the network's own share snaps to 500. A governance rate above 500 ‰ is
/// used as it is, to the next permille.
#[must_use]
pub fn compute_dynamic_p0(
    params: &DynamicP0Params,
    participants: impl Iterator<Item = RequestCounts>,
) -> DynamicP0 {
    let governance = compute_governance_permille(params.p0);
    let fixed = DynamicP0 {
        p0_permille: governance,
        is_suspended: false,
    };
    let (mut asked, mut missed, mut total) = (0_u64, 0_u128, 0_u128);
    for counts in participants.filter(|counts| counts.served > 0 || counts.missed > 0) {
        asked += 1;
        missed += u128::from(counts.missed);
        total += u128::from(counts.missed) + u128::from(counts.served);
    }
    let is_too_small = total < u128::from(params.requests_min) || asked < u64::from(params.participants_min);
    if governance > 500 || total == 0 || is_too_small {
        return fixed;
    }
    // A missed share is at most 1000 ‰, so the cast is exact.
    let baseline = (1_000 * missed / total) as u32;
    let snapped = snap_permille(baseline.saturating_add(params.margin_permille));
    DynamicP0 {
        p0_permille: snapped.max(governance),
        is_suspended: snapped == 500,
    }
}

/// Governance's rate as the code takes it: 100 when unset, up to a table's rate, or itself above 500.
fn compute_governance_permille(p0: Fraction) -> u32 {
    let permille = (Decimal::from(p0) * Decimal::from_integer(1_000)).ceil() as u32;
    match permille {
        0 => 100,
        1..=500 => snap_permille(permille),
        _ => permille,
    }
}

/// The smallest rate with a table that is not below this one, or the largest.
fn snap_permille(permille: u32) -> u32 {
    TABLE_PERMILLE
        .into_iter()
        .find(|node| permille <= *node)
        .unwrap_or(500)
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_bigint::BigUint;

    /// The tail by exact big integers: Σ C(n,k)·a^k·b^(n-k) over (a+b)^n.
    fn exact_tail(missed: u64, total: u64, p: Fraction) -> Fraction {
        let (a, d) = p.lowest_terms();
        let mut coefficient = BigUint::from(1u32);
        let mut tail = BigUint::from(0u32);
        for k in 0..=total {
            if k >= missed {
                tail += &coefficient
                    * BigUint::from(a).pow(k as u32)
                    * BigUint::from(d - a).pow((total - k) as u32);
            }
            coefficient = coefficient * (total - k) / (k + 1);
        }
        let parts = tail * Fraction::ONE.parts() / BigUint::from(d).pow(total as u32);
        Fraction::from_parts(u64::try_from(parts).unwrap())
    }

    #[test]
    fn the_tail_agrees_with_big_integers() {
        for permille in [1, 7, 120, 333, 500, 900, 999] {
            let p = Fraction::from_permille(permille);
            for total in [1u64, 2, 10, 57, 200] {
                for missed in 0..=total {
                    let gap = compute_binomial_tail(missed, total, p)
                        .parts()
                        .abs_diff(exact_tail(missed, total, p).parts());
                    assert!(gap <= 1_000, "{missed} of {total} at {permille}: {gap}e-18");
                }
            }
        }
    }

    #[test]
    fn a_large_sample_neither_underflows_nor_passes_everything() {
        let p0 = Fraction::from_permille(120);
        assert_eq!(passes_missed_work_test(120_000, 1_000_000, p0), Ok(true));
        // 1,000,000 trials: the deviation is 325, so 1,000 above the mean is three of them.
        assert_eq!(passes_missed_work_test(121_000, 1_000_000, p0), Ok(false));
        let certain = compute_binomial_tail(1, 1_000_000, p0);
        assert!(certain.complement().parts() <= 1_000);
    }

    #[test]
    fn the_critical_value_follows_its_nodes() {
        assert_eq!(compute_critical_misses(75, 100), compute_critical_misses(70, 100));
        assert_eq!(compute_critical_misses(15, 100), compute_critical_misses(10, 100));
        for total in 1..5 {
            assert_eq!(compute_critical_misses(total, 100), total);
        }
        for permille in TABLE_PERMILLE {
            for total in 1..TABLE_MAX {
                let (here, next) = (
                    compute_critical_misses(total, permille),
                    compute_critical_misses(total + 1, permille),
                );
                assert!(here <= next && here <= total);
            }
        }
    }

    #[test]
    fn no_sample_is_an_error_and_nothing_asked_passes() {
        let p0 = Fraction::from_percent(10);
        assert!(passes_missed_work_test(2, 1, p0).is_err());
        assert_eq!(passes_missed_work_test(0, 0, p0), Ok(true));
    }

    #[test]
    fn a_rate_above_a_half_is_used_as_governance_set_it() {
        let params = DynamicP0Params {
            p0: Fraction::from_permille(601),
            margin_permille: 20,
            requests_min: 1_000,
            participants_min: 5,
        };
        let all_missed = [RequestCounts {
            served: 0,
            missed: 1_000,
        }; 5];
        let fixed = DynamicP0 {
            p0_permille: 601,
            is_suspended: false,
        };
        assert_eq!(compute_dynamic_p0(&params, all_missed.into_iter()), fixed);
        let unset = DynamicP0Params {
            p0: Fraction::ZERO,
            ..params
        };
        let suspended = DynamicP0 {
            p0_permille: 500,
            is_suspended: true,
        };
        assert_eq!(compute_dynamic_p0(&unset, all_missed.into_iter()), suspended);
        assert_eq!(
            compute_dynamic_p0(&unset, std::iter::empty()),
            DynamicP0 {
                p0_permille: 100,
                is_suspended: false
            }
        );
    }
}

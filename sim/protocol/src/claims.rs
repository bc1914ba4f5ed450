//! Whether a host has done its share of checking before it is paid.
//!
//! Invariant: a host that missed nothing is never refused.
//!
//! Reference: gonka-ai/gonka x/inference/keeper/msg_server_claim_rewards.go,
//! proposals/claim-punishment.

use crate::missed_work::passes_missed_work_test;
use crate::units::{EpochIndex, Fraction, Height};

/// What validator duty costs when it isn't done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimRule {
    /// Nothing: duty isn't looked at (since v0.2.11).
    None,
    /// The whole reward, for a single missed validation (v0.2.0).
    AllOrNothing,
    /// The whole reward, when more is missed than chance explains (v0.2.5 to v0.2.10).
    BinomialTest {
        /// The missed part that is forgiven.
        p0: Fraction,
    },
}

/// The parameters of claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimParams {
    /// What is asked of the claimant.
    pub rule: ClaimRule,
    /// Blocks between two attempts to claim; `None` where a refused claim is final.
    pub retry_blocks: Option<u64>,
    /// The most inferences that are looked at for one claim: more are sampled down to this, anew for each
    /// attempt. `None` looks at all.
    pub sample_max: Option<u64>,
}

/// Whether a claimant that missed so many of its required validations is paid.
///
/// # Panics
/// When more is missed than was required: the caller has miscounted.
#[must_use]
pub fn is_claim_accepted(rule: ClaimRule, required: u64, missed: u64) -> bool {
    assert!(
        missed <= required,
        "{missed} missed of {required} required validations"
    );
    match rule {
        ClaimRule::None => true,
        ClaimRule::AllOrNothing => missed == 0,
        ClaimRule::BinomialTest { p0 } => {
            passes_missed_work_test(missed, required, p0).expect("missed is at most required")
        }
    }
}

/// Whether the reward of an epoch can be claimed now: only during the epoch right after it.
#[must_use]
pub fn is_claim_open(settled: EpochIndex, current: EpochIndex) -> bool {
    settled.get().checked_add(1) == Some(current.get())
}

/// Whether enough blocks have passed since the last attempt; the first one is always allowed.
#[must_use]
pub fn is_retry_allowed(params: &ClaimParams, last: Option<Height>, now: Height) -> bool {
    let Some(last) = last else { return true };
    params
        .retry_blocks
        .is_some_and(|blocks| now.get().saturating_sub(last.get()) >= blocks)
}

/// Whether an inference counts toward anyone's duty: it started before the cut-off.
#[must_use]
pub fn is_duty(started: Height, duty_cutoff: Height) -> bool {
    started <= duty_cutoff
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: [ClaimRule; 3] = [
        ClaimRule::None,
        ClaimRule::AllOrNothing,
        ClaimRule::BinomialTest {
            p0: Fraction::from_percent(10),
        },
    ];

    #[test]
    fn who_missed_nothing_is_paid_under_every_rule() {
        for rule in RULES {
            for required in [0, 1, 7, 100, 12_345] {
                assert!(is_claim_accepted(rule, required, 0));
            }
        }
    }

    #[test]
    fn the_rules_differ_in_what_they_forgive() {
        let verdicts = |missed| RULES.map(|rule| is_claim_accepted(rule, 100, missed));
        assert_eq!(verdicts(1), [true, false, true]);
        assert_eq!(verdicts(14), [true, false, true]);
        assert_eq!(verdicts(15), [true, false, false]);
    }

    #[test]
    fn an_epoch_is_claimed_in_the_next_one_only() {
        let open = |current| is_claim_open(EpochIndex::new(7), EpochIndex::new(current));
        assert_eq!([6, 7, 8, 9].map(open), [false, false, true, false]);
    }

    #[test]
    fn a_refused_claimant_waits() {
        let params = ClaimParams {
            rule: ClaimRule::None,
            retry_blocks: Some(30),
            sample_max: Some(10_000),
        };
        assert!(is_retry_allowed(&params, None, Height::new(5)));
        assert!(!is_retry_allowed(&params, Some(Height::new(5)), Height::new(34)));
        assert!(is_retry_allowed(&params, Some(Height::new(5)), Height::new(35)));
        let once = ClaimParams {
            retry_blocks: None,
            ..params
        };
        assert!(is_retry_allowed(&once, None, Height::new(5)));
        assert!(!is_retry_allowed(&once, Some(Height::new(5)), Height::new(5_000)));
    }
}

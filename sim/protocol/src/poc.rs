//! Proof of compute: the weight that measured work earns, and how others vote on it.
//!
//! Invariant: a confirmation never raises a weight.
//!
//! Reference: gonka-ai/gonka x/inference/module/chainvalidation.go, confirmation_poc.go,
//! proposals/random-poc, proposals/poc.

use crate::units::{Decimal, Fraction, Rounding, Weight, mul_div};
use sha2::{Digest, Sha256};

/// The parameters of proof of compute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PocParams {
    /// Weight per valid proof of the nominal stage: 1 at launch, later 2.5, later .3593.
    pub scale: Decimal,
    /// The part of all voting power that accepts or refuses a host's proofs.
    pub acceptance: AcceptanceThreshold,
    /// A reading this close to the expected one counts as full.
    pub confirmation_tolerance: Fraction,
    /// Below this ratio a confirmation has failed.
    pub confirmation_ratio_min: Fraction,
    /// Confirmations per epoch on average.
    pub confirmations_per_epoch: Decimal,
}

/// The part of all voting power needed to decide, always strictly more than.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcceptanceThreshold {
    /// One half (v0.2.0).
    Half,
    /// Two thirds (later).
    TwoThirds,
}

/// How long proofs were generated, against what the scale assumes. In the same unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StageDuration {
    /// What the scale assumes.
    pub expected: u64,
    /// What it was.
    pub actual: u64,
}

/// The weight of so many valid proofs, rounded down.
///
/// ```text
/// count·scale·(expected / actual)
/// ```
///
/// # Panics
/// When the scale is negative or the stage took no time.
#[must_use]
pub fn compute_poc_weight(params: &PocParams, count: u64, stage: StageDuration) -> Weight {
    let scale = u128::try_from(params.scale.parts()).expect("a negative weight per proof");
    let work = u128::from(count) * u128::from(stage.expected);
    let unit = u128::from(Fraction::ONE.parts()) * u128::from(stage.actual);
    Weight::new(u64::try_from(mul_div(work, scale, unit, Rounding::Down)).expect("a weight overflowed"))
}

/// Votes on a host's proofs, by voting power.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PocTally {
    /// For the proofs.
    pub valid: Weight,
    /// Against them.
    pub invalid: Weight,
    /// All voting power, with those who did not vote.
    pub total: Weight,
}

/// Whether a host's proofs are accepted, and the host with them.
///
/// More than the threshold decides either way. In between the guardians do, if they are of one mind
/// (`guardians`: accept or refuse); otherwise the host is out, so that absent voters cost it its place.
#[must_use]
pub fn is_accepted(threshold: AcceptanceThreshold, tally: &PocTally, guardians: Option<bool>) -> bool {
    let (numerator, denominator) = match threshold {
        AcceptanceThreshold::Half => (1, 2),
        AcceptanceThreshold::TwoThirds => (2, 3),
    };
    let decides =
        |votes: Weight| u128::from(votes.get()) * denominator > u128::from(tally.total.get()) * numerator;
    if decides(tally.valid) {
        true
    } else if decides(tally.invalid) {
        false
    } else {
        guardians.unwrap_or(false)
    }
}

/// How much of the expected weight a surprise measurement found.
///
/// ```text
/// min((reading / expected) / tolerance, 1)
/// ```
///
/// One where nothing was expected (A-62).
#[must_use]
pub fn compute_confirmation_ratio(params: &PocParams, reading: Weight, expected: Weight) -> Fraction {
    let one = u128::from(Fraction::ONE.parts());
    let needed = u128::from(expected.get()) * u128::from(params.confirmation_tolerance.parts());
    if needed == 0 {
        return Fraction::ONE;
    }
    Fraction::saturating_ratio(u128::from(reading.get()) * one, needed)
}

/// Whether a confirmation with this ratio has failed.
#[must_use]
pub fn is_confirmation_failed(params: &PocParams, ratio: Fraction) -> bool {
    ratio < params.confirmation_ratio_min
}

/// What one surprise measurement found on a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfirmationEvent {
    /// The weight of nodes that kept serving and were not measured.
    pub preserved: Weight,
    /// The weight measured on the others.
    pub measured: Weight,
}

/// The weight the epoch's reward counts: the smallest found by any event, never above the initial one.
#[must_use]
pub fn compute_confirmation_weight(initial: Weight, events: &[ConfirmationEvent]) -> Weight {
    events
        .iter()
        .map(|event| event.preserved + event.measured)
        .fold(initial, Weight::min)
}

/// The probability that a block of a window triggers a confirmation.
///
/// ```text
/// expected events / blocks in the window, at most one
/// ```
#[must_use]
pub fn compute_trigger_probability(params: &PocParams, window_blocks: u64) -> Fraction {
    if window_blocks == 0 {
        return Fraction::ZERO;
    }
    Decimal::from_parts(params.confirmations_per_epoch.parts() / i128::from(window_blocks))
        .clamp_to_fraction()
}

/// The participant on which a voting slot falls, as a place on the line of all weights laid end to end.
///
/// ```text
/// U64BE(SHA-256(app hash ‖ participant ‖ model ‖ index)[0..8]) mod total
/// ```
///
/// The index is written in decimal digits. `None` without weight.
#[must_use]
pub fn compute_voting_slot(
    app_hash: &str,
    participant: &str,
    model: &str,
    index: u32,
    total: Weight,
) -> Option<u64> {
    let mut hasher = Sha256::new();
    for part in [app_hash, participant, model] {
        hasher.update(part);
    }
    hasher.update(index.to_string());
    let digest = hasher.finalize();
    let mut head = [0_u8; 8];
    head.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(head).checked_rem(total.get())
}

/// How many of the voting slots are drawn for a scale in percent: `floor(slots·scale/total)`, at most all.
#[must_use]
pub fn compute_slot_count(scale: u64, total: u64, slots: u64) -> u64 {
    if total == 0 {
        return 0;
    }
    let drawn = u128::from(scale) * u128::from(slots) / u128::from(total);
    u64::try_from(drawn).map_or(slots, |drawn| drawn.min(slots))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(valid: u64, invalid: u64) -> PocTally {
        PocTally {
            valid: Weight::new(valid),
            invalid: Weight::new(invalid),
            total: Weight::new(300),
        }
    }

    #[test]
    fn exactly_two_thirds_do_not_decide() {
        let rule = AcceptanceThreshold::TwoThirds;
        assert!(!is_accepted(rule, &tally(200, 0), None));
        assert!(is_accepted(rule, &tally(201, 0), None));
        assert!(is_accepted(rule, &tally(200, 0), Some(true)));
        assert!(!is_accepted(rule, &tally(0, 201), Some(true)));
        assert!(!is_accepted(AcceptanceThreshold::Half, &tally(150, 150), None));
        assert!(is_accepted(AcceptanceThreshold::Half, &tally(151, 149), None));
    }

    #[test]
    fn half_the_stage_time_doubles_the_weight_of_a_proof() {
        let params = PocParams {
            scale: "2.5".parse().unwrap(),
            acceptance: AcceptanceThreshold::TwoThirds,
            confirmation_tolerance: Fraction::from_permille(909),
            confirmation_ratio_min: Fraction::from_percent(50),
            confirmations_per_epoch: Decimal::ONE,
        };
        let weight = |count, actual| {
            compute_poc_weight(
                &params,
                count,
                StageDuration {
                    expected: 300,
                    actual,
                },
            )
            .get()
        };
        assert_eq!(
            (weight(101, 300), weight(101, 150), weight(101, 600)),
            (252, 505, 126)
        );
        assert_eq!(
            compute_trigger_probability(&params, 1_000),
            Fraction::from_permille(1)
        );
    }
}

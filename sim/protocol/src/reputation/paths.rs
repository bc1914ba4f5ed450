//! Closed forms: where each path of a reputation leads, and how long it takes.
//!
//! Invariant: each equals the record driven epoch by epoch; the tests compare them.

use super::{OnAbsence, ReputationParams};
use crate::units::{Decimal, Reputation};

/// ln 2 to eighteen decimals.
const LN_2: Decimal = Decimal::from_parts(693_147_180_559_945_309);

/// The reputation of a standing of so many epochs.
///
/// ```text
/// ⌊100·A/epochs_to_max⌋, 0 for A <= 0, 100 for A >= epochs_to_max
/// ```
#[must_use]
pub fn compute_reputation_of(params: &ReputationParams, standing: Decimal) -> Reputation {
    let full = params.full_standing();
    if standing <= Decimal::ZERO {
        Reputation::ZERO
    } else if standing >= full {
        Reputation::MAX
    } else {
        // Below a full standing of at most 2^32 epochs, so a hundred times it fits.
        Reputation::new((standing.parts() * 100 / full.parts()) as u8)
    }
}

/// Linear growth: the reputation after so many epochs without a miss, from nothing.
///
/// ```text
/// min(100, ⌊100·n/epochs_to_max⌋)
/// ```
#[must_use]
pub fn compute_reputation_after_epochs(params: &ReputationParams, epochs: u32) -> Reputation {
    compute_reputation_of(params, Decimal::from_integer(i64::from(epochs)))
}

/// Recovery: the clean epochs from a standing to a reputation. From zero it is the time after a reset.
///
/// ```text
/// ⌈target·epochs_to_max/100 - standing⌉, at least 0
/// ```
#[must_use]
pub fn compute_epochs_until(params: &ReputationParams, standing: Decimal, target: Reputation) -> u64 {
    let needed = params.full_standing() * Decimal::from_ratio(i128::from(target.get()), 100);
    (needed - standing).ceil().max(0) as u64
}

/// Decay: the reputation after so many absent epochs of somebody who left with this standing.
///
/// ```text
/// kept                   100·A/E
/// deleted after d        100·A/E while k < d, then 0
/// half-life h            100·A/E·2^(-k/h)
/// ```
///
/// A is the standing between 0 and E, the epochs to the maximum.
#[must_use]
pub fn compute_reputation_after_absence(
    params: &ReputationParams,
    standing: Decimal,
    absent: u32,
) -> Reputation {
    let standing = standing.clamp(Decimal::ZERO, params.full_standing());
    let left = match params.on_absence {
        OnAbsence::Keep => standing,
        OnAbsence::DeleteAfter { epochs } => {
            if absent > 0 && absent >= epochs {
                Decimal::ZERO
            } else {
                standing
            }
        }
        OnAbsence::HalfLife { epochs } => compute_decay(standing, epochs, absent),
    };
    compute_reputation_of(params, left)
}

/// The fewest absent epochs after which the reputation is at most `target`; `None` if it never is.
///
/// ```text
/// deleted after d: d          half-life h: about h·log₂(A/(E·target/100))
/// ```
///
/// The logarithm starts the search; since a reputation is cut to whole points, its neighbours decide.
#[must_use]
pub fn compute_absence_until(
    params: &ReputationParams,
    standing: Decimal,
    target: Reputation,
) -> Option<u32> {
    let is_reached = |absent| compute_reputation_after_absence(params, standing, absent) <= target;
    if is_reached(0) {
        return Some(0);
    }
    match params.on_absence {
        OnAbsence::Keep => None,
        OnAbsence::DeleteAfter { epochs } => Some(epochs.max(1)),
        OnAbsence::HalfLife { epochs } => {
            // At most `target` whole points means below target + 1.
            let points = i128::from(target.get()) + 1;
            let bound = params.full_standing() * Decimal::from_ratio(points, 100);
            let from = standing.min(params.full_standing());
            let halvings = (from.ln() - bound.ln()) / LN_2;
            let guess = (halvings * Decimal::from_integer(i64::from(epochs.max(1)))).floor();
            let guess = u32::try_from(guess.max(0)).ok()?;
            (guess.saturating_sub(1)..=guess.saturating_add(2)).find(|absent| is_reached(*absent))
        }
    }
}

/// `standing·2^(-absent/half_life)`: whole halvings by shifts, the rest by the exponential.
pub(super) fn compute_decay(standing: Decimal, half_life: u32, absent: u32) -> Decimal {
    let half_life = half_life.max(1);
    let (halvings, rest) = (absent / half_life, absent % half_life);
    // A standing of at most 2^32 epochs has no digit left after 127 halvings.
    let halved = Decimal::from_parts(standing.parts() >> halvings.min(127));
    if rest == 0 {
        return halved;
    }
    halved * (-LN_2 * Decimal::from_ratio(i128::from(rest), i128::from(half_life))).exp()
}

#[cfg(test)]
mod tests {
    use super::super::{
        OnConviction, PenaltyForm, ReputationRecord, compute_missed_fraction, compute_reputation,
    };
    use super::*;
    use crate::units::Fraction;

    const CODE: ReputationParams = ReputationParams {
        epochs_to_max: 30,
        miss_cutoff: Fraction::from_percent(1),
        miss_penalty: Decimal::ONE,
        penalty_form: PenaltyForm::Sum,
        on_conviction: OnConviction::Keep,
        on_absence: OnAbsence::Keep,
    };
    const PAPER: ReputationParams = ReputationParams {
        on_conviction: OnConviction::Reset,
        on_absence: OnAbsence::DeleteAfter { epochs: 30 },
        ..CODE
    };
    const FADING: ReputationParams = ReputationParams {
        on_absence: OnAbsence::HalfLife { epochs: 10 },
        ..PAPER
    };

    fn veteran(params: &ReputationParams, epochs: u32) -> ReputationRecord {
        let mut record = ReputationRecord::new();
        (0..epochs).for_each(|_| record.record_epoch(params, 100, 0));
        record
    }

    #[test]
    fn growth_is_linear_and_ends_at_a_hundred() {
        for epochs in 0..200 {
            let expected = (100 * epochs / 30).min(100) as u8;
            assert_eq!(
                compute_reputation_after_epochs(&CODE, epochs),
                Reputation::new(expected)
            );
            assert_eq!(
                veteran(&CODE, epochs).reputation(&CODE),
                Reputation::new(expected)
            );
        }
    }

    #[test]
    fn the_record_agrees_with_the_formula_over_its_history() {
        let mut state = 7u64;
        let mut next = |bound: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % bound
        };
        for form in [PenaltyForm::Sum, PenaltyForm::Nested] {
            for penalty in [
                Decimal::from_ratio(1, 2),
                Decimal::ONE,
                Decimal::from_integer(1_000_000),
            ] {
                let params = ReputationParams {
                    penalty_form: form,
                    miss_penalty: penalty,
                    ..CODE
                };
                let (mut record, mut history) = (ReputationRecord::new(), Vec::new());
                for epoch in 1..=120 {
                    let (served, missed) = (next(500), if next(4) == 0 { next(200) } else { 0 });
                    record.record_epoch(&params, served, missed);
                    history.push(compute_missed_fraction(served, missed));
                    assert_eq!(
                        record.reputation(&params),
                        compute_reputation(&params, epoch, &history)
                    );
                }
            }
        }
    }

    #[test]
    fn both_penalty_forms_agree_at_a_penalty_of_one_and_part_at_two() {
        let misses = [Decimal::from_ratio(1, 2), Decimal::from_ratio(1, 4)];
        let with = |penalty_form, penalty| {
            let miss_penalty = Decimal::from_integer(penalty);
            let params = ReputationParams {
                epochs_to_max: 10,
                penalty_form,
                miss_penalty,
                ..CODE
            };
            compute_reputation(&params, 10, &misses).get()
        };
        assert_eq!(
            (with(PenaltyForm::Sum, 1), with(PenaltyForm::Nested, 1)),
            (92, 92)
        );
        // Sum: 2·0.75 = 1.5. Nested: ((0 + 0.5)·2 + 0.25)·2 = 2.5.
        assert_eq!(
            (with(PenaltyForm::Sum, 2), with(PenaltyForm::Nested, 2)),
            (85, 75)
        );
    }

    #[test]
    fn a_conviction_resets_only_where_the_switch_says_so() {
        let mut kept = veteran(&CODE, 30);
        kept.record_conviction(&CODE);
        kept.record_epoch(&CODE, 100, 0);
        assert_eq!(kept.reputation(&CODE), Reputation::MAX);
        let mut reset = veteran(&PAPER, 30);
        reset.record_conviction(&PAPER);
        assert_eq!(reset.reputation(&PAPER), Reputation::ZERO);
        reset.record_epoch(&PAPER, 100, 0);
        assert_eq!(reset.reputation(&PAPER), Reputation::ZERO);
        for target in 1..=100 {
            let target = Reputation::new(target);
            let epochs = compute_epochs_until(&PAPER, Decimal::ZERO, target);
            let mut record = reset;
            (0..epochs - 1).for_each(|_| record.record_epoch(&PAPER, 100, 0));
            assert!(record.reputation(&PAPER) < target);
            record.record_epoch(&PAPER, 100, 0);
            assert!(record.reputation(&PAPER) >= target);
        }
    }

    #[test]
    fn an_absence_follows_its_closed_form_on_every_path() {
        for params in [CODE, PAPER, FADING] {
            for epochs in [0, 7, 30, 90] {
                let mut record = veteran(&params, epochs);
                let standing = Decimal::from_integer(i64::from(epochs));
                for absent in 0..70 {
                    let expected = compute_reputation_after_absence(&params, standing, absent);
                    assert_eq!(
                        record.reputation(&params),
                        expected,
                        "{epochs} epochs, {absent} absent"
                    );
                    record.record_absence(&params);
                }
            }
        }
    }

    #[test]
    fn a_half_life_halves() {
        let full = Decimal::from_integer(30);
        for (absent, points) in [
            (0, 100),
            (10, 50),
            (20, 25),
            (30, 12),
            (5, 70),
            (15, 35),
            (10_000, 0),
        ] {
            let reputation = compute_reputation_after_absence(&FADING, full, absent);
            assert_eq!(reputation.get(), points, "{absent}");
        }
    }

    #[test]
    fn a_deletion_is_all_or_nothing() {
        let full = Decimal::from_integer(30);
        assert_eq!(
            compute_reputation_after_absence(&PAPER, full, 29),
            Reputation::MAX
        );
        assert_eq!(
            compute_reputation_after_absence(&PAPER, full, 30),
            Reputation::ZERO
        );
        assert_eq!(compute_absence_until(&PAPER, full, Reputation::ZERO), Some(30));
        assert_eq!(compute_absence_until(&CODE, full, Reputation::new(99)), None);
    }

    #[test]
    fn the_time_of_a_decay_is_the_first_at_which_it_is_reached() {
        for epochs in [1, 13, 30] {
            let standing = Decimal::from_integer(epochs);
            for target in 0..100 {
                let target = Reputation::new(target);
                let is_below = |absent| compute_reputation_after_absence(&FADING, standing, absent) <= target;
                let expected = (0..2_000).find(|absent| is_below(*absent));
                assert_eq!(compute_absence_until(&FADING, standing, target), expected);
            }
        }
    }

    #[test]
    fn growth_resumes_from_what_a_decay_left() {
        let mut record = veteran(&FADING, 60);
        (0..10).for_each(|_| record.record_absence(&FADING));
        assert_eq!(record.reputation(&FADING), Reputation::new(50));
        assert_eq!(
            compute_epochs_until(&FADING, record.standing(&FADING), Reputation::MAX),
            15
        );
        (0..14).for_each(|_| record.record_epoch(&FADING, 100, 0));
        assert_eq!(record.reputation(&FADING), Reputation::new(96));
        record.record_epoch(&FADING, 100, 0);
        assert_eq!(record.reputation(&FADING), Reputation::MAX);
    }

    #[test]
    fn who_serves_nothing_misses_nothing() {
        assert_eq!(compute_missed_fraction(0, 50), Decimal::ZERO);
        assert_eq!(compute_missed_fraction(50, 100), Decimal::from_integer(2));
        let mut record = veteran(&CODE, 29);
        record.record_epoch(&CODE, 0, 1_000);
        assert_eq!(record.reputation(&CODE), Reputation::MAX);
        assert_eq!(
            compute_missed_fraction(1, u64::MAX),
            Decimal::from_integer(10_000_000_000)
        );
    }
}

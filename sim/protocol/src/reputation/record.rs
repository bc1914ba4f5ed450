//! The record of one participant, and the formula that it must agree with.
//!
//! Invariant: after any sequence of epochs served, `record.reputation` equals [`compute_reputation`]
//! of the same sequence.

use super::paths::{compute_decay, compute_reputation_of};
use super::{OnAbsence, OnConviction, PenaltyForm, ReputationParams};
use crate::units::{Decimal, Reputation};

/// More epochs than any history has: a penalty above it changes nothing any more, and stopping here
/// keeps the nested form, which grows geometrically, within its range.
const PENALTY_MAX: Decimal = Decimal::from_integer(10_000_000_000);
/// The largest factor that can matter; see [`PENALTY_MAX`].
const FACTOR_MAX: Decimal = Decimal::from_integer(1_000_000_000);

/// The missed share of an epoch, as the network counts it: misses over requests *served*.
///
/// Above one for a participant that missed more than it served, and zero for one that served nothing,
/// however much it missed.
#[must_use]
pub fn compute_missed_fraction(served: u64, missed: u64) -> Decimal {
    if served == 0 {
        return Decimal::ZERO;
    }
    let missed = i128::from(missed.min(served.saturating_mul(10_000_000_000)));
    Decimal::from_ratio(missed, i128::from(served)).min(PENALTY_MAX)
}

/// The reputation of a participant with this history, oldest epoch first.
///
/// `epochs` is the number of stored epochs; the list has their missed shares, and may be shorter.
#[must_use]
pub fn compute_reputation(
    params: &ReputationParams,
    epochs: u32,
    missed_fractions: &[Decimal],
) -> Reputation {
    let penalty = missed_fractions.iter().fold(Decimal::ZERO, |penalty, missed| {
        add_penalty(params, penalty, *missed)
    });
    compute_reputation_of(params, Decimal::from_integer(i64::from(epochs)) - penalty)
}

/// The accumulated penalty, in epochs, after one more missed share.
fn add_penalty(params: &ReputationParams, penalty: Decimal, missed: Decimal) -> Decimal {
    if missed <= Decimal::from(params.miss_cutoff) {
        return penalty;
    }
    let factor = params.miss_penalty.clamp(Decimal::ZERO, FACTOR_MAX);
    let missed = missed.min(PENALTY_MAX);
    let sum = match params.penalty_form {
        PenaltyForm::Sum => penalty + missed * factor,
        PenaltyForm::Nested => (penalty + missed) * factor,
    };
    sum.min(PENALTY_MAX)
}

/// What is remembered of a participant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReputationRecord {
    /// Epochs served; a number with decimals once an absence has decayed it.
    epochs: Decimal,
    /// The penalty for misses, in epochs.
    penalty: Decimal,
    /// Epochs absent in a row, up to now.
    absent: u32,
    /// Whether this epoch had a conviction that resets, so that it will not count.
    is_forfeited: bool,
}

impl ReputationRecord {
    /// A newcomer's.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            epochs: Decimal::ZERO,
            penalty: Decimal::ZERO,
            absent: 0,
            is_forfeited: false,
        }
    }

    /// The record of somebody who served so many epochs without a miss: for a network that starts in
    /// the middle of its history.
    #[must_use]
    pub const fn with_epochs(epochs: u32) -> Self {
        Self {
            epochs: Decimal::from_integer(epochs as i64),
            ..Self::new()
        }
    }

    /// At the end of an epoch in which the participant took part.
    ///
    /// The epoch of a conviction does not count where a conviction resets.
    pub fn record_epoch(&mut self, params: &ReputationParams, served: u64, missed: u64) {
        self.process_return(params);
        if self.is_forfeited {
            self.is_forfeited = false;
            return;
        }
        self.epochs = self.epochs + Decimal::ONE;
        self.penalty = add_penalty(params, self.penalty, compute_missed_fraction(served, missed));
    }

    /// At the end of an epoch in which the participant took no part.
    pub fn record_absence(&mut self, params: &ReputationParams) {
        self.is_forfeited = false;
        self.absent = self.absent.saturating_add(1);
        if let OnAbsence::DeleteAfter { epochs } = params.on_absence
            && self.absent >= epochs
        {
            *self = Self {
                absent: self.absent,
                ..Self::new()
            };
        }
    }

    /// When the participant is convicted.
    pub fn record_conviction(&mut self, params: &ReputationParams) {
        if params.on_conviction == OnConviction::Reset {
            *self = Self {
                is_forfeited: true,
                ..Self::new()
            };
        }
    }

    /// The reputation as it stands, absence included.
    #[must_use]
    pub fn reputation(&self, params: &ReputationParams) -> Reputation {
        compute_reputation_of(params, self.standing(params))
    }

    /// Epochs that count: served, less the penalty, less what an absence took. May be negative.
    #[must_use]
    pub fn standing(&self, params: &ReputationParams) -> Decimal {
        let standing = self.epochs - self.penalty;
        match params.on_absence {
            OnAbsence::HalfLife { epochs } if self.absent > 0 => {
                compute_decay(bound(params, standing), epochs, self.absent)
            }
            OnAbsence::Keep | OnAbsence::DeleteAfter { .. } | OnAbsence::HalfLife { .. } => standing,
        }
    }

    /// Epochs absent in a row, up to now.
    #[must_use]
    pub const fn absent_epochs(&self) -> u32 {
        self.absent
    }

    /// Makes a decay final when the participant comes back.
    fn process_return(&mut self, params: &ReputationParams) {
        if self.absent > 0 && matches!(params.on_absence, OnAbsence::HalfLife { .. }) {
            self.epochs = self.standing(params);
            self.penalty = Decimal::ZERO;
        }
        self.absent = 0;
    }
}

/// What decays is the standing that shows: within zero and the maximum.
fn bound(params: &ReputationParams, standing: Decimal) -> Decimal {
    standing.clamp(Decimal::ZERO, params.full_standing())
}

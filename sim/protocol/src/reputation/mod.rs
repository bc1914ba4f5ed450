//! Reputation: how much of its past a participant can show, from 0 to 100.
//!
//! It grows by one step an epoch and shrinks with missed requests; what a conviction or an absence
//! does to it are switches, because the network's code, its notes and its whitepaper differ.
//!
//! ```text
//! A = epochs - penalty(m₁, m₂, …)          reputation = ⌊100·A/epochs_to_max⌋, within 0..=100
//! ```
//!
//! Invariant: the record kept epoch by epoch gives the same reputation as the formula over the whole
//! history. Reference: gonka-ai/gonka x/inference/calculations/reputation.go (the sum) and
//! reputation.md (the nested form). Page: docs/spec/reputation.md.

mod paths;
mod record;

pub use paths::{
    compute_absence_until, compute_epochs_until, compute_reputation_after_absence,
    compute_reputation_after_epochs, compute_reputation_of,
};
pub use record::{ReputationRecord, compute_missed_fraction, compute_reputation};

use crate::units::{Decimal, Fraction};

/// How missed requests add up over epochs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PenaltyForm {
    /// `penalty·Σ mᵢ`: the code.
    Sum,
    /// `Pᵢ = (Pᵢ₋₁ + mᵢ)·penalty`: the note, in which an old miss is multiplied again by every later one.
    Nested,
}

/// What a conviction does to the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnConviction {
    /// Nothing: the code, which counts stored epochs.
    Keep,
    /// It starts anew: the article and the whitepaper.
    Reset,
}

/// What an absence does to the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnAbsence {
    /// Nothing: the code.
    Keep,
    /// After so many epochs in a row the record is deleted: the whitepaper, with a month.
    DeleteAfter {
        /// Absent epochs that delete.
        epochs: u32,
    },
    /// Every absent epoch takes the same share, half within so many epochs.
    HalfLife {
        /// Absent epochs that halve; zero counts as one.
        epochs: u32,
    },
}

/// Parameters of the family; defaults and their sources are on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReputationParams {
    /// Epochs without a miss from 0 to 100; zero counts as one.
    pub epochs_to_max: u32,
    /// A missed share up to this costs nothing.
    pub miss_cutoff: Fraction,
    /// Epochs that a missed share of one costs.
    pub miss_penalty: Decimal,
    /// How penalties add up.
    pub penalty_form: PenaltyForm,
    /// What a conviction does.
    pub on_conviction: OnConviction,
    /// What an absence does.
    pub on_absence: OnAbsence,
}

impl ReputationParams {
    /// The epochs that count in full, as a number.
    fn full_standing(&self) -> Decimal {
        Decimal::from_integer(i64::from(self.epochs_to_max.max(1)))
    }
}

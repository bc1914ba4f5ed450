//! What a validator knows and decides.

use stakeout_protocol::units::{Fraction, Reputation};

/// What a validator knows when it sets its policy for an epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ValidatorView {
    /// Epochs since the run's start.
    pub epoch: u32,
    /// Its own reputation.
    pub reputation: Reputation,
    /// Its share of the network's weight, in parts per 10^9.
    pub weight_share_ppb: u32,
    /// Validations required of it and done by it in the epoch that ended.
    pub required: u64,
    /// See [`required`](Self::required).
    pub done: u64,
}

/// What a validator does with a job that it does not work on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shortcut {
    /// Answers that it matches.
    SayMatch,
    /// Answers that it does not match.
    SayMismatch,
    /// Gives no answer.
    Silent,
    /// Waits for another validator of the same answer and repeats what it said; alone, or where verdicts
    /// are committed before they are revealed, it says that it matches.
    Copy,
}

/// Whose answers a bias concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Side {
    /// Those of all identities of its own owner.
    Own,
    /// Those of all identities of the owner of this name.
    Owner(String),
}

/// Answers that a validator never replays, and what it says of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bias {
    /// Whose answers.
    pub side: Side,
    /// What it says, in validations and in votes.
    pub answer: Shortcut,
}

/// A validator's standing orders for an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidatorPolicy {
    /// Share of validation jobs that are really replayed.
    pub diligence: Fraction,
    /// What happens to the others.
    pub otherwise: Shortcut,
    /// Answers that it judges by whose they are.
    pub bias: Option<Bias>,
}

impl ValidatorPolicy {
    /// Every job is replayed.
    #[must_use]
    pub fn diligent() -> Self {
        Self {
            diligence: Fraction::ONE,
            otherwise: Shortcut::SayMatch,
            bias: None,
        }
    }
}

/// How a validator votes on the proofs of compute of others. Proofs are right in the model, so that every vote
/// against one is a false one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProofVote {
    /// For everybody's.
    #[default]
    ByTheProof,
    /// For those of its own owner, against all others.
    OwnOnly,
    /// Not at all, so that its voting power stands against everybody.
    Absent,
}

/// Decides how validation jobs and dispute votes are done.
pub trait ValidatorStrategy: Send {
    /// The standing orders for the epoch that begins.
    fn policy(&mut self, view: &ValidatorView) -> ValidatorPolicy;

    /// How it votes on the proofs of compute for the epoch after the one that begins.
    fn vote_on_proofs(&mut self, _view: &ValidatorView) -> ProofVote {
        ProofVote::ByTheProof
    }

    /// Among how many seeds it picks the one that its claim reveals: 1 reveals the one it has worked by.
    fn seeds(&mut self, _view: &ValidatorView) -> u32 {
        1
    }
}

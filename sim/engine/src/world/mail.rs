//! What one lane sends to another between the phases of a block window.
//!
//! Invariant: mail is read only after every lane has finished the phase that wrote it, and whoever reads
//! it orders it by its own keys, so that nothing depends on how hosts are cut into lanes.

use super::tables::Tables;

/// A job for a validator: replay an answer, or vote on one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Task {
    /// Arrival at the validator, ns since the run's start.
    pub arrival: u64,
    /// Inference number.
    pub number: u64,
    /// The inference's index in its executor's lane.
    pub inference: u32,
    /// Executor (participant).
    pub executor: u32,
    /// Who is asked (participant).
    pub validator: u32,
    /// Prompt length in model tokens.
    pub prompt: u32,
    /// Completion length in model tokens.
    pub answer: u32,
    /// Next job in the validator's queue.
    pub link: u32,
    /// What its vote counts, if it votes.
    pub weight: u64,
    /// Model group.
    pub group: u16,
    /// What served the answer.
    pub substitute: u8,
    /// Kernel of the executor in the calibration's numbering.
    pub executor_kernel: u8,
    /// Validation or vote.
    pub kind: TaskKind,
    /// The payload could not be fetched.
    pub unavailable: bool,
    /// Others judge the same answer, whom a validator may copy.
    pub is_shared: bool,
    /// Counter of the epoch in which the duty arose (its parity).
    pub epoch_parity: u8,
    /// Which dispute about the inference a vote belongs to.
    pub round: u8,
}

/// Why a validator is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TaskKind {
    /// It was drawn to check.
    Validation,
    /// A dispute is open.
    Vote,
    /// A planted mismatch: whoever passes it pays.
    Planted,
}

/// A validator's answer on its way to the block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    /// Time from which the transaction can be included, ns since the run's start.
    pub ready: u64,
    /// Inference number.
    pub number: u64,
    /// The inference's index in its executor's lane.
    pub inference: u32,
    /// Who answers (participant).
    pub validator: u32,
    /// Similarity found, parts per 10^9.
    pub similarity_ppb: u32,
    /// What a vote counts: the weight with which its sender was asked.
    pub weight: u64,
    /// Which dispute about the inference a vote belongs to.
    pub round: u8,
    /// Which kind of answer.
    pub kind: AnswerKind,
}

impl Answer {
    /// What comes of a task whose work was done at `end`.
    pub(crate) fn of(task: &Task, end: u64, similarity_ppb: u32, kind: AnswerKind, tables: &Tables) -> Self {
        Self {
            ready: end.saturating_add(tables.inclusion_ns),
            number: task.number,
            inference: task.inference,
            validator: task.validator,
            similarity_ppb,
            weight: task.weight,
            round: task.round,
            kind,
        }
    }
}

/// What an answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum AnswerKind {
    /// The validation passes.
    Pass,
    /// The validation fails and opens a dispute.
    Fail,
    /// The validation fails, but its sender has too many open cases.
    FailCapped,
    /// The validator gives no answer and never will.
    Silent,
    /// A vote for invalidation.
    VoteInvalid,
    /// A vote for revalidation.
    VoteValid,
}

/// Work coins that another lane's participant gains or loses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Credit {
    /// Participant.
    pub participant: u32,
    /// Change in base units.
    pub amount: i64,
}

/// One vector per lane of destination.
#[derive(Clone, Debug)]
pub(crate) struct Outbox<T> {
    /// Mail by destination lane.
    pub to: Vec<Vec<T>>,
}

impl<T> Outbox<T> {
    /// Empty boxes for `lanes` lanes.
    pub(crate) fn new(lanes: usize) -> Self {
        Self {
            to: (0..lanes).map(|_| Vec::new()).collect(),
        }
    }
}

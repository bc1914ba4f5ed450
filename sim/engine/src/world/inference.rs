//! The record of an inference in flight, and what is kept of one that waits or is being checked.
//!
//! A record whose finish is certain lies by value in the calendar, under the block that includes it, where
//! the commit reads it in one sweep; only what waits, may expire or is being checked has a place of its own.
//!
//! Invariant: a record lives from dispatch until no message can change it any more. One that nobody was
//! drawn to check is forgotten at the commit of its finish message.

use smallvec::SmallVec;

/// No index.
pub(crate) const NONE: u32 = u32::MAX;

/// The number of a record that has been given back.
pub(crate) const GONE: u64 = u64::MAX;

/// State of an inference, after the network's own enum (docs/spec/escrow.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum State {
    /// Started; waits in its executor's queue.
    Queued,
    /// On its way or started; the executor works on it, or will never answer.
    Running,
    /// Finished and being checked.
    Finished,
    /// A dispute vote is open.
    Disputed,
    /// Ended by invalidation; late messages change nothing.
    Invalidated,
}

/// One inference in flight: one cache line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(align(64))]
pub(crate) struct Inference {
    /// Number in order of arrival, network-wide.
    pub number: u64,
    /// Arrival at the executor, ns since the run's start.
    pub arrival: u64,
    /// Completion, ns since the run's start, once service has begun.
    pub completion: u64,
    /// Price locked at the start, base units per model token.
    pub price: u64,
    /// The word that says whether anybody checks the answer.
    pub check: u64,
    /// The paying client.
    pub client: u32,
    /// Executor, local to the lane.
    pub host: u32,
    /// Prompt length in model tokens.
    pub prompt: u32,
    /// Completion length in model tokens.
    pub answer: u32,
    /// Executor's position among its model group's members.
    pub member: u32,
    /// Model group.
    pub group: u16,
    /// What served it: 0 is the promised model.
    pub substitute: u8,
    /// State.
    pub state: State,
}

impl Inference {
    /// Model tokens of prompt and answer.
    #[inline(always)]
    pub(crate) fn tokens(&self) -> u64 {
        u64::from(self.prompt) + u64::from(self.answer)
    }
}

/// What is kept of a finished inference while validators are at work on it.
///
/// What every check needs comes first: one cache line. What is counted of a dispute stays as it was where there is none.
#[derive(Clone, Debug, Default)]
#[repr(C, align(64))]
pub(crate) struct Checks {
    /// Validators whose passing verdicts were committed, in that order; they share the payment.
    pub passed: SmallVec<[u32; 4]>,
    /// Coins credited for the work, before sharing.
    pub payment: u64,
    /// Verdicts not yet committed.
    pub pending: u32,
    /// Who opened the dispute.
    pub opener: u32,
    /// Disputes opened so far: votes of an earlier one do not count.
    pub round: u8,
    /// Weight that voted invalid.
    pub for_invalid: u64,
    /// Weight that voted valid.
    pub for_valid: u64,
    /// Weight entitled to vote.
    pub entitled: u64,
    /// Window in which the open vote ends undecided.
    pub deadline: u64,
}

impl Checks {
    /// Forgets the last inference but keeps the memory.
    pub(crate) fn reset(&mut self, pending: u32, payment: u64) {
        self.passed.clear();
        (self.pending, self.payment) = (pending, payment);
        if self.round > 0 {
            (self.opener, self.round) = (NONE, 0);
            (self.for_invalid, self.for_valid, self.entitled) = (0, 0, 0);
            self.deadline = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_record_is_one_cache_line() {
        assert_eq!(std::mem::size_of::<super::Inference>(), 64);
    }
}

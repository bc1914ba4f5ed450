//! What lanes add up together.
//!
//! Invariant: while lanes are at work they only add, so that it makes no difference which lane holds a sum. Where they
//! work one after the other, one set of sums goes from lane to lane and stays in the nearest cache.

use stakeout_kernel::histogram::LogHistogram;

use super::refunds::Refunds;

/// What finished of one model in one block.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Finished {
    /// Model tokens, prompts and completions.
    pub tokens: u64,
    pub inferences: u64,
}

/// Sums of a lane, or of all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sums {
    /// What clients get back in this block.
    pub refunds: Refunds,
    /// What finished in this block, by model.
    pub finished: Vec<Finished>,
    /// Times from arrival to completion, ns.
    pub sojourn: LogHistogram,
    /// Waits of requests that had to wait, ns.
    pub waits: LogHistogram,
    /// The number of those that had not.
    pub started_at_once: u64,
    /// Answers until a substitute is detected.
    pub detection: LogHistogram,
}

impl Sums {
    /// For so many models, and for so many finishes a block of so many clients.
    pub(crate) fn expecting(models: usize, finishes: f64, clients: usize) -> Self {
        Self {
            refunds: Refunds::expecting(finishes, clients),
            finished: vec![Finished::default(); models],
            ..Self::default()
        }
    }
}

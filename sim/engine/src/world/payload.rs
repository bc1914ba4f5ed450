//! Fetching an answer's payload from its executor, with retries.
//!
//! Which attempts succeed is decided when the validation is scheduled, from the executor's outage table:
//! nothing that happens later can change it. Reference: gonka-ai/gonka proposals/offchain-payloads,
//! decentralized-api/internal/validation/inference_validation.go.

use stakeout_kernel::sample::below;

use stakeout_kernel::time::SimDuration;

use super::outage::OutageTable;
use crate::scenario::PayloadRetry;

const SECOND: u64 = 1_000_000_000;

/// The retry schedule: attempts, and the pause before each further one with its jitter, ns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PayloadFetch {
    attempts: u64,
    first: (u64, u64),
    later: (u64, u64),
}

impl PayloadFetch {
    /// The schedule that a scenario asks for.
    pub(crate) fn new(retry: &PayloadRetry) -> Self {
        let jitter = |most: SimDuration| (most.nanos() / SECOND).max(1);
        Self {
            attempts: u64::from(retry.attempts),
            first: (retry.first_pause.nanos(), jitter(retry.first_jitter)),
            later: (retry.pause.nanos(), jitter(retry.jitter)),
        }
    }

    /// What an executor that never hands it out costs its validators: all pauses, at their mean jitter. Where
    /// the payload is on the chain there is nothing to withhold.
    pub(crate) fn never(&self) -> (u64, bool) {
        if self.attempts == 0 {
            return (0, false);
        }
        let mean = |(pause, jitter): (u64, u64)| pause + (1 + jitter) * SECOND / 2;
        (mean(self.first) + (self.attempts - 1) * mean(self.later), true)
    }

    /// Delay until the payload is there, ns, and whether it never comes. `draw` gives the jitter of the
    /// pause after an attempt.
    pub(crate) fn fetch(&self, executor: &OutageTable, start: u64, draw: impl Fn(u64) -> u64) -> (u64, bool) {
        if self.attempts == 0 {
            return (0, false);
        }
        let mut at = start;
        for attempt in 0..self.attempts {
            if !executor.is_down(at) {
                return (at - start, false);
            }
            let (pause, jitter_seconds) = if attempt == 0 { self.first } else { self.later };
            at += pause + (1 + below(draw(attempt), jitter_seconds)) * SECOND;
        }
        (at - start, true)
    }
}

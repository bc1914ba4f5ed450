//! Fetching an answer's payload from its executor, with retries.
//!
//! Which attempts succeed is decided when the validation is scheduled, from the executor's outage table:
//! nothing that happens later can change it. Reference: gonka-ai/gonka proposals/offchain-payloads,
//! decentralized-api/internal/validation/inference_validation.go.

use stakeout_kernel::sample::below;

use super::outage::OutageTable;

const SECOND: u64 = 1_000_000_000;

/// The retry schedule: attempts, and the pause before each further one with its jitter, ns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PayloadFetch {
    attempts: u64,
    first: (u64, u64),
    later: (u64, u64),
}

impl PayloadFetch {
    /// The network's schedule: ten attempts, 10 s + 1-10 s, then 120 s + 1-120 s each.
    pub(crate) const fn network() -> Self {
        Self {
            attempts: 10,
            first: (10 * SECOND, 10),
            later: (120 * SECOND, 120),
        }
    }

    /// Delay until the payload is there, ns, and whether it never comes. `draw` gives the jitter of the
    /// pause after an attempt.
    pub(crate) fn fetch(&self, executor: &OutageTable, start: u64, draw: impl Fn(u64) -> u64) -> (u64, bool) {
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

//! The one place of this program that looks at a clock: for progress, side files and benchmarks, never for results.

use std::time::{Duration, Instant};

/// A stopwatch.
pub struct Clock {
    begin: Instant,
}

impl Clock {
    /// Starts it.
    #[expect(
        clippy::disallowed_methods,
        reason = "times are reported beside results, they enter none"
    )]
    pub fn start() -> Self {
        Self {
            begin: Instant::now(),
        }
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.begin.elapsed()
    }
}

//! What the peers share: the verified network's numbers, its random draws and the line that a run prints.
//!
//! The model is that of `../src/std_heap.rs`: 10,000 FIFO executors at 70 % load, Poisson arrivals to a uniformly
//! drawn one, exponential service with mean one second; a tenth of the finished inferences send a validation job to
//! another executor, five seconds later.
//!
//! **Invariant.** Generator, seed and order of draws are the baseline's, so a peer that handles the same events in the
//! same order prints the same sojourn, digit for digit.

use std::fs;

use rand_core::{Rng, SeedableRng};
use rand_distr::{Distribution, Exp1};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

/// FIFO executors.
pub const EXECUTORS: u32 = 10_000;
/// Share of executor time that requests and validations take together.
pub const UTILISATION: f64 = 0.7;
/// Probability that a finished inference is validated.
pub const CHECK_RATE: f64 = 0.1;
/// Nanoseconds from a completion to the arrival of its validation.
pub const DELAY_NS: u64 = 5_000_000_000;
/// Inferences that arrive before this are served but not counted in the mean, in nanoseconds.
pub const WARM_UP_NS: u64 = 400_000_000_000;
/// Nanoseconds in a second, the mean service time.
pub const SECOND: f64 = 1e9;

const SEED: u64 = 1;

/// Work in an executor's queue.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Job {
    /// An inference that arrived at this nanosecond.
    Inference {
        /// When it arrived, in nanoseconds.
        arrived: u64,
    },
    /// A validation.
    Validation,
}

/// The sequential generator, and the draws that the model takes from it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Random(Xoshiro256PlusPlus);

impl Random {
    /// The baseline's generator at the baseline's seed.
    #[allow(clippy::new_without_default, reason = "a seed is a choice, not a default")]
    pub fn new() -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(SEED))
    }

    /// Time to the next arrival, in nanoseconds.
    #[inline(always)]
    pub fn gap(&mut self) -> u64 {
        self.exponential(SECOND * (1.0 + CHECK_RATE) / (UTILISATION * f64::from(EXECUTORS)))
    }

    /// A service time, in nanoseconds.
    #[inline(always)]
    pub fn service(&mut self) -> u64 {
        self.exponential(SECOND)
    }

    /// The executor of a request.
    #[inline(always)]
    pub fn executor(&mut self) -> u32 {
        self.below(EXECUTORS)
    }

    /// The validator of an inference that `executor` has finished, if it is to be checked.
    #[inline(always)]
    pub fn validator(&mut self, executor: u32) -> Option<u32> {
        let coin = (CHECK_RATE * 18_446_744_073_709_551_616.0) as u64;
        (self.0.next_u64() < coin).then(|| {
            let other = self.below(EXECUTORS - 1);
            other + u32::from(other >= executor)
        })
    }

    #[inline(always)]
    fn exponential(&mut self, mean_ns: f64) -> u64 {
        let unit: f64 = Exp1.sample(&mut self.0);
        (unit * mean_ns) as u64
    }

    #[inline(always)]
    fn below(&mut self, n: u32) -> u32 {
        ((u128::from(self.0.next_u64()) * u128::from(n)) >> 64) as u32
    }
}

/// What the run saw.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// Inferences counted in the mean.
    pub counted: u64,
    /// Sum of their times from arrival to completion, in nanoseconds.
    pub sojourn_ns: u128,
    /// Validations that arrived.
    pub validations: u64,
}

impl Outcome {
    /// Counts an inference that is finished `now`.
    #[inline(always)]
    pub fn count(&mut self, arrived: u64, now: u64) {
        if arrived >= WARM_UP_NS {
            self.counted += 1;
            self.sojourn_ns += u128::from(now - arrived);
        }
    }

    /// Prints the line that `compare.py` reads.
    pub fn print(&self, inferences: u64) {
        println!(
            "inferences {inferences} counted {} sojourn {:.4} checked {:.4} cpu_ns {:.1}",
            self.counted,
            self.sojourn_ns as f64 / self.counted as f64 / SECOND,
            self.validations as f64 / inferences as f64,
            cpu_ns().unwrap_or(f64::NAN) / inferences as f64,
        );
    }
}

/// The number of inferences on the command line.
///
/// # Panics
/// If it is missing or no number: these are programs for `compare.py`.
pub fn inferences() -> u64 {
    let word = std::env::args().nth(1);
    word.and_then(|word| word.parse().ok())
        .expect("usage: PROGRAM INFERENCES")
}

/// Nanoseconds that the main thread has spent on a core, where the system tells.
fn cpu_ns() -> Option<f64> {
    let text = fs::read_to_string("/proc/self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok()
}

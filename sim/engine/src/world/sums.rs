//! What lanes add up together.
//!
//! Invariant: while lanes are at work they only add, so that it makes no difference who holds a sum. Each thread has one set
//! of sums, which goes from lane to lane and stays in the nearest cache.

use std::sync::{Mutex, PoisonError};

use stakeout_kernel::histogram::LogHistogram;
use stakeout_protocol::units::Reputation;

use super::lane::Lane;
use super::refunds::Refunds;
use super::window::Targets;

/// What finished of one model in one block.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Finished {
    /// Model tokens, prompts and completions.
    pub tokens: u64,
    pub inferences: u64,
}

/// Answers by their executor's reputation, which is a byte.
#[derive(Clone, Debug)]
pub(crate) struct Rated(Box<[u32; 256]>);

impl Default for Rated {
    fn default() -> Self {
        Self(Box::new([0; 256]))
    }
}

impl Rated {
    /// Counts an answer.
    #[inline(always)]
    pub(crate) fn count(&mut self, reputation: Reputation) {
        self.0[usize::from(reputation.get())] += 1;
    }

    /// Takes out the sum of the rates at which such answers are to be validated, parts per 10^9.
    pub(crate) fn take_rates(&mut self, targets: &Targets) -> u128 {
        let mut sum = 0;
        for &points in &targets.present {
            let count = std::mem::take(&mut self.0[usize::from(points)]);
            sum += u128::from(count) * u128::from(targets.ppb[usize::from(points)]);
        }
        sum
    }
}

/// Sums of all lanes that a thread has worked on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sums {
    /// What clients get back in this block.
    pub refunds: Refunds,
    /// What finished in this block, by model.
    pub finished: Vec<Finished>,
    /// The number of them by the executor's reputation.
    pub rated: Rated,
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

    /// Sums of nothing, for one of so many threads that share what these are for.
    fn part(&self, threads: usize) -> Self {
        Self {
            refunds: self.refunds.part(threads),
            finished: vec![Finished::default(); self.finished.len()],
            ..Self::default()
        }
    }
}

/// The sums of threads that work side by side, by thread of their pool. One that works alone has those of the first lane.
#[derive(Default)]
pub(crate) struct ThreadSums(Vec<Mutex<Sums>>);

impl ThreadSums {
    /// Sees to it that each thread of the pool has its own, of the same things as `pattern`.
    pub(crate) fn make_ready(&mut self, pattern: &Sums) {
        let threads = self.0.len().max(rayon::current_num_threads());
        self.0.resize_with(threads, || Mutex::new(pattern.part(threads)));
    }

    /// Lends a lane the sums of the thread that runs this, for the time of `work`.
    pub(crate) fn lend(&self, lane: &mut Lane, work: impl FnOnce(&mut Lane)) {
        let thread = rayon::current_thread_index().expect("lanes are worked on side by side in a pool");
        // A phase asks nothing of the pool, so that its thread takes no other lane before it is over.
        let sums = self.0[thread].try_lock();
        let mut sums = sums.expect("a thread works on one lane at a time");
        std::mem::swap(&mut lane.sums, &mut sums);
        work(lane);
        std::mem::swap(&mut lane.sums, &mut sums);
    }

    /// All sums there are: these, and those of the first lane.
    pub(crate) fn and<'a>(&'a mut self, first: &'a mut Sums) -> impl Iterator<Item = &'a mut Sums> {
        let held = self.0.iter_mut().map(Mutex::get_mut);
        std::iter::once(first).chain(held.map(|sums| sums.unwrap_or_else(PoisonError::into_inner)))
    }
}

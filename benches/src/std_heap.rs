//! The baseline: a verified-inference network as a competent programmer writes it in an afternoon.
//!
//! One `BinaryHeap` of 32-byte events, one `VecDeque` an executor, xoshiro256++ and a ziggurat. The model:
//! FIFO executors, Poisson arrivals to a uniformly drawn one, exponential service with mean one second. With
//! probability `check_rate` a finished inference sends a validation job to another executor, drawn
//! uniformly; it arrives a fixed delay later, takes an exponential second, and is not validated again.
//! That is 2.2 events an inference at a rate of 0.1: arrival, completion, and a tenth of each again.
//!
//! **Invariant.** This file is frozen by its hash (`baseline_is_frozen`): a ratio against a baseline that
//! may be tuned down says nothing.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};
use std::convert::Infallible;

use rand_core::{Rng, TryRng};
use rand_distr::{Distribution, Exp1};

const SECOND: f64 = 1e9;

/// What is simulated, and how far.
#[derive(Clone, Copy, Debug)]
pub struct Parameters {
    /// FIFO executors.
    pub executors: u32,
    /// Share of executor time that requests and validations take together.
    pub utilisation: f64,
    /// Probability that a finished inference is validated.
    pub check_rate: f64,
    /// Nanoseconds from a completion to the arrival of its validation.
    pub delay_ns: u64,
    /// Inferences that arrive.
    pub inferences: u64,
    /// Inferences that arrive before this are served but not counted in the mean, in nanoseconds.
    pub warm_up_ns: u64,
    /// Seed of the generator.
    pub seed: u64,
}

/// What the run saw.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    /// Inferences counted in the mean.
    pub counted: u64,
    /// Sum of their times from arrival to completion, in nanoseconds.
    pub sojourn_ns: u128,
    /// Events taken from the heap.
    pub events: u64,
    /// Validations that arrived.
    pub validations: u64,
}

impl Outcome {
    /// Mean time from arrival to completion, in seconds.
    pub fn mean_sojourn(&self) -> f64 {
        self.sojourn_ns as f64 / self.counted as f64 / SECOND
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Request,
    Validation,
    Completion,
}

#[derive(Clone, Copy)]
struct Event {
    time: u64,
    sequence: u64,
    job: Job,
    executor: u32,
    kind: Kind,
}

#[derive(Clone, Copy)]
struct Job(u64);

impl Job {
    const VALIDATION: u64 = 1 << 63;

    fn arrived(self) -> u64 {
        self.0 & !Self::VALIDATION
    }

    fn is_validation(self) -> bool {
        self.0 & Self::VALIDATION != 0
    }
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Event {}

impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Event {
    fn cmp(&self, other: &Self) -> Ordering {
        other
            .time
            .cmp(&self.time)
            .then(other.sequence.cmp(&self.sequence))
    }
}

struct Xoshiro([u64; 4]);

impl Xoshiro {
    fn new(seed: u64) -> Self {
        let mut state = seed;
        Self(std::array::from_fn(|_| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        }))
    }

    #[inline(always)]
    fn next(&mut self) -> u64 {
        let s = &mut self.0;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let shifted = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= shifted;
        s[3] = s[3].rotate_left(45);
        result
    }
}

impl TryRng for Xoshiro {
    type Error = Infallible;

    #[inline(always)]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.next() >> 32) as u32)
    }

    #[inline(always)]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.next())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

struct Network {
    parameters: Parameters,
    random: Xoshiro,
    heap: BinaryHeap<Event>,
    queues: Vec<VecDeque<Job>>,
    sequence: u64,
    outcome: Outcome,
}

/// Simulates until the given number of inferences has arrived and every job is done.
pub fn run(parameters: Parameters) -> Outcome {
    let mut network = Network {
        parameters,
        random: Xoshiro::new(parameters.seed),
        heap: BinaryHeap::new(),
        queues: (0..parameters.executors).map(|_| VecDeque::new()).collect(),
        sequence: 0,
        outcome: Outcome::default(),
    };
    network.simulate();
    network.outcome
}

impl Network {
    fn simulate(&mut self) {
        let p = self.parameters;
        let rate = p.utilisation * f64::from(p.executors) / (1.0 + p.check_rate);
        let gap_ns = SECOND / rate;
        let coin = (p.check_rate * 18_446_744_073_709_551_616.0) as u64;
        let mut arrived = 0;
        if p.inferences > 0 {
            let first = self.exponential(gap_ns);
            self.push(first, 0, Kind::Request, Job(first));
        }
        while let Some(event) = self.heap.pop() {
            self.outcome.events += 1;
            match event.kind {
                Kind::Request => {
                    arrived += 1;
                    if arrived < p.inferences {
                        let next = event.time + self.exponential(gap_ns);
                        self.push(next, 0, Kind::Request, Job(next));
                    }
                    let executor = self.below(p.executors);
                    self.accept(event.time, executor, Job(event.time));
                }
                Kind::Validation => {
                    self.outcome.validations += 1;
                    self.accept(event.time, event.executor, event.job);
                }
                Kind::Completion => self.complete(&event, coin),
            }
        }
    }

    #[inline(always)]
    fn accept(&mut self, now: u64, executor: u32, job: Job) {
        let queue = &mut self.queues[executor as usize];
        queue.push_back(job);
        if queue.len() == 1 {
            self.start(now, executor, job);
        }
    }

    #[inline(always)]
    fn start(&mut self, now: u64, executor: u32, job: Job) {
        let done = now + self.exponential(SECOND);
        self.push(done, executor, Kind::Completion, job);
    }

    #[inline(always)]
    fn complete(&mut self, event: &Event, coin: u64) {
        let queue = &mut self.queues[event.executor as usize];
        queue.pop_front();
        if let Some(&next) = queue.front() {
            self.start(event.time, event.executor, next);
        }
        if event.job.is_validation() {
            return;
        }
        if event.job.arrived() >= self.parameters.warm_up_ns {
            self.outcome.counted += 1;
            self.outcome.sojourn_ns += u128::from(event.time - event.job.arrived());
        }
        if self.random.next() < coin {
            let other = self.below(self.parameters.executors - 1);
            let validator = other + u32::from(other >= event.executor);
            let arrival = event.time + self.parameters.delay_ns;
            self.push(
                arrival,
                validator,
                Kind::Validation,
                Job(arrival | Job::VALIDATION),
            );
        }
    }

    #[inline(always)]
    fn push(&mut self, time: u64, executor: u32, kind: Kind, job: Job) {
        self.sequence += 1;
        self.heap.push(Event {
            time,
            sequence: self.sequence,
            job,
            executor,
            kind,
        });
    }

    #[inline(always)]
    fn exponential(&mut self, mean_ns: f64) -> u64 {
        let unit: f64 = Exp1.sample(&mut self.random);
        (unit * mean_ns) as u64
    }

    #[inline(always)]
    fn below(&mut self, n: u32) -> u32 {
        ((u128::from(self.random.next_u64()) * u128::from(n)) >> 64) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_takes_32_bytes() {
        assert_eq!(std::mem::size_of::<Event>(), 32);
    }
}

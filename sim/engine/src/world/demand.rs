//! Requests: when they arrive, from whom, for what.
//!
//! Everything random about a request is drawn from its number alone. Arrivals are a unit-rate Poisson
//! process run through the rate of demand, which is constant within a block window, so two runs that
//! differ in anything but demand see the same requests at the same times.

use rayon::prelude::*;
use stakeout_kernel::sample::{WeightedIndex, neg_ln};

use super::purpose::Keys;
use super::tables::Tables;
use crate::scenario::{Arrivals, Scenario};

/// Requests drawn by one task.
const CHUNK: usize = 512;
/// Requests whose words are computed side by side; divides [`CHUNK`].
const BATCH: usize = 4;
/// Requests drawn ahead at most.
const AHEAD_MAX: usize = 1 << 16;

/// A request as drawn.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Drawn {
    /// Gap to the request before it, in units of the mean gap.
    pub gap: f64,
    /// Word that chooses the executor.
    pub executor: u64,
    /// Client.
    pub client: u32,
    /// Prompt length.
    pub prompt: u32,
    /// Completion length.
    pub answer: u32,
    /// Model.
    pub model: u16,
}

/// What arrives in a window: a drawn request with its time, and what a trace pins down.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    /// Time of arrival, ns.
    pub time: u64,
    /// Inference number.
    pub number: u64,
    /// The request.
    pub drawn: Drawn,
    /// Executor named by a trace.
    pub executor: Option<u32>,
    /// A trace says that it is never answered, or a forged time stamp makes it so.
    pub missed: bool,
    /// What a purse sent it for.
    pub errand: Errand,
}

/// What is special about a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Errand {
    /// Nothing.
    #[default]
    None,
    /// Its executors must come from these draws of its own owner.
    Wash,
    /// Its prompt belongs to the calibration's last class.
    Awkward,
    /// It crashes the server that serves it, for so many ns.
    Deadly(u64),
    /// Its payment will be refused.
    Unpaid,
}

/// The stream of requests.
pub(crate) struct Demand {
    models: WeightedIndex,
    source: Arrivals,
    /// The source is a trace.
    is_trace: bool,
    /// Arrivals a second, and the mean gap between them in ns, that hold until `until`, ns.
    rate: f64,
    mean_gap: f64,
    until: u64,
    buffer: Vec<Drawn>,
    used: usize,
    /// Number of the next request handed out.
    next: u64,
    /// Time reached, ns.
    now: u64,
    /// Part of the next gap that is still to pass, in units of the mean gap; negative before the first.
    left: f64,
    burst: Burst,
}

/// State of a two-state arrival process.
#[derive(Clone, Copy, Debug)]
struct Burst {
    is_bursting: bool,
    until: u64,
    changes: u64,
}

impl Demand {
    /// The demand of a scenario.
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let largest = scenario
            .models
            .iter()
            .map(|model| model.demand_share)
            .fold(0.0, f64::max);
        let weight = |share: f64| ((share / largest) * f64::from(1_u32 << 30)) as u64;
        let weights: Vec<u64> = scenario
            .models
            .iter()
            .map(|model| weight(model.demand_share).max(1))
            .collect();
        Self {
            models: WeightedIndex::new(&weights),
            is_trace: matches!(scenario.demand.arrivals, Arrivals::Trace(_)),
            source: scenario.demand.arrivals.clone(),
            rate: 0.0,
            mean_gap: 0.0,
            until: 0,
            buffer: Vec::new(),
            used: 0,
            next: 0,
            now: 0,
            left: -1.0,
            burst: Burst {
                is_bursting: true,
                until: 0,
                changes: 0,
            },
        }
    }

    /// The next request, if it arrives before `end`.
    #[inline(always)]
    pub(crate) fn next_before(&mut self, end: u64, tables: &Tables, parallel: bool) -> Option<Arrival> {
        if self.is_trace {
            return self.replay(end, tables);
        }
        loop {
            if self.now >= self.until && !self.enter_span(end, &tables.keys) {
                return None;
            }
            if self.left < 0.0 {
                if self.used == self.buffer.len() {
                    let expected = self.rate * (end - self.now) as f64 * 1e-9;
                    self.refill(tables, expected as usize, parallel);
                }
                self.left = self.buffer[self.used].gap;
            }
            // A span beyond u64 saturates, which is past every horizon.
            let time = self.now.saturating_add((self.left * self.mean_gap) as u64);
            if time >= self.until {
                self.left -= (self.until - self.now) as f64 / self.mean_gap;
                self.left = self.left.max(0.0);
                self.now = self.until;
                continue;
            }
            let arrival = Arrival {
                time,
                number: self.next,
                drawn: self.buffer[self.used],
                executor: None,
                missed: false,
                errand: Errand::None,
            };
            (self.now, self.left) = (time, -1.0);
            self.used += 1;
            self.next += 1;
            return Some(arrival);
        }
    }

    /// Works out the rate from now on; false if the window is over.
    #[inline(never)]
    fn enter_span(&mut self, end: u64, keys: &Keys) -> bool {
        if self.now >= end {
            return false;
        }
        (self.rate, self.until) = self.rate(end, keys);
        self.mean_gap = 1e9 / self.rate;
        true
    }

    #[cold]
    fn replay(&mut self, end: u64, tables: &Tables) -> Option<Arrival> {
        let Arrivals::Trace(trace) = &self.source else {
            unreachable!("only a trace is replayed");
        };
        let request = trace.get(self.next as usize)?;
        if request.arrival_ns >= end {
            return None;
        }
        let [arrival] = tables.keys.arrival.draw2_batch(self.next, 0);
        let [content] = tables.keys.request.draw2_batch(self.next, 0);
        let mut drawn = self.drawn(arrival, content, tables);
        drawn.model = request.model;
        drawn.client = request.client.unwrap_or(drawn.client);
        drawn.prompt = request.prompt.unwrap_or(drawn.prompt);
        drawn.answer = request.completion.unwrap_or(drawn.answer).min(tables.max_tokens);
        let arrival = Arrival {
            time: request.arrival_ns,
            number: self.next,
            drawn,
            executor: request.executor,
            missed: request.missed,
            errand: Errand::None,
        };
        self.next += 1;
        Some(arrival)
    }

    /// Arrivals a second from now on, and until when that holds.
    fn rate(&mut self, end: u64, keys: &Keys) -> (f64, u64) {
        match &self.source {
            Arrivals::Poisson { per_second } => (*per_second, end),
            Arrivals::Diurnal {
                per_second,
                amplitude,
                peak,
                period,
            } => {
                let middle = self.now as f64 + (end - self.now) as f64 / 2.0;
                let phase = (middle - peak.nanos() as f64) / period.nanos() as f64;
                let turn = libm::cos(2.0 * std::f64::consts::PI * phase);
                ((per_second * (1.0 + amplitude * turn)).max(1e-12), end)
            }
            Arrivals::Bursty {
                calm_per_second,
                burst_per_second,
                calm_mean,
                burst_mean,
            } => {
                let (calm, burst) = (*calm_per_second, *burst_per_second);
                let (calm_mean, burst_mean) = (calm_mean.nanos() as f64, burst_mean.nanos() as f64);
                while self.burst.until <= self.now {
                    self.burst.is_bursting = !self.burst.is_bursting;
                    let mean = if self.burst.is_bursting {
                        burst_mean
                    } else {
                        calm_mean
                    };
                    let stay = mean * neg_ln(keys.burst.draw(self.burst.changes, 0));
                    self.burst.until = self.burst.until.saturating_add((stay as u64).max(1));
                    self.burst.changes += 1;
                }
                let rate = if self.burst.is_bursting { burst } else { calm };
                (rate.max(1e-12), end.min(self.burst.until))
            }
            Arrivals::Trace(_) => unreachable!("a trace is replayed, not drawn"),
        }
    }

    /// Draws ahead once the buffer is used up.
    #[inline(never)]
    fn refill(&mut self, tables: &Tables, expected: usize, parallel: bool) {
        let count = expected.clamp(1, AHEAD_MAX).next_multiple_of(CHUNK);
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.resize(count, Drawn::default());
        let first = self.next;
        let fill = |(chunk, out): (usize, &mut [Drawn])| {
            let first = first + (chunk * CHUNK) as u64;
            for (out, number) in out.chunks_exact_mut(BATCH).zip((first..).step_by(BATCH)) {
                let arrivals = tables.keys.arrival.draw2_batch::<BATCH>(number, 0);
                let contents = tables.keys.request.draw2_batch::<BATCH>(number, 0);
                for ((drawn, arrival), content) in out.iter_mut().zip(arrivals).zip(contents) {
                    *drawn = self.drawn(arrival, content, tables);
                }
            }
        };
        if parallel && count >= 4 * CHUNK {
            buffer.par_chunks_mut(CHUNK).enumerate().for_each(fill);
        } else {
            buffer.chunks_mut(CHUNK).enumerate().for_each(fill);
        }
        (self.buffer, self.used) = (buffer, 0);
    }

    /// A request from the words drawn for it.
    #[inline(always)]
    fn drawn(&self, arrival: [u64; 2], content: [u64; 2], tables: &Tables) -> Drawn {
        let ([gap, executor], [who, lengths]) = (arrival, content);
        let model = if self.models.len() == 1 {
            0
        } else {
            self.models.pick(who << 32)
        };
        Drawn {
            gap: neg_ln(gap),
            executor,
            client: (((who >> 32) * u64::from(tables.clients)) >> 32) as u32,
            prompt: tables.prompt[model].sample((lengths >> 32) as u32),
            answer: tables.answer[model].sample(lengths as u32).min(tables.max_tokens),
            model: model as u16,
        }
    }
}

//! Requests: when they arrive, from whom, for what.
//!
//! Everything random about a request is drawn from its number alone. Arrivals are a unit-rate Poisson
//! process run through the rate of demand, which is constant within a block window, so two runs that
//! differ in anything but demand see the same requests at the same times.

use rayon::prelude::*;
use stakeout_kernel::sample::{WeightedIndex, neg_ln};
use stakeout_kernel::streams::StreamKey;
use stakeout_kernel::time::SimDuration;

use super::drawn::{Content, Drawn, draw_request, draw_requests};
use super::purpose::Keys;
use super::request::NUMBERS;
use super::tables::Tables;
use crate::scenario::{Arrivals as Source, Scenario, TraceRequest};

/// Requests drawn by one task.
const CHUNK: usize = 512;
/// Requests drawn ahead at most.
const AHEAD_MAX: usize = 1 << 14;

/// Consecutive requests that arrive in one window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrivals<'a> {
    /// Number of the first.
    pub first: u64,
    pub requests: &'a [Drawn],
    /// What a trace says beside each of them; empty where they are drawn.
    pub notes: &'a [Note],
}

/// What a trace says of a request beside what could be drawn.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Note {
    /// Who executes it.
    pub executor: Option<u32>,
    /// It is never answered.
    pub is_missed: bool,
}

/// A request that a purse or a transfer agent may have changed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    /// Inference number.
    pub number: u64,
    /// The request.
    pub drawn: Drawn,
    /// What a purse sent it for.
    pub errand: Errand,
    /// A trace says that it is never answered, or a forged time stamp makes it so.
    pub is_missed: bool,
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
    /// Its payload will be refused.
    Unpaid,
}

/// The stream of requests.
pub(crate) struct Demand {
    models: WeightedIndex,
    source: Source,
    /// The source is a trace.
    is_trace: bool,
    /// Arrivals a second, and the mean gap between them in ns, that hold until `until`, ns.
    rate: f64,
    mean_gap: f64,
    until: u64,
    buffer: Vec<Drawn>,
    /// The gap from the request before to each of them, or what is left of it, in units of the mean gap; those of a trace have
    /// none.
    gaps: Vec<f64>,
    /// What a trace says beside each of them.
    notes: Vec<Note>,
    /// How many of them have been handed out.
    used: usize,
    /// Where those begin that were handed out last.
    latest: usize,
    /// Number of the next request handed out.
    next: u64,
    /// Time reached, ns.
    now: u64,
    burst: Burst,
}

/// State of a two-state arrival process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Burst {
    /// Whether requests come at the rate of bursts.
    pub is_bursting: bool,
    /// How long it stays so, ns.
    pub until: u64,
    changes: u64,
}

impl Burst {
    /// Before the first change, which makes it calm.
    pub(crate) const fn new() -> Self {
        Self {
            is_bursting: true,
            until: 0,
            changes: 0,
        }
    }

    /// Goes on to the stay that `now` falls into; stays are exponential, with the means of calm and of burst.
    pub(crate) fn go_on(&mut self, now: u64, key: StreamKey, [calm_mean, burst_mean]: [SimDuration; 2]) {
        while self.until <= now {
            self.is_bursting = !self.is_bursting;
            let mean = if self.is_bursting { burst_mean } else { calm_mean };
            let stay = mean.nanos() as f64 * neg_ln(key.draw(self.changes, 0));
            self.until = self.until.saturating_add((stay as u64).max(1));
            self.changes += 1;
        }
    }
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
            is_trace: matches!(scenario.demand.arrivals, Source::Trace(_)),
            source: scenario.demand.arrivals.clone(),
            rate: 0.0,
            mean_gap: 0.0,
            until: 0,
            buffer: Vec::new(),
            gaps: Vec::new(),
            notes: Vec::new(),
            used: 0,
            latest: 0,
            next: 0,
            now: 0,
            burst: Burst::new(),
        }
    }

    /// Whether requests come from a record, which may name executors and misses.
    pub(crate) const fn is_trace(&self) -> bool {
        self.is_trace
    }

    /// Requests drawn so far, those among them that have not arrived.
    pub(crate) fn drawn(&self) -> u64 {
        self.next + self.waiting() as u64
    }

    /// Requests that have been drawn and have not arrived.
    fn waiting(&self) -> usize {
        self.buffer.len() - self.used
    }

    /// The next requests that arrive before `end`, as many as have been drawn; none if the window is over.
    pub(crate) fn next_arrivals(&mut self, end: u64, tables: &Tables, parallel: bool) -> Arrivals<'_> {
        if self.is_trace {
            return self.replay(end, tables);
        }
        self.latest = self.used;
        while self.used == self.latest {
            if self.now >= self.until && !self.enter_span(end, &tables.keys) {
                break;
            }
            if self.used == self.buffer.len() {
                let expected = self.rate * (end - self.now) as f64 * 1e-9;
                self.refill(tables, expected as usize, parallel);
            }
            self.schedule();
        }
        assert!(self.next <= NUMBERS, "a run has no more than {NUMBERS} requests");
        self.latest()
    }

    /// The arrivals that were handed out last.
    pub(crate) fn latest(&self) -> Arrivals<'_> {
        let requests = &self.buffer[self.latest..self.used];
        Arrivals {
            first: self.next - requests.len() as u64,
            requests,
            notes: &self.notes,
        }
    }

    /// Whether all requests that arrive before `end` have been handed out.
    pub(crate) const fn is_over(&self, end: u64) -> bool {
        self.now >= end
    }

    /// Works out when the drawn requests arrive, up to the end of the span in which the rate holds.
    fn schedule(&mut self) {
        if self.mean_gap < NEAR_MEAN && self.until < u64::MAX / 2 {
            self.schedule_by(|now, span| now + nanos_near(span));
        } else {
            // A span beyond u64 saturates, which is past every horizon.
            self.schedule_by(|now, span| now.saturating_add(nanos(span)));
        }
    }

    /// The same, where `after` says when so many nanoseconds are over.
    #[inline(always)]
    fn schedule_by(&mut self, after: impl Fn(u64, f64) -> u64) {
        let (until, mean_gap) = (self.until, self.mean_gap);
        let (mut now, mut count) = (self.now, 0);
        let gaps = &mut self.gaps[self.used..];
        for (drawn, gap) in self.buffer[self.used..].iter_mut().zip(gaps) {
            let time = after(now, *gap * mean_gap);
            if time >= until {
                // What is left of the gap is the gap from there on.
                *gap = (*gap - (until - now) as f64 / mean_gap).max(0.0);
                now = until;
                break;
            }
            (drawn.time, now) = (time, time);
            count += 1;
        }
        self.now = now;
        self.used += count;
        self.next += count as u64;
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

    /// The requests of a trace that arrive before `end`.
    #[cold]
    fn replay(&mut self, end: u64, tables: &Tables) -> Arrivals<'_> {
        let Source::Trace(trace) = &self.source else {
            unreachable!("only a trace is replayed");
        };
        let first = self.next;
        let due = trace[first as usize..]
            .iter()
            .take_while(|request| request.arrival_ns < end);
        let requests = due.clone().zip(first..).map(|(request, number)| {
            let drawn = draw_request(&self.models, tables, number);
            let content = Content {
                model: request.model,
                prompt: request.prompt.unwrap_or(drawn.prompt()),
                answer: request
                    .completion
                    .unwrap_or(drawn.answer())
                    .min(tables.max_tokens),
            };
            let client = request.client.unwrap_or(drawn.client());
            let timed = drawn.at(request.arrival_ns);
            timed.of_client(client).for_content(content)
        });
        let requests: Vec<Drawn> = requests.collect();
        let note = |request: &TraceRequest| Note {
            executor: request.executor,
            is_missed: request.missed,
        };
        self.notes = due.map(note).collect();
        self.next += requests.len() as u64;
        (self.used, self.latest, self.now) = (requests.len(), 0, end);
        self.buffer = requests;
        self.latest()
    }

    /// Arrivals a second from now on, and until when that holds.
    fn rate(&mut self, end: u64, keys: &Keys) -> (f64, u64) {
        match &self.source {
            Source::Poisson { per_second } => (*per_second, end),
            Source::Diurnal {
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
            Source::Bursty {
                calm_per_second,
                burst_per_second,
                calm_mean,
                burst_mean,
            } => {
                let (calm, burst) = (*calm_per_second, *burst_per_second);
                self.burst.go_on(self.now, keys.burst, [*calm_mean, *burst_mean]);
                let rate = if self.burst.is_bursting { burst } else { calm };
                (rate.max(1e-12), end.min(self.burst.until))
            }
            Source::Trace(_) => unreachable!("a trace is replayed, not drawn"),
        }
    }

    /// Draws requests of windows to come, with several threads, unless enough have been drawn.
    pub(crate) fn draw_ahead(&mut self, tables: &Tables) {
        let left = self.waiting();
        if !self.is_trace && left < AHEAD_MAX / 2 {
            self.refill(tables, AHEAD_MAX - left, true);
        }
    }

    /// Draws ahead: so many requests as are expected, after those that have been drawn and have not arrived.
    #[inline(never)]
    fn refill(&mut self, tables: &Tables, expected: usize, parallel: bool) {
        // Side by side, threads want many at once; one thread what stays in its cache.
        let ahead_max = if parallel { AHEAD_MAX } else { CHUNK };
        let count = expected.clamp(1, ahead_max).next_multiple_of(CHUNK);
        let left = self.waiting();
        let (mut buffer, mut gaps) = (std::mem::take(&mut self.buffer), std::mem::take(&mut self.gaps));
        buffer.copy_within(self.used.., 0);
        gaps.copy_within(self.used.., 0);
        buffer.resize(left + count, Drawn::default());
        gaps.resize(left + count, 0.0);
        let first = self.next + left as u64;
        let fill = |(chunk, (out, gaps)): (usize, (&mut [Drawn], &mut [f64]))| {
            draw_requests(&self.models, tables, first + (chunk * CHUNK) as u64, out, gaps);
        };
        if parallel && count >= 4 * CHUNK {
            let chunks = buffer[left..].par_chunks_mut(CHUNK);
            let gaps = gaps[left..].par_chunks_mut(CHUNK);
            chunks.zip(gaps).enumerate().for_each(fill);
        } else {
            let chunks = buffer[left..].chunks_mut(CHUNK);
            let gaps = gaps[left..].chunks_mut(CHUNK);
            chunks.zip(gaps).enumerate().for_each(fill);
        }
        (self.buffer, self.gaps) = (buffer, gaps);
        (self.used, self.latest) = (0, 0);
    }
}

/// Spans below this, ns, are rounded in a few instructions.
const NEAR: u64 = 1 << 51;
/// Below this mean every gap is: none has 45 times the mean.
const NEAR_MEAN: f64 = (NEAR >> 6) as f64;

/// A span in whole nanoseconds, to the nearest.
#[inline(always)]
fn nanos(span: f64) -> u64 {
    if span < NEAR as f64 {
        nanos_near(span)
    } else {
        span as u64
    }
}

/// The same of a span below [`NEAR`]: adding 2^52 leaves the integer in the last bits of the sum, which is a third of the
/// instructions of a conversion that saturates.
#[inline(always)]
fn nanos_near(span: f64) -> u64 {
    const TWO_POW_52: f64 = (NEAR << 1) as f64;
    (span + TWO_POW_52).to_bits() - TWO_POW_52.to_bits()
}

#[cfg(test)]
mod tests {
    use super::{AHEAD_MAX, CHUNK, Demand, nanos};
    use crate::scenario::tests::{SMALL, resolve};
    use crate::world::tables::Tables;

    /// Windows of a few requests each, so that most of what is drawn ahead in one is there in the next.
    #[test]
    fn what_is_drawn_ahead_is_what_would_be_drawn_and_no_more_than_is_used() {
        let scenario = resolve(SMALL).unwrap();
        let tables = Tables::new(&scenario, 0, false);
        let [mut ahead, mut plain] = [(); 2].map(|()| Demand::new(&scenario));
        let (mut handed_out, mut window) = (0, 0);
        while handed_out < 3 * AHEAD_MAX {
            let end = (window + 1) * tables.block_ns;
            let mut times = [Vec::new(), Vec::new()];
            for (demand, times) in [&mut ahead, &mut plain].into_iter().zip(&mut times) {
                while !demand.is_over(end) {
                    let arrivals = demand.next_arrivals(end, &tables, false);
                    let numbers = arrivals.first..;
                    let requests = arrivals.requests.iter().zip(numbers);
                    times.extend(
                        requests.map(|(drawn, number)| (number, drawn.time, drawn.executor, drawn.answer())),
                    );
                }
            }
            assert_eq!(times[0], times[1]);
            handed_out += times[0].len();
            window += 1;
            ahead.draw_ahead(&tables);
            assert!(ahead.buffer.len() < AHEAD_MAX + CHUNK && ahead.gaps.len() == ahead.buffer.len());
        }
    }

    #[test]
    fn a_span_is_rounded_to_the_nearest_nanosecond_and_saturates() {
        for (span, expected) in [
            (0.0, 0),
            (0.4, 0),
            (0.6, 1),
            (1e9 + 0.25, 1_000_000_000),
            (2_251_799_813_685_247.0, 2_251_799_813_685_247),
            (2_251_799_813_685_248.0, 2_251_799_813_685_248),
            (1e18, 1_000_000_000_000_000_000),
            (f64::INFINITY, u64::MAX),
        ] {
            assert_eq!(nanos(span), expected, "{span}");
        }
    }
}

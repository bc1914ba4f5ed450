//! The way from one stage of an epoch to the next, in stretches of time in which nothing changes.
//!
//! **Invariant.** Stages fall on the blocks on which the event fidelity has them, and are its own code.

use stakeout_protocol::pricing::{PriceMode, compute_next_price};
use stakeout_protocol::sampling::{SamplingRule, compute_target_rate};
use stakeout_protocol::units::{Fraction, Reputation};

use super::arrivals::Rate;
use super::error::EpochError;
use super::limits;
use super::price::charge;
use super::requests::{Scratch, Task, Wanted, serve_stretch};
use super::serve::{Keys, Stretch};
use crate::observe::frame::RunOutput;
use crate::scenario::Scenario;
use crate::world::World;

/// Parts into which a span is cut where prices or sampling rates move within it.
const PARTS: u64 = 256;
/// Relative change of a sampling rate that is worth a stretch of its own.
const RATE_STEP: f64 = 0.02;
/// Parts into which a span is cut at most where outages may expel.
const OUTAGE_PARTS: u64 = 64;
/// Part of the hosts that may go down in one of them.
const OUTAGE_SHARE: f64 = 0.02;
/// Requests of one host in one stretch at most: a number has room for twice as many.
const HOST_REQUESTS_MAX: f64 = 1_048_576.0;
/// Blocks from a request to the expulsion that its answer brings, besides the delays of its messages.
const CONVICTION_HALF_BLOCKS: u64 = 5;

/// A run under way.
pub struct Spans<'a> {
    world: World<'a>,
    keys: Keys,
    rate: Rate,
    /// Share of each model in the demand.
    shares: Vec<f64>,
    /// Mean model tokens of a request by model: of the prompt, and of the answer.
    lengths: Vec<[f64; 2]>,
    delay_ns: u64,
    stretches: u32,
    /// The window of the next stage.
    span_end: u64,
    checked_epoch: Option<u32>,
    scratch: Scratch,
}

impl<'a> Spans<'a> {
    /// A run that has not begun.
    pub fn new(mut world: World<'a>, scenario: &Scenario, replicate: u32) -> Self {
        world.lanes[0].votes.is_on = true;
        let whole: f64 = scenario.models.iter().map(|model| model.demand_share).sum();
        let tables = &world.tables;
        let lengths = (0..scenario.models.len()).map(|model| {
            let laws = tables.lengths(model);
            [
                limits::mean(&laws.prompt, u32::MAX),
                limits::mean(&laws.answer, tables.max_tokens),
            ]
        });
        Self {
            keys: Keys::new(scenario.seed, replicate),
            rate: Rate::new(&scenario.demand.arrivals, tables.keys.burst),
            shares: scenario
                .models
                .iter()
                .map(|model| model.demand_share / whole)
                .collect(),
            lengths: lengths.collect(),
            delay_ns: tables.block_ns * CONVICTION_HALF_BLOCKS / 2
                + 2 * (tables.validation_delay_ns + tables.inclusion_ns),
            stretches: 0,
            span_end: 0,
            checked_epoch: None,
            scratch: Scratch::default(),
            world,
        }
    }

    /// Blocks done.
    pub fn windows_done(&self) -> u64 {
        self.world.windows_done()
    }

    /// Blocks that the run has.
    pub fn last_window(&self) -> u64 {
        self.world.last_window()
    }

    /// Closes the books and reports. There are no waits to report.
    pub fn into_output(self) -> RunOutput {
        let mut output = self.world.into_output();
        (output.sojourn, output.latency, output.waiting) = Default::default();
        output
    }

    /// Goes on to the next stage; says whether there was one.
    pub fn step(&mut self) -> Result<bool, EpochError> {
        let Some(&entry) = self.world.schedule.entries.get(self.world.next_entry) else {
            return Ok(false);
        };
        self.check_epoch()?;
        let (from, to) = (self.world.window, entry.window + 1);
        self.serve_windows(from, to)?;
        let end = to * self.world.tables.block_ns;
        self.world.window = entry.window;
        self.world.process_stages(end);
        self.world.retry_claims(end);
        if to == self.world.last_window() {
            self.world.close_claims(end);
        }
        self.world.close_block(end);
        self.world.window += 1;
        Ok(true)
    }

    /// At the start of an epoch: may its orders, and can its hosts, be simulated?
    fn check_epoch(&mut self) -> Result<(), EpochError> {
        if self.checked_epoch == Some(self.world.epoch) {
            return Ok(());
        }
        limits::check_orders(&self.world)?;
        let day = 86_400_000_000_000;
        let start = self.world.window * self.world.tables.block_ns;
        let per_second = self.rate.clone().expected(start, start + day) / 86_400.0;
        let rates: Vec<f64> = self.shares.iter().map(|share| share * per_second).collect();
        limits::check_load(&self.world, &rates, &self.lengths)?;
        self.checked_epoch = Some(self.world.epoch);
        Ok(())
    }

    /// Serves the windows from `from` up to, and without, `to`.
    fn serve_windows(&mut self, from: u64, to: u64) -> Result<(), EpochError> {
        let block = self.world.tables.block_ns;
        self.span_end = to;
        let resumes = (self.world.paused_until / block).clamp(from, to);
        self.serve_steadily(from, resumes, true)?;
        let mut start = resumes;
        while start < to {
            let confirmation = self.world.next_confirmation(start, to);
            let end = confirmation.map_or(to, |window| window + 1);
            self.serve_steadily(start, end, false)?;
            if let Some(window) = confirmation {
                self.world.window = window;
                self.world.confirm_compute((window + 1) * block);
            }
            start = end;
        }
        self.retry_claims(from, to - 1);
        Ok(())
    }

    /// Those who were refused claim again, block by block.
    fn retry_claims(&mut self, from: u64, to: u64) {
        if self.world.scenario.protocol.claims.retry_blocks.is_none() {
            return;
        }
        for window in from..to {
            if self.world.settled.is_none() {
                return;
            }
            self.world.window = window;
            self.world.retry_claims((window + 1) * self.world.tables.block_ns);
        }
    }

    /// Serves windows in which either everybody serves or only who is preserved, cut where prices or rates move.
    fn serve_steadily(&mut self, from: u64, to: u64, is_paused: bool) -> Result<(), EpochError> {
        let mut start = from;
        while start < to {
            let expected = self.rate.clone().expected(self.time(start), self.time(to));
            let is_long = expected * self.largest_share() > HOST_REQUESTS_MAX;
            let is_moving = is_long || self.moves(expected);
            let least = if is_moving {
                ((to - from) / PARTS).max(1)
            } else {
                to - start
            };
            let least = least.min(self.windows_of_few_outages(from, to));
            let end = (start + least).min(to);
            self.serve_stretch(start, end, is_paused)?;
            start = end;
        }
        Ok(())
    }

    /// Windows in which at most a small part of the hosts goes down, where an outage may expel: what those who went
    /// down leave to the others comes in its own time then.
    fn windows_of_few_outages(&self, from: u64, to: u64) -> u64 {
        let scenario = self.world.scenario;
        if scenario.protocol.status.downtime.is_none() {
            return u64::MAX;
        }
        let least = ((to - from) / OUTAGE_PARTS).max(1);
        let (start, end) = (self.time(from), self.time(to));
        let mut shared = scenario.outages.shared.iter();
        if shared.any(|outage| {
            let (down, up) = (outage.at.nanos(), outage.at.nanos() + outage.lasts.nanos());
            down < end && up > start
        }) {
            return least;
        }
        scenario.outages.per_host.map_or(u64::MAX, |law| {
            let few = OUTAGE_SHARE * law.mean_up.nanos() as f64;
            ((few / self.world.tables.block_ns as f64) as u64).max(least)
        })
    }

    /// Mean model tokens of a request, prompt and answer.
    fn tokens(&self, model: usize) -> f64 {
        let [prompt, answer] = self.lengths[model];
        prompt + answer
    }

    fn time(&self, window: u64) -> u64 {
        window * self.world.tables.block_ns
    }

    fn largest_share(&self) -> f64 {
        let share = |group: &crate::world::Group| {
            let largest = group.weights.iter().copied().max().unwrap_or(0);
            largest as f64 / group.total.max(1) as f64
        };
        self.world.groups.iter().map(share).fold(0.0, f64::max)
    }

    /// Whether prices or sampling rates are about to move while `expected` more requests come.
    fn moves(&self, expected: f64) -> bool {
        let world = &self.world;
        let pricing = &world.scenario.protocol.pricing;
        let is_priced = pricing.mode == PriceMode::Dynamic && self.price_moves();
        let sampling = &world.scenario.protocol.sampling;
        if is_priced || sampling.rule != SamplingRule::Reputation {
            return is_priced;
        }
        let rate = |traffic: u64| compute_target_rate(sampling, traffic, Reputation::new(100)).parts() as f64;
        let (now, before) = (world.traffic[0], world.traffic[1]);
        let (first, last) = (rate(now.max(before)), rate((now + expected as u64).max(before)));
        (first - last).abs() > RATE_STEP * last.abs()
    }

    /// Whether the price would change with the next block, at the demand of this moment.
    fn price_moves(&self) -> bool {
        let params = &self.world.scenario.protocol.pricing;
        let now = self.time(self.world.window);
        let block = self.world.tables.block_ns;
        let expected = self.rate.clone().expected(now, now + block);
        let mut markets = self.world.market.iter().enumerate();
        markets.any(|(model, market)| {
            let possible = self.world.groups[model].total as f64 * f64::from(params.block_seconds);
            let used = expected * self.shares[model] * self.tokens(model) / possible.max(1.0);
            let utilisation = Fraction::saturating_ratio((used.min(1.0) * 1e9) as u128, 1_000_000_000);
            compute_next_price(params, market.price, utilisation) != market.price
        })
    }

    fn serve_stretch(&mut self, from: u64, to: u64, is_paused: bool) -> Result<(), EpochError> {
        let stretch = Stretch {
            number: self.stretches,
            from: self.time(from),
            to: self.time(to),
            origin: self.world.schedule.origin,
            delay_ns: self.delay_ns,
            is_last: to == self.span_end,
        };
        self.stretches += 1;
        let expected = self.rate.expected(stretch.from, stretch.to);
        let sample = self.world.scenario.protocol.dispute.open_sample_seconds as f64 * 1e9;
        let mut wanted = Vec::with_capacity(self.shares.len());
        for model in 0..self.shares.len() {
            let expected = expected * self.shares[model];
            let served = if is_paused { 0.0 } else { expected };
            let tokens = served * self.tokens(model);
            let charged = charge(&mut self.world, model, to - from, tokens);
            self.world.groups[model].recent = (served * sample / (stretch.to - stretch.from) as f64) as u64;
            wanted.push(Wanted {
                expected,
                price: charged,
                is_paused,
            });
        }
        let task = Task {
            keys: &self.keys,
            stretch: &stretch,
            wanted: &wanted,
        };
        let billed = serve_stretch(&mut self.world, &mut self.scratch, &task);
        self.bill(billed)
    }

    /// Has the clients pay, each the same.
    fn bill(&mut self, billed: i128) -> Result<(), EpochError> {
        let clients = &mut self.world.books.clients;
        let each = billed / clients.len() as i128;
        let rest = (billed - each * clients.len() as i128) as usize;
        for (at, client) in clients.iter_mut().enumerate() {
            let due = each + i128::from(at < rest);
            let left = i128::from(*client) - due;
            if left < 0 {
                return Err(EpochError::ClientsPoor {
                    epoch: self.world.epoch,
                });
            }
            *client = left as i64;
        }
        Ok(())
    }
}

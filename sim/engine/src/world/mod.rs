//! The world: participants, chain and money, one block window after another.
//!
//! The block is the barrier: within one block interval nobody's act can reach anybody else. A window
//! runs in four steps: requests are drawn and dispatched; every lane of hosts serves; every lane commits
//! its executors' transactions; and what all share (clients, prices, groups, epoch stages, digest) is
//! brought up to date. Lanes run in parallel and share nothing, so the number of threads or lanes
//! changes no byte of a result.

mod address;
mod admission;
mod amounts;
mod bill;
pub(crate) mod block_log;
mod books;
mod branch;
mod build;
mod calendar;
mod claims;
mod commit;
mod conduct;
mod cut;
mod demand;
mod dispatch;
mod drawn;
mod epoch;
mod finish;
mod groups;
mod hash_sampling;
mod held_vote;
mod inference;
mod jobs;
mod lane;
mod lengths;
mod limit;
mod log;
mod mail;
mod members;
mod order;
mod orders;
mod outage;
mod output;
mod passes;
mod payload;
mod policy;
mod presence;
mod preserved;
mod proof_votes;
mod purpose;
mod purse;
mod records;
mod refunds;
mod request;
mod role_pool;
mod routing;
mod run_counts;
mod schedule;
mod seed_choice;
mod selection;
mod sending;
mod service;
mod settle;
mod settled_rows;
mod slab;
mod standing;
mod sums;
mod tables;
mod tray;
mod verdict;
mod vesting;
mod window;
mod word;

use prefetch_index::prefetch_index;
use rayon::prelude::*;
use std::collections::BTreeMap;

use stakeout_kernel::digest::{EffectSum, RunDigest};
use stakeout_protocol::pricing::{
    PriceMode, PriceParams, UtilisationWindow, compute_next_price, compute_price_in_force,
};
use stakeout_protocol::status::Status;
use stakeout_protocol::units::{EpochIndex, Fraction, Price, Reputation, TokenCount};

use crate::observe::events_in_order::EventsInOrder;
use crate::observe::frame::{Conviction, EpochRow, EventKind, ParticipantRow, RunOutput};
use crate::observe::participant_table::ParticipantTable;
use crate::scenario::Scenario;
use address::{Address, Sender};
use admission::Admission;
use books::Books;
use cut::Cut;
use demand::Demand;
use schedule::{Schedule, Stage};
use sending::{Outgoing, Piece};
use sums::ThreadSums;
use tables::Tables;
use window::Targets;

pub use build::WorldOptions;

// What the epoch fidelity shares with the event fidelity (crate::epoch).
pub(crate) use demand::Burst;
pub(crate) use groups::Group;
pub(crate) use inference::{Inference, NONE, State};
pub(crate) use jobs::{is_done, prompt_word};
pub(crate) use lane::{HostMark, Lane, PlanHead, StatusChange};
pub(crate) use lengths::Lengths;
pub(crate) use mail::{Answer, AnswerKind, Task, TaskKind};
pub(crate) use tables::LengthLaws;
pub(crate) use window::{Draw, Window};

/// Fewer requests than this in a window are not worth a second thread.
const PARALLEL_MIN: usize = 2_048;
/// So many credits before its turn a participant is asked for.
const AHEAD: usize = 8;
/// Kind of the effects that put the balances of an epoch's end into the digest; no event has it.
const BALANCE: u64 = 0;

/// One replicate under way.
pub struct World<'a> {
    pub(crate) scenario: &'a Scenario,
    replicate: u32,
    options: WorldOptions,
    pub(crate) tables: Tables,
    pub(crate) schedule: Schedule,
    pub(crate) next_entry: usize,
    pub(crate) lanes: Vec<Lane>,
    pub(crate) cut: Cut,
    pub(crate) groups: Vec<Group>,
    /// Sums of threads that work side by side.
    thread_sums: ThreadSums,
    demand: Demand,
    /// Where requests of the window go.
    addresses: Vec<Address>,
    /// Requests on their way to lanes, where several threads send them.
    pieces: Vec<Piece>,
    admission: Option<Admission>,
    pub(crate) books: Books,
    pub(crate) market: Vec<Market>,
    pub(crate) targets: Targets,
    /// By group, the version of its weights and of the targets.
    pub(crate) plan_stamps: Vec<u64>,
    /// Requests finished so far in the epoch, and in the epoch before.
    pub(crate) traffic: [u64; 2],
    records: records::Records,
    /// Weight that the next group will have, by participant.
    next_weights: Vec<u64>,
    /// What transfer agents and purses do, and who takes part.
    pub(crate) routing: routing::Routing,
    pub(crate) purse: purse::Purse,
    presence: presence::Presence,
    /// Validators that deviate in what few do, so that nobody else takes room for it.
    special_duties: BTreeMap<u32, proof_votes::SpecialDuty>,
    /// Smallest confirmed weight of the epoch, by participant; no entries before anything was measured.
    confirmed: Vec<Option<u64>>,
    /// What was settled and waits for its claim.
    pub(crate) settled: Option<settle::Settled>,
    legacy_rate: Fraction,
    issued_rewards: i128,
    pub(crate) epoch: u32,
    pub(crate) epoch_start: u64,
    pub(crate) epoch_start_window: u64,
    pub(crate) parity: u8,
    pub(crate) paused_until: u64,
    pub(crate) preserved: preserved::Preserved,
    total_weight: u64,
    dispatched: usize,
    effects: EffectSum,
    digest: RunDigest,
    /// Totals of the epoch that no lane counts.
    pub(crate) totals: EpochRow,
    pub(crate) price_sum: u128,
    pub(crate) price_blocks: u64,
    convictions: Vec<Conviction>,
    rows: Vec<EpochRow>,
    participant_rows: ParticipantTable,
    /// Memory of an epoch's rows.
    row_buffer: Vec<ParticipantRow>,
    events: EventsInOrder,
    pub(crate) window: u64,
}

/// A model's market: its price and how busy its group is.
#[derive(Clone, Debug)]
pub(crate) struct Market {
    pub(crate) price: Price,
    utilisation: UtilisationWindow,
    /// Inferences finished in each block of the dispute family's sample period, as a ring.
    recent: Vec<u64>,
}

impl Market {
    /// Moves the price by what a block served, at this capacity; returns the price in force.
    #[inline]
    pub(crate) fn step(&mut self, params: &PriceParams, capacity: u64, tokens: u64, epoch: u32) -> u64 {
        self.utilisation.record_block(TokenCount::new(tokens));
        let utilisation = self.utilisation.utilisation(capacity, params.block_seconds);
        self.price = compute_next_price(params, self.price, utilisation);
        compute_price_in_force(params, self.price, EpochIndex::new(epoch)).get()
    }
}

impl World<'_> {
    /// Runs to the end of the schedule, or to `--until`, and reports.
    pub fn run(mut self) -> RunOutput {
        while self.window < self.last_window() {
            self.step();
        }
        self.into_output()
    }

    /// Windows that the run will have.
    pub fn last_window(&self) -> u64 {
        self.scenario
            .until_blocks
            .map_or(self.schedule.windows, |until| until.min(self.schedule.windows))
    }

    /// Windows done.
    pub fn windows_done(&self) -> u64 {
        self.window
    }

    /// Simulates one block window.
    pub fn step(&mut self) {
        let end = (self.window + 1) * self.tables.block_ns;
        self.stamp_plans();
        self.serve(end);
        self.exchange_answers();
        self.limit_block();
        self.commit(end);
        self.exchange_tasks();
        self.collect();
        self.update_markets();
        self.expel();
        self.confirm_compute(end);
        self.process_stages(end);
        self.retry_claims(end);
        if self.window + 1 == self.last_window() {
            self.close_claims(end);
        }
        self.close_block(end);
        self.window += 1;
    }

    /// Stamps the sampling plans of a window: weights and rates hold until its end. What hosts know of plans that are void is
    /// forgotten.
    pub(crate) fn stamp_plans(&mut self) {
        self.plan_stamps.resize(self.groups.len(), 0);
        for (group, held) in self.groups.iter().zip(&mut self.plan_stamps) {
            let stamp = u64::from(group.version) << 32 | u64::from(self.targets.version);
            if std::mem::replace(held, stamp) != stamp {
                for participant in group.executors.iter() {
                    let lane = &mut self.lanes[self.cut.lane(participant)];
                    lane.states[self.cut.place(participant)].spared_below = 0;
                }
            }
        }
    }

    /// The lanes, and the window that ends at `end` as all of them may read it.
    pub(crate) fn split(&mut self, end: u64) -> (&mut [Lane], Window<'_>) {
        let (lanes, window, _) = self.parts(end);
        (lanes, window)
    }

    /// The same, and what sends requests while lanes are at work.
    fn parts(&mut self, end: u64) -> (&mut [Lane], Window<'_>, Outgoing<'_>) {
        let paused_until = self.all_paused_until();
        let Self {
            lanes,
            tables,
            groups,
            targets,
            scenario,
            ..
        } = self;
        let outgoing = Outgoing {
            sender: Sender {
                groups,
                preserved: &self.preserved,
                tables,
                is_paused: self.paused_until >= end,
                cut: self.cut,
            },
            end,
            lanes: lanes.len(),
            clients: self.books.clients.len(),
            demand: &mut self.demand,
            pieces: &mut self.pieces,
        };
        let draw = build::draw_of(&scenario.protocol.sampling, scenario.protocol.sampling_draw);
        let window = Window {
            tables,
            groups,
            index: self.window,
            end,
            height: self.schedule.origin + self.window + 1,
            paused_until,
            targets,
            plan_stamps: &self.plan_stamps,
            parity: self.parity,
            epoch_start: self.epoch_start,
            epoch: self.epoch,
            cut: self.cut,
            blocks_to_poc: (self.epoch_start_window + self.schedule.effective_windows)
                .saturating_sub(self.window),
            dispute: &scenario.protocol.dispute,
            collateral: &scenario.protocol.collateral,
            draw,
            sampling: &scenario.protocol.sampling,
            measures: &scenario.protocol.measures,
            at_least_one: scenario.protocol.sampling.at_least_one_for_newcomers,
        };
        (lanes, window, outgoing)
    }

    /// What sends requests of the window that ends at `end`.
    fn outgoing(&mut self, end: u64) -> Outgoing<'_> {
        let (_, _, outgoing) = self.parts(end);
        outgoing
    }

    /// Runs one phase on every lane.
    fn each_lane(&mut self, end: u64, phase: impl Fn(&mut Lane, &Window<'_>) + Sync) {
        if self.is_shared() {
            self.each_lane_beside(end, phase, |_| ());
        } else {
            self.each_lane_in_turn(end, phase);
        }
    }

    /// Has every lane commit the block; meanwhile others draw requests of the next one.
    fn commit(&mut self, end: u64) {
        if self.is_shared() {
            self.each_lane_beside(end, Lane::commit, |outgoing| {
                outgoing.demand.draw_ahead(outgoing.sender.tables)
            });
        } else {
            self.each_lane_in_turn(end, Lane::commit);
        }
    }

    /// Runs one phase on every lane, one after the other.
    fn each_lane_in_turn(&mut self, end: u64, phase: impl Fn(&mut Lane, &Window<'_>)) {
        let (lanes, window) = self.split(end);
        let mut sums = std::mem::take(&mut lanes[0].sums);
        for lane in &mut *lanes {
            std::mem::swap(&mut lane.sums, &mut sums);
            phase(lane, &window);
            std::mem::swap(&mut lane.sums, &mut sums);
        }
        lanes[0].sums = sums;
    }

    /// Whether the block has enough to do for several threads.
    fn is_shared(&self) -> bool {
        self.options.parallel && self.dispatched >= PARALLEL_MIN && self.lanes.len() > 1
    }

    /// Runs one phase on every lane, several of them at a time, and beside them what needs no lane.
    fn each_lane_beside(
        &mut self,
        end: u64,
        phase: impl Fn(&mut Lane, &Window<'_>) + Sync,
        beside: impl FnOnce(Outgoing<'_>) + Send,
    ) {
        let mut thread_sums = std::mem::take(&mut self.thread_sums);
        let (lanes, window, outgoing) = self.parts(end);
        thread_sums.make_ready(&lanes[0].sums);
        let on_lane = |lane: &mut Lane| thread_sums.lend(lane, |lane| phase(lane, &window));
        // One by one: whoever is done takes the next lane, not half of those that are left.
        let one_by_one = lanes.par_iter_mut().with_max_len(1);
        rayon::join(|| one_by_one.for_each(on_lane), || beside(outgoing));
        self.thread_sums = thread_sums;
    }

    /// Hands validators' answers to the executors' lanes.
    fn exchange_answers(&mut self) {
        for from in 0..self.lanes.len() {
            for to in 0..self.lanes.len() {
                let mail = std::mem::take(&mut self.lanes[from].out_answers.to[to]);
                self.lanes[from].out_answers.to[to] =
                    std::mem::replace(&mut self.lanes[to].in_answers[from], mail);
            }
        }
    }

    /// Hands jobs to the validators' lanes.
    fn exchange_tasks(&mut self) {
        for from in 0..self.lanes.len() {
            for to in 0..self.lanes.len() {
                let mail = std::mem::take(&mut self.lanes[from].out_tasks.to[to]);
                self.lanes[from].out_tasks.to[to] =
                    std::mem::replace(&mut self.lanes[to].in_tasks[from], mail);
            }
        }
    }

    /// Brings what lanes owe to others home: clients' refunds, shared payments, closed cases.
    pub(crate) fn collect(&mut self) {
        let cut = self.cut;
        let mut left = self.open_block_log();
        for sums in self.thread_sums.and(&mut self.lanes[0].sums) {
            sums.refunds.pay(&mut self.books.clients);
            self.totals.nominal_rate_ppb_sum += sums.rated.take_rates(&self.targets);
        }
        for from in 0..self.lanes.len() {
            let lane = &mut self.lanes[from];
            self.effects.merge(&lane.effects);
            if let Some(block) = &mut left {
                block.take_lane(from, lane.first, lane.hosts.len(), &mut lane.left);
            }
            lane.effects = EffectSum::default();
            self.convictions.append(&mut lane.convictions);
            let mut credits = std::mem::take(&mut lane.credits);
            let mut releases = std::mem::take(&mut lane.releases);
            for (at, credit) in credits.iter().enumerate() {
                if let Some(later) = credits.get(at + AHEAD) {
                    let lane = &self.lanes[cut.lane(later.participant)];
                    prefetch_index(&lane.states, cut.place(later.participant));
                }
                let lane = &mut self.lanes[cut.lane(credit.participant)];
                lane.states[cut.place(credit.participant)].work += credit.amount;
            }
            credits.clear();
            for validator in releases.drain(..) {
                let lane = &mut self.lanes[cut.lane(validator)];
                lane.tallies[cut.place(validator)].open_cases -= 1;
            }
            (self.lanes[from].credits, self.lanes[from].releases) = (credits, releases);
        }
        left.into_iter().for_each(|block| self.events.push_block(block));
    }

    /// Counts traffic, moves prices, and brings the sampling targets up to date.
    fn update_markets(&mut self) {
        let params = &self.scenario.protocol.pricing;
        let slot = (self.window % self.market[0].recent.len() as u64) as usize;
        for (model, market) in self.market.iter_mut().enumerate() {
            let (mut tokens, mut count) = (0, 0);
            for sums in self.thread_sums.and(&mut self.lanes[0].sums) {
                let finished = std::mem::take(&mut sums.finished[model]);
                tokens += finished.tokens;
                count += finished.inferences;
            }
            self.traffic[0] += count;
            let group = &mut self.groups[model];
            group.recent = group.recent + count - market.recent[slot];
            market.recent[slot] = count;
            if params.mode != PriceMode::Fixed {
                let before = group.price;
                group.price = market.step(params, group.total, tokens, self.epoch);
                if self.tables.log && before != group.price {
                    let (height, end) = (
                        self.schedule.origin + self.window + 1,
                        (self.window + 1) * self.tables.block_ns,
                    );
                    self.events
                        .push(log::price_changed(height, end, model, before, group.price));
                }
            }
            self.price_sum += u128::from(group.price);
        }
        self.price_blocks += self.market.len() as u64;
        self.update_targets();
    }

    pub(crate) fn update_targets(&mut self) {
        let traffic = self.traffic[0].max(self.traffic[1]);
        build::update_targets(&mut self.targets, &self.scenario.protocol.sampling, traffic);
    }

    /// Takes whoever lost its status out of all groups, from the next window on.
    pub(crate) fn expel(&mut self) {
        let mut touched = vec![];
        for lane in &mut self.lanes {
            for change in lane.changes.drain(..) {
                debug_assert!(matches!(change.status, Status::Invalid | Status::Inactive));
                for (model, group) in self.groups.iter_mut().enumerate() {
                    if let Some(at) = group.position(change.participant) {
                        group.weights[at] = 0;
                        touched.push(model);
                    }
                }
            }
        }
        touched.sort_unstable();
        touched.dedup();
        for model in touched {
            self.groups[model].rebuild();
            self.preserved.rebuild(model, &self.groups[model]);
        }
    }

    /// Runs the stages that fall on this block.
    pub(crate) fn process_stages(&mut self, end: u64) {
        while let Some(&entry) = self.schedule.entries.get(self.next_entry) {
            if entry.window != self.window {
                return;
            }
            self.next_entry += 1;
            match entry.stage {
                Stage::PocStart => self.process_poc_start(),
                Stage::Settlement => self.process_settlement(end),
                Stage::GroupCreated => self.process_group_creation(entry.epoch),
                Stage::Activation => self.process_activation(entry.epoch, end),
                Stage::Claim => self.process_claims(end),
            }
        }
    }

    /// Chains the block's effects into the digest and checks the books.
    pub(crate) fn close_block(&mut self, end: u64) {
        let is_epoch_end = end == self.epoch_start;
        if is_epoch_end {
            // Coins that moved between accounts without an effect of their own show here.
            for (account, (_, balance)) in self.books.accounts().into_iter().enumerate() {
                self.effects
                    .add(BALANCE, account as u64, balance as u64, (balance >> 64) as u64);
            }
        }
        self.digest
            .close_block(self.schedule.origin + self.window + 1, &self.effects);
        self.effects = EffectSum::default();
        if self.options.check_every_block || is_epoch_end {
            self.check_conservation();
        }
        if self.tables.log && is_epoch_end {
            self.log_balances(end);
        }
    }

    /// Sum over all accounts, issuance counted negative.
    fn total_of_accounts(&self) -> i128 {
        let lanes: i128 = self.lanes.iter().map(Lane::money).sum();
        lanes + self.books.total()
    }

    fn check_conservation(&self) {
        let total = self.total_of_accounts();
        assert!(
            total == 0,
            "coins are not conserved at block {}: {total} base units too many",
            self.schedule.origin + self.window + 1
        );
    }

    /// Reputation of a participant as its record stands.
    fn reputation(&self, participant: usize) -> Reputation {
        self.records
            .get(participant)
            .reputation(&self.scenario.protocol.reputation)
    }

    /// Adds an effect that concerns a participant, and its line in the event log.
    fn record(&mut self, kind: EventKind, participant: u32, value: i128, end: u64) {
        self.add_effect(kind, participant, value);
        self.log(kind, participant, value, end);
    }

    /// Adds an effect that concerns a participant.
    fn add_effect(&mut self, kind: EventKind, participant: u32, value: i128) {
        self.effects.add(
            kind as u64,
            u64::from(participant),
            value as u64,
            (value >> 64) as u64,
        );
    }
}

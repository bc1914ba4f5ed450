//! Building a world from a scenario.

use std::collections::BTreeMap;

use stakeout_kernel::digest::{EffectSum, RunDigest};
use stakeout_protocol::collateral::CollateralAccount;
use stakeout_protocol::pricing::{UtilisationWindow, compute_initial_price, compute_price_in_force};
use stakeout_protocol::reputation::{ReputationParams, ReputationRecord};
use stakeout_protocol::sampling::{SamplingParams, SamplingRule, compute_target_rate};
use stakeout_protocol::settlement::RewardRule;
use stakeout_protocol::status::{Status, StatusCounters, StatusReason};
use stakeout_protocol::units::{Amount, EpochIndex, Fraction, Reputation};

use super::admission::Admission;
use super::block_log::LaneLog;
use super::books::Books;
use super::calendar::Calendar;
use super::commit::Booked;
use super::cut::Cut;
use super::demand::Demand;
use super::groups::Group;
use super::held_vote::HeldVotes;
use super::lane::{HostMark, HostState, HostTally, Inbox, Lane, PlanHead, Scratch, idle};
use super::mail::Outbox;
use super::order::Order;
use super::orders::HostOrders;
use super::outage::OutageTable;
use super::presence::Presence;
use super::purse::Purse;
use super::records::Records;
use super::role_pool::RolePool;
use super::routing::Routing;
use super::run_counts::RunCounts;
use super::schedule::Schedule;
use super::slab::Slab;
use super::sums::{Sums, ThreadSums};
use super::tables::Tables;
use super::window::{Draw, Targets};
use super::{Market, World};
use crate::observe::events_in_order::EventsInOrder;
use crate::observe::frame::EpochRow;
use crate::observe::participant_table::ParticipantTable;
use crate::scenario::{Fidelity, SamplingDraw, Scenario};
use crate::strategy::registry::Registry;

/// Hosts up to which whole sampling plans are kept, 48 bytes each: few answers need one, and each that has to be
/// worked out again is some hundred instructions.
const PLANNED_HOSTS_MAX: usize = 1 << 17;

/// How a world is run; nothing here changes a result.
#[derive(Clone, Copy, Debug)]
pub struct WorldOptions {
    /// Use the current rayon pool inside a window.
    pub parallel: bool,
    /// Check conservation at every block instead of every epoch.
    pub check_every_block: bool,
    /// Keep the event log.
    pub event_log: bool,
    /// Lanes at most, if not as suits the hosts; one has 65,536 hosts at most. The epoch fidelity has one lane.
    pub lanes: Option<usize>,
}

/// An epoch's totals at their start.
pub(super) const ZERO_ROW: EpochRow = EpochRow::zero();

impl<'a> World<'a> {
    /// A world at the activation of the scenario's first epoch.
    pub fn new(scenario: &'a Scenario, replicate: u32, registry: &Registry, options: WorldOptions) -> Self {
        let tables = Tables::new(scenario, replicate, options.event_log);
        let protocol = &scenario.protocol;
        let schedule = Schedule::new(&protocol.geometry, scenario.first_epoch, scenario.epochs);
        let hosts = scenario.hosts.len();
        // The epoch fidelity sends no requests; a participant is where its number says.
        let cut = match scenario.fidelity {
            Fidelity::Epoch => Cut::whole(hosts),
            _ => Cut::new(hosts, options.lanes, options.parallel),
        };
        let lanes = cut.lanes(hosts);
        let horizon = schedule.windows * tables.block_ns;
        let collateral: Amount = scenario.hosts.iter().map(|host| host.collateral).sum();
        let first = scenario.first_epoch.get();
        let records = Records::new(scenario.hosts.iter().map(|host| host.epochs_completed));
        let has_purse = scenario.clients.purse_share > Fraction::ZERO;
        let mut world = Self {
            scenario,
            replicate,
            options,
            lanes: (0..lanes)
                .map(|lane| build_lane(scenario, &tables, registry, cut, lane, horizon))
                .collect(),
            tables,
            next_entry: 0,
            cut,
            groups: build_groups(scenario),
            demand: Demand::new(scenario),
            thread_sums: ThreadSums::default(),
            addresses: Vec::new(),
            pieces: Vec::new(),
            admission: protocol.bandwidth.as_ref().map(Admission::new),
            books: Books::new(
                scenario.clients.count.max(1) + u32::from(has_purse),
                scenario.clients.balance,
                hosts,
                collateral,
            ),
            market: build_market(scenario),
            targets: Targets {
                rate: [-1.0; 256],
                ppb: [0; 256],
                present: Vec::new(),
                full: f64::NAN,
                traffic: 0,
                version: 0,
            },
            plan_stamps: Vec::new(),
            traffic: [0, 0],
            records,
            routing: Routing::new(
                protocol.measures.assignment,
                hosts as u32,
                scenario.clients.count.max(1),
            ),
            purse: Purse::new(
                scenario.clients.purse_share,
                scenario.clients.count.max(1),
                i64::try_from(scenario.clients.balance.base_units()).unwrap_or(i64::MAX),
            ),
            presence: Presence::new(hosts),
            special_duties: std::collections::BTreeMap::new(),
            next_weights: Vec::new(),
            confirmed: Vec::new(),
            settled: None,
            legacy_rate: match &protocol.rewards.rule {
                RewardRule::LegacySubsidy(params) => params.rate,
                RewardRule::Decay => Fraction::ZERO,
            },
            issued_rewards: 0,
            epoch: first,
            epoch_start: 0,
            epoch_start_window: 0,
            parity: 0,
            paused_until: 0,
            preserved: super::preserved::Preserved::default(),
            total_weight: 0,
            dispatched: 0,
            effects: EffectSum::default(),
            digest: RunDigest::new(context(scenario, replicate).as_bytes()),
            totals: ZERO_ROW,
            price_sum: 0,
            price_blocks: 0,
            convictions: Vec::new(),
            rows: Vec::new(),
            participant_rows: ParticipantTable::default(),
            row_buffer: Vec::new(),
            events: EventsInOrder::default(),
            window: 0,
            schedule,
        };
        world.log_opening();
        world.form_first_group();
        world
    }

    /// The group that is in force when the run begins.
    fn form_first_group(&mut self) {
        let first = self.scenario.first_epoch.get();
        self.ask_entrants(first);
        self.next_weights = self.measure_weights(0, 0);
        self.process_group_creation(first);
        self.charge_entries(0);
        let reputations = self.each_state(|participant, _, _| self.reputation(participant));
        self.log_standing(&reputations, 0);
        for participant in 0..self.scenario.hosts.len() {
            let reputation = self.reputation(participant);
            let weight = self.next_weights[participant];
            let lane = &mut self.lanes[self.cut.lane(participant as u32)];
            let host = self.cut.place(participant as u32);
            lane.states[host].reputation = reputation;
            lane.tallies[host].weight = weight;
        }
        self.form_groups();
        self.note_reputations();
        self.log_epoch(0);
        self.update_targets();
        self.ask_strategies();
        self.next_weights = Vec::new();
    }

    /// Notes which reputations there are: targets are worked out for these alone.
    pub(super) fn note_reputations(&mut self) {
        let mut is_present = [false; 101];
        for state in self.lanes.iter().flat_map(|lane| &lane.states) {
            is_present[usize::from(state.reputation.get())] = true;
        }
        self.targets.present = (0..=100_u8)
            .filter(|points| is_present[usize::from(*points)])
            .collect();
        self.targets.full = f64::NAN;
    }

    /// What is counted about every participant, in order.
    pub(super) fn each_tally(&self) -> impl Iterator<Item = &HostTally> {
        self.lanes.iter().flat_map(|lane| &lane.tallies)
    }

    /// A figure of every participant, in order of participant.
    pub(super) fn each_state<T>(&self, figure: impl Fn(usize, &HostState, &HostTally) -> T) -> Vec<T> {
        let mut figures = Vec::with_capacity(self.scenario.hosts.len());
        for lane in &self.lanes {
            for (state, tally) in lane.states.iter().zip(&lane.tallies) {
                figures.push(figure(figures.len(), state, tally));
            }
        }
        figures
    }
}

/// What distinguishes a run's digest from that of another scenario, seed or replicate.
fn context(scenario: &Scenario, replicate: u32) -> String {
    format!(
        "stakeout run\n{}\n{}\n{replicate}\n",
        scenario.hash, scenario.seed
    )
}

fn build_groups(scenario: &Scenario) -> Vec<Group> {
    let mut members = vec![Vec::new(); scenario.models.len()];
    for (participant, host) in scenario.hosts.iter().enumerate() {
        for &model in &host.models {
            members[usize::from(model)].push(participant as u32);
        }
    }
    let mut groups: Vec<Group> = members.into_iter().map(Group::of).collect();
    let pricing = &scenario.protocol.pricing;
    let price = compute_price_in_force(pricing, compute_initial_price(pricing), scenario.first_epoch);
    groups.iter_mut().for_each(|group| group.price = price.get());
    groups
}

fn build_market(scenario: &Scenario) -> Vec<Market> {
    let pricing = &scenario.protocol.pricing;
    let block_ns = scenario.chain.block_time.nanos().max(1);
    let period_ns = scenario
        .protocol
        .dispute
        .open_sample_seconds
        .saturating_mul(1_000_000_000);
    let blocks = (period_ns / block_ns).clamp(1, 1 << 16) as usize;
    let market = Market {
        price: compute_initial_price(pricing),
        utilisation: UtilisationWindow::new(pricing.window_blocks),
        recent: vec![0; blocks],
    };
    vec![market; scenario.models.len()]
}

fn build_lane(
    scenario: &Scenario,
    tables: &Tables,
    registry: &Registry,
    cut: Cut,
    number: usize,
    horizon: u64,
) -> Lane {
    let (first, lanes) = (number * cut.size(), cut.lanes(scenario.hosts.len()));
    let range = first..(first + cut.size()).min(scenario.hosts.len());
    let models = scenario.models.len();
    let mut lane = empty_lane(first as u32, lanes);
    let per_block = scenario.demand.arrivals.usual_per_second() * tables.block_ns as f64 * 1e-9;
    // All add to the sums of the first, or to those of the threads.
    if first == 0 {
        lane.sums = Sums::expecting(models, per_block, tables.clients as usize);
    }
    lane.reserve(range.len());
    for (participant, host) in scenario.hosts[range.clone()]
        .iter()
        .enumerate()
        .map(|(at, h)| (first + at, h))
    {
        let outages = OutageTable::draw(&scenario.outages, &tables.keys, participant as u32, horizon);
        let mut hot = idle(lane.slots.len() as u32, host.slots.max(1), host.class);
        hot.mark(HostMark::Outages, !outages.is_empty());
        lane.slots.resize(lane.slots.len() + usize::from(hot.slots), 0);
        lane.hosts.push(hot);
        lane.outages.push(outages);
        lane.tallies.push(HostTally::default());
        lane.states.push(fresh_state(
            host.epochs_completed,
            lane.pair_models.len() as u32,
            host.models.first().copied().unwrap_or(0),
            tables,
        ));
        for &model in &host.models {
            lane.pair_models.push(model);
            lane.plan_heads.push(PlanHead::default());
        }
        lane.collateral.push((host.collateral > Amount::ZERO).then(|| {
            let mut account = CollateralAccount::new();
            account.deposit(host.collateral);
            Box::new(account)
        }));
        let spec = &scenario.strategies[usize::from(host.strategy)];
        let descriptor = registry
            .get(&spec.name)
            .expect("strategies were checked against the registry");
        lane.roles
            .push(host.strategy, || (descriptor.build)(&spec.params));
    }
    lane.forget_what_nobody_has();
    if scenario.hosts.len() <= PLANNED_HOSTS_MAX {
        lane.plans.resize(lane.pair_models.len(), None);
    }
    lane
}

impl Lane {
    /// Makes room for its hosts at once: tables that grow leave holes of their old sizes.
    fn reserve(&mut self, hosts: usize) {
        self.hosts.reserve_exact(hosts);
        self.slots.reserve_exact(hosts);
        self.tallies.reserve_exact(hosts);
        self.states.reserve_exact(hosts);
        self.collateral.reserve_exact(hosts);
        self.outages.reserve_exact(hosts);
        self.pair_models.reserve_exact(hosts);
        self.plan_heads.reserve_exact(hosts);
        self.run_counts = RunCounts::new(hosts);
    }

    /// Gives back the room for what none of its hosts has, and what others took too much of.
    fn forget_what_nobody_has(&mut self) {
        if self.hosts.iter().all(|host| !host.has(HostMark::Outages)) {
            self.outages = Vec::new();
        }
        if self.collateral.iter().all(Option::is_none) {
            self.collateral = Vec::new();
        }
        self.slots.shrink_to_fit();
        self.pair_models.shrink_to_fit();
        self.plan_heads.shrink_to_fit();
        self.roles.shrink_to_fit();
    }
}

fn fresh_state(epochs_completed: u32, first_pair: u32, first_model: u16, tables: &Tables) -> HostState {
    let counters = StatusCounters {
        epochs_completed,
        ..StatusCounters::default()
    };
    let (status, reason) = tables.status.decide(&counters, Status::Active, None);
    HostState {
        counters,
        work: 0,
        status,
        reason: if status == Status::Ramping {
            reason
        } else {
            StatusReason::None
        },
        reputation: Reputation::new(0),
        uncounted: 0,
        first_pair,
        first_model,
        spared_below: 0,
    }
}

fn empty_lane(first: u32, lanes: usize) -> Lane {
    Lane {
        first,
        hosts: Vec::new(),
        orders: vec![HostOrders::BY_THE_RULES],
        slots: Vec::new(),
        states: Vec::new(),
        tallies: Vec::new(),
        run_counts: RunCounts::default(),
        collateral: Vec::new(),
        slashes: BTreeMap::new(),
        roles: RolePool::default(),
        views: BTreeMap::new(),
        outages: Vec::new(),
        pair_models: Vec::new(),
        plan_heads: Vec::new(),
        plans: Vec::new(),
        confirmed: Vec::new(),
        waiting: Vec::new(),
        kept: Slab::new(),
        links: Vec::new(),
        tasks: Slab::new(),
        checks: Slab::new(),
        inbox: Inbox::default(),
        batches: Vec::new(),
        spare: Vec::new(),
        specials: Vec::new(),
        task_calendar: Calendar::new(),
        jobs: Vec::new(),
        job_order: Order::default(),
        jobs_taken: 0,
        next_job: (u64::MAX, u64::MAX),
        finishes: Calendar::new(),
        expiries: Calendar::new(),
        answers: Calendar::new(),
        disputes: Calendar::new(),
        votes: HeldVotes::default(),
        in_tasks: (0..lanes).map(|_| Vec::new()).collect(),
        in_answers: (0..lanes).map(|_| Vec::new()).collect(),
        out_tasks: Outbox::new(lanes),
        out_answers: Outbox::new(lanes),
        credits: Vec::new(),
        releases: Vec::new(),
        sums: Sums::default(),
        booked: Booked::default(),
        changes: Vec::new(),
        convictions: Vec::new(),
        slashed: 0,
        totals: ZERO_ROW,
        effects: EffectSum::default(),
        left: LaneLog::default(),
        scratch: Scratch::default(),
    }
}

/// How the sampling rule draws.
pub(super) fn draw_of(params: &SamplingParams, draw: SamplingDraw) -> Draw {
    match (params.rule, draw) {
        (SamplingRule::None, _) => Draw::Nobody,
        (SamplingRule::Designated, _) => Draw::Designated,
        (SamplingRule::Slots, _) => Draw::Slots,
        (_, SamplingDraw::Thinning) => Draw::Independent,
        (_, SamplingDraw::Sha256) => Draw::ByHash,
    }
}

/// Works out the target rate of every reputation there is at this traffic, if the traffic changes any.
pub(super) fn update_targets(targets: &mut Targets, params: &SamplingParams, traffic: u64) {
    targets.traffic = traffic;
    // A rate that depends on traffic moves with that of a full reputation.
    let full = decimal(compute_target_rate(params, traffic, Reputation::new(100)).parts());
    if targets.full == full {
        return;
    }
    targets.full = full;
    for &points in &targets.present {
        let rate = compute_target_rate(params, traffic, Reputation::new(points)).parts();
        targets.rate[usize::from(points)] = decimal(rate);
        targets.ppb[usize::from(points)] = u32::try_from(rate / 1_000_000_000).unwrap_or(u32::MAX);
    }
    targets.version += 1;
}

fn decimal(parts: i128) -> f64 {
    parts as f64 / 1e18
}

/// What a reputation record learns from an epoch's counters.
pub(super) trait TakeEpoch {
    /// Books an epoch of presence or absence, and a conviction if there was one.
    fn take_epoch(
        &mut self,
        state: &HostState,
        tally: &HostTally,
        params: &ReputationParams,
        is_present: bool,
    );
}

impl TakeEpoch for ReputationRecord {
    fn take_epoch(
        &mut self,
        state: &HostState,
        tally: &HostTally,
        params: &ReputationParams,
        is_present: bool,
    ) {
        if !is_present {
            self.record_absence(params);
            return;
        }
        if state.status == Status::Invalid {
            self.record_conviction(params);
        }
        self.record_epoch(params, u64::from(tally.finished), u64::from(tally.missed));
    }
}

impl Scenario {
    /// Whether a host takes part in an epoch of the network.
    pub(crate) fn is_present(&self, participant: usize, epoch: u32) -> bool {
        let host = &self.hosts[participant];
        let step = EpochIndex::new(epoch)
            .get()
            .saturating_sub(self.first_epoch.get());
        let is_away = host
            .absence
            .is_some_and(|absence| step >= absence.from && step - absence.from < absence.epochs);
        step >= host.joins_at && !is_away
    }
}

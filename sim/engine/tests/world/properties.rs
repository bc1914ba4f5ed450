//! What holds in every scenario, tried on a thousand random ones.

use std::collections::BTreeMap;
use std::sync::Arc;

use stakeout_engine::observe::frame::{
    EpochRow, Event, EventKind, ParticipantRow, ParticipantTable, RunOutput,
};
use stakeout_engine::run::{RunOptions, run};
use stakeout_engine::scenario::{Arrivals, Outages, SamplingDraw, Scenario, TraceRequest, ValidationWork};
use stakeout_kernel::time::SimDuration;
use stakeout_protocol::claims::ClaimRule;
use stakeout_protocol::collateral::SlashedTo;
use stakeout_protocol::dispute::{OnNoQuorum, VoterRule};
use stakeout_protocol::pricing::PriceMode;
use stakeout_protocol::sampling::SamplingRule;
use stakeout_protocol::settlement::ForfeitsTo;
use stakeout_protocol::status::{InvalidTest, Status};
use stakeout_protocol::units::{Amount, Decimal, Fraction, Price, TokenCount};

use crate::random::{BLIND, WITHHOLDER, describe, scenario, specs, strategies};
use crate::support::{network, registry};

/// Scenarios tried.
const CASES: u64 = 1_000;

/// Says which scenario was under way when a test fails.
struct OnFailure<'a>(u64, &'a Scenario);

impl Drop for OnFailure<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", describe(self.1));
            eprintln!(
                "random scenario {0} failed; to replay it alone:\n  STAKEOUT_CASE={0} cargo test --release \
                 -p stakeout-engine --test world one_random_scenario -- --ignored --nocapture",
                self.0
            );
        }
    }
}

fn simulate(scenario: &Scenario, event_log: bool, lanes: usize) -> RunOutput {
    let options = RunOptions {
        check_every_block: true,
        event_log,
        lanes: Some(lanes),
        parallel: false,
    };
    run(scenario, 0, &strategies(), &options).expect("the scenario runs")
}

/// Runs random scenario `number` and checks everything that must hold; every tenth also with an event log
/// and cut into other lanes.
fn try_case(number: u64) -> RunOutput {
    let scenario = scenario(number);
    let _on_failure = OnFailure(number, &scenario);
    let output = simulate(&scenario, false, 1 + (number % 4) as usize);
    output
        .epochs
        .iter()
        .for_each(|row| check_epoch(row, &output.participants));
    output.participants.iter().for_each(|row| check_participant(&row));
    check_balances(&output);
    if number.is_multiple_of(10) {
        let logged = simulate(&scenario, true, 1 + (number / 10 % 7) as usize);
        check_same(&output, &logged);
        check_lives(logged.events.as_deref().expect("the log was asked for"));
    }
    output
}

fn check_epoch(row: &EpochRow, participants: &ParticipantTable) {
    assert_eq!(
        row.rewards + row.governance + row.burned,
        row.issued,
        "the issue is divided in full: {row:?}"
    );
    assert_eq!(
        row.clients_told,
        row.expired + row.invalidated,
        "who is refunded is told: {row:?}"
    );
    assert!(
        row.checked <= row.finished && row.validations_drawn >= row.checked,
        "{row:?}"
    );
    let of_epoch = participants
        .iter()
        .filter(|participant| participant.epoch == row.epoch);
    let sum = |figure: fn(&ParticipantRow) -> u64| of_epoch.clone().map(|row| figure(&row)).sum::<u64>();
    assert_eq!(sum(|p| p.inferences), row.finished);
    assert_eq!(sum(|p| p.missed), row.expired);
    assert_eq!(sum(|p| p.checked), row.checked);
    assert_eq!(sum(|p| p.cheated), row.cheated);
    assert_eq!(sum(|p| p.invalidated), row.invalidated);
    assert_eq!(sum(|p| p.validated), row.passed + row.revalidated);
    assert_eq!(of_epoch.clone().map(|p| p.reward).sum::<i128>(), row.rewards);
    assert_eq!(of_epoch.clone().map(|p| p.slashed).sum::<i128>(), row.slashed);
}

fn check_participant(row: &ParticipantRow) {
    if matches!(row.status, Status::Invalid | Status::Inactive) {
        assert_eq!(
            (row.reward, row.work_coins),
            (0, 0),
            "whoever is out is not paid: {row:?}"
        );
    }
    assert!(
        row.reward >= 0 && row.work_coins >= 0 && row.forfeited >= 0 && row.slashed >= 0,
        "{row:?}"
    );
    assert!(row.validations_done <= row.validations_required, "{row:?}");
}

fn check_balances(output: &RunOutput) {
    assert_eq!(
        output.balances.iter().map(|(_, balance)| balance).sum::<i128>(),
        0
    );
    for &(account, balance) in &output.balances {
        match account {
            "deficit" | "issuance" => assert!(balance <= 0, "{account}: {balance}"),
            "work" => {}
            _ => assert!(balance >= 0, "{account}: {balance}"),
        }
    }
}

fn check_same(a: &RunOutput, b: &RunOutput) {
    assert_eq!(a.digest, b.digest, "lanes or the event log change the digest");
    assert_eq!(a.epochs, b.epochs);
    assert_eq!(a.participants, b.participants);
    assert_eq!(a.convictions, b.convictions);
    assert_eq!(a.balances, b.balances);
    assert_eq!(a.open, b.open);
}

/// What an inference has gone through, by the event log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Life {
    escrow: i64,
    started: u32,
    finished: u32,
    expired: u32,
    invalidated: u32,
    /// Block of the invalidation, 0 without one.
    invalidated_at: u64,
    disputes: u32,
    outcomes: u32,
}

fn check_lives(events: &[Event]) {
    let mut lives: BTreeMap<u64, Life> = BTreeMap::new();
    let mut height = 0;
    for event in events {
        assert!(event.height >= height, "blocks follow one another");
        height = event.height;
        if event.inference == u64::MAX || event.kind == EventKind::Refused {
            continue;
        }
        let life = lives.entry(event.inference).or_default();
        let seen = *life;
        match event.kind {
            EventKind::Started => (life.started, life.escrow) = (life.started + 1, event.value),
            EventKind::Finished => life.finished += 1,
            EventKind::Expired => life.expired += 1,
            EventKind::Disputed => life.disputes += 1,
            EventKind::Invalidated => {
                (life.invalidated, life.invalidated_at) = (life.invalidated + 1, event.height);
                life.outcomes += 1;
            }
            EventKind::Revalidated | EventKind::Undecided => life.outcomes += 1,
            _ => {}
        }
        assert!(life.started == 1, "an inference starts first and once: {event:?}");
        assert!(
            life.finished + life.expired <= 1,
            "an inference ends once: {event:?} after {seen:?}"
        );
        let is_of_finished = !matches!(
            event.kind,
            EventKind::Started | EventKind::Served | EventKind::Expired | EventKind::TestMoved
        );
        assert!(
            !is_of_finished || life.finished == 1,
            "nothing is judged before it is done: {event:?}"
        );
        // Outcomes of one block carry the time of its end, so an earlier dispute's may follow in the list.
        let is_last_word = seen.invalidated == 0 || seen.invalidated_at == event.height;
        assert!(
            is_last_word && life.invalidated <= 1,
            "an invalidation is the last word: {event:?}"
        );
        assert!(life.outcomes <= life.disputes, "a dispute ends once: {event:?}");
        match event.kind {
            EventKind::Expired => assert_eq!(event.value, life.escrow, "all of the escrow goes back"),
            EventKind::Finished => assert!((0..=life.escrow).contains(&event.value), "{event:?}"),
            _ => {}
        }
    }
}

#[test]
fn a_thousand_random_networks_conserve_coins_and_punish_somebody() {
    let mut all = EpochRow::zero();
    let mut deficit = 0;
    for number in 0..CASES {
        let output = try_case(number);
        output.epochs.iter().for_each(|row| all.add(row));
        let debts = output.balances.iter().find(|(account, _)| *account == "deficit");
        deficit -= debts.expect("the books have a deficit").1;
    }
    let debts = all.debts_recovered + deficit;
    println!("over {CASES} scenarios, debts {debts}: {all:?}");
    let counts = [
        ("finished", all.finished, 200_000),
        ("expired", all.expired, 1_000),
        ("refused", all.refused, 1_000),
        ("unassigned", all.unassigned, 1_000),
        ("disputes", all.disputes, 1_000),
        ("capped disputes", all.disputes_capped, 100),
        ("invalidated", all.invalidated, 1_000),
        ("revalidated", all.revalidated, 100),
        ("undecided", all.undecided, 100),
        ("convictions", all.convictions, 100),
        ("deactivations", all.deactivations, 100),
        ("failures of the missed-work test", all.missed_work_failures, 100),
        ("rejected claims", all.claims_rejected, 100),
        ("power caps", all.power_capped, 100),
    ];
    for (what, count, least) in counts {
        assert!(count >= least, "only {count} {what}");
    }
    assert!(all.slashed > 0 && debts > 0 && all.debts_recovered > 0 && deficit > 0);
    assert!(all.forfeited > 0 && all.burned > 0 && all.governance > 0 && all.rewards > 0);
}

#[test]
#[ignore = "replays the random scenario that STAKEOUT_CASE names"]
fn one_random_scenario() {
    #[expect(
        clippy::disallowed_methods,
        reason = "the environment chooses the case, not its result"
    )]
    let number = std::env::var("STAKEOUT_CASE")
        .ok()
        .and_then(|number| number.parse().ok());
    let number = number.expect("STAKEOUT_CASE is the number of a scenario");
    println!("{}", describe(&scenario(number)));
    println!("{:#?}", try_case(number).epochs);
}

/// A trace that ends in the first fifth of `scenario`'s run.
fn early_trace(scenario: &Scenario) -> Arrivals {
    let blocks = scenario.protocol.geometry.length * u64::from(scenario.epochs);
    let span = blocks * scenario.chain.block_time.nanos() / 5;
    let hosts = scenario.hosts.len() as u64;
    let request = |number: u64| TraceRequest {
        arrival_ns: span * number / 600,
        model: (number % scenario.models.len() as u64) as u16,
        executor: number.is_multiple_of(3).then_some((number % hosts) as u32),
        client: None,
        prompt: None,
        completion: None,
        missed: number.is_multiple_of(50),
    };
    Arrivals::Trace(Arc::new((0..600).map(request).collect()))
}

#[test]
fn once_demand_stops_every_request_comes_to_its_end() {
    for number in 0..150 {
        let mut scenario = scenario(number);
        scenario.demand.arrivals = early_trace(&scenario);
        (scenario.outages, scenario.until_blocks) = (Outages::default(), None);
        // Who asks in vain for a payload gives up after half an hour, longer than this run.
        let withholders = scenario
            .hosts
            .iter_mut()
            .filter(|host| host.strategy == WITHHOLDER);
        withholders.for_each(|host| host.strategy = 0);
        scenario.chain.transactions_per_block = None;
        scenario.protocol.escrow.expiration_blocks = 5;
        scenario.protocol.dispute.period_seconds = 30;
        scenario.protocol.validation_work = ValidationWork::Replay;
        (scenario.epochs, scenario.protocol.geometry.length) = (6, 60);
        scenario
            .hardware
            .iter_mut()
            .for_each(|class| class.prefill_ns = 50_000);
        let _on_failure = OnFailure(number, &scenario);
        let output = simulate(&scenario, true, 1 + (number % 3) as usize);
        check_lives(output.events.as_deref().expect("the log was asked for"));
        let escrow = output.balances.iter().find(|(account, _)| *account == "escrow");
        assert_eq!(
            (output.open, escrow.expect("there is an escrow account").1),
            (0, 0)
        );
    }
}

#[test]
fn nothing_is_served_while_compute_is_proven() {
    // Proof of compute starts with the block at `poc_start` and lasts 4 + 1 + 4 blocks of 5 s.
    let mut scenario = network(6, 3, 5.0);
    scenario.hardware[0].decode_ns = 20_000_000;
    let output = run(
        &scenario,
        0,
        &registry(),
        &RunOptions {
            event_log: true,
            ..RunOptions::default()
        },
    );
    let output = output.expect("the scenario runs");
    let origin = output.stages[0].activation;
    let pauses: Vec<(u64, u64)> = output.stages[1..]
        .iter()
        .map(|stage| (stage.poc_start - origin, stage.settlement - origin))
        .map(|(start, end)| (start * 5_000_000_000, end * 5_000_000_000))
        .collect();
    let served: Vec<u64> = output
        .events
        .expect("the log was asked for")
        .iter()
        .filter(|event| event.kind == EventKind::Served)
        .map(|event| event.time_ns)
        .collect();
    assert!(pauses.len() == 3 && served.len() > 1_000);
    let is_paused = |time: &&u64| pauses.iter().any(|&(start, end)| (start..end).contains(*time));
    assert_eq!(served.iter().find(is_paused), None);
    // Requests that had to wait begin the moment the stage is over.
    assert!(pauses.iter().any(|(_, end)| served.contains(end)));
}

#[test]
fn a_vote_of_a_sample_counts_no_more_than_its_cap() {
    // Host 0 holds 97 % of the weight and calls everything right; host 1 serves a substitute that all
    // others find out. Voting in full, host 0 acquits; cut to 0.3 % of the voters' weight, it cannot.
    let mut scenario = network(8, 3, 1.0);
    scenario.strategies = specs();
    scenario.hosts.iter_mut().for_each(|host| host.strategy = 0);
    (scenario.hosts[0].weight, scenario.hosts[0].strategy) = (250_000, BLIND);
    scenario.hosts[1].strategy = 1;
    scenario.models[0].threshold_ppb = 999_999_999;
    let request = |number: u64| TraceRequest {
        arrival_ns: number * 500_000_000,
        model: 0,
        executor: Some(1),
        client: None,
        prompt: Some(100),
        completion: Some(10),
        missed: false,
    };
    scenario.demand.arrivals = Arrivals::Trace(Arc::new((0..1_500).map(request).collect()));
    let protocol = &mut scenario.protocol;
    protocol.power_cap = None;
    protocol.status.invalid_test = InvalidTest::None;
    protocol.status.quick_failure_threshold = Fraction::ZERO;
    protocol.dispute.open_min = 1_000;
    protocol.sampling.rule = SamplingRule::Flat;
    protocol.sampling.flat_rate = Fraction::ONE;
    let totals = |weight_cap| {
        let mut scenario = scenario.clone();
        scenario.protocol.dispute.voters = VoterRule::Sampled {
            voters: 10,
            weight_cap,
        };
        let output = simulate(&scenario, false, 2);
        let mut all = EpochRow::zero();
        output.epochs.iter().for_each(|row| all.add(row));
        all
    };
    let (full, cut) = (totals(Fraction::ONE), totals(Fraction::from_permille(3)));
    assert!(
        full.disputes > 10 && full.revalidated > 0 && full.invalidated == 0,
        "{full:?}"
    );
    assert!(
        cut.disputes > 10 && cut.invalidated > 0 && cut.revalidated == 0,
        "{cut:?}"
    );
}

/// A change of one parameter.
type Change = (&'static str, fn(&mut Scenario));

const CHANGES: [Change; 40] = [
    ("seed", |s| s.seed += 1),
    ("block time", |s| {
        s.chain.block_time = SimDuration::from_millis(5_001)
    }),
    ("inclusion delay", |s| {
        s.chain.inclusion_delay = SimDuration::from_seconds(1)
    }),
    ("validation delay", |s| {
        s.chain.validation_delay = SimDuration::from_seconds(20)
    }),
    ("block limit", |s| s.chain.transactions_per_block = Some(60)),
    ("epoch length", |s| s.protocol.geometry.length += 1),
    ("expiry", |s| s.protocol.escrow.expiration_blocks = 9),
    ("longest answer", |s| {
        s.protocol.escrow.max_tokens_default = TokenCount::new(4_000)
    }),
    ("sampling", |s| s.protocol.sampling.rule = SamplingRule::None),
    ("sampling floor", |s| {
        s.protocol.sampling.rate_max = Decimal::from_integer(2)
    }),
    ("designated validator", |s| {
        s.protocol.sampling.at_least_one_for_newcomers = true
    }),
    ("work sharing", |s| s.protocol.share_with_validators = false),
    ("epochs to full reputation", |s| {
        s.protocol.reputation.epochs_to_max = 10
    }),
    ("test of failed checks", |s| {
        s.protocol.status.invalid_test = InvalidTest::None
    }),
    ("test of missed requests", |s| s.protocol.status.downtime = None),
    ("missed-work test", |s| {
        (s.protocol.missed_work.dynamic_p0, s.protocol.missed_work.p0) = (false, Fraction::from_percent(1));
    }),
    ("quorum", |s| {
        s.protocol.dispute.quorum = Fraction::from_percent(90)
    }),
    ("voting period", |s| {
        s.chain.validation_delay = SimDuration::from_seconds(20);
        s.protocol.dispute.period_seconds = 1;
    }),
    ("voters", |s| s.protocol.dispute.voters = SAMPLED),
    ("no quorum", |s| {
        s.chain.validation_delay = SimDuration::from_seconds(20);
        (s.protocol.dispute.period_seconds, s.protocol.dispute.on_no_quorum) = (1, OnNoQuorum::CountAsValid);
    }),
    ("open disputes", |s| s.protocol.dispute.open_min = 1_000),
    ("collateral per weight", |s| {
        s.protocol.collateral.per_weight = Decimal::from_integer(50_000_000)
    }),
    ("slash", |s| {
        s.protocol.collateral.slash_invalid = Fraction::from_percent(21)
    }),
    ("slashed coins", |s| {
        s.protocol.collateral.slashed_to = SlashedTo::Governance
    }),
    ("confirmations", |s| {
        s.protocol.poc.confirmations_per_epoch = Decimal::from_integer(5)
    }),
    ("power cap", |s| {
        s.protocol.power_cap = Some(Fraction::from_bps(501))
    }),
    ("reward", |s| s.protocol.rewards.initial = Amount::from_gnk(1)),
    ("forfeits", |s| s.protocol.rewards.forfeits_to = ForfeitsTo::Burn),
    ("vesting", |s| s.protocol.vesting_epochs = 0),
    ("price rule", |s| s.protocol.pricing.mode = PriceMode::Fixed),
    ("price", |s| s.protocol.pricing.initial = Price::new(101)),
    ("claims", |s| s.protocol.claims.rule = ClaimRule::AllOrNothing),
    ("preserved hosts", |s| {
        s.protocol.preserved_share = Fraction::from_percent(50)
    }),
    ("the draw", |s| s.protocol.sampling_draw = SamplingDraw::Sha256),
    ("attempts at a payload", |s| s.chain.payload.attempts = 1),
    ("pauses between them", |s| {
        s.chain.payload.first_pause = SimDuration::from_seconds(90)
    }),
    ("claims again", |s| {
        s.protocol.claims.rule = ClaimRule::AllOrNothing;
        s.protocol.claims.retry_blocks = Some(1);
    }),
    ("sampled claims", |s| {
        s.protocol.claims.rule = ClaimRule::AllOrNothing;
        s.protocol.claims.sample_max = Some(900);
    }),
    ("clients' coins", |s| {
        s.clients.balance = Amount::from_base_units(1_000_000)
    }),
    ("resumption", |s| s.outages.resume = true),
];

const SAMPLED: VoterRule = VoterRule::Sampled {
    voters: 3,
    weight_cap: Fraction::from_percent(40),
};

#[test]
fn every_parameter_that_matters_shows_in_the_digest() {
    let mut base = network(20, 3, 6.0);
    base.outages.per_host = Some(stakeout_engine::scenario::OutageLaw {
        mean_up: SimDuration::from_seconds(300),
        mean_down: SimDuration::from_seconds(100),
    });
    let digest = |change: fn(&mut Scenario)| {
        let mut scenario = base.clone();
        change(&mut scenario);
        run(&scenario, 0, &registry(), &RunOptions::default())
            .expect("the scenario runs")
            .digest
    };
    let mut seen = BTreeMap::from([(digest(|_| {}), "nothing")]);
    let mut alike = vec![];
    for (what, change) in CHANGES {
        if let Some(other) = seen.insert(digest(change), what) {
            alike.push((what, other));
        }
    }
    assert!(alike.is_empty(), "these give the same run: {alike:?}");
}

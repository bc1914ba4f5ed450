//! What a run must reach, and what must never happen in one.

use stakeout_engine::observe::frame::{EpochRow, EventKind, RunOutput};
use stakeout_engine::run::{RunOptions, run};
use stakeout_engine::scenario::{OutageLaw, Outages, Scenario};
use stakeout_kernel::time::SimDuration;
use stakeout_protocol::status::Status;
use stakeout_protocol::units::Fraction;

use crate::support::{network, registry};

fn checked(scenario: &Scenario) -> RunOutput {
    let options = RunOptions {
        check_every_block: true,
        ..RunOptions::default()
    };
    run(scenario, 0, &registry(), &options).expect("the scenario runs")
}

fn totals(output: &RunOutput) -> EpochRow {
    let mut all = EpochRow::zero();
    output.epochs.iter().for_each(|row| all.add(row));
    all
}

#[test]
fn swappers_are_convicted_and_honest_hosts_are_paid() {
    let output = checked(&network(30, 6, 40.0));
    let all = totals(&output);
    assert!(
        all.disputes > 0 && all.invalidated > 0 && all.refunds > 0,
        "{all:?}"
    );
    let convicted: Vec<u32> = output
        .convictions
        .iter()
        .map(|conviction| conviction.participant)
        .collect();
    assert!(
        convicted.contains(&0) && convicted.contains(&1),
        "convicted: {convicted:?}"
    );
    let of = |participant: u32| {
        output
            .participants
            .iter()
            .filter(move |row| row.participant == participant)
    };
    assert!(of(5).all(|row| row.reward > 0));
    let mut out = of(0).filter(|row| row.status == Status::Invalid).peekable();
    assert!(out.peek().is_some());
    assert!(out.all(|row| row.reward == 0 && row.work_coins == 0));
}

#[test]
fn every_request_ends_once_and_only_once() {
    let output = checked(&network(30, 5, 40.0));
    let all = totals(&output);
    // The horizon cuts off requests after the last settlement, so compare whole epochs only up to what
    // was open when they settled.
    let ended = all.finished + all.expired;
    assert!(all.requests >= ended && all.requests - ended < 2_000, "{all:?}");
    assert!(all.expired > 0, "the dropper's requests expire");
}

#[test]
fn outages_make_misses_and_inactive_hosts() {
    let outages = Outages {
        per_host: Some(OutageLaw {
            mean_up: SimDuration::from_seconds(2_000),
            mean_down: SimDuration::from_seconds(200),
        }),
        shared: vec![],
        resume: false,
    };
    let all = totals(&checked(&Scenario {
        outages,
        ..network(30, 6, 40.0)
    }));
    assert!(
        all.deactivations > 0 && all.expired > 0 && all.slashed > 0,
        "{all:?}"
    );
}

#[test]
fn preserved_hosts_alone_serve_during_a_proof_of_compute() {
    let with = |percent: u32| {
        let mut scenario = network(30, 3, 40.0);
        scenario.hosts.iter_mut().for_each(|host| host.strategy = 0);
        scenario.protocol.preserved_share = Fraction::from_percent(percent);
        let options = RunOptions {
            check_every_block: true,
            event_log: true,
            ..RunOptions::default()
        };
        run(&scenario, 0, &registry(), &options).expect("the scenario runs")
    };
    let [nobody, half, everybody] = [0, 50, 100].map(with);
    assert!(totals(&nobody).unassigned > 1_000);
    assert_eq!((totals(&half).unassigned, totals(&everybody).unassigned), (0, 0));
    // A stage of 4 + 1 + 4 blocks of 5 s begins with each start of proof of compute.
    let serving = |output: &RunOutput| {
        let start = (output.stages[1].poc_start - output.stages[0].activation) * 5_000_000_000;
        let events = output.events.as_ref().expect("the log was asked for");
        let mut hosts: Vec<u32> = events
            .iter()
            .filter(|event| event.kind == EventKind::Served)
            .filter(|event| (start..start + 45_000_000_000).contains(&event.time_ns))
            .map(|event| event.participant)
            .collect();
        hosts.sort_unstable();
        hosts.dedup();
        hosts.len()
    };
    // Of 30 hosts that are drawn with one half, fewer than 4 or more than 26 are a chance of 8e-6; the seed is fixed.
    assert_eq!((serving(&nobody), serving(&everybody)), (0, 30));
    assert!((4..=26).contains(&serving(&half)), "{}", serving(&half));
}

#[test]
fn a_block_limit_only_delays() {
    let free = network(20, 3, 10.0);
    let mut tight = free.clone();
    tight.chain.transactions_per_block = Some(220);
    let (free, tight) = (totals(&checked(&free)), totals(&checked(&tight)));
    assert_eq!(free.requests, tight.requests);
    assert!(
        tight.finished.abs_diff(free.finished) < free.finished / 20,
        "{free:?} {tight:?}"
    );
}

#[test]
fn the_checked_share_is_what_the_rule_gives() {
    // A newcomer among 30 nearly equal hosts is left unchecked with probability (1 - 1/29)^29 = 0.3614;
    // the mix of reputations makes it larger. 40,000 answers: the nominal rate is known to 1 %.
    let mut scenario = network(30, 6, 40.0);
    scenario
        .hosts
        .iter_mut()
        .for_each(|host| (host.epochs_completed, host.strategy) = (0, 0));
    scenario.protocol.reputation.epochs_to_max = 1_000_000;
    scenario.protocol.power_cap = None;
    let all = totals(&checked(&scenario));
    let nominal = all.nominal_rate_ppb_sum as f64 / 1e9 / all.finished as f64;
    let checked = all.checked as f64 / all.finished as f64;
    let drawn = all.validations_drawn as f64 / all.finished as f64;
    assert!((nominal - 1.0).abs() < 1e-9, "{nominal}");
    // Standard errors at n > 40,000: 0.0025 and 0.005; six of them.
    assert!(all.finished > 40_000);
    assert!((drawn - 1.0).abs() < 0.03, "{drawn}");
    assert!((checked - 0.6386).abs() < 0.015, "{checked}");
}

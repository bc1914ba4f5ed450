//! The same scenario and seed give the same bytes, however the run is cut up.

use stakeout_engine::observe::event::EventKind;
use stakeout_engine::observe::frame::{EpochRow, RunOutput};
use stakeout_engine::run::{RunOptions, run};
use stakeout_engine::scenario::{Fidelity, Scenario};
use stakeout_protocol::units::Amount;

use crate::support::{network, registry};

fn with(scenario: &Scenario, options: RunOptions, threads: usize) -> RunOutput {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .expect("a pool");
    pool.install(|| run(scenario, 0, &registry(), &options).expect("the scenario runs"))
}

/// A run with its event log, in which the books are checked after every block.
fn logged(scenario: &Scenario, lanes: usize, threads: usize) -> RunOutput {
    let options = RunOptions {
        parallel: threads > 1,
        lanes: Some(lanes),
        event_log: true,
        check_every_block: true,
    };
    with(scenario, options, threads)
}

fn same(a: &RunOutput, b: &RunOutput) {
    assert_eq!(a.digest, b.digest);
    assert_eq!(a.epochs, b.epochs);
    assert_eq!(a.participants, b.participants);
    assert_eq!(a.convictions, b.convictions);
    assert_eq!(a.balances, b.balances);
}

#[test]
fn neither_threads_nor_lanes_nor_the_event_log_change_a_byte() {
    let scenario = network(60, 4, 800.0);
    let base = with(&scenario, RunOptions::default(), 1);
    for (lanes, threads, event_log) in [(1, 1, true), (7, 1, false), (60, 2, false), (13, 4, true)] {
        let options = RunOptions {
            parallel: threads > 1,
            lanes: Some(lanes),
            event_log,
            check_every_block: false,
        };
        same(&base, &with(&scenario, options, threads));
    }
}

/// A request names its host by its place in a lane, in 16 bits.
#[test]
fn more_hosts_than_a_lane_takes_are_in_several_and_at_the_epoch_fidelity_in_one() {
    let mut scenario = network(70_000, 1, 200.0);
    let of = |scenario: &Scenario, lanes| {
        let options = RunOptions {
            lanes,
            ..RunOptions::default()
        };
        with(scenario, options, 1)
    };
    let base = of(&scenario, None);
    for lanes in [1, 2] {
        same(&base, &of(&scenario, Some(lanes)));
    }
    let late = |output: &RunOutput| {
        let rows = output.participants.iter().filter(|row| row.participant > 65_536);
        rows.map(|row| row.inferences).sum::<u64>()
    };
    scenario.fidelity = Fidelity::Epoch;
    let summed = of(&scenario, None);
    assert!(late(&base) > 100 && late(&summed) > 100);
}

#[test]
fn several_threads_refuse_whom_one_refuses() {
    let mut scenario = network(60, 2, 800.0);
    scenario.clients.balance = Amount::from_base_units(400_000_000);
    let base = logged(&scenario, 5, 1);
    let sum = |figure: fn(&EpochRow) -> u64| base.epochs.iter().map(figure).sum::<u64>();
    let (refused, finished) = (sum(|epoch| epoch.refused), sum(|epoch| epoch.finished));
    assert!(
        refused > 1_000 && finished > 1_000,
        "{refused} refused, {finished} finished"
    );
    for threads in [2, 4] {
        let several = logged(&scenario, 5, threads);
        same(&base, &several);
        assert_eq!(base.events, several.events);
    }
}

/// Some fifty thousand requests a block: while one part of them is served, others are sent and drawn.
#[test]
fn blocks_that_are_sent_in_several_parts_are_the_same_too() {
    const RICH: i128 = 1_000_000_000_000_000;
    // Where clients are more than the requests that are sent at once, they are asked one by one.
    for (clients, balance) in [
        (50, RICH),
        (50, 4_000_000_000),
        (30_000, RICH),
        (30_000, 10_000_000),
    ] {
        let mut scenario = network(300, 1, 10_000.0);
        scenario.until_blocks = Some(12);
        scenario.clients.count = clients;
        scenario.clients.balance = Amount::from_base_units(balance);
        let base = logged(&scenario, 7, 1);
        let several = logged(&scenario, 7, 2);
        same(&base, &several);
        assert_eq!(base.events, several.events);
        let of = |kind| {
            let events = base.events.iter().flatten();
            events.filter(|event| event.kind == kind).count()
        };
        assert!(of(EventKind::Started) > 12 * 30_000, "{}", of(EventKind::Started));
        let refused = of(EventKind::Refused);
        assert_eq!(refused > 1_000, balance < RICH, "{refused}");
    }
}

#[test]
fn the_event_log_does_not_depend_on_lanes() {
    let scenario = network(20, 2, 50.0);
    let log = |lanes| {
        let options = RunOptions {
            event_log: true,
            lanes: Some(lanes),
            ..RunOptions::default()
        };
        with(&scenario, options, 1).events.expect("the log was asked for")
    };
    let whole = log(1);
    assert!(whole.len() > 1_000);
    assert_eq!(whole, log(20));
}

#[test]
fn seeds_and_replicates_differ() {
    let scenario = network(20, 2, 50.0);
    let other = Scenario {
        seed: 8,
        ..scenario.clone()
    };
    let digest = |scenario: &Scenario, replicate| {
        run(scenario, replicate, &registry(), &RunOptions::default())
            .expect("the scenario runs")
            .digest
    };
    let digests = [digest(&scenario, 0), digest(&scenario, 1), digest(&other, 0)];
    assert!(digests[0] != digests[1] && digests[0] != digests[2] && digests[1] != digests[2]);
}

#[test]
fn a_longer_horizon_keeps_its_prefix() {
    let (short, long) = (network(20, 2, 50.0), network(20, 4, 50.0));
    let epochs = |scenario| {
        run(scenario, 0, &registry(), &RunOptions::default())
            .expect("it runs")
            .epochs
    };
    assert_eq!(epochs(&short), epochs(&long)[..2]);
}

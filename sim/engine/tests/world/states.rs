//! What must come up somewhere in the random networks: a state that is never reached is a rule that is never tried.

use std::collections::BTreeMap;

use stakeout_engine::observe::frame::{EventKind, RunOutput};
use stakeout_engine::run::{RunOptions, run};

use crate::random::{scenario, strategies};

/// Random networks looked at: every fifth of those that `properties` tries.
const CASES: u64 = 200;
const STEP: u64 = 5;

/// States that one kind of event does not show.
fn named(output: &RunOutput) -> [(&'static str, u64); 8] {
    let sum = |figure: fn(&stakeout_engine::observe::frame::EpochRow) -> u64| {
        output.epochs.iter().map(figure).sum()
    };
    let balance = |name: &str| {
        let found = output.balances.iter().find(|(account, _)| *account == name);
        found.map_or(0, |(_, balance)| *balance)
    };
    [
        ("a host capped in power", sum(|row| row.power_capped)),
        ("an honest host convicted", sum(|row| row.honest_convictions)),
        ("a request without an executor", sum(|row| row.unassigned)),
        ("an answer still open at the end", output.open),
        (
            "a bankrupt host: debts at the end",
            u64::from(balance("deficit") < 0),
        ),
        (
            "a network that issues nothing more",
            u64::from(output.epochs.iter().any(|row| row.issued == 0)),
        ),
        (
            "an epoch without a request",
            u64::from(output.epochs.iter().any(|row| row.requests == 0)),
        ),
        (
            "a client without a coin left",
            u64::from(sum(|row| row.refused) > 0),
        ),
    ]
}

#[test]
fn every_kind_of_event_and_every_named_state_comes_up() {
    let mut reached: BTreeMap<&str, (u64, u64)> =
        EventKind::ALL.iter().map(|kind| (kind.name(), (0, 0))).collect();
    let options = RunOptions {
        event_log: true,
        ..RunOptions::default()
    };
    for case in 0..CASES {
        let output = run(&scenario(case * STEP), 0, &strategies(), &options).expect("the scenario runs");
        let mut here: BTreeMap<&str, u64> = BTreeMap::new();
        for event in output.events.as_deref().expect("the log was asked for") {
            *here.entry(event.kind.name()).or_default() += 1;
        }
        here.extend(named(&output));
        for (state, times) in here {
            let (networks, all) = reached.entry(state).or_default();
            *networks += u64::from(times > 0);
            *all += times;
        }
    }
    for (state, (networks, times)) in &reached {
        println!("{state:38} {times:>9} times in {networks:>3} of {CASES} networks");
    }
    let missing: Vec<&str> = reached
        .iter()
        .filter(|(_, (networks, _))| *networks == 0)
        .map(|(state, _)| *state)
        .collect();
    assert!(missing.is_empty(), "never reached: {missing:?}");
}

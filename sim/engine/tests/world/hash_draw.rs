//! The draw by the network's own hash: recomputed by somebody outside, and of the same law as thinning.

use std::collections::BTreeMap;

use stakeout_engine::observe::frame::{EventKind, RunOutput};
use stakeout_engine::run::{RunOptions, run};
use stakeout_engine::scenario::{SamplingDraw, Scenario};
use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};
use stakeout_protocol::hash_draw::{hash_draw, is_selected};
use stakeout_protocol::sampling::{SamplingRule, compute_validator_probability};
use stakeout_protocol::status::InvalidTest;
use stakeout_protocol::units::{Fraction, Weight};

use crate::support::{network, registry};

/// The purpose of the stream that gives validators their seeds (docs/spec/sampling.md).
const SEEDS: Purpose = Purpose(30);

/// Twelve honest hosts of unequal weight that nobody expels, checked at a flat rate.
fn scenario(draw: SamplingDraw, rate_percent: u32) -> Scenario {
    let mut scenario = network(12, 1, 40.0);
    scenario.seed = 11;
    for (host, weight) in scenario
        .hosts
        .iter_mut()
        .zip([400, 300, 250, 90, 80, 70, 60, 50, 40, 30, 20, 10])
    {
        (host.weight, host.strategy) = (weight, 0);
    }
    let protocol = &mut scenario.protocol;
    protocol.sampling_draw = draw;
    protocol.sampling.rule = SamplingRule::Flat;
    protocol.sampling.flat_rate = Fraction::from_percent(rate_percent);
    protocol.status.invalid_test = InvalidTest::None;
    protocol.status.quick_failure_threshold = Fraction::ZERO;
    protocol.status.downtime = None;
    protocol.status.poc_ratio_min = None;
    protocol.collateral.base_ratio = Fraction::ONE;
    protocol.power_cap = None;
    scenario
}

/// Who was drawn for each finished inference, and by whom and at which height it was finished.
fn drawn(output: &RunOutput) -> BTreeMap<u64, (u32, u64, Vec<u32>)> {
    let mut drawn = BTreeMap::new();
    for event in output.events.as_ref().expect("the log was asked for") {
        match event.kind {
            EventKind::Finished => {
                drawn.insert(event.inference, (event.participant, event.height, Vec::new()));
            }
            EventKind::Drawn => drawn
                .get_mut(&event.inference)
                .expect("an inference is finished before it is checked")
                .2
                .push(event.other),
            _ => {}
        }
    }
    drawn
        .values_mut()
        .for_each(|(_, _, validators)| validators.sort_unstable());
    drawn
}

fn simulate(draw: SamplingDraw) -> RunOutput {
    let options = RunOptions {
        event_log: true,
        ..RunOptions::default()
    };
    run(&scenario(draw, 90), 0, &registry(), &options).expect("the scenario runs")
}

#[test]
fn whoever_knows_the_seeds_recomputes_who_was_drawn() {
    let output = simulate(SamplingDraw::Sha256);
    let scenario = scenario(SamplingDraw::Sha256, 90);
    let key = StreamKey::derive(RootSeed(scenario.seed), 0, SEEDS);
    let total: u64 = scenario.hosts.iter().map(|host| host.weight).sum();
    let second = output.stages[1];
    let mut compared = 0;
    for (inference, (executor, height, validators)) in drawn(&output) {
        let epoch = second.epoch - u32::from(height <= second.activation);
        let own = scenario.hosts[executor as usize].weight;
        let expected: Vec<u32> = (0..12)
            .filter(|&host| host != executor)
            .filter(|&host| {
                let seed = (key.draw(u64::from(host), u64::from(epoch)) >> 1).cast_signed();
                let probability = compute_validator_probability(
                    Fraction::from_percent(90).into(),
                    Weight::new(scenario.hosts[host as usize].weight),
                    Weight::new(total),
                    Weight::new(own),
                );
                is_selected(hash_draw(seed, &inference.to_string()), probability)
            })
            .collect();
        assert_eq!(validators, expected, "inference {inference} at height {height}");
        compared += 1;
    }
    assert!(compared > 4_000, "{compared}");
}

/// Counts of one and of two members drawn together, and of how many were drawn.
struct Joint {
    answers: f64,
    pairs: Vec<f64>,
    numbers: [f64; 5],
}

fn joint(output: &RunOutput) -> Joint {
    let mut joint = Joint {
        answers: 0.0,
        pairs: vec![0.0; 144],
        numbers: [0.0; 5],
    };
    for (_, _, validators) in drawn(output).values() {
        joint.answers += 1.0;
        joint.numbers[validators.len().min(4)] += 1.0;
        for &a in validators {
            for &b in validators.iter().filter(|&&b| b >= a) {
                joint.pairs[(a * 12 + b) as usize] += 1.0;
            }
        }
    }
    joint
}

// About 5,000 answers a run; 78 counts with |z| < 6.2 (a false alarm below 78 x 5.7e-10 = 4.4e-8) and a
// chi-square of four degrees of freedom below 42 (below 2e-8).
#[test]
fn joint_counts_of_the_draw_by_hash_are_those_of_thinning() {
    let [hash, thinning] = [SamplingDraw::Sha256, SamplingDraw::Thinning].map(|draw| joint(&simulate(draw)));
    assert!(hash.answers > 4_000.0 && thinning.answers > 4_000.0);
    for (at, (a, b)) in hash.pairs.iter().zip(&thinning.pairs).enumerate() {
        let pooled = (a + b) / (hash.answers + thinning.answers);
        let variance = pooled * (1.0 - pooled) * (1.0 / hash.answers + 1.0 / thinning.answers);
        if variance > 0.0 {
            let z = (a / hash.answers - b / thinning.answers) / variance.sqrt();
            assert!(
                z.abs() < 6.2,
                "members {} and {}: {a} and {b}, z {z}",
                at / 12,
                at % 12
            );
        }
    }
    let chi_square: f64 = hash
        .numbers
        .iter()
        .zip(&thinning.numbers)
        .map(|(a, b)| {
            let expected = (a + b) * hash.answers / (hash.answers + thinning.answers);
            let other = (a + b) - expected;
            (a - expected) * (a - expected) / expected + (b - other) * (b - other) / other
        })
        .sum();
    assert!(
        chi_square < 42.0,
        "{chi_square}: {:?} {:?}",
        hash.numbers,
        thinning.numbers
    );
}

#[test]
fn a_newcomer_is_promised_a_check_under_either_draw() {
    for draw in [SamplingDraw::Sha256, SamplingDraw::Thinning] {
        let mut scenario = scenario(draw, 5);
        scenario.protocol.sampling.at_least_one_for_newcomers = true;
        scenario
            .hosts
            .iter_mut()
            .for_each(|host| host.epochs_completed = 0);
        let output = run(&scenario, 0, &registry(), &RunOptions::default()).expect("the scenario runs");
        let row = &output.epochs[0];
        assert!(row.finished > 1_000);
        assert_eq!(row.checked, row.finished, "{draw:?}");
    }
}

//! The epoch fidelity beside the event fidelity: the same scenario, many seeds, every headline output.
//!
//! Each figure of a run is one observation. Two samples of `SEEDS` runs are compared by Welch's t-test; every
//! p-value stays above 1e-6 divided by the number of figures, so that all tests here together raise a false alarm with
//! a chance below 1e-6 a scenario. Seeds are fixed, so the outcome never changes. Epochs last a thousand blocks, so
//! that what is under way when an epoch ends is a small part of it.

use stakeout_engine::observe::frame::{EpochRow, RunOutput};
use stakeout_engine::observe::profit::profit;
use stakeout_engine::run::{RunOptions, run};
use stakeout_engine::scenario::{AiModel, Arrivals, Assignment, Fidelity, OutageLaw, Scenario};
use stakeout_kernel::time::SimDuration;
use stakeout_protocol::dispute::VoterRule;
use stakeout_protocol::pricing::PriceMode;
use stakeout_protocol::sampling::SamplingRule;
use stakeout_protocol::status::InvalidTest;
use stakeout_protocol::units::{Amount, Fraction};
use stakeout_statistics::{Moments, student_p_value};

use crate::support::{network, registry};

/// Runs of each fidelity.
const SEEDS: u64 = 40;

/// Ten thousand requests an epoch for 24 hosts under profile B: two swap, one drops.
fn scene() -> Scenario {
    let mut scenario = network(24, 3, 2.0);
    scenario.protocol.geometry.length = 1_000;
    scenario.protocol.escrow.expiration_blocks = 20;
    scenario.clients.balance = Amount::from_gnk(1_000_000);
    for host in &mut scenario.hosts {
        host.slots = 64;
    }
    scenario.hardware[0].slots = 64;
    scenario
}

fn simulate(scenario: &Scenario, fidelity: Fidelity, seed: u64) -> RunOutput {
    let scenario = Scenario {
        fidelity,
        seed,
        ..scenario.clone()
    };
    run(&scenario, 0, &registry(), &RunOptions::default()).expect("the scenario runs")
}

/// What a run is looked at for.
fn figures(scenario: &Scenario, output: &RunOutput) -> Vec<(String, f64)> {
    let mut all = EpochRow::zero();
    output.epochs.iter().for_each(|row| all.add(row));
    let mut figures: Vec<(String, f64)> = [
        ("requests", all.requests as f64),
        ("unassigned", all.unassigned as f64),
        ("finished", all.finished as f64),
        ("expired", all.expired as f64),
        ("sampling rate", all.nominal_rate_ppb_sum as f64),
        ("checked", all.checked as f64),
        ("validations", all.validations_drawn as f64),
        ("passed", all.passed as f64),
        ("failed", all.failed as f64),
        ("disputes", all.disputes as f64),
        ("invalidated", all.invalidated as f64),
        ("revalidated", all.revalidated as f64),
        ("undecided", all.undecided as f64),
        ("cheated", all.cheated as f64),
        ("convictions", all.convictions as f64),
        ("honest convictions", all.honest_convictions as f64),
        ("deactivations", all.deactivations as f64),
        ("missed-work failures", all.missed_work_failures as f64),
        ("claims rejected", all.claims_rejected as f64),
        ("work coins", all.work_coins as f64),
        ("refunds", all.refunds as f64),
        ("rewards", all.rewards as f64),
        ("forfeited", all.forfeited as f64),
        ("governance", all.governance as f64),
        ("burned", all.burned as f64),
        ("slashed", all.slashed as f64),
        ("issued", all.issued as f64),
        ("service time", all.service_ns as f64),
        ("verification time", all.verification_ns as f64),
        (
            "price",
            output.epochs.iter().map(|row| row.price_micro as f64).sum(),
        ),
        (
            "answers to detection",
            output.answers_to_detection.mean().unwrap_or(0.0),
        ),
        (
            "time to conviction",
            output.convictions.iter().map(|c| c.time_ns as f64).sum(),
        ),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec();
    for strategy in 0..scenario.strategies.len() {
        let name = &scenario.strategies[strategy].name;
        let rows = || {
            let is_of = move |participant: u32| {
                usize::from(scenario.hosts[participant as usize].strategy) == strategy
            };
            output
                .participants
                .iter()
                .filter(move |row| is_of(row.participant))
        };
        let sum = |figure: &dyn Fn(&stakeout_engine::observe::frame::ParticipantRow) -> f64| {
            rows().map(|row| figure(&row)).sum::<f64>()
        };
        figures.push((format!("profit of {name}"), sum(&|row| profit(row) as f64)));
        figures.push((format!("inferences of {name}"), sum(&|row| row.inferences as f64)));
        figures.push((format!("missed by {name}"), sum(&|row| row.missed as f64)));
        figures.push((
            format!("validations by {name}"),
            sum(&|row| row.validations_done as f64),
        ));
        figures.push((
            format!("reputation of {name}"),
            sum(&|row| f64::from(row.reputation)),
        ));
        figures.push((format!("cost of {name}"), sum(&|row| row.cost as f64)));
    }
    figures
}

/// Runs both fidelities and compares every figure.
fn assert_agreement(what: &str, scenario: &Scenario) {
    assert_agreement_of(what, scenario, SEEDS);
}

fn assert_agreement_of(what: &str, scenario: &Scenario, seeds: u64) {
    // The same seeds: hosts are down at the same times in both, and all else is drawn from streams of its own.
    let sample = |fidelity: Fidelity| -> Vec<Vec<(String, f64)>> {
        let one = |seed| figures(scenario, &simulate(scenario, fidelity, seed));
        (1..=seeds).map(one).collect()
    };
    let (event, epoch) = (sample(Fidelity::Event), sample(Fidelity::Epoch));
    let count = event[0].len();
    let mut worst = (1.0, String::new());
    for figure in 0..count {
        let moments = |runs: &[Vec<(String, f64)>]| {
            Moments::of(&runs.iter().map(|run| run[figure].1).collect::<Vec<_>>())
        };
        let (a, b) = (moments(&event), moments(&epoch));
        let p = welch(&a, &b);
        println!(
            "{what}: {:24} event {:>18.2} epoch {:>18.2} difference {:>7.3} % sd {:.3e} {:.3e} p {p:.2e}",
            event[0][figure].0,
            mean(&a),
            mean(&b),
            100.0 * (mean(&b) - mean(&a)) / mean(&a),
            a.standard_deviation().unwrap_or(0.0),
            b.standard_deviation().unwrap_or(0.0),
        );
        if p < worst.0 {
            worst = (p, event[0][figure].0.clone());
        }
    }
    assert!(
        worst.0 * count as f64 > 1e-6,
        "{what}: {} has p = {:e}",
        worst.1,
        worst.0
    );
}

fn mean(sample: &Moments) -> f64 {
    sample.mean().unwrap_or(0.0)
}

/// Two-sided p-value of Welch's test; 1 where both samples are the same constant.
fn welch(a: &Moments, b: &Moments) -> f64 {
    let part = |m: &Moments| m.variance().unwrap_or(0.0) / m.count() as f64;
    let (va, vb) = (part(a), part(b));
    if va + vb == 0.0 {
        return if mean(a) == mean(b) { 1.0 } else { 0.0 };
    }
    let t = (mean(a) - mean(b)) / (va + vb).sqrt();
    let of = |v: f64, n: u64| v * v / (n - 1) as f64;
    let freedom = (va + vb) * (va + vb) / (of(va, a.count()) + of(vb, b.count()));
    student_p_value(t, freedom)
}

/// Another rule in every family that has one: a price that falls, a flat rate, the z-test with its ramp, outages, a
/// floor of sampled votes, two models.
#[test]
fn both_fidelities_give_the_same_figures_under_other_rules() {
    let mut scenario = scene();
    scenario.protocol.sampling.rule = SamplingRule::Flat;
    scenario.protocol.sampling.flat_rate = Fraction::from_percent(20);
    scenario.protocol.status.invalid_test = InvalidTest::ZTest {
        false_positive_rate: Fraction::from_percent(5),
        measurements_cap: 10,
        deviations_max: 3,
    };
    scenario.protocol.dispute.voters = VoterRule::Sampled {
        voters: 5,
        weight_cap: Fraction::from_percent(30),
    };
    scenario.outages.per_host = Some(OutageLaw {
        mean_up: SimDuration::from_seconds(4_000),
        mean_down: SimDuration::from_seconds(300),
    });
    scenario.outages.resume = true;
    let second = AiModel {
        name: "n".into(),
        demand_share: 0.5,
        ..scenario.models[0].clone()
    };
    scenario.models.push(second);
    for host in scenario.hosts.iter_mut().skip(12) {
        host.models = [0, 1].into_iter().collect();
    }
    assert_agreement("other rules", &scenario);
}

/// What the fidelity does not know is an error that names the key.
#[test]
fn what_needs_single_requests_is_refused_by_its_key() {
    let refused = |change: fn(&mut Scenario)| {
        let mut scenario = Scenario {
            fidelity: Fidelity::Epoch,
            ..scene()
        };
        change(&mut scenario);
        let error = run(&scenario, 0, &registry(), &RunOptions::default()).expect_err("it is refused");
        error.to_string()
    };
    for (key, change) in [
        ("`until`", (|s| s.until_blocks = Some(5)) as fn(&mut Scenario)),
        ("`chain.transactions_per_block`", |s| {
            s.chain.transactions_per_block = Some(9)
        }),
        ("`clients.purse_share`", |s| {
            s.clients.purse_share = Fraction::from_percent(1)
        }),
        ("`protocol.assignment.rule`", |s| {
            s.protocol.measures.assignment = Assignment::RoundRobin { slots: 4 };
        }),
        ("`demand.trace`", |s| {
            s.demand.arrivals = Arrivals::Trace(Vec::new().into())
        }),
        ("`demand.rate`", |s| {
            s.demand.arrivals = Arrivals::Poisson { per_second: 5_000.0 }
        }),
        ("`clients.balance`", |s| {
            s.clients.balance = Amount::from_base_units(1_000)
        }),
    ] {
        let error = refused(change);
        assert!(error.contains(key), "{key}: {error}");
    }
}

/// The digest of a run says that nothing has changed, whatever the options; coins are conserved at every stage.
#[test]
fn an_epoch_run_is_a_function_of_scenario_and_replicate() {
    let scenario = Scenario {
        fidelity: Fidelity::Epoch,
        ..scene()
    };
    let digest = |replicate: u32, parallel: bool, lanes: Option<usize>| {
        let options = RunOptions {
            parallel,
            lanes,
            check_every_block: true,
            ..RunOptions::default()
        };
        let output = run(&scenario, replicate, &registry(), &options).expect("the scenario runs");
        assert_eq!(
            output.balances.iter().map(|(_, balance)| balance).sum::<i128>(),
            0
        );
        output.digest
    };
    assert_eq!(digest(0, false, None), digest(0, true, Some(3)));
    assert_ne!(digest(0, false, None), digest(1, false, None));
}

/// A million and a half requests, in the last third of which lengths are summed up by eight: ten runs of each fidelity. All
/// hosts are honest: with so many requests a conviction takes seconds, which blocks and delays decide that only one of the
/// fidelities has.
#[test]
fn both_fidelities_give_the_same_figures_where_lengths_are_summed_by_eight() {
    let mut scenario = scene();
    scenario.protocol.pricing.mode = PriceMode::Fixed;
    scenario.demand.arrivals = Arrivals::Poisson { per_second: 100.0 };
    scenario.hosts.iter_mut().for_each(|host| host.strategy = 0);
    assert_agreement_of("sums of eight", &scenario, 10);
}

#[test]
fn both_fidelities_give_the_same_figures() {
    let mut scenario = scene();
    scenario.protocol.pricing.mode = PriceMode::Fixed;
    assert_agreement("fixed price", &scenario);
}

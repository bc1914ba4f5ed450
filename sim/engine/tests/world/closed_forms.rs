//! The event engine against closed forms, over consecutive seeds.
//!
//! Where a figure is random, each seed gives a standard score and the scores of all seeds are joined to
//! one, `sum / sqrt(seeds)`. Both stay below 5: by the normal law a false alarm of a single score has
//! probability 6e-7, and seeds are fixed, so the outcome never changes.

use std::sync::Arc;

use stakeout_engine::observe::frame::{EpochRow, EventKind, RunOutput};
use stakeout_engine::run::{RunOptions, run};
use stakeout_engine::scenario::{Arrivals, LengthLaw, Scenario, TraceRequest};
use stakeout_kernel::histogram::LogHistogram;
use stakeout_kernel::time::SimDuration;
use stakeout_protocol::claims::ClaimRule;
use stakeout_protocol::pricing::PriceMode;
use stakeout_protocol::sampling::SamplingRule;
use stakeout_protocol::status::InvalidTest;
use stakeout_protocol::units::{Amount, Decimal, Fraction, Price, TokenCount};
use stakeout_statistics::{proportion_z_score, z_score};

use crate::support::{network, registry};

/// Seeds of a form, where it does not say otherwise.
const SEEDS: std::ops::Range<u64> = 1..21;

/// Equal honest hosts, one epoch, nothing but checks at a flat rate: nobody is expelled, every honest
/// answer passes.
fn bare(hosts: u32, per_second: f64, rate: Fraction) -> Scenario {
    let mut scenario = network(hosts, 1, per_second);
    for host in &mut scenario.hosts {
        (host.strategy, host.weight, host.slots) = (0, 1_000, 64);
    }
    scenario.models[0].threshold_ppb = 0;
    scenario.clients.balance = Amount::from_gnk(1_000_000_000);
    let protocol = &mut scenario.protocol;
    protocol.geometry.length = 1_000;
    protocol.sampling.rule = SamplingRule::Flat;
    protocol.sampling.flat_rate = rate;
    protocol.status.invalid_test = InvalidTest::None;
    protocol.status.quick_failure_threshold = Fraction::ZERO;
    protocol.status.downtime = None;
    protocol.collateral.per_weight = Decimal::ZERO;
    protocol.power_cap = None;
    protocol.claims.rule = ClaimRule::None;
    protocol.pricing.mode = PriceMode::Fixed;
    scenario
}

fn simulate(scenario: &Scenario, event_log: bool) -> RunOutput {
    let options = RunOptions {
        event_log,
        ..RunOptions::default()
    };
    run(scenario, 0, &registry(), &options).expect("the scenario runs")
}

fn totals(output: &RunOutput) -> EpochRow {
    let mut all = EpochRow::zero();
    output.epochs.iter().for_each(|row| all.add(row));
    all
}

/// Standard scores of all seeds stay below 5, one by one and joined.
fn assert_scores(what: &str, seeds: std::ops::Range<u64>, samples: u64, score: impl Fn(u64) -> f64) {
    let scores: Vec<f64> = seeds.map(score).collect();
    let joined = scores.iter().sum::<f64>() / (scores.len() as f64).sqrt();
    let largest = scores.iter().map(|z| z.abs()).fold(0.0, f64::max);
    println!(
        "{what}: {} seeds of about {samples}, z {joined:.2}, largest {largest:.2}",
        scores.len()
    );
    assert!(
        joined.abs() < 5.0 && largest < 5.0,
        "{what}: joined {joined}, each {scores:?}"
    );
}

fn power(base: f64, exponent: u32) -> f64 {
    (0..exponent).map(|_| base).product()
}

#[test]
fn nobody_checks_as_many_answers_as_the_binomial_law_says() {
    for hosts in [3, 5, 10, 20] {
        let unchecked = power(1.0 - 1.0 / f64::from(hosts - 1), hosts - 1);
        assert_scores(
            &format!("unchecked among {hosts} hosts"),
            1..101,
            10_000,
            |seed| {
                let all = totals(&simulate(
                    &Scenario {
                        seed,
                        ..bare(hosts, 2.0, Fraction::ONE)
                    },
                    false,
                ));
                assert!(all.finished > 9_000, "{all:?}");
                proportion_z_score(all.finished - all.checked, all.finished, unchecked)
            },
        );
    }
}

/// A swapper among ten hosts whose opener alone decides a dispute.
fn hunted(seed: u64) -> Scenario {
    let mut scenario = bare(10, 10.0, Fraction::from_percent(20));
    scenario.seed = seed;
    scenario.hosts[0].strategy = 1;
    scenario.models[0].threshold_ppb = 958_000_000;
    scenario.protocol.dispute.quorum = Fraction::from_parts(1);
    scenario.protocol.dispute.executor_may_vote = false;
    scenario.protocol.dispute.open_min = 1_000_000;
    scenario
}

/// Probability that an answer of the swapper is found out: nine validators draw it alone with a ninth of
/// the rate each, and those who do fail it with the detection power of its prompt's class.
fn detection_rate(scenario: &Scenario) -> f64 {
    let scores = scenario.calibration.compile();
    let int4 = scenario
        .calibration
        .substitute_index("int4")
        .expect("the calibration has it");
    let threshold = scenario.models[0].threshold_ppb;
    let of_class = |class| {
        let power_of_test = 1.0 - scores.class_pass_probability(int4, 0, 0, class, threshold);
        scores.class_share(class) * (1.0 - power(1.0 - 0.2 / 9.0 * power_of_test, 9))
    };
    (0..scores.class_count()).map(of_class).sum()
}

#[test]
fn the_time_to_detection_is_geometric() {
    let rate = detection_rate(&hunted(0));
    assert!(rate > 0.02 && rate < 0.2, "{rate}");
    // About 4,500 answers a seed. Gaps between detections, in answers in order of their numbers.
    let gaps_of = |seed| {
        let output = simulate(&hunted(seed), true);
        let events = output.events.expect("the log was asked for");
        let of = |kind| {
            let of_kind = events
                .iter()
                .filter(move |event| event.kind == kind && event.participant == 0);
            let mut numbers: Vec<u64> = of_kind.map(|event| event.inference).collect();
            numbers.sort_unstable();
            numbers
        };
        let (finished, invalidated) = (of(EventKind::Finished), of(EventKind::Invalidated));
        // The last answers may be settled before they are judged: leave out a tenth.
        let answers = finished.len() as u64 * 9 / 10;
        let place = |number: &u64| finished.partition_point(|finished| finished < number) as u64;
        let places: Vec<u64> = invalidated
            .iter()
            .map(place)
            .filter(|&place| place < answers)
            .collect();
        let mut last = None;
        let gaps: Vec<u64> = places
            .iter()
            .map(|&place| place - last.replace(place).map_or(0, |last| last + 1) + 1)
            .collect();
        (answers, gaps)
    };
    assert_scores("answers found out", SEEDS, 4_000, |seed| {
        let (answers, gaps) = gaps_of(seed);
        assert!(answers > 3_000 && gaps.len() > 50);
        proportion_z_score(gaps.len() as u64, answers, rate)
    });
    // The law and not only its mean: the share of waits of at most half a mean and of at most two means.
    for limit in [0.5 / rate, 2.0 / rate].map(|limit| limit as u32) {
        assert_scores(&format!("waits of at most {limit} answers"), SEEDS, 500, |seed| {
            let (_, gaps) = gaps_of(seed);
            let short = gaps.iter().filter(|&&gap| gap <= u64::from(limit)).count() as u64;
            proportion_z_score(short, gaps.len() as u64, 1.0 - power(1.0 - rate, limit))
        });
    }
}

#[test]
fn the_mean_time_to_detection_that_is_reported_is_the_geometric_one() {
    // Reported are answers between two committed verdicts: gaps of the same law, moved by the delay of a
    // verdict, which shortens or lengthens only the first and the last.
    let rate = detection_rate(&hunted(0));
    let (mut count, mut sum) = (0.0, 0.0);
    for seed in SEEDS {
        let found = simulate(&hunted(seed), false).answers_to_detection;
        let detections: u64 = found.counts().iter().sum();
        count += detections as f64;
        sum += found.mean().expect("somebody is found out") * detections as f64;
    }
    // About 12,600 gaps; the deviation of their mean is sqrt(1 - rate) / rate / sqrt(n), 0.8 % of it. The
    // first gap of a seed is longer by about 10 answers in 5,000, a quarter of a deviation.
    let z = z_score(sum / count, 1.0 / rate, (1.0 - rate).sqrt() / rate / count.sqrt());
    println!(
        "reported waits: n {count}, mean {:.3}, expected {:.3}, z {z:.2}",
        sum / count,
        1.0 / rate
    );
    assert!(count > 2_000.0 && z.abs() < 5.0, "{z}");
}

/// The same requests on a chain with blocks of so many seconds, cut at the same time.
fn on_blocks(seconds: u64, seed: u64) -> Scenario {
    let mut scenario = bare(12, 40.0, Fraction::ZERO);
    scenario.protocol.sampling.rule = SamplingRule::None;
    scenario.seed = seed;
    // Six slots a host, most of them busy, so that requests wait.
    scenario.hosts.iter_mut().for_each(|host| host.slots = 6);
    scenario.chain.block_time = SimDuration::from_seconds(seconds);
    scenario.until_blocks = Some(600 / seconds);
    scenario
}

#[test]
fn block_time_changes_no_latency() {
    for seed in SEEDS {
        let cells = |histogram: &LogHistogram| histogram.cells().collect::<Vec<_>>();
        let base = simulate(&on_blocks(5, seed), false);
        assert!(base.latency.counts().iter().sum::<u64>() > 20_000);
        assert!(
            base.waiting.quantile(0.9) > Some(1_000_000),
            "nobody waits: {:?}",
            base.waiting.quantile(0.9)
        );
        for seconds in [1, 10] {
            let other = simulate(&on_blocks(seconds, seed), false);
            assert_eq!(
                base.latency.quantile(0.5),
                other.latency.quantile(0.5),
                "blocks of {seconds} s"
            );
            assert_eq!(
                base.latency.counts().iter().sum::<u64>(),
                other.latency.counts().iter().sum::<u64>()
            );
        }
        // With every rule of profile B at work, checks left out, the answers come at the same times.
        let mut ruled = Scenario {
            protocol: network(12, 1, 1.0).protocol,
            ..on_blocks(1, seed)
        };
        ruled.protocol.geometry.length = 1_000;
        ruled.protocol.sampling.rule = SamplingRule::None;
        let (ruled, free) = (simulate(&ruled, false), simulate(&on_blocks(1, seed), false));
        assert_eq!(cells(&ruled.latency), cells(&free.latency));
    }
}

/// Host 0 answers everything; `checkers` hosts of equal weight check at rate one, and all pass.
fn shared_work(checkers: u32, seed: u64) -> Scenario {
    let mut scenario = bare(checkers + 1, 1.0, Fraction::ONE);
    scenario.seed = seed;
    scenario.hosts[0].slots = 200;
    scenario.protocol.missed_work.enabled = false;
    // 27720 divides evenly among up to twelve.
    scenario.protocol.pricing.initial = Price::new(27_720);
    scenario.protocol.escrow.max_tokens_default = TokenCount::new(10);
    (scenario.demand.prompt, scenario.demand.completion) = (LengthLaw::Constant(5), LengthLaw::Constant(5));
    // Demand ends long before settlement, so that every check is in.
    let request = |number: u64| TraceRequest {
        arrival_ns: number * 500_000_000,
        model: 0,
        executor: Some(0),
        client: None,
        prompt: None,
        completion: None,
        missed: false,
    };
    scenario.demand.arrivals = Arrivals::Trace(Arc::new((0..8_000).map(request).collect()));
    scenario
}

/// Probabilities that 0, 1, ... of `n` validators check, each with probability 1/n.
fn checks_law(n: u32) -> Vec<f64> {
    let p = 1.0 / f64::from(n);
    let mut law = vec![power(1.0 - p, n)];
    for k in 0..n {
        let odds = f64::from(n - k) / f64::from(k + 1) * p / (1.0 - p);
        law.push(law[k as usize] * odds);
    }
    law
}

#[test]
fn the_executor_keeps_the_share_of_its_work_that_the_binomial_law_leaves() {
    // Published: (1 - (1 - p)^(n + 1)) / ((n + 1) p), 0.623809 for n = 10 and 0.630504 for n = 50.
    for (n, published) in [(10, 0.623_809), (50, 0.630_504)] {
        let law = checks_law(n);
        let moment = |of: fn(f64) -> f64| {
            law.iter()
                .enumerate()
                .map(|(k, p)| p * of(1.0 / (k as f64 + 1.0)))
                .sum::<f64>()
        };
        let (mean, square) = (moment(|share| share), moment(|share| share * share));
        assert!((mean - published).abs() < 1e-6, "{mean}");
        assert_scores(
            &format!("executor's share with {n} checkers"),
            SEEDS,
            8_000,
            |seed| {
                let output = simulate(&shared_work(n, seed), false);
                let (all, paid) = (
                    totals(&output),
                    output.participants.iter().next().map_or(0, |row| row.work_coins) as f64,
                );
                assert_eq!((all.finished, all.work_coins), (8_000, 8_000 * 277_200));
                let deviation = ((square - mean * mean) / 8_000.0).sqrt();
                z_score(paid / all.work_coins as f64, mean, deviation)
            },
        );
    }
}

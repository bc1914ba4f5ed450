//! A cell: one replicate of a scenario, boiled down to named figures.
//!
//! **Invariant.** A cell is a function of the resolved scenario, the seed, the replicate and the model's version, and its
//! key is the hash of these.

use std::collections::BTreeMap;
use std::panic::{self, AssertUnwindSafe};

use serde::{Deserialize, Serialize};
use stakeout_protocol::sampling::SamplingRule;

use crate::experiment::twins::{HONEST, deviating_owners, honest_twin};
use crate::observe::cast::Cast;
use crate::observe::figure::{Figure, Number};
use crate::observe::frame::RunOutput;
use crate::observe::manifest::MODEL_VERSION;
use crate::observe::profit::profit;
use crate::observe::summary::Summary;
use crate::run::{RunError, RunOptions, run_unless};
use crate::scenario::Scenario;
use crate::strategy::StrategyFailure;
use crate::strategy::registry::Registry;

use super::plan::SWEEP_FORMAT;
use super::warm_up::{self, WarmUpRule};

/// What is kept of one replicate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// Layout, [`SWEEP_FORMAT`].
    pub format: u32,
    /// Key, the hash of what decides the rest.
    pub key: String,
    /// Replicate.
    pub replicate: u32,
    /// Digest of the run; empty if it failed.
    pub digest: String,
    /// Figures by name; one that does not exist in this run is absent.
    pub figures: BTreeMap<String, f64>,
    /// Why there are none.
    pub error: Option<String>,
}

/// What is made of a replicate besides running it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Making<'a> {
    /// The honest twin of the heaviest owner that deviates runs beside it.
    pub has_twin: bool,
    /// Its start is dropped by this rule.
    pub warm_up: Option<&'a WarmUpRule>,
}

impl Making<'_> {
    /// With or without a twin, and whole.
    pub fn whole(has_twin: bool) -> Self {
        Self {
            has_twin,
            warm_up: None,
        }
    }
}

/// The key of a cell.
pub fn key(scenario: &str, seed: u64, replicate: u32, making: Making<'_>) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("stakeout 2026 sweep cell v1");
    for number in [
        u64::from(SWEEP_FORMAT),
        u64::from(MODEL_VERSION),
        seed,
        u64::from(replicate),
        u64::from(making.has_twin),
    ] {
        hasher.update(&number.to_le_bytes());
    }
    hasher.update(scenario.as_bytes());
    if let Some(rule) = making.warm_up {
        // Behind the hash, so that whole cells keep their keys.
        hasher.update(b"\nwarm-up ");
        hasher.update(
            serde_json::to_string(rule)
                .expect("a rule is printable")
                .as_bytes(),
        );
    }
    hasher.finalize().to_hex().as_str()[..32].to_owned()
}

/// Runs one cell, or none where `is_stopping` says so meanwhile. What the engine refuses and what panics in it becomes a
/// cell with an error.
pub fn run_cell(
    scenario: &Scenario,
    key: String,
    replicate: u32,
    making: Making<'_>,
    registry: &Registry,
    is_stopping: &(dyn Fn() -> bool + Sync),
) -> Option<Cell> {
    let work = || figures(scenario, replicate, making, registry, is_stopping);
    let (digest, figures, error) = match panic::catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok((digest, figures))) => (digest, figures, None),
        Ok(Err(RunError::Stopped)) => return None,
        Ok(Err(refused)) => (String::new(), BTreeMap::new(), Some(refused.to_string())),
        Err(payload) => (String::new(), BTreeMap::new(), Some(said(payload.as_ref()))),
    };
    Some(Cell {
        format: SWEEP_FORMAT,
        key,
        replicate,
        digest,
        figures,
        error,
    })
}

fn said(payload: &(dyn std::any::Any + Send)) -> String {
    if let Some(failure) = payload.downcast_ref::<StrategyFailure>() {
        return failure.0.clone();
    }
    let text = payload
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| payload.downcast_ref::<String>().cloned());
    format!(
        "a bug of ours: {}",
        text.unwrap_or_else(|| "a panic without a message".to_owned())
    )
}

type Figures = BTreeMap<String, f64>;

fn figures(
    scenario: &Scenario,
    replicate: u32,
    making: Making<'_>,
    registry: &Registry,
    is_stopping: &(dyn Fn() -> bool + Sync),
) -> Result<(String, Figures), RunError> {
    let options = RunOptions::default();
    let run_one = |scenario: &Scenario| run_unless(scenario, replicate, registry, &options, is_stopping);
    let mut output = run_one(scenario)?;
    let cast = Cast::from(scenario);
    let mut figures = Figures::new();
    let start = making.warm_up.map(|rule| rule.find(&output));
    if let Some(start) = start {
        warm_up::drop_start(&mut output, start.dropped);
        figures.insert(warm_up::DROPPED.to_owned(), start.dropped as f64);
        figures.insert(
            warm_up::SETTLED.to_owned(),
            f64::from(u8::from(start.has_settled)),
        );
    }
    let outputs = std::slice::from_ref(&output);
    let summary = Summary::compute(&cast, outputs);
    for (name, figure) in &summary.figures {
        insert(&mut figures, name, figure);
    }
    insert_detection(&mut figures, &summary);
    insert_dues(&mut figures, scenario, &output);
    insert_strategies(&mut figures, scenario, &summary);
    if making.has_twin
        && let Some(&owner) = deviating_owners(scenario).first()
    {
        let mut twin = run_one(&honest_twin(scenario, owner))?;
        // The same epochs of both.
        warm_up::drop_start(&mut twin, start.map_or(0, |start| start.dropped));
        let (own, honest) = (
            owner_profit(scenario, &output, owner),
            owner_profit(scenario, &twin, owner),
        );
        figures.insert("deviator_profit".to_owned(), own as f64);
        figures.insert("twin_profit".to_owned(), honest as f64);
        figures.insert("deviator_gain".to_owned(), (own - honest) as f64);
        if honest > 0 {
            figures.insert(
                "deviator_gain_share".to_owned(),
                (own - honest) as f64 / honest as f64,
            );
        }
    }
    figures.retain(|_, value| value.is_finite());
    Ok((output.digest, figures))
}

fn insert(figures: &mut Figures, name: &str, figure: &Figure) {
    if let Some(mean) = figure.mean {
        figures.insert(name.to_owned(), value(mean));
    }
}

fn value(number: Number) -> f64 {
    match number {
        Number::Plain(value) => value,
        Number::Money(amount) => amount as f64,
    }
}

fn insert_detection(figures: &mut Figures, summary: &Summary) {
    let detection = &summary.detection;
    for (name, proportion) in [
        ("cheaters_convicted", &detection.cheaters_convicted),
        ("honest_convicted", &detection.honest_convicted),
    ] {
        figures.insert(format!("{name}_hits"), proportion.hits as f64);
        figures.insert(format!("{name}_trials"), proportion.n as f64);
        if let Some(share) = proportion.share {
            figures.insert(format!("{name}_share"), share);
        }
    }
    if let Some(answers) = detection.conviction.answers_p50 {
        figures.insert("answers_to_conviction_p50".to_owned(), answers as f64);
    }
    if let Some(mean) = detection.answers_to_failing_verdict.mean {
        figures.insert("answers_to_failing_verdict_mean".to_owned(), mean);
    }
}

/// Validations drawn for an answer, summed over the epochs of the run, and what of it lies above the floor of the rate. In a
/// network in which all begin together this is what a newcomer pays until it is trusted.
fn insert_dues(figures: &mut Figures, scenario: &Scenario, output: &RunOutput) {
    let rates = output
        .epochs
        .iter()
        .filter(|row| row.finished > 0)
        .map(|row| row.validations_drawn as f64 / row.finished as f64);
    let (mut sum, mut epochs) = (0.0, 0_u32);
    for rate in rates {
        sum += rate;
        epochs += 1;
    }
    figures.insert("checks_an_answer_sum".to_owned(), sum);
    if scenario.protocol.sampling.rule == SamplingRule::Reputation {
        let floor = scenario.protocol.sampling.rate_min.parts() as f64 / 1e18;
        figures.insert(
            "checks_above_floor_sum".to_owned(),
            sum - f64::from(epochs) * floor,
        );
    }
}

/// Profits by strategy, under names that do not change with the strategy's parameters: `model_swapper.profit`, and
/// `model_swapper-2.profit` for the second group of that strategy.
fn insert_strategies(figures: &mut Figures, scenario: &Scenario, summary: &Summary) {
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    let (mut honest, mut best_other): (Option<f64>, Option<f64>) = (None, None);
    for (spec, line) in scenario.strategies.iter().zip(&summary.strategies) {
        if line.participants == 0 {
            continue;
        }
        let number = seen.entry(&spec.name).or_default();
        *number += 1;
        let name = if *number == 1 {
            spec.name.clone()
        } else {
            format!("{}-{number}", spec.name)
        };
        insert(figures, &format!("{name}.profit"), &line.profit);
        insert(
            figures,
            &format!("{name}.profit_per_weight_epoch"),
            &line.profit_per_weight_epoch,
        );
        insert(figures, &format!("{name}.convicted"), &line.convicted);
        insert(figures, &format!("{name}.cheated"), &line.cheated);
        let rate = line.profit_per_weight_epoch.mean.map(value);
        if spec.name == HONEST {
            honest = honest.or(rate);
        } else {
            best_other = match (best_other, rate) {
                (Some(best), Some(rate)) => Some(best.max(rate)),
                (best, rate) => best.or(rate),
            };
        }
    }
    if let (Some(honest), Some(other)) = (honest, best_other)
        && honest > 0.0
    {
        figures.insert("cheating_premium".to_owned(), other / honest - 1.0);
    }
}

fn owner_profit(scenario: &Scenario, output: &RunOutput, owner: u32) -> i128 {
    let is_own = |participant: u32| {
        scenario
            .hosts
            .get(participant as usize)
            .is_some_and(|host| host.owner == owner)
    };
    output
        .participants
        .iter()
        .filter(|row| is_own(row.participant))
        .map(|row| profit(&row))
        .sum()
}

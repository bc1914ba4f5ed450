//! The figures of a cell: what is computed of a replicate, and by which names it can be asked for.
//!
//! **Invariant.** Every figure that is computed here has a name that [`check_name`] lets pass for a cell made so.

use std::collections::BTreeMap;

use stakeout_protocol::sampling::SamplingRule;
use stakeout_statistics::concentration::gini;

use super::cell::Making;
use super::warm_up;
use crate::experiment::attack::{attacker, twin_of};
use crate::experiment::twins::{HONEST, owner_profit};
use crate::observe::cast::Cast;
use crate::observe::figure::{Figure, Number};
use crate::observe::frame::RunOutput;
use crate::observe::summary::{Summary, network_figure_names};
use crate::run::{RunError, RunOptions, run_unless};
use crate::scenario::Scenario;
use crate::scenario::error::unknown_name;
use crate::strategy::registry::Registry;

/// Figures that every cell may have beside those of the network.
const OTHERS: [&str; 12] = [
    "answers_to_conviction_p50",
    "answers_to_failing_verdict_mean",
    "cheaters_convicted_hits",
    "cheaters_convicted_share",
    "cheaters_convicted_trials",
    "cheating_premium",
    "checks_above_floor_sum",
    "checks_an_answer_sum",
    "honest_convicted_hits",
    "honest_convicted_share",
    "honest_convicted_trials",
    "income_gini",
];
/// Figures of a cell with an honest twin.
const OF_TWINS: [&str; 4] = [
    "deviator_gain",
    "deviator_gain_share",
    "deviator_profit",
    "twin_profit",
];
/// Figures of a cell whose start is dropped by a rule.
const OF_WARM_UP: [&str; 2] = [warm_up::DROPPED, warm_up::SETTLED];
/// What is known of each strategy: `model_swapper.profit`.
const OF_STRATEGIES: [&str; 4] = ["profit", "profit_per_weight_epoch", "convicted", "cheated"];
/// Where the figures are listed.
const LIST: &str = "docs/results.md lists the figures";

/// Names without a strategy that a cell made so may have; which of them it has is the scenario's.
pub fn plain_names(making: Making<'_>) -> Vec<&'static str> {
    let mut names: Vec<&str> = network_figure_names().chain(OTHERS).collect();
    if making.has_twin {
        names.extend(OF_TWINS);
    }
    if making.warm_up.is_some() {
        names.extend(OF_WARM_UP);
    }
    names
}

/// Says why no cell made so can have a figure of this name, with the nearest that one can have.
///
/// # Errors
/// A sentence.
pub fn check_name(name: &str, making: Making<'_>, registry: &Registry) -> Result<(), String> {
    let Some((strategy, what)) = name.split_once('.') else {
        let known = plain_names(making);
        return match known.contains(&name) {
            true => Ok(()),
            false if OF_TWINS.contains(&name) => {
                Err(format!("{name} needs an honest twin (twin: true, or --twin)"))
            }
            false if OF_WARM_UP.contains(&name) => {
                Err(format!("{name} needs a rule for the start (warm_up)"))
            }
            false => Err(unknown_name("figure", name, &known, LIST)),
        };
    };
    // The second group of a strategy is called `model_swapper-2`.
    let numbered = strategy.rsplit_once('-').filter(|(_, number)| {
        let is_plain = !number.starts_with(['0', '+']);
        is_plain && number.parse::<u32>().is_ok_and(|number| number > 1)
    });
    let base = numbered.map_or(strategy, |(base, _)| base);
    if registry.get(base).is_none() {
        return Err(unknown_name("strategy", base, &registry.names(), ""));
    }
    match OF_STRATEGIES.contains(&what) {
        true => Ok(()),
        false => {
            let known = OF_STRATEGIES.map(|figure| format!("{strategy}.{figure}"));
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            Err(unknown_name("figure", name, &known, LIST))
        }
    }
}

/// Figures by name; one that does not exist in a run is absent.
pub type Figures = BTreeMap<String, f64>;

/// Runs a replicate, and its twin where one is wanted: the digest and the figures.
///
/// # Errors
/// What the engine refuses, or that `is_stopping` said so.
pub(super) fn compute_figures(
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
    figures.insert("income_gini".to_owned(), income_gini(scenario, &output));
    insert_strategies(&mut figures, scenario, &summary);
    if making.has_twin
        && let Some(owner) = attacker(scenario)
    {
        let mut twin = run_one(&twin_of(scenario, owner))?;
        // The same epochs of both.
        warm_up::drop_start(&mut twin, start.map_or(0, |start| start.dropped));
        let (own, honest) = (
            owner_profit(&cast, &output, owner),
            owner_profit(&cast, &twin, owner),
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

/// The Gini coefficient of what owners took in: work coins and rewards of all their identities over the run.
fn income_gini(scenario: &Scenario, output: &RunOutput) -> f64 {
    let mut incomes: BTreeMap<u32, i128> = scenario.hosts.iter().map(|host| (host.owner, 0)).collect();
    for row in output.participants.iter() {
        if let Some(host) = scenario.hosts.get(row.participant as usize) {
            *incomes.entry(host.owner).or_default() += row.work_coins + row.reward;
        }
    }
    let incomes: Vec<f64> = incomes.into_values().map(|income| income as f64).collect();
    gini(&incomes)
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

//! `stakeout attacks`: every attack beside its honest twin, held against what it expects.
//!
//! Invariant: an expectation that fails ends in exit code 1, after all attacks have been run and printed.

use std::path::PathBuf;

use clap::Args;
use stakeout_engine::experiment::attack::{AttackReport, attacker, defences, run_attack};
use stakeout_engine::experiment::twins::deviating_owners;
use stakeout_engine::observe::figure::{Figure, Number};
use stakeout_engine::scenario::error::{ScenarioErrors, unknown_name};
use stakeout_engine::scenario::{self, Override, Scenario};
use stakeout_engine::strategy::registry::Registry;

use super::closed_forms;
use super::failure::{Failure, Reason};
use super::format::FormatOption;
use super::simulate::set_threads;
use super::table::{Cell, Table};
use super::terminal::{print, remark};

const EXAMPLES: &str = "\
Examples:
  stakeout attacks --list
  stakeout attacks launderer sleeper
  stakeout attacks my-attack.yaml --replicates 20
  stakeout attacks --quick --format json
  stakeout attacks --closed-forms";

/// Arguments of `attacks`.
#[derive(Args, Debug)]
#[command(before_help = EXAMPLES)]
pub struct Attacks {
    /// Names of shipped attacks, or scenario files; all shipped ones where none is named
    attacks: Vec<String>,
    /// List the attacks with their questions, and stop
    #[arg(long)]
    list: bool,
    /// Leave out the defences: expectations alone
    #[arg(long)]
    quick: bool,
    /// Hold each strategy's closed form against the engine, and stop; with --quick a twelfth of the replicates
    #[arg(long, conflicts_with_all = ["list", "replicates"])]
    closed_forms: bool,
    /// Independent repetitions of each
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    replicates: Option<u32>,
    /// Threads; the results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    #[command(flatten)]
    format: FormatOption,
}

/// A shipped attack: its name and its file.
struct Shipped {
    name: &'static str,
    text: &'static str,
}

macro_rules! attacks {
    ($($name:literal),* $(,)?) => {
        &[$(Shipped {
            name: $name,
            text: include_str!(concat!("../../scenarios/attacks/", $name, ".yaml")),
        }),*]
    };
}

/// Every shipped attack, in the order of their names.
const SHIPPED: &[Shipped] = attacks![
    "absent-proof-voters",
    "accuser",
    "accuser-majority",
    "artifact-padding",
    "bribed-validators",
    "busy-hours-swap",
    "copier",
    "credit-banking",
    "credit-banking-with-floor",
    "devshard-swap",
    "epoch-366",
    "exit-scam",
    "forged-timestamps",
    "free-rider",
    "free-rider-untested",
    "full-swap-high-threshold",
    "hardware-renter",
    "hardware-renter-untested",
    "hundred-percent-designated",
    "hundred-percent-sampling",
    "idle-model",
    "invalidation-storm",
    "late-in-epoch-swap",
    "launderer",
    "launderer-second-check",
    "lazy-validator",
    "lazy-validator-planted",
    "learner-best-response",
    "learner-epsilon-greedy",
    "learner-upper-confidence",
    "long-answers-swap",
    "mass-outage",
    "mass-outage-breaker",
    "model-swap",
    "model-swap-rare-checks",
    "newcomer-swap",
    "oscillator",
    "outlier-in-degraded-cluster",
    "part-swap",
    "payload-withheld",
    "payload-withheld-long-vote",
    "payment-refuser",
    "power-cap-zeroes",
    "prompt-of-death",
    "prompt-truncation",
    "rate-below-drift",
    "refused-proofs",
    "refused-proofs-minority",
    "reputed-only-swapper",
    "rogue-in-outage",
    "seed-grinder",
    "seed-grinder-committed",
    "self-router",
    "self-router-committed",
    "short-answers",
    "silent-validator",
    "silent-validator-duty",
    "sleeper",
    "starved-victim",
    "sybil-split",
    "sybil-split-under-cap",
    "threshold-hugger",
    "unsampled-counts-as-pass",
    "votes-never-close",
    "vouching-majority",
    "vouching-ring",
    "wash-trade-subsidy",
    "wash-trade-weight",
    "whitewashing",
    "whitewashing-rare-checks",
    "z-test-expels-honest",
];

/// Lists or runs.
pub fn run(arguments: &Attacks) -> Result<(), Failure> {
    let registry = stakeout_agents::registry();
    if arguments.list {
        return print(&list(&registry)?.render(arguments.format.format));
    }
    set_threads(arguments.threads)?;
    if arguments.closed_forms {
        return closed_forms::run(
            &arguments.attacks,
            arguments.quick,
            arguments.format.format,
            &registry,
        );
    }
    let chosen = chosen(&arguments.attacks);
    let also = if arguments.quick {
        ""
    } else {
        ", and under each defence that a scenario names"
    };
    remark(&format!(
        "attacks to run beside their honest twins{also}: {}",
        chosen.len()
    ));
    let mut reports = Vec::new();
    for name in chosen {
        let load = |sets: &[&str]| load(&name, sets, arguments.replicates, &registry);
        let scenario = load(&[])?;
        let defended = if arguments.quick {
            Vec::new()
        } else {
            defended(&scenario, &load)?
        };
        tell_whose(&name, &scenario);
        let report = run_attack(&scenario, &defended, &registry)
            .map_err(|error| Failure::new(Reason::Invalid, error.to_string()))?;
        reports.push(report);
    }
    print(&table(&reports).render(arguments.format.format))?;
    complain(&reports)
}

/// Says whose gain is measured where several leave the rules, and that one replicate is no interval.
fn tell_whose(name: &str, scenario: &Scenario) {
    let deviating = deviating_owners(scenario).len();
    let owner = attacker(scenario).and_then(|owner| scenario.owners.get(owner as usize));
    if let Some(owner) = owner.filter(|_| deviating > 1) {
        remark(&format!(
            "{name}: {deviating} owners do not follow the rules; gain and verdict are those of {owner} alone \
             (`attack: {{ owner: NAME }}` in the scenario picks another)"
        ));
    }
    if scenario.replicates == 1 {
        remark(&format!(
            "{name}: one replicate, so that the verdict has no interval; --replicates 20 gives one"
        ));
    }
}

fn chosen(named: &[String]) -> Vec<String> {
    if named.is_empty() {
        return SHIPPED.iter().map(|shipped| shipped.name.to_string()).collect();
    }
    named.to_vec()
}

/// The scenario of a shipped name or of a file, with some values set.
fn load(
    name: &str,
    sets: &[&str],
    replicates: Option<u32>,
    registry: &Registry,
) -> Result<Scenario, Failure> {
    let set = |text: &str| Override::set(text).map_err(|errors| Failure::usage(errors.to_string()));
    let mut overrides = sets.iter().map(|text| set(text)).collect::<Result<Vec<_>, _>>()?;
    if let Some(replicates) = replicates {
        overrides.push(Override::flag(
            "--replicates",
            "replicates",
            &replicates.to_string(),
        ));
    }
    let shipped = SHIPPED.iter().find(|shipped| shipped.name == name);
    let loaded: Result<Scenario, ScenarioErrors> = match shipped {
        Some(shipped) => scenario::from_str(&format!("{name}.yaml"), shipped.text, &overrides, registry),
        None if !PathBuf::from(name).exists() => {
            let known: Vec<&str> = SHIPPED.iter().map(|shipped| shipped.name).collect();
            let list = "`stakeout attacks --list` names those that come with the program, and a scenario file may be given";
            return Err(Failure::usage(unknown_name("attack or file", name, &known, list)));
        }
        None => scenario::load(name.as_ref(), &overrides, registry),
    };
    Ok(loaded?)
}

/// The scenario under each defence that it names.
fn defended(
    scenario: &Scenario,
    load: &dyn Fn(&[&str]) -> Result<Scenario, Failure>,
) -> Result<Vec<(&'static str, Scenario)>, Failure> {
    let named = |name: &String| defences().iter().find(|defence| defence.name == name);
    let wanted = scenario.attack.defences.iter().filter_map(named);
    wanted
        .map(|defence| Ok((defence.name, load(defence.sets)?)))
        .collect()
}

fn list(registry: &Registry) -> Result<Table, Failure> {
    let mut table = Table::new("Attacks", &["name", "question", "expected"]);
    for shipped in SHIPPED {
        let scenario = load(shipped.name, &[], None, registry)?;
        table.push(vec![
            Cell::text(shipped.name),
            Cell::text(scenario.question.unwrap_or_default()),
            Cell::text(scenario.attack.expect),
        ]);
    }
    Ok(table)
}

fn table(reports: &[AttackReport]) -> Table {
    let columns = [
        "attack",
        "question",
        "verdict",
        "expectation",
        "gain, base units",
        "from",
        "to",
        "cost, base units",
        "harm to others, base units",
        "griefing factor",
        "convicted",
        "answers to conviction",
        "hours to conviction",
        "cheapest defence",
        "its cost, base units",
    ];
    let mut table = Table::new("Attacks beside their honest twins", &columns);
    for report in reports {
        let figure = |name: &str| report.measures.get(name);
        let mean = |name: &str, decimals| {
            let mean = figure(name).and_then(|figure| figure.mean);
            Cell::or_empty(mean, |number| cell(number, decimals))
        };
        let (from, to) = ends(figure("gain"));
        let is_needed = matches!(report.verdict(), "pays" | "harms");
        let cheapest = report.cheapest().filter(|_| is_needed);
        table.push(vec![
            Cell::text(&report.name),
            Cell::text(&report.question),
            Cell::text(report.verdict()),
            Cell::text(if report.holds() { "holds" } else { "FAILS" }),
            mean("gain", 0),
            from,
            to,
            mean("cost", 0),
            mean("harm", 0),
            Cell::or_empty(report.griefing_factor(), |factor| Cell::Real(factor, 2)),
            mean("convicted", 2),
            mean("answers_to_conviction", 0),
            mean("hours_to_conviction", 2),
            Cell::text(match cheapest {
                Some(tried) => tried.name,
                None if !is_needed => "none needed",
                None if report.tried.is_empty() => "none named",
                None => "none of those tried",
            }),
            cheapest.map_or(Cell::Empty, |tried| {
                Cell::or_empty(tried.cost.mean, |number| cell(number, 0))
            }),
        ]);
    }
    table
}

fn ends(figure: Option<&Figure>) -> (Cell, Cell) {
    figure
        .and_then(|figure| figure.interval)
        .map_or((Cell::Empty, Cell::Empty), |[from, to]| {
            (cell(from, 0), cell(to, 0))
        })
}

fn cell(number: Number, decimals: usize) -> Cell {
    match number {
        Number::Money(amount) => Cell::Money(amount),
        Number::Plain(value) => Cell::Real(value, decimals),
    }
}

/// Says which expectations failed, and with what.
fn complain(reports: &[AttackReport]) -> Result<(), Failure> {
    let mut failed = Vec::new();
    for report in reports.iter().filter(|report| !report.holds()) {
        failed.push(report.name.clone());
        for outcome in report.outcomes.iter().filter(|outcome| !outcome.holds) {
            remark(&format!(
                "{}: expected {}, found {}",
                report.name, outcome.text, outcome.found
            ));
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    let message = format!("{} expected something else: {}", failed.len(), failed.join(", "));
    Err(Failure::new(Reason::Expectation, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_attack_has_a_question_and_an_expectation() {
        let registry = stakeout_agents::registry();
        for shipped in SHIPPED {
            let scenario =
                load(shipped.name, &[], None, &registry).unwrap_or_else(|failure| panic!("{failure}"));
            assert!(
                scenario.question.is_some_and(|question| question.ends_with('?')),
                "{}",
                shipped.name
            );
            assert!(!scenario.attack.expect.is_empty(), "{}", shipped.name);
        }
        assert!(SHIPPED.windows(2).all(|pair| pair[0].name < pair[1].name));
    }
}

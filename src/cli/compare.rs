//! `stakeout compare`: two mechanisms under the same random numbers.
//!
//! Invariant: replicate i of one is paired with replicate i of the other and shares its draws, so what differs between
//! them is the mechanism and what it brought about.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::Args;
use rayon::prelude::*;
use stakeout_engine::experiment::sweep::cell::{Cell as Replicate, Making, key, run_cell};
use stakeout_engine::experiment::sweep::figures::check_name;
use stakeout_engine::experiment::sweep::meaning::{meaning, rank, with_unit};
use stakeout_engine::experiment::sweep::plan::ScenarioSource;
use stakeout_engine::scenario::Scenario;
use stakeout_engine::scenario::error::unknown_name;
use stakeout_statistics::{Moments, PairedDifference, holm, paired_difference};

use super::failure::{Failure, Reason};
use super::format::FormatOption;
use super::simulate::set_threads;
use super::sweep_page::decimals;
use super::table::{Cell, Table};
use super::terminal::{print, remark};

const EXAMPLES: &str = "\
Examples:
  stakeout compare scenarios/networks/gonka-launch.yaml scenarios/networks/gonka-sprt.yaml
  stakeout compare first.yaml --with protocol.status.test=z_test --replicates 40
  stakeout compare first.yaml --with protocol.sampling.flat_rate='10 %' --figures cheating_premium,verification_overhead";

/// Arguments of `compare`.
#[derive(Args, Debug)]
#[command(before_help = EXAMPLES)]
pub struct Compare {
    /// The first scenario
    first: PathBuf,
    /// The second; the first with --with where not given
    second: Option<PathBuf>,
    /// Set one value in the second
    #[arg(long, value_name = "PATH=VALUE")]
    with: Vec<String>,
    /// Set one value in both
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Root seed of both; the first scenario's where not given
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Pairs
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    replicates: u32,
    /// Confidence of the intervals, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 95, value_parser = clap::value_parser!(u8).range(50..=99))]
    confidence: u8,
    /// Figures to compare; all that both have where none is named
    #[arg(long, value_name = "FIGURE", value_delimiter = ',')]
    figures: Vec<String>,
    /// Threads; the results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    #[command(flatten)]
    format: FormatOption,
}

/// Runs the pairs and prints the differences.
pub fn run(arguments: &Compare) -> Result<(), Failure> {
    set_threads(arguments.threads)?;
    if arguments.second.is_none() && arguments.with.is_empty() {
        return Err(Failure::usage(
            "compare with what? name a second scenario, or set a value with --with",
        ));
    }
    let both = pairs(&arguments.set)?;
    let mut first = load(&arguments.first, &both)?;
    let mut changed = both;
    changed.extend(pairs(&arguments.with)?);
    let mut second = load(arguments.second.as_ref().unwrap_or(&arguments.first), &changed)?;
    first.seed = arguments.seed.unwrap_or(first.seed);
    second.seed = first.seed;
    if first.hash == second.hash {
        return Err(Failure::usage(
            "both arms are the same scenario: what --with sets, the first has already; set another value",
        ));
    }
    let registry = stakeout_agents::registry();
    for figure in &arguments.figures {
        check_name(figure, Making::whole(false), &registry).map_err(Failure::usage)?;
    }
    let cells = simulate(&[&first, &second], arguments.replicates)?;
    check_names(&arguments.figures, &cells)?;
    let (table, factor) = compare(arguments, &cells);
    if table.is_empty() {
        return Err(Failure::usage(
            "none of these figures exists in every replicate of both and differs in any",
        ));
    }
    print(&table.render(arguments.format.format))?;
    if let Some(factor) = factor {
        remark(&format!(
            "common random numbers: the variance of a difference is {factor:.1} times smaller (median over figures)"
        ));
    }
    Ok(())
}

fn pairs(arguments: &[String]) -> Result<Vec<(String, String)>, Failure> {
    let pair = |argument: &String| {
        let (path, value) = argument
            .split_once('=')
            .ok_or_else(|| Failure::usage(format!("`{argument}`: write PATH=VALUE")))?;
        Ok((path.trim().to_string(), value.to_string()))
    };
    arguments.iter().map(pair).collect()
}

fn load(path: &Path, set: &[(String, String)]) -> Result<Scenario, Failure> {
    Ok(ScenarioSource::read(path)?.resolve(set, &stakeout_agents::registry())?)
}

/// The cells of both scenarios, replicate by replicate.
fn simulate(scenarios: &[&Scenario; 2], replicates: u32) -> Result<Vec<[Replicate; 2]>, Failure> {
    let registry = stakeout_agents::registry();
    let run = |scenario: &Scenario, replicate: u32| {
        let making = Making::whole(false);
        let name = key(&scenario.hash, scenario.seed, replicate, making);
        let cell = run_cell(scenario, name, replicate, making, &registry, &|| false)
            .expect("a run that nobody stops is finished");
        match &cell.error {
            Some(error) => Err(Failure::new(
                Reason::Invalid,
                format!("replicate {replicate}: {error}"),
            )),
            None => Ok(cell),
        }
    };
    (0..replicates)
        .into_par_iter()
        .map(|replicate| Ok([run(scenarios[0], replicate)?, run(scenarios[1], replicate)?]))
        .collect()
}

/// One figure in both arms.
struct Line {
    name: String,
    means: [f64; 2],
    difference: PairedDifference,
    factor: Option<f64>,
}

fn compare(arguments: &Compare, cells: &[[Replicate; 2]]) -> (Table, Option<f64>) {
    let confidence = f64::from(arguments.confidence) / 100.0;
    let lines: Vec<Line> = names(arguments, cells)
        .into_iter()
        .filter_map(|name| line(name, cells, confidence))
        .collect();
    let adjusted = holm(
        &lines
            .iter()
            .map(|line| line.difference.p_value)
            .collect::<Vec<_>>(),
    );
    let columns = [
        "figure",
        "first",
        "second",
        "second - first",
        "from",
        "to",
        "p (Holm)",
        "variance / CRN",
        "verdict",
    ];
    let mut table = Table::new(&format!("{} pairs", cells.len()), &columns);
    let mut factors: Vec<f64> = lines.iter().filter_map(|line| line.factor).collect();
    let mut shown: Vec<(&Line, f64)> = lines.iter().zip(adjusted).collect();
    if arguments.format.format.is_for_people() {
        shown.sort_by_key(|(line, _)| rank(&line.name));
    }
    for (line, p) in shown {
        let (scale, unit) = arguments.format.format.unit_of(&line.name);
        let real = |value: f64| Cell::Real(scale * value, decimals(scale * value));
        let verdict = match (p < 1.0 - confidence, line.difference.mean > 0.0) {
            (false, _) => "no difference shown",
            (true, true) => "second is higher",
            (true, false) => "second is lower",
        };
        table.push(vec![
            Cell::text(with_unit(&line.name, unit)),
            real(line.means[0]),
            real(line.means[1]),
            real(line.difference.mean),
            real(line.difference.interval.low),
            real(line.difference.interval.high),
            Cell::Real(p, 4),
            Cell::or_empty(line.factor, |factor| Cell::Real(factor, 1)),
            Cell::text(verdict),
        ]);
    }
    for line in &lines {
        if let Some(meaning) = meaning(&line.name) {
            table.note(format!("{}: {meaning}.", line.name));
        }
    }
    factors.sort_by(f64::total_cmp);
    let median = factors.get(factors.len() / 2).copied();
    (table, median)
}

/// Refuses a figure that neither has.
fn check_names(asked: &[String], cells: &[[Replicate; 2]]) -> Result<(), Failure> {
    let known: BTreeSet<&str> = cells
        .iter()
        .flatten()
        .flat_map(|cell| cell.figures.keys().map(String::as_str))
        .collect();
    match asked.iter().find(|name| !known.contains(name.as_str())) {
        None => Ok(()),
        Some(stranger) => {
            let known: Vec<&str> = known.into_iter().collect();
            Err(Failure::usage(unknown_name("figure", stranger, &known, "")))
        }
    }
}

/// Figures that every cell of both arms has, and that vary or differ.
fn names(arguments: &Compare, cells: &[[Replicate; 2]]) -> Vec<String> {
    if !arguments.figures.is_empty() {
        return arguments.figures.clone();
    }
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    for name in cells.iter().flatten().flat_map(|cell| cell.figures.keys()) {
        *counts.entry(name).or_default() += 1;
    }
    let is_full = |(_, count): &(&String, usize)| *count == 2 * cells.len();
    counts
        .into_iter()
        .filter(is_full)
        .map(|(name, _)| name.clone())
        .collect()
}

fn line(name: String, cells: &[[Replicate; 2]], confidence: f64) -> Option<Line> {
    let of = |arm: usize| -> Option<Vec<f64>> {
        cells
            .iter()
            .map(|pair| pair[arm].figures.get(&name).copied())
            .collect()
    };
    let (first, second) = (of(0)?, of(1)?);
    let difference = paired_difference(&second, &first, confidence)?;
    if difference.mean == 0.0 && difference.standard_error == 0.0 {
        return None;
    }
    let (one, two) = (Moments::of(&first), Moments::of(&second));
    // What independent arms would have had, over what the paired ones have.
    let independent = one.variance()? + two.variance()?;
    let paired = difference.standard_error * difference.standard_error * cells.len() as f64;
    Some(Line {
        name,
        means: [one.mean()?, two.mean()?],
        difference,
        factor: (paired > 0.0 && independent > 0.0).then(|| independent / paired),
    })
}

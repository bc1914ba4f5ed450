//! Games from simulation: what each strategy earns when so many follow each, and where that leads.
//!
//! The full game of many players is stood for by a reduced one of few (Wiedenbeck and Wellman 2012): a payoff of the
//! reduced game is that of a single deviator among the full number of players. Every profile is simulated with the same
//! seeds, so that replicates are drawn again as wholes when the regret's interval is made.
//!
//! **Invariant.** The tables are a function of the file, the scenario and its seed.

pub mod file;
pub mod given;
pub mod oracle;
pub mod phase;

use std::collections::BTreeMap;

use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};
use stakeout_statistics::games::{
    PayoffTable, alpha_rank, full_profile, reduced_profiles, regret_interval, replicate,
};
use stakeout_statistics::{Interval, Moments, mean_interval};

use super::cells::Bench;
use super::sweep::SweepError;
use super::sweep::cell::Cell;
use crate::scenario::Scenario;
use file::GameFile;

/// Purpose of the streams that draw replicates again.
const REGRET: Purpose = Purpose(0x4741);
/// Resamples behind the interval of a regret.
const RESAMPLES: u32 = 2_000;
/// Steps of the dynamics, and their length for payoffs in units of the first strategy's.
const STEPS: u32 = 20_000;
const STEP: f64 = 0.05;
/// Ends of the dynamics closer than this are one.
const SAME: f64 = 1e-3;

/// A payoff of the reduced game.
#[derive(Clone, Debug, PartialEq)]
pub struct Payoff {
    /// Reduced players on each strategy.
    pub profile: Vec<u32>,
    /// The strategy whose follower earns it.
    pub strategy: usize,
    /// Full players on each strategy when it is earned.
    pub full: Vec<u32>,
    /// Mean, in units of what one earns when everybody follows the first strategy.
    pub mean: f64,
    /// Its interval.
    pub interval: Option<Interval>,
}

/// Where the dynamics end, and how much one could gain there by leaving.
#[derive(Clone, Debug, PartialEq)]
pub struct Rest {
    /// Shares of the strategies.
    pub mix: Vec<f64>,
    /// The most one player could gain by leaving, in the unit of the payoffs.
    pub regret: f64,
    /// Its interval over replicates.
    pub interval: Option<Interval>,
    /// Of the starts tried, how many led here.
    pub starts: u32,
}

/// A game, solved.
#[derive(Clone, Debug, PartialEq)]
pub struct Solved {
    /// Every payoff, in the order of the profiles.
    pub payoffs: Vec<Payoff>,
    /// The mean table.
    pub table: PayoffTable,
    /// Base units that one earns when everybody follows the first strategy.
    pub unit: f64,
    /// Where the replicator dynamics end, the end of most starts first.
    pub rests: Vec<Rest>,
    /// Long-run shares by α-rank.
    pub ranks: Option<Vec<f64>>,
    /// What was simulated, for who goes on from here.
    earned: Earned,
}

/// Puts the game into the folder where its cells are kept, once every strategy is known to be one. Another game that is
/// there is kept unless `is_extending`.
///
/// # Errors
/// [`SweepError::OtherPlan`], a scenario that is wrong, or a disk that refuses.
pub fn adopt(file: &GameFile, bench: &Bench<'_>, is_extending: bool) -> Result<(), SweepError> {
    let mut first = file.clone();
    for factor in &file.across {
        first.set.extend(factor.level(0).set);
    }
    first.choices.extend(file.candidates.iter().cloned());
    let everybody = |choice: usize| {
        let mut profile = vec![0; first.choices.len()];
        profile[choice] = file.players;
        bench.resolve(&population(&first, &profile))
    };
    for choice in 1..first.choices.len() {
        everybody(choice)?;
    }
    let scenario = everybody(0)?.hash;
    bench
        .store
        .adopt_question(&file.asked, Some(&scenario), is_extending)
}

/// Simulates and solves a game.
///
/// # Errors
/// A scenario that is wrong, a replicate that failed, a disk that refuses, an interruption, or a first strategy that
/// earns nothing.
pub fn solve(file: &GameFile, bench: &Bench<'_>) -> Result<Solved, SweepError> {
    let profiles = reduced_profiles(file.choices.len(), file.reduced);
    let mut needed: Vec<Vec<u32>> = Vec::new();
    for profile in &profiles {
        for own in 0..file.choices.len() {
            if let Some(full) = full_profile(profile, own, file.players)
                && !needed.contains(&full)
            {
                needed.push(full);
            }
        }
    }
    let earned = simulate(file, bench, &needed)?;
    let unit = unit(file, &earned)?;
    let tables: Vec<PayoffTable> = (0..file.replicates as usize)
        .map(|replicate| table_of(file, &profiles, |full, own| earned[full][replicate][own] / unit))
        .collect();
    let table = table_of(file, &profiles, |full, own| {
        let values = &earned[full];
        values.iter().map(|profits| profits[own] / unit).sum::<f64>() / values.len() as f64
    });
    Ok(Solved {
        payoffs: payoffs(file, &profiles, &earned, unit),
        unit,
        rests: rests(file, &table, &tables),
        ranks: alpha_rank(&table, file.alpha, file.population),
        table,
        earned,
    })
}

/// Base units that one earns when everybody follows the first strategy.
fn unit(file: &GameFile, earned: &Earned) -> Result<f64, SweepError> {
    let mut everybody = vec![0; file.choices.len()];
    everybody[0] = file.players;
    let honest = &earned[&everybody];
    let unit = honest.iter().map(|profits| profits[0]).sum::<f64>() / honest.len() as f64;
    if unit > 0.0 {
        return Ok(unit);
    }
    let message = "the first strategy earns nothing when everybody follows it; payoffs have no unit";
    Err(SweepError::Limit(message.to_owned()))
}

/// Profit of one follower of each strategy, by full profile and replicate.
type Earned = BTreeMap<Vec<u32>, Vec<Vec<f64>>>;

fn simulate(file: &GameFile, bench: &Bench<'_>, needed: &[Vec<u32>]) -> Result<Earned, SweepError> {
    let scenarios: Vec<Scenario> = needed
        .iter()
        .map(|full| bench.resolve(&population(file, full)))
        .collect::<Result<_, _>>()?;
    let jobs: Vec<(&Scenario, u32)> = scenarios
        .iter()
        .flat_map(|scenario| (0..file.replicates).map(move |replicate| (scenario, replicate)))
        .collect();
    let cells = bench.cells(&jobs, false)?;
    let mut earned = Earned::new();
    for (full, cells) in needed.iter().zip(cells.chunks(file.replicates as usize)) {
        let profits = cells
            .iter()
            .map(|cell| profits(file, full, cell))
            .collect::<Result<_, _>>()?;
        earned.insert(full.clone(), profits);
    }
    Ok(earned)
}

/// What a profile sets: one group a strategy that somebody follows.
fn population(file: &GameFile, full: &[u32]) -> Vec<(String, String)> {
    let shared: String = file
        .player
        .iter()
        .map(|(key, value)| format!(", {key}: {value}"))
        .collect();
    let groups: Vec<String> = file
        .choices
        .iter()
        .zip(full)
        .enumerate()
        .filter(|(_, (_, count))| **count > 0)
        .map(|(i, (choice, count))| {
            format!(
                "{{ name: player-{i}, count: {count}, strategy: {}{shared} }}",
                choice.strategy
            )
        })
        .collect();
    let mut set = file.set.clone();
    set.push(("population".to_owned(), format!("[{}]", groups.join(", "))));
    set
}

/// Profit of one follower of each strategy in one replicate; zero where nobody follows it.
fn profits(file: &GameFile, full: &[u32], cell: &Cell) -> Result<Vec<f64>, SweepError> {
    if let Some(error) = &cell.error {
        return Err(SweepError::Limit(format!("a replicate failed: {error}")));
    }
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let of = |(choice, &count): (&file::Choice, &u32)| {
        if count == 0 {
            return Ok(0.0);
        }
        let number = seen.entry(choice.registered.clone()).or_default();
        *number += 1;
        let name = match number {
            1 => format!("{}.profit", choice.registered),
            n => format!("{}-{n}.profit", choice.registered),
        };
        let profit = cell.figures.get(&name);
        let profit = profit.ok_or_else(|| SweepError::Limit(format!("a cell lacks the figure `{name}`")))?;
        Ok(profit / f64::from(count))
    };
    file.choices.iter().zip(full).map(of).collect()
}

fn table_of(file: &GameFile, profiles: &[Vec<u32>], of: impl Fn(&Vec<u32>, usize) -> f64) -> PayoffTable {
    let mut table = PayoffTable::new(file.choices.len(), file.reduced);
    for profile in profiles {
        let payoffs = (0..file.choices.len())
            .map(|own| full_profile(profile, own, file.players).map_or(0.0, |full| of(&full, own)))
            .collect();
        table.set(profile.clone(), payoffs);
    }
    table
}

fn payoffs(file: &GameFile, profiles: &[Vec<u32>], earned: &Earned, unit: f64) -> Vec<Payoff> {
    let mut all = Vec::new();
    for profile in profiles {
        for strategy in 0..file.choices.len() {
            let Some(full) = full_profile(profile, strategy, file.players) else {
                continue;
            };
            let values: Vec<f64> = earned[&full]
                .iter()
                .map(|profits| profits[strategy] / unit)
                .collect();
            let moments = Moments::of(&values);
            all.push(Payoff {
                profile: profile.clone(),
                strategy,
                full,
                mean: moments.mean().unwrap_or(0.0),
                interval: mean_interval(&moments, file.confidence),
            });
        }
    }
    all
}

/// Follows the dynamics from the middle and from near every vertex and every edge's middle.
fn rests(file: &GameFile, table: &PayoffTable, tables: &[PayoffTable]) -> Vec<Rest> {
    let key = StreamKey::derive(RootSeed(0), 0, REGRET);
    let count = file.choices.len();
    let mut starts: Vec<Vec<f64>> = vec![vec![1.0; count]];
    for i in 0..count {
        for j in i..count {
            let mut start = vec![0.02; count];
            start[i] += 1.0;
            start[j] += 1.0;
            starts.push(start);
        }
    }
    let mut rests: Vec<Rest> = Vec::new();
    for mut start in starts {
        let sum: f64 = start.iter().sum();
        start.iter_mut().for_each(|share| *share /= sum);
        let Some(end) = replicate(table, &start, STEPS, STEP) else {
            continue;
        };
        let is_same = |rest: &&mut Rest| rest.mix.iter().zip(&end.mix).all(|(a, b)| (a - b).abs() < SAME);
        if let Some(known) = rests.iter_mut().find(is_same) {
            known.starts += 1;
            continue;
        }
        rests.push(Rest {
            regret: end.regret,
            interval: regret_interval(tables, &end.mix, RESAMPLES, file.confidence, key),
            mix: end.mix,
            starts: 1,
        });
    }
    rests.sort_by_key(|rest| std::cmp::Reverse(rest.starts));
    rests
}

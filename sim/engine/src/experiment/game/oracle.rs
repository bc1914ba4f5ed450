//! A game that grows: the best response to where it rests joins it, until none of the candidates gains (policy space
//! response oracles, Lanctot and others 2017, with an oracle that tries every candidate).
//!
//! **Invariant.** A candidate's gain is paired: replicate i of its payoff with replicate i of the mix's, which shares its
//! draws. The first of equals joins, so that the rounds are a function of the file, the scenario and its seed.

use stakeout_statistics::games::{full_profile, multinomial, reduced_profiles};
use stakeout_statistics::{Interval, Moments, mean_interval};

use super::file::{Choice, GameFile, STRATEGIES_MAX};
use super::{Solved, simulate, solve};
use crate::experiment::cells::Bench;
use crate::experiment::sweep::SweepError;

/// Profiles of the others less likely than this under the mix are left out of a gain.
const NEGLIGIBLE: f64 = 1e-4;

/// What a candidate would gain.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Its name.
    pub name: String,
    /// Mean gain over the mix, in units of the first strategy's payoff.
    pub gain: f64,
    /// Its interval.
    pub interval: Option<Interval>,
}

/// One round: where the game rests, and what every candidate would gain there.
#[derive(Clone, Debug, PartialEq)]
pub struct Round {
    /// Strategies of the game and their shares at rest.
    pub mix: Vec<(String, f64)>,
    /// Regret of that rest within the game.
    pub regret: f64,
    /// Every candidate that is not in the game yet.
    pub trials: Vec<Trial>,
    /// The candidate that joins; none where nobody surely gains more than the tolerance.
    pub joins: Option<String>,
}

/// Why no further candidate joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Every candidate has joined.
    AllJoined,
    /// None of those left surely gains more than the tolerance.
    NobodyGains,
    /// One would join, but the game has as many strategies as it may have.
    Full,
    /// The dynamics rest nowhere, so that there is nothing to respond to.
    NoRest,
}

/// The rounds, the game as it ends, and its solution.
#[derive(Clone, Debug, PartialEq)]
pub struct Grown {
    /// Every round.
    pub rounds: Vec<Round>,
    /// The file with the strategies that joined.
    pub file: GameFile,
    /// The solution of the last round's game.
    pub solved: Solved,
    /// Why it ends there.
    pub end: End,
}

/// Plays rounds until no candidate joins or the game has eight strategies.
///
/// # Errors
/// As [`solve`].
pub fn grow(file: &GameFile, bench: &Bench<'_>) -> Result<Grown, SweepError> {
    let mut file = file.clone();
    let mut rounds = Vec::new();
    loop {
        let solved = solve(&file, bench)?;
        let Some(rest) = solved.rests.first() else {
            let end = End::NoRest;
            return Ok(Grown {
                rounds,
                file,
                solved,
                end,
            });
        };
        let mut trials = Vec::new();
        for candidate in &file.candidates {
            trials.push(try_candidate(&file, candidate, &rest.mix, &solved, bench)?);
        }
        let gains = best_of(&trials, file.tolerance);
        let best = gains.filter(|_| file.choices.len() < STRATEGIES_MAX);
        let names = file.choices.iter().map(|choice| choice.name.clone());
        rounds.push(Round {
            mix: names.zip(rest.mix.iter().copied()).collect(),
            regret: rest.regret,
            joins: best.map(|index| trials[index].name.clone()),
            trials,
        });
        let Some(index) = best else {
            let end = match gains {
                Some(_) => End::Full,
                None if file.candidates.is_empty() => End::AllJoined,
                None => End::NobodyGains,
            };
            return Ok(Grown {
                rounds,
                file,
                solved,
                end,
            });
        };
        let joining = file.candidates.remove(index);
        file.choices.push(joining);
    }
}

/// The first of the candidates that surely gain more than the tolerance and none of which gains more.
fn best_of(trials: &[Trial], tolerance: f64) -> Option<usize> {
    let mut best: Option<usize> = None;
    for (index, trial) in trials.iter().enumerate() {
        let is_sure = trial.interval.is_some_and(|interval| interval.low > 0.0);
        let is_better = best.is_none_or(|best| trial.gain > trials[best].gain);
        if is_sure && trial.gain > tolerance && is_better {
            best = Some(index);
        }
    }
    best
}

/// The paired gain of one who follows the candidate while all others draw from the mix.
fn try_candidate(
    file: &GameFile,
    candidate: &Choice,
    mix: &[f64],
    solved: &Solved,
    bench: &Bench<'_>,
) -> Result<Trial, SweepError> {
    let mut extended = file.clone();
    extended.choices.push(candidate.clone());
    let count = extended.choices.len();
    // Each profile of the others with its weight, and for every strategy the full profile in which one follows it.
    let mut weighted: Vec<(f64, Vec<Vec<u32>>)> = Vec::new();
    let mut needed: Vec<Vec<u32>> = Vec::new();
    for others in reduced_profiles(mix.len(), file.reduced - 1) {
        let weight = multinomial(&others, mix);
        if weight < NEGLIGIBLE {
            continue;
        }
        let full: Vec<Vec<u32>> = (0..count)
            .filter_map(|own| {
                let mut profile = others.clone();
                profile.push(0);
                profile[own] += 1;
                full_profile(&profile, own, file.players)
            })
            .collect();
        for profile in full.iter().filter(|profile| profile[count - 1] > 0) {
            if !needed.contains(profile) {
                needed.push(profile.clone());
            }
        }
        weighted.push((weight, full));
    }
    // Where nobody follows the candidate the game has been simulated already.
    let tried = simulate(&extended, bench, &needed)?;
    let earned = |full: &Vec<u32>| match full.split_last() {
        Some((0, known)) => &solved.earned[known],
        _ => &tried[full],
    };
    let total: f64 = weighted.iter().map(|(weight, _)| weight).sum();
    let gain = |replicate: usize| -> f64 {
        let mut gain = 0.0;
        for (weight, full) in &weighted {
            let payoff = |own: usize| earned(&full[own])[replicate][own];
            let mixed: f64 = mix
                .iter()
                .enumerate()
                .map(|(own, share)| share * payoff(own))
                .sum();
            gain += weight * (payoff(count - 1) - mixed);
        }
        gain / total / solved.unit
    };
    let gains: Vec<f64> = (0..file.replicates as usize).map(gain).collect();
    let moments = Moments::of(&gains);
    Ok(Trial {
        name: candidate.name.clone(),
        gain: moments.mean().unwrap_or(0.0),
        interval: mean_interval(&moments, file.confidence),
    })
}

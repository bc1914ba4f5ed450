//! Multilevel splitting of whole runs: paths that came as far as one level are followed from there with draws of their
//! own, again and again, until some reach the next (fixed effort, Garvels 2000).
//!
//! A path is a list of (block, replicate): from each block on it draws as that replicate does. It is followed again from
//! its start wherever it branches, so that nothing of a world has to be copied; the same list is the same run.
//!
//! **Invariant.** What a branch draws is independent of what was drawn before it, and what was drawn ahead (outages, the
//! next arrival) stays. Where the rules look up a draw again that was made before a branch, splitting is refused.

use std::sync::Mutex;

use rayon::prelude::*;
use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};
use stakeout_protocol::sampling::SamplingRule;
use stakeout_protocol::units::Fraction;
use stakeout_statistics::rare::{Branch, Splitting, SplittingEstimate, split_once};

use super::file::{RareFile, Splits};
use super::watch::Watch;
use crate::experiment::sweep::SweepError;
use crate::experiment::sweep::campaign::Monitor;
use crate::scenario::{Assignment, Fidelity, Scenario};
use crate::strategy::registry::Registry;
use crate::world::{World, WorldOptions};

/// Purpose of the stream that chooses where a level's paths start.
const ENTRANCES: Purpose = Purpose(0x5242);
/// The first replicate that branches draw as; plain replicates are below.
const FIRST: u32 = 1 << 31;

/// A run up to a block.
#[derive(Clone, Debug, Default, PartialEq)]
struct Path {
    /// From which block on which replicate's draws hold.
    draws: Vec<(u64, u32)>,
    /// Blocks done.
    blocks: u64,
    /// How far it has come.
    score: f64,
}

/// Refuses scenarios in which a branch would not be the same network with other draws.
pub(super) fn check(scenario: &Scenario) -> Result<(), SweepError> {
    let refuse = |message: &str| Err(SweepError::Unfit(message.to_owned()));
    let (protocol, measures) = (&scenario.protocol, &scenario.protocol.measures);
    if scenario.fidelity != Fidelity::Event {
        return refuse("levels need the fidelity `event`: the others do not go block by block");
    }
    if protocol.sampling.rule != SamplingRule::Designated {
        return refuse(
            "levels need answers that are checked once: where several judge one answer they share draws, which a branch \
             would take apart; set protocol.sampling.rule to designated",
        );
    }
    let total: u128 = scenario.hosts.iter().map(|host| u128::from(host.weight)).sum();
    let least = scenario.hosts.iter().map(|host| host.weight).min().unwrap_or(0);
    let needed = u128::from(protocol.dispute.quorum.parts()) * total;
    if u128::from(least) * u128::from(Fraction::ONE.parts()) < needed {
        return refuse(
            "levels need a check that decides alone: voters judge by draws that the check has made; set \
             protocol.dispute.quorum so low that every host has it",
        );
    }
    if matches!(measures.assignment, Assignment::RoundRobin { .. })
        || measures.planted.is_some()
        || measures.second_check.is_some()
    {
        return refuse(
            "levels cannot be used with sessions, planted mismatches or second checks: they look draws up again that a branch \
             would have changed",
        );
    }
    Ok(())
}

/// Estimates the probability of the event over levels of its score.
///
/// # Errors
/// An interruption.
pub(super) fn estimate(
    file: &RareFile,
    splits: Splits,
    watch: &Watch,
    scenario: &Scenario,
    registry: &Registry,
    monitor: &dyn Monitor,
) -> Result<SplittingEstimate, SweepError> {
    let effort = Splitting {
        paths: splits.paths,
        repetitions: splits.repetitions,
        confidence: file.confidence,
    };
    let key = StreamKey::derive(RootSeed(scenario.seed), 0, ENTRANCES);
    let cut: Mutex<bool> = Mutex::new(false);
    let shares: Vec<Vec<f64>> = (0..splits.repetitions)
        .into_par_iter()
        .map(|repetition| {
            let mut next = FIRST + repetition * splits.levels * splits.paths;
            let mut level_of_bar = 0;
            let mut advance = |from: &Path, level: u32, _: &mut _| {
                if level_of_bar != level {
                    level_of_bar = level;
                    monitor.expect(u64::from(splits.paths));
                }
                let replicate = next;
                next += 1;
                let goal = f64::from(level) / f64::from(splits.levels);
                let end = follow(from, goal, replicate, watch, scenario, registry, monitor);
                monitor.tick();
                end.unwrap_or_else(|| {
                    *cut.lock().expect("no thread panics with the lock") = true;
                    Branch::Ended
                })
            };
            let start = Path::default();
            split_once(&start, splits.levels, splits.paths, repetition, key, &mut advance)
        })
        .collect();
    if cut.into_inner().expect("no thread panics with the lock") {
        return Err(SweepError::Interrupted);
    }
    Ok(SplittingEstimate::of(&shares, splits.levels, effort))
}

/// Goes on from where a path came to, drawing as `replicate` does, until its score is `goal` or the run ends; nothing if
/// somebody asks to stop meanwhile.
fn follow(
    from: &Path,
    goal: f64,
    replicate: u32,
    watch: &Watch,
    scenario: &Scenario,
    registry: &Registry,
    monitor: &dyn Monitor,
) -> Option<Branch<Path>> {
    if from.score >= goal {
        return Some(Branch::Reached(from.clone()));
    }
    if monitor.is_stopping() {
        return None;
    }
    let mut draws = from.draws.clone();
    draws.push((from.blocks, replicate));
    let options = WorldOptions {
        parallel: false,
        check_every_block: false,
        event_log: true,
        lanes: None,
    };
    let mut world = World::new(scenario, draws[0].1, registry, options);
    let mut watch = watch.clone();
    let last = world.last_window();
    let mut ahead = draws[1..].iter().peekable();
    loop {
        let done = world.windows_done();
        while let Some((_, replicate)) = ahead.next_if(|(block, _)| *block == done) {
            world.branch_to(*replicate);
        }
        watch.take_block(&world.events_mut().to_vec(), done, last);
        world.events_mut().clear();
        if done > from.blocks && watch.score() >= goal {
            let (blocks, score) = (done, watch.score());
            return Some(Branch::Reached(Path { draws, blocks, score }));
        }
        if done >= last || watch.is_lost() {
            return Some(Branch::Ended);
        }
        if monitor.is_stopping() {
            return None;
        }
        world.step();
    }
}

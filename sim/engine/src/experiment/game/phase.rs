//! A phase diagram: the game solved again at every combination of up to two factors, and who survives where.
//!
//! **Invariant.** Every combination is played with the same seeds, so that a border between phases is the factors' and
//! not the draws'.

use super::file::GameFile;
use super::{Solved, solve};
use crate::experiment::cells::Bench;
use crate::experiment::sweep::SweepError;
use crate::experiment::sweep::factor::{Design, points};

/// A strategy survives with at least this share at rest.
pub const SURVIVES: f64 = 0.01;

/// One combination.
#[derive(Clone, Debug, PartialEq)]
pub struct Phase {
    /// Labels of the levels, in the order of the factors.
    pub labels: Vec<String>,
    /// Names of the strategies that survive where most starts lead, joined by ` + `.
    pub survivors: String,
    /// The game there.
    pub solved: Solved,
}

/// Solves the game at every combination, the last factor fastest.
///
/// # Errors
/// As [`solve`].
pub fn phases(file: &GameFile, bench: &Bench<'_>) -> Result<Vec<Phase>, SweepError> {
    let mut all = Vec::new();
    for levels in points(&file.across, &Design::Grid, 0) {
        let mut here = file.clone();
        here.across.clear();
        here.set
            .extend(levels.iter().flat_map(|level| level.set.iter().cloned()));
        let solved = solve(&here, bench)?;
        let survivors = solved
            .rests
            .first()
            .map_or_else(String::new, |rest| survivors(file, &rest.mix));
        all.push(Phase {
            labels: levels.into_iter().map(|level| level.label).collect(),
            survivors,
            solved,
        });
    }
    Ok(all)
}

fn survivors(file: &GameFile, mix: &[f64]) -> String {
    let names: Vec<&str> = file
        .choices
        .iter()
        .zip(mix)
        .filter(|(_, share)| **share >= SURVIVES)
        .map(|(choice, _)| choice.name.as_str())
        .collect();
    names.join(" + ")
}

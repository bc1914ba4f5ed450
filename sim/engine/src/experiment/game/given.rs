//! A game whose payoffs are given: no simulation, the same solvers. For known answers, and for tables from elsewhere.
//!
//! **Invariant.** Only games that the file writes out in full are solved; nothing is assumed about a missing payoff.

use std::path::Path;
use std::sync::Arc;

use stakeout_statistics::games::{
    Bimatrix, Equilibrium, PayoffTable, alpha_rank, bimatrix_to_gambit, replicate,
};

use super::file::STRATEGIES_MAX;
use super::{SAME, STEP, STEPS};
use crate::experiment::sweep::SweepError;
use crate::experiment::sweep::file::read_name;
use crate::experiment::sweep::flow::to_flow;
use crate::experiment::sweep::reading::{self, Reading};
use crate::scenario::Source;
use crate::scenario::document::Node;

const KEYS: [&str; 8] = [
    "game",
    "question",
    "strategies",
    "payoffs",
    "other_strategies",
    "other_payoffs",
    "alpha",
    "population",
];

/// A game of two players with its payoffs.
#[derive(Clone, Debug, PartialEq)]
pub struct GivenGame {
    /// Name, safe as a folder's.
    pub name: String,
    /// The question it asks.
    pub question: Option<String>,
    /// All that it asks, as one line: what a folder of answers is known by.
    pub asked: String,
    /// Strategies of the first player, the rows.
    pub rows: Vec<String>,
    /// Strategies of the second, the columns; those of the first where the game is symmetric.
    pub columns: Vec<String>,
    /// What the first player earns, a list a row.
    pub payoffs: Vec<Vec<f64>>,
    /// What the second earns, in the same places; none in a symmetric game.
    pub other_payoffs: Option<Vec<Vec<f64>>>,
    /// Intensity of selection of the ranking.
    pub alpha: f64,
    /// Population of the ranking.
    pub population: u32,
}

/// The solution of a given game.
#[derive(Clone, Debug, PartialEq)]
pub struct GivenSolution {
    /// Every equilibrium by enumeration of supports, with its regret.
    pub equilibria: Vec<(Equilibrium, f64)>,
    /// Where the replicator dynamics end from near each strategy and from the middle, with the regret there; empty for a
    /// game that is not symmetric.
    pub rests: Vec<(Vec<f64>, f64)>,
    /// Long-run shares by α-rank; none for a game that is not symmetric.
    pub ranks: Option<Vec<f64>>,
    /// The game for Gambit.
    pub gambit: String,
}

impl GivenGame {
    /// Whether a file gives payoffs in place of a scenario.
    ///
    /// # Errors
    /// A file that cannot be read, or is no tree.
    pub fn is_given(path: &Path) -> Result<bool, SweepError> {
        let (source, _) = reading::open(path)?;
        let tree = crate::scenario::document::parse(&source).map_err(SweepError::File)?;
        Ok(tree.get("payoffs").is_some())
    }

    /// Reads a game with its payoffs.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(path: &Path) -> Result<Self, SweepError> {
        let (source, _) = reading::open(path)?;
        Self::parse(&source)
    }

    /// Reads a game from a text.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(source: &Arc<Source>) -> Result<Self, SweepError> {
        let required = ["game", "strategies", "payoffs"];
        let (tree, mut reading) =
            Reading::begin(source, &KEYS, &required, "every game with payoffs gives it")?;
        let file = read(&tree, &mut reading);
        reading.finish(file)
    }

    /// Solves it.
    pub fn solve(&self) -> GivenSolution {
        let others = self
            .other_payoffs
            .clone()
            .unwrap_or_else(|| transposed(&self.payoffs));
        let game = Bimatrix::new(self.payoffs.clone(), others.clone());
        let equilibria = game
            .equilibria()
            .into_iter()
            .map(|found| {
                let regret = game.regret(&found.row, &found.column);
                (found, regret)
            })
            .collect();
        let table = self
            .other_payoffs
            .is_none()
            .then(|| PayoffTable::of_matrix(&self.payoffs));
        let rows: Vec<&str> = self.rows.iter().map(String::as_str).collect();
        let columns: Vec<&str> = self.columns.iter().map(String::as_str).collect();
        GivenSolution {
            equilibria,
            rests: table.as_ref().map_or_else(Vec::new, rests),
            ranks: table.and_then(|table| alpha_rank(&table, self.alpha, self.population)),
            gambit: bimatrix_to_gambit(&self.name, [&rows, &columns], [&self.payoffs, &others]),
        }
    }
}

/// Ends of the dynamics from the middle and from near every strategy.
fn rests(table: &PayoffTable) -> Vec<(Vec<f64>, f64)> {
    let count = table.strategies();
    let mut starts = vec![vec![1.0 / count as f64; count]];
    for near in 0..count {
        let mut start = vec![0.1 / count as f64; count];
        start[near] += 0.9;
        starts.push(start);
    }
    let mut rests: Vec<(Vec<f64>, f64)> = Vec::new();
    for start in starts {
        let Some(end) = replicate(table, &start, STEPS, STEP) else {
            continue;
        };
        let is_known = rests
            .iter()
            .any(|(mix, _)| mix.iter().zip(&end.mix).all(|(a, b)| (a - b).abs() < SAME));
        if !is_known {
            rests.push((end.mix, end.regret));
        }
    }
    rests
}

fn transposed(matrix: &[Vec<f64>]) -> Vec<Vec<f64>> {
    (0..matrix.len())
        .map(|column| matrix.iter().map(|row| row[column]).collect())
        .collect()
}

fn read(tree: &Node, reading: &mut Reading) -> GivenGame {
    let rows = read_names(tree, "strategies", reading);
    let is_symmetric = tree.get("other_payoffs").is_none() && tree.get("other_strategies").is_none();
    let columns = if tree.get("other_strategies").is_some() {
        read_names(tree, "other_strategies", reading)
    } else {
        rows.clone()
    };
    let shape = (rows.len(), columns.len());
    let payoffs = read_matrix(tree, "payoffs", shape, reading);
    if let (false, None, Some(node)) = (
        is_symmetric,
        tree.get("other_payoffs"),
        tree.get("other_strategies"),
    ) {
        let allowed = "`other_payoffs` beside `other_strategies`";
        reading.refuse(node, "other_strategies", "strategies without payoffs", allowed);
    }
    let other_payoffs = (!is_symmetric).then(|| read_matrix(tree, "other_payoffs", shape, reading));
    let alpha = tree
        .get("alpha")
        .map_or(10.0, |node| reading.measured(node, "alpha").0);
    GivenGame {
        name: tree
            .get("game")
            .map_or_else(String::new, |node| read_name(node, reading)),
        question: tree.get("question").map(|node| reading.text(node, "question")),
        asked: to_flow(tree),
        rows,
        columns,
        payoffs,
        other_payoffs,
        alpha,
        population: tree
            .get("population")
            .map_or(50, |node| reading.count(node, "population", 2, 100_000) as u32),
    }
}

fn read_names(tree: &Node, key: &str, reading: &mut Reading) -> Vec<String> {
    let Some(node) = tree.get(key) else {
        return Vec::new();
    };
    let items = reading.items(node);
    if items.is_empty() || items.len() > STRATEGIES_MAX {
        reading.refuse(
            node,
            key,
            format!("found {}", items.len()),
            "one to eight strategies",
        );
    }
    items.into_iter().map(|item| reading.text(item, key)).collect()
}

/// A row a strategy of the first player, a number a strategy of the second.
fn read_matrix(tree: &Node, key: &str, shape: (usize, usize), reading: &mut Reading) -> Vec<Vec<f64>> {
    let Some(node) = tree.get(key) else {
        return Vec::new();
    };
    let items = reading.items(node);
    let matrix: Vec<Vec<f64>> = items
        .into_iter()
        .map(|item| {
            let numbers = reading.items(item);
            numbers
                .into_iter()
                .map(|number| reading.measured(number, key).0)
                .collect()
        })
        .collect();
    let has_shape = matrix.len() == shape.0 && matrix.iter().all(|row: &Vec<f64>| row.len() == shape.1);
    if !has_shape {
        let found = format!("{} rows", matrix.len());
        let allowed = format!("{} rows of {} numbers", shape.0, shape.1);
        reading.refuse(node, key, found, &allowed);
    }
    matrix
}

#[cfg(test)]
mod tests {
    use super::*;

    fn solved(text: &str) -> GivenSolution {
        GivenGame::parse(&Source::file("game.yaml", text))
            .unwrap()
            .solve()
    }

    #[test]
    fn hawks_are_two_thirds_in_the_equilibrium_and_where_the_dynamics_end() {
        let found = solved("game: hawks\nstrategies: [hawk, dove]\npayoffs: [[-0.5, 2], [0, 1]]\n");
        let mixed = found
            .equilibria
            .iter()
            .find(|(e, _)| e.row[0] < 1.0 && e.row[0] > 0.0)
            .unwrap();
        assert!((mixed.0.row[0] - 2.0 / 3.0).abs() < 1e-12 && mixed.1 < 1e-12);
        assert!(
            found
                .rests
                .iter()
                .all(|(mix, _)| (mix[0] - 2.0 / 3.0).abs() < 1e-3),
            "{:?}",
            found.rests
        );
    }

    #[test]
    fn rock_paper_scissors_ranks_all_alike() {
        let text =
            "game: rps\nstrategies: [rock, paper, scissors]\npayoffs: [[0, -1, 1], [1, 0, -1], [-1, 1, 0]]\n";
        let ranks = solved(text).ranks.unwrap();
        assert!(
            ranks.iter().all(|share| (share - 1.0 / 3.0).abs() < 1e-9),
            "{ranks:?}"
        );
    }

    #[test]
    fn a_matrix_of_another_shape_is_refused_with_the_shape_that_is_asked_for() {
        let text = "game: odd\nstrategies: [a, b]\npayoffs: [[1, 2], [3]]\n";
        let error = GivenGame::parse(&Source::file("game.yaml", text))
            .unwrap_err()
            .to_string();
        assert!(error.contains("2 rows of 2 numbers"), "{error}");
    }
}

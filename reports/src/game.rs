//! What a solved game left: payoffs, where the dynamics rest, long-run shares, rounds of best responses, phases.
//!
//! **Invariant.** Nothing is solved again: shares, regrets and intervals are those of the files.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::ReportError;
use crate::question;
use crate::sweep::{Csv, Estimate, Sweep};

/// What was asked, as `game.json` states it.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Question {
    /// Name.
    #[serde(default)]
    pub name: String,
    /// The question in words.
    #[serde(default)]
    pub question: Option<String>,
    /// Identities that choose.
    #[serde(default)]
    pub players: Option<u32>,
    /// Players of the reduced game.
    #[serde(default)]
    pub reduced: Option<u32>,
    /// Replicates of each profile.
    #[serde(default)]
    pub replicates: Option<u32>,
    /// Confidence of the intervals.
    #[serde(default)]
    pub confidence: Option<f64>,
}

/// Where the dynamics end.
#[derive(Clone, Debug, PartialEq)]
pub struct Rest {
    /// Share of each strategy.
    pub mix: Vec<(String, f64)>,
    /// What one could gain by leaving.
    pub regret: Estimate,
    /// Starts that lead there, if the file says.
    pub starts: Option<u64>,
}

/// What one who follows a strategy earns among others.
#[derive(Clone, Debug, PartialEq)]
pub struct Payoff {
    /// How many follow each strategy.
    pub profile: Vec<(String, u64)>,
    /// Whose payoff it is.
    pub strategy: String,
    /// The payoff.
    pub earns: Estimate,
}

/// A candidate in a round of best responses.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Number of the round.
    pub round: String,
    /// Where the game rested.
    pub rests_at: String,
    /// The candidate.
    pub candidate: String,
    /// What it would gain.
    pub gain: Estimate,
    /// Whether it joined.
    pub joins: bool,
}

/// One equilibrium of a game whose payoffs were given, column by column.
pub type Equilibrium = Vec<(String, f64)>;

/// A solved game.
#[derive(Clone, Debug)]
pub struct Game {
    /// Its folder.
    pub path: PathBuf,
    /// What was asked.
    pub question: Question,
    /// Where the dynamics end, the end of most starts first.
    pub rests: Vec<Rest>,
    /// Every payoff that was simulated.
    pub payoffs: Vec<Payoff>,
    /// Long-run shares.
    pub ranks: Vec<(String, f64)>,
    /// Rounds of best responses.
    pub rounds: Vec<Trial>,
    /// Equilibria by enumeration, where the payoffs were given.
    pub equilibria: Vec<Equilibrium>,
    /// Who survives where, as a table of its own.
    pub phases: Option<Box<Sweep>>,
    /// The table that the digest is of.
    pub source: &'static str,
    /// Its blake3.
    pub digest: String,
}

/// Tables that a game is known by, the most telling first.
pub const KNOWN_BY: [&str; 3] = ["phases.csv", "rests.csv", "equilibria.csv"];

impl Game {
    /// Reads a folder.
    ///
    /// # Errors
    /// A file that is missing, too large or not what `stakeout game` writes.
    pub fn open(path: &Path) -> Result<Self, ReportError> {
        let at = |name: &str| path.join(name);
        let table = |name: &str| at(name).exists().then(|| Csv::read(&at(name))).transpose();
        let source = KNOWN_BY.into_iter().find(|name| at(name).exists());
        let source = source.unwrap_or(KNOWN_BY[1]);
        let digest = Csv::read(&at(source))?.digest;
        let read = |name: &str, table: &Csv, what: &str| {
            let place = table.column(what);
            place.ok_or_else(|| ReportError::broken(&at(name), format!("there is no column {what}")))
        };
        let mut game = Self {
            path: path.to_path_buf(),
            question: question(path)?,
            rests: Vec::new(),
            payoffs: Vec::new(),
            ranks: Vec::new(),
            rounds: Vec::new(),
            equilibria: Vec::new(),
            phases: None,
            source,
            digest,
        };
        if let Some(table) = table("rests.csv")? {
            game.rests = rests(&table, read("rests.csv", &table, "regret")?)?;
        }
        if let Some(table) = table("payoffs.csv")? {
            let who = read("payoffs.csv", &table, "one who follows")?;
            game.payoffs = payoffs(&table, who)?;
        }
        if let Some(table) = table("ranks.csv")? {
            let (name, share) = (
                read("ranks.csv", &table, "strategy")?,
                read("ranks.csv", &table, "share")?,
            );
            for row in &table.rows {
                let found = table.number(row, share)?.unwrap_or(0.0);
                game.ranks.push((row[name].clone(), found));
            }
        }
        if let Some(table) = table("rounds.csv")? {
            let columns = ["round", "rests at", "candidate", "would gain", "joins"];
            let places: Vec<usize> = columns
                .iter()
                .map(|name| read("rounds.csv", &table, name))
                .collect::<Result<_, _>>()?;
            game.rounds = rounds(&table, &places)?;
        }
        if let Some(table) = table("equilibria.csv")? {
            for row in &table.rows {
                let cells = table.header.iter().enumerate();
                let cells = cells.map(|(at, name)| Ok((name.clone(), table.number(row, at)?.unwrap_or(0.0))));
                game.equilibria.push(cells.collect::<Result<_, ReportError>>()?);
            }
        }
        if at("phases.csv").exists() {
            game.phases = Some(Box::new(Sweep::open(&at("phases.csv"))?));
        }
        Ok(game)
    }

    /// Names of the strategies, in the order of the tables.
    pub fn strategies(&self) -> Vec<&str> {
        let of_rests = self.rests.first().map(|rest| &rest.mix);
        of_rests.map_or_else(Vec::new, |mix| {
            mix.iter().map(|(name, _)| name.as_str()).collect()
        })
    }
}

fn question(path: &Path) -> Result<Question, ReportError> {
    let mut question: Question = question::read(&path.join("game.json"))?;
    if question.name.is_empty() {
        question.name = question::folder_name(path, "game");
    }
    Ok(question)
}

/// A mean with the interval in the two columns behind it, where these are `from` and `to`.
fn estimate(table: &Csv, row: &[String], at: usize) -> Result<Option<Estimate>, ReportError> {
    let Some(mean) = table.number(row, at)? else {
        return Ok(None);
    };
    let end = |offset: usize, name: &str| match table.header.get(at + offset) {
        Some(head) if head == name => table.number(row, at + offset),
        _ => Ok(None),
    };
    let interval = end(1, "from")?.zip(end(2, "to")?);
    Ok(Some(Estimate { mean, interval }))
}

fn rests(table: &Csv, regret: usize) -> Result<Vec<Rest>, ReportError> {
    let starts = table.column("starts");
    let mut rests = Vec::new();
    for row in &table.rows {
        let mix = (0..regret).map(|at| Ok((table.header[at].clone(), table.number(row, at)?.unwrap_or(0.0))));
        let Some(regret) = estimate(table, row, regret)? else {
            continue;
        };
        let starts = starts.map(|at| table.number(row, at)).transpose()?.flatten();
        rests.push(Rest {
            mix: mix.collect::<Result<_, ReportError>>()?,
            regret,
            starts: starts.map(|count| count as u64),
        });
    }
    Ok(rests)
}

fn payoffs(table: &Csv, who: usize) -> Result<Vec<Payoff>, ReportError> {
    let mut payoffs = Vec::new();
    for row in &table.rows {
        let count = |at: usize| {
            Ok((
                table.header[at].clone(),
                table.number(row, at)?.unwrap_or(0.0) as u64,
            ))
        };
        let earns = if who + 1 < row.len() {
            estimate(table, row, who + 1)?
        } else {
            None
        };
        if let Some(earns) = earns {
            payoffs.push(Payoff {
                profile: (0..who).map(count).collect::<Result<_, ReportError>>()?,
                strategy: row[who].clone(),
                earns,
            });
        }
    }
    Ok(payoffs)
}

fn rounds(table: &Csv, places: &[usize]) -> Result<Vec<Trial>, ReportError> {
    let &[round, rests_at, candidate, gain, joins] = places else {
        return Ok(Vec::new());
    };
    let mut trials = Vec::new();
    for row in &table.rows {
        if let Some(found) = estimate(table, row, gain)? {
            trials.push(Trial {
                round: row[round].clone(),
                rests_at: row[rests_at].clone(),
                candidate: row[candidate].clone(),
                gain: found,
                joins: !row[joins].is_empty(),
            });
        }
    }
    Ok(trials)
}

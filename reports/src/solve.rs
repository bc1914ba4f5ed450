//! What a solved question left: the frontier, every value and attack that was judged, and what was asked.
//!
//! **Invariant.** Nothing is judged again: verdicts, gains and intervals are those of the files.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::ReportError;
use crate::page::tidy;
use crate::question;
use crate::sweep::{Csv, Estimate};

/// What stands in the column `menu` where all attacks were searched together.
pub const WHOLE_MENU: &str = "whole menu";

/// The verdict of an attack whose gain is surely below what is tolerated.
const DETERRED: &str = "deterred";

/// What was asked, as `question.json` states it.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Question {
    /// Name.
    pub name: String,
    /// The question in words.
    #[serde(default)]
    pub question: Option<String>,
    /// Path of the parameter.
    #[serde(default)]
    pub parameter: String,
    /// Name of what the question goes across; none where it goes across nothing, or the file does not say.
    #[serde(default)]
    pub across: Option<String>,
    /// Gain that is tolerated, as a share of the honest profit.
    #[serde(default)]
    pub tolerated: Option<f64>,
    /// Confidence of every bound.
    #[serde(default)]
    pub confidence: Option<f64>,
}

/// One row of the frontier.
#[derive(Clone, Debug, PartialEq)]
pub struct Frontier {
    /// Level of what the question goes across; empty where it goes across nothing.
    pub level: String,
    /// The family of attacks that was searched alone, or [`WHOLE_MENU`]; empty where the file does not tell them apart.
    pub menu: String,
    /// The laxest value that deters, as a label.
    pub deters: Option<String>,
    /// The strictest value that does not.
    pub fails: Option<String>,
    /// The attack that decides.
    pub binding: String,
    /// What it chose for its own parameters there; empty where it has none.
    pub tuned: String,
    /// Its gain at the value found.
    pub gain: Option<Estimate>,
    /// What the honest network pays there, by figure.
    pub price: Vec<(String, Estimate)>,
    /// The command that shows the binding attack again.
    pub replay: String,
}

/// One attack at one value.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// Level of what the question goes across.
    pub level: String,
    /// The family that was searched alone, as in [`Frontier::menu`].
    pub menu: String,
    /// Value of the parameter, as a label.
    pub parameter: String,
    /// `deterred`, `profitable` or `unclear`: of the whole menu at this value.
    pub menu_verdict: String,
    /// The attack.
    pub attack: String,
    /// What it chose for its own parameters at this value; empty where it has none.
    pub tuned: String,
    /// The same of this attack alone.
    pub verdict: String,
    /// Its gain as a share of the honest profit.
    pub gain: Estimate,
}

/// A solved question.
#[derive(Clone, Debug)]
pub struct Solve {
    /// Its folder.
    pub path: PathBuf,
    /// What was asked.
    pub question: Question,
    /// A row a level.
    pub frontier: Vec<Frontier>,
    /// The search, in its order.
    pub search: Vec<Judged>,
    /// blake3 of the table of the frontier.
    pub digest: String,
}

impl Solve {
    /// Reads a folder.
    ///
    /// # Errors
    /// A file that is missing, too large or not what `stakeout solve` writes.
    pub fn open(path: &Path) -> Result<Self, ReportError> {
        let mut question: Question = question::read(&path.join("question.json"))?;
        if question.name.is_empty() {
            question.name = question::folder_name(path, "question");
        }
        let file = path.join("frontier.csv");
        let table = Csv::read(&file)?;
        Ok(Self {
            path: path.to_path_buf(),
            question,
            digest: table.digest.clone(),
            frontier: frontier(&table, &file)?,
            search: search(&path.join("search.csv"))?,
        })
    }

    /// Levels in their order, each once.
    pub fn levels(&self) -> Vec<String> {
        let mut levels: Vec<String> = Vec::new();
        for row in &self.frontier {
            if !levels.contains(&row.level) {
                levels.push(row.level.clone());
            }
        }
        levels
    }

    /// The rows of the whole menu.
    pub fn whole(&self) -> Vec<&Frontier> {
        self.frontier.iter().filter(|row| is_whole(&row.menu)).collect()
    }

    /// What was judged of a level, each attack once at each value: with the whole menu where it was judged so, and
    /// otherwise with its family alone, which is searched at values of its own.
    pub fn judged(&self, level: &str) -> Vec<&Judged> {
        let of_level = || self.search.iter().filter(|judged| judged.level == level);
        let mut found: Vec<&Judged> = Vec::new();
        let in_turn = of_level().filter(|judged| is_whole(&judged.menu));
        for judged in in_turn.chain(of_level().filter(|judged| !is_whole(&judged.menu))) {
            let is_same =
                |other: &&Judged| other.attack == judged.attack && other.parameter == judged.parameter;
            if !found.iter().any(is_same) {
                found.push(judged);
            }
        }
        found
    }

    /// The attack that is not deterred one step laxer than a row's answer, the one with the highest gain of several.
    pub fn open_attack(&self, row: &Frontier) -> Option<&Judged> {
        let fails = row.fails.as_deref()?;
        let is_open = |judged: &&Judged| {
            judged.level == row.level
                && judged.menu == row.menu
                && judged.parameter == fails
                && judged.verdict != DETERRED
        };
        let open = self.search.iter().filter(is_open);
        open.max_by(|a, b| a.gain.mean.total_cmp(&b.gain.mean))
    }

    /// Whether families of attacks were searched alone, too.
    pub fn has_families(&self) -> bool {
        self.frontier.iter().any(|row| !is_whole(&row.menu))
    }
}

/// Whether a row is about all attacks together.
pub fn is_whole(menu: &str) -> bool {
    menu.is_empty() || menu == WHOLE_MENU
}

/// A level; what the program calls the only row of a question that goes across nothing is none.
fn level(cell: &str) -> String {
    match cell {
        "all" => String::new(),
        level => level.to_string(),
    }
}

/// An attack with what it chose for its own parameters.
pub fn with_choice(attack: &str, tuned: &str) -> String {
    match tuned {
        "" => attack.to_string(),
        tuned => format!("{attack} (tuned to {})", tidy_all(tuned)),
    }
}

/// Values of parameters in a list, each with as many digits as people read.
fn tidy_all(values: &str) -> String {
    values.split(", ").map(tidy).collect::<Vec<_>>().join(", ")
}

/// The cell of a column that not every file has.
fn of_column(name: &str, table: &Csv, row: &[String]) -> String {
    table.column(name).map_or_else(String::new, |at| row[at].clone())
}

/// Columns by name, or an error that names the first that is missing.
fn places<const N: usize>(table: &Csv, path: &Path, names: [&str; N]) -> Result<[usize; N], ReportError> {
    let mut found = [0; N];
    for (place, name) in found.iter_mut().zip(names) {
        *place = table
            .column(name)
            .ok_or_else(|| ReportError::broken(path, format!("there is no column {name}")))?;
    }
    Ok(found)
}

fn estimate(table: &Csv, row: &[String], at: usize) -> Result<Option<Estimate>, ReportError> {
    let Some(mean) = table.number(row, at)? else {
        return Ok(None);
    };
    let low = if at + 1 < row.len() {
        table.number(row, at + 1)?
    } else {
        None
    };
    let high = if at + 2 < row.len() {
        table.number(row, at + 2)?
    } else {
        None
    };
    Ok(Some(Estimate {
        mean,
        interval: low.zip(high),
    }))
}

fn frontier(table: &Csv, path: &Path) -> Result<Vec<Frontier>, ReportError> {
    let names = [
        "across",
        "deters from",
        "not below",
        "binding attack",
        "its gain there",
        "replicates",
        "replay",
    ];
    let [across, deters, fails, binding, gain, replicates, replay] = places(table, path, names)?;
    let word = |cell: &String| (!cell.is_empty()).then(|| cell.clone());
    let row = |row: &Vec<String>| {
        let mut price = Vec::new();
        for at in ((replicates + 1)..replay).step_by(3) {
            if let Some(found) = estimate(table, row, at)? {
                price.push((table.header[at].clone(), found));
            }
        }
        Ok(Frontier {
            level: level(&row[across]),
            menu: of_column("menu", table, row),
            deters: word(&row[deters]),
            fails: word(&row[fails]),
            binding: row[binding].clone(),
            tuned: of_column("binding tuned to", table, row),
            gain: estimate(table, row, gain)?,
            price,
            replay: row[replay].clone(),
        })
    };
    table.rows.iter().map(row).collect()
}

fn search(path: &Path) -> Result<Vec<Judged>, ReportError> {
    let table = Csv::read(path)?;
    let names = ["across", "parameter", "menu verdict", "attack", "verdict", "gain"];
    let [across, parameter, menu_verdict, attack, verdict, gain] = places(&table, path, names)?;
    let mut judged = Vec::new();
    for row in &table.rows {
        if let Some(found) = estimate(&table, row, gain)? {
            judged.push(Judged {
                level: level(&row[across]),
                menu: of_column("menu", &table, row),
                parameter: row[parameter].clone(),
                menu_verdict: row[menu_verdict].clone(),
                verdict: row[verdict].clone(),
                attack: row[attack].clone(),
                tuned: of_column("tuned to", &table, row),
                gain: found,
            });
        }
    }
    Ok(judged)
}

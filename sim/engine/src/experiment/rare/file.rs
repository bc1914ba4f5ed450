//! The file that asks how likely something rare is.
//!
//! **Invariant.** What is read names one event and at least one way to see it: a law that makes it common, or levels on
//! the way to it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::experiment::sweep::SweepError;
use crate::experiment::sweep::file::{read_name, read_set};
use crate::experiment::sweep::reading::{self, Reading};
use crate::scenario::Source;
use crate::scenario::document::Node;

const KEYS: [&str; 15] = [
    "rare",
    "question",
    "scenario",
    "set",
    "host",
    "answers",
    "coalition",
    "majority",
    "event",
    "tilted",
    "replicates",
    "levels",
    "paths",
    "repetitions",
    "confidence",
];
/// Batches whose means give the interval of importance sampling; hence the fewest replicates.
pub const BATCHES: u32 = 20;
/// Paths of one experiment at most: each draws as a replicate of its own.
pub const PATHS_MAX: u64 = 1 << 31;
const PATHS_ALLOWED: &str = "paths in all: 2,147,483,648 at most, levels times paths times repetitions";
const EVENTS: [&str; 3] = ["convicted", "not_convicted", "captured"];

/// What may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// The host is convicted.
    Convicted,
    /// The run ends and the host was not convicted.
    NotConvicted,
    /// The coalition has the majority of the weight in force.
    Captured,
}

/// How an event is reached over levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Splits {
    /// Levels, the last of which is the event.
    pub levels: u32,
    /// Paths started at each level in one repetition.
    pub paths: u32,
    /// Independent repetitions.
    pub repetitions: u32,
}

/// What a file about a rare event asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct RareFile {
    /// Name, safe as a folder's.
    pub name: String,
    /// The question it asks.
    pub question: Option<String>,
    /// The scenario's file.
    pub scenario: PathBuf,
    /// What is different from the file throughout.
    pub set: Vec<(String, String)>,
    /// Id of the host whose fate is asked for; empty where a coalition's is.
    pub host: String,
    /// What serves its answers: a substitute of the calibration, `none` for the promised model.
    pub answers: String,
    /// Owners who act as one; empty where a host's fate is asked for.
    pub coalition: Vec<String>,
    /// Share of the weight in force that the coalition needs.
    pub majority: f64,
    /// What may happen.
    pub goal: Goal,
    /// What makes the event common; empty where it is only reached over levels.
    pub tilted: Vec<(String, String)>,
    /// Replicates with weights, and as many plain ones.
    pub replicates: u32,
    /// How the event is reached over levels, if it is.
    pub splits: Option<Splits>,
    /// Confidence of the intervals.
    pub confidence: f64,
}

impl RareFile {
    /// Reads a file.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(path: &Path) -> Result<Self, SweepError> {
        let (source, folder) = reading::open(path)?;
        Self::parse(&source, folder)
    }

    /// Reads a text whose paths are relative to a folder.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(source: &Arc<Source>, folder: &Path) -> Result<Self, SweepError> {
        let required = ["rare", "scenario"];
        let (tree, mut reading) = Reading::begin(source, &KEYS, &required, "every rare event gives it")?;
        let file = read(&tree, folder, &mut reading);
        check(&file, &tree, source, &mut reading);
        reading.finish(file)
    }

    /// Puts other paths a level in place of the file's.
    ///
    /// # Errors
    /// A file without levels, or too many paths.
    pub fn set_paths(&mut self, paths: u32) -> Result<(), SweepError> {
        let Some(splits) = &mut self.splits else {
            let message = "the file has no `levels`, so no path starts at one";
            return Err(SweepError::Unfit(message.to_owned()));
        };
        splits.paths = paths;
        if splits.all_paths() > PATHS_MAX {
            return Err(SweepError::Unfit(format!(
                "{} {PATHS_ALLOWED}",
                splits.all_paths()
            )));
        }
        Ok(())
    }
}

impl Splits {
    /// Paths of all levels and repetitions.
    fn all_paths(&self) -> u64 {
        u64::from(self.levels)
            .saturating_mul(u64::from(self.paths))
            .saturating_mul(u64::from(self.repetitions))
    }
}

fn read(tree: &Node, folder: &Path, reading: &mut Reading) -> RareFile {
    let text = |key: &str, reading: &mut Reading| {
        tree.get(key)
            .map_or_else(String::new, |node| reading.text(node, key))
    };
    let set = |key: &str, reading: &mut Reading| {
        tree.get(key)
            .map_or_else(Vec::new, |node| read_set(node, key, reading))
    };
    let count = |key: &str, default: u32, min: u64, max: u64, reading: &mut Reading| {
        tree.get(key)
            .map_or(default, |node| reading.count(node, key, min, max) as u32)
    };
    let event = tree
        .get("event")
        .and_then(|node| reading.one_of(node, "event", &EVENTS));
    let splits = tree.get("levels").map(|node| Splits {
        levels: reading.count(node, "levels", 1, 1_000) as u32,
        paths: count("paths", 200, 10, 10_000_000, reading),
        repetitions: count("repetitions", 20, 2, 100_000, reading),
    });
    RareFile {
        name: tree
            .get("rare")
            .map_or_else(String::new, |node| read_name(node, reading)),
        question: tree.get("question").map(|node| reading.text(node, "question")),
        scenario: folder.join(text("scenario", reading)),
        set: set("set", reading),
        host: text("host", reading),
        answers: tree
            .get("answers")
            .map_or_else(|| "none".to_owned(), |node| reading.text(node, "answers")),
        coalition: tree.get("coalition").map_or_else(Vec::new, |node| {
            let items = reading.items(node);
            items
                .into_iter()
                .map(|item| reading.text(item, "coalition"))
                .collect()
        }),
        majority: tree
            .get("majority")
            .map_or(0.5, |node| reading.share(node, "majority")),
        goal: match event {
            Some("not_convicted") => Goal::NotConvicted,
            Some("captured") => Goal::Captured,
            _ => Goal::Convicted,
        },
        tilted: set("tilted", reading),
        replicates: count("replicates", 1_000, u64::from(BATCHES), 10_000_000, reading),
        splits,
        confidence: tree
            .get("confidence")
            .map_or(0.95, |node| reading.share(node, "confidence")),
    }
}

/// What keys ask of each other.
fn check(file: &RareFile, tree: &Node, source: &Arc<Source>, reading: &mut Reading) {
    let is_given = |key: &str| tree.get(key).is_some();
    let (wanted, other, reason) = match file.goal {
        Goal::Captured => ("coalition", "host", "the owners who act as one"),
        _ => ("host", "coalition", "the host whose fate is asked for"),
    };
    if !is_given(wanted) {
        reading.miss(source, wanted, reason);
    }
    if let Some(node) = tree.get(other) {
        reading.refuse(
            node,
            other,
            "not for this event",
            &format!("`{wanted}`, {reason}"),
        );
    }
    if !is_given("tilted") && !is_given("levels") {
        reading.miss(
            source,
            "levels",
            "`levels` on the way to the event, or `tilted`, or both",
        );
    }
    for key in ["paths", "repetitions"] {
        if let (Some(node), None) = (tree.get(key), tree.get("levels")) {
            reading.refuse(node, key, "no `levels`", "it beside `levels`");
        }
    }
    if let (false, Some(node)) = (file.goal == Goal::Captured, tree.get("majority")) {
        reading.refuse(node, "majority", "not for this event", "it beside `coalition`");
    }
    if let (Goal::Captured, Some(node)) = (file.goal, tree.get("tilted")) {
        reading.refuse(
            node,
            "tilted",
            "a law for one host",
            "`levels` for a coalition's event",
        );
    }
    if let (Some(splits), Some(node)) = (file.splits, tree.get("levels")) {
        let all = splits.all_paths();
        if all > PATHS_MAX {
            reading.refuse(node, "levels", format!("{all} paths in all"), PATHS_ALLOWED);
        }
    }
}

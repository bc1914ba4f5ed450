//! The file that asks for a game.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::experiment::sweep::SweepError;
use crate::experiment::sweep::factor::Factor;
use crate::experiment::sweep::file::{read_factor, read_name, read_set};
use crate::experiment::sweep::flow::to_flow;
use crate::experiment::sweep::reading::{self, Reading};
use crate::scenario::Source;
use crate::scenario::document::{Node, Value};

const KEYS: [&str; 15] = [
    "game",
    "question",
    "scenario",
    "set",
    "players",
    "reduced",
    "player",
    "strategies",
    "replicates",
    "confidence",
    "alpha",
    "population",
    "candidates",
    "tolerance",
    "across",
];
/// Cells of a phase diagram at most.
const PHASES_MAX: usize = 10_000;

/// Strategies of a game at most.
pub const STRATEGIES_MAX: usize = 8;

/// One strategy of the game.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What tables call it.
    pub name: String,
    /// The strategy as a scenario has it.
    pub strategy: String,
    /// The strategy's registered name, under which cells keep its profit.
    pub registered: String,
}

/// What a game file asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct GameFile {
    /// Name, safe as a folder's.
    pub name: String,
    /// The question it asks.
    pub question: Option<String>,
    /// All that it asks, as one line: what a folder of answers is known by.
    pub asked: String,
    /// The scenario's file; its population is replaced by the players.
    pub scenario: PathBuf,
    /// What is different from the file throughout.
    pub set: Vec<(String, String)>,
    /// Identities that choose a strategy.
    pub players: u32,
    /// Players of the reduced game that stands for them.
    pub reduced: u32,
    /// What every player is, as a group of a population has it.
    pub player: Vec<(String, String)>,
    /// What they choose from.
    pub choices: Vec<Choice>,
    /// What may join the game as a best response; empty where the game stays as it is.
    pub candidates: Vec<Choice>,
    /// A best response joins if it gains more than this, in units of the first strategy's payoff.
    pub tolerance: f64,
    /// Up to two factors across which the game is solved again.
    pub across: Vec<Factor>,
    /// Replicates of each profile.
    pub replicates: u32,
    /// Confidence of intervals.
    pub confidence: f64,
    /// Intensity of selection of the ranking, for payoffs in units of the first strategy's.
    pub alpha: f64,
    /// Population of the ranking.
    pub population: u32,
}

impl GameFile {
    /// Reads a game file.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(path: &Path) -> Result<Self, SweepError> {
        let (source, folder) = reading::open(path)?;
        Self::parse(&source, folder)
    }

    /// Reads a game from a text whose paths are relative to a folder.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(source: &Arc<Source>, folder: &Path) -> Result<Self, SweepError> {
        let required = ["game", "scenario", "players", "player", "strategies"];
        let (tree, mut reading) = Reading::begin(source, &KEYS, &required, "every game gives it")?;
        let file = read(&tree, folder, &mut reading);
        reading.finish(file)
    }
}

fn read(tree: &Node, folder: &Path, reading: &mut Reading) -> GameFile {
    let count = |key: &str, default: u64, min: u64, max: u64, reading: &mut Reading| {
        tree.get(key)
            .map_or(default, |node| reading.count(node, key, min, max)) as u32
    };
    let players = count("players", 2, 2, 100_000, reading);
    let reduced = count("reduced", 2, 2, 8, reading);
    if let (false, Some(node)) = ((players - 1).is_multiple_of(reduced - 1), tree.get("players")) {
        let found = format!("{players} players for {reduced} reduced ones");
        reading.refuse(
            node,
            "players",
            found,
            "one more than a multiple of the reduced players less one",
        );
    }
    let choices = read_choices(tree, "strategies", reading);
    let candidates = read_choices(tree, "candidates", reading);
    let fewest = if candidates.is_empty() { 2 } else { 1 };
    if let (true, Some(node)) = (
        choices.len() < fewest || choices.len() > STRATEGIES_MAX,
        tree.get("strategies"),
    ) {
        reading.refuse(
            node,
            "strategies",
            format!("found {}", choices.len()),
            "two to eight strategies, or one to eight beside `candidates`",
        );
    }
    check_differ(&choices, &candidates, tree, reading);
    let across: Vec<Factor> = tree.get("across").map_or_else(Vec::new, |node| {
        let items = reading.items(node);
        items
            .into_iter()
            .map(|item| read_factor(item, "across", reading))
            .collect()
    });
    let phases = across.iter().map(Factor::count).fold(1, usize::saturating_mul);
    if let (true, Some(node)) = (across.len() > 2 || phases > PHASES_MAX, tree.get("across")) {
        let found = format!("{} factors of {phases} combinations", across.len());
        reading.refuse(
            node,
            "across",
            found,
            "one or two factors, 10,000 combinations at most",
        );
    }
    let number = |key: &str, default: f64, reading: &mut Reading| {
        tree.get(key)
            .map_or(default, |node| reading.measured(node, key).0)
    };
    GameFile {
        name: tree
            .get("game")
            .map_or_else(String::new, |node| read_name(node, reading)),
        question: tree.get("question").map(|node| reading.text(node, "question")),
        asked: to_flow(tree),
        scenario: folder.join(
            tree.get("scenario")
                .map_or_else(String::new, |node| reading.text(node, "scenario")),
        ),
        set: tree
            .get("set")
            .map_or_else(Vec::new, |node| read_set(node, "set", reading)),
        players,
        reduced,
        player: tree
            .get("player")
            .map_or_else(Vec::new, |node| read_set(node, "player", reading)),
        choices,
        candidates,
        tolerance: tree
            .get("tolerance")
            .map_or(0.01, |node| reading.share(node, "tolerance")),
        across,
        replicates: count("replicates", 10, 2, 1_000_000, reading),
        confidence: tree
            .get("confidence")
            .map_or(0.95, |node| reading.share(node, "confidence")),
        alpha: number("alpha", 10.0, reading),
        population: count("population", 50, 2, 100_000, reading),
    }
}

fn read_choices(tree: &Node, key: &str, reading: &mut Reading) -> Vec<Choice> {
    let items = tree.get(key).map_or_else(Vec::new, |node| reading.items(node));
    items
        .into_iter()
        .filter_map(|item| read_choice(item, key, reading))
        .collect()
}

/// No two strategies may be the same or have one name: payoffs are found by it.
fn check_differ(choices: &[Choice], candidates: &[Choice], tree: &Node, reading: &mut Reading) {
    let all: Vec<&Choice> = choices.iter().chain(candidates).collect();
    for (i, choice) in all.iter().enumerate() {
        let is_repeated = all[..i]
            .iter()
            .any(|other| other.strategy == choice.strategy || other.name == choice.name);
        let key = if i < choices.len() {
            "strategies"
        } else {
            "candidates"
        };
        if let (true, Some(node)) = (is_repeated, tree.get(key)) {
            reading.refuse(
                node,
                key,
                format!("`{}` twice", choice.name),
                "strategies that differ",
            );
        }
    }
}

fn read_choice(node: &Node, key: &str, reading: &mut Reading) -> Option<Choice> {
    reading.entries(node, key, &["name", "strategy"]);
    let Some(strategy) = node.get("strategy") else {
        reading.refuse(
            node,
            key,
            "a strategy without `strategy`",
            "`name` and `strategy`",
        );
        return None;
    };
    let registered = match &strategy.value {
        Value::Map(entries) => entries.first().map(|entry| entry.key.clone()).unwrap_or_default(),
        _ => strategy.text().unwrap_or_default().to_owned(),
    };
    let text = to_flow(strategy);
    Some(Choice {
        name: node
            .get("name")
            .map_or_else(|| text.clone(), |node| reading.text(node, &format!("{key}.name"))),
        strategy: text,
        registered,
    })
}

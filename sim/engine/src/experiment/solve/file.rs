//! The file that asks for the cheapest rule.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use stakeout_statistics::deterrence::{Demand, Search};
use stakeout_statistics::tuning::Effort;

use super::cost::Cost;
use super::menu::{Attack, Family, read_effort, read_menu};
use crate::experiment::sweep::SweepError;
use crate::experiment::sweep::factor::{Factor, Levels, Range};
use crate::experiment::sweep::file::{read_factor, read_name, read_set};
use crate::experiment::sweep::flow::to_flow;
use crate::experiment::sweep::meaning::{Role, names_of};
use crate::experiment::sweep::reading::{self, Reading};
use crate::scenario::Source;
use crate::scenario::document::Node;

/// Replicates that one attack may be judged with.
pub(super) const REPLICATES_MAX: u32 = 1_000_000;

const KEYS: [&str; 16] = [
    "solve",
    "question",
    "scenario",
    "set",
    "parameter",
    "tolerance",
    "across",
    "cheapest",
    "attacks",
    "tuning",
    "each",
    "honest",
    "epsilon",
    "confidence",
    "replicates",
    "price",
];

/// What a solve file asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct SolveFile {
    /// Name, safe as a folder's.
    pub name: String,
    /// The question it asks.
    pub question: Option<String>,
    /// All that it asks, as one line: what a folder of answers is known by.
    pub asked: String,
    /// The scenario's file.
    pub scenario: PathBuf,
    /// What is different from the file throughout.
    pub set: Vec<(String, String)>,
    /// The parameter, from its lax end to its strict one.
    pub parameter: Range,
    /// How it is searched.
    pub search: Search,
    /// What the question goes across, a frontier row a level.
    pub across: Option<Factor>,
    /// What a combination of a level with the value that deters there costs, where the cheapest is asked for.
    pub cheapest: Option<Cost>,
    /// The menu of attacks.
    pub attacks: Vec<Attack>,
    /// Families of the menu, in its order: an item of the file with all of its parameters.
    pub families: Vec<Family>,
    /// How hard the best values of an attack's own parameters are searched for.
    pub effort: Effort,
    /// Whether each family is searched for alone, before the whole menu.
    pub is_each: bool,
    /// What makes everybody honest: the network whose price is told.
    pub honest: Vec<(String, String)>,
    /// What is tolerated, how sure, how many replicates.
    pub demand: Demand,
    /// Figures that are told as the price.
    pub price: Vec<String>,
}

impl SolveFile {
    /// Whether an attack chooses parameters of its own.
    pub fn is_tuned(&self) -> bool {
        self.attacks.iter().any(|attack| !attack.tune.is_empty())
    }

    /// Reads a solve file.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(path: &Path) -> Result<Self, SweepError> {
        let (source, folder) = reading::open(path)?;
        Self::parse(&source, folder)
    }

    /// Reads a question from a text whose paths are relative to a folder.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(source: &Arc<Source>, folder: &Path) -> Result<Self, SweepError> {
        let required = ["solve", "scenario", "parameter", "attacks", "honest"];
        let (tree, mut reading) = Reading::begin(source, &KEYS, &required, "every question gives it")?;
        let file = read(&tree, folder, &mut reading);
        match file {
            Some(file) if reading.problems.is_empty() => Ok(file),
            _ => Err(SweepError::File(reading.problems)),
        }
    }
}

fn read(tree: &Node, folder: &Path, reading: &mut Reading) -> Option<SolveFile> {
    let name = tree
        .get("solve")
        .map_or_else(String::new, |node| read_name(node, reading));
    let question = tree.get("question").map(|node| reading.text(node, "question"));
    let scenario = tree
        .get("scenario")
        .map_or_else(String::new, |node| reading.text(node, "scenario"));
    let set = |key: &str, reading: &mut Reading| {
        tree.get(key)
            .map_or_else(Vec::new, |node| read_set(node, key, reading))
    };
    let (fixed, honest) = (set("set", reading), set("honest", reading));
    let node = tree.get("parameter")?;
    let Levels::Range(parameter) = read_factor(node, "parameter", reading).levels else {
        reading.refuse(
            node,
            "parameter",
            "a list of values",
            "`path` with `range`, from the lax end to the strict one",
        );
        return None;
    };
    let (attacks, families) = tree
        .get("attacks")
        .map_or_else(Default::default, |node| read_menu(node, reading));
    if let (true, Some(node)) = (attacks.is_empty(), tree.get("attacks")) {
        reading.refuse(node, "attacks", "no attack", "one attack or more");
    }
    let effort = read_effort(tree, &attacks, reading);
    let share = |key: &str, default: f64, reading: &mut Reading| {
        tree.get(key).map_or(default, |node| reading.share(node, key))
    };
    let (floor, ceiling) = read_replicates(tree, reading);
    let demand = Demand {
        tolerated: share("epsilon", 0.01, reading),
        confidence: share("confidence", 0.95, reading),
        floor,
        ceiling,
    };
    let search = Search {
        from: parameter.from,
        to: parameter.to,
        is_log: parameter.is_log,
        tolerance: share("tolerance", 0.05, reading),
    };
    let price = tree.get("price").map_or_else(
        || names_of(Role::Cost).map(str::to_owned).collect(),
        |node| {
            let items = reading.items(node);
            items
                .into_iter()
                .map(|item| reading.text(item, "price"))
                .collect()
        },
    );
    let across = tree
        .get("across")
        .map(|node| read_factor(node, "across", reading));
    let levels = across.as_ref().map_or(0, Factor::count);
    let cheapest = tree.get("cheapest").map(|node| Cost::read(node, levels, reading));
    Some(SolveFile {
        name,
        question,
        asked: to_flow(tree),
        scenario: folder.join(scenario),
        set: fixed,
        parameter,
        search,
        across,
        cheapest,
        attacks,
        families,
        effort,
        is_each: tree.get("each").is_some_and(|node| reading.switch(node, "each")),
        honest,
        demand,
        price,
    })
}

fn read_replicates(tree: &Node, reading: &mut Reading) -> (u32, u32) {
    let Some(node) = tree.get("replicates") else {
        return (8, 60);
    };
    reading.entries(node, "replicates", &["floor", "ceiling"]);
    let mut of = |key: &str, default: u32| {
        node.get(key).map_or(default, |node| {
            reading.count(node, "replicates", 2, u64::from(REPLICATES_MAX)) as u32
        })
    };
    let (floor, ceiling) = (of("floor", 8), of("ceiling", 60));
    (floor, ceiling.max(floor))
}

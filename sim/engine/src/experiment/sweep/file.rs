//! The file that asks for a sweep.
//!
//! **Invariant.** Everything that is wrong with a file is told at once, with its place; what a field of the scenario may
//! hold is not judged here but by the scenario's own reader at every point.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use stakeout_statistics::stopping::{Precision, StoppingRule};

use super::SweepError;
use super::factor::{Design, Factor, Level, Levels, Range};
use super::flow::to_flow;
use super::meaning::default_outputs;
use super::reading::{self, Reading};
use super::warm_up::WarmUpRule;
use crate::scenario::Source;
use crate::scenario::document::{Node, Value};
use crate::scenario::files::{MAX_DATA_BYTES, read_bounded};

/// Most levels of one factor.
const LEVELS_MAX: u64 = 10_000;
/// Most replicates of one point.
const REPLICATES_MAX: u64 = 1_000_000;
const KEYS: [&str; 15] = [
    "sweep",
    "question",
    "scenario",
    "set",
    "factors",
    "points",
    "design",
    "replicates",
    "outputs",
    "seeds",
    "twin",
    "warm_up",
    "front",
    "confidence",
    "assumptions",
];

/// What a sweep file asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepFile {
    /// Name, safe as a folder's.
    pub name: String,
    /// The question it asks.
    pub question: Option<String>,
    /// The scenario's file.
    pub scenario: PathBuf,
    /// What is different from the file at every point.
    pub set: Vec<(String, String)>,
    /// What differs between points.
    pub factors: Vec<Factor>,
    /// Which points.
    pub design: Design,
    /// How many replicates, and the output whose precision is watched.
    pub replication: Replication,
    /// Figures shown in tables, in this order; all are kept.
    pub outputs: Vec<String>,
    /// Figures that are traded against each other; one that should be large has a minus before its name.
    pub front: Vec<String>,
    /// Points share their random numbers.
    pub has_common_numbers: bool,
    /// Each cell also runs the honest twin of the heaviest owner that deviates.
    pub has_twin: bool,
    /// What is dropped of the start of each replicate.
    pub warm_up: Option<WarmUpRule>,
}

/// How many replicates a point gets.
#[derive(Clone, Debug, PartialEq)]
pub struct Replication {
    /// The rule.
    pub rule: StoppingRule,
    /// The output it watches; empty for a fixed number.
    pub watched: String,
}

impl SweepFile {
    /// Reads a sweep file.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(path: &Path) -> Result<Self, SweepError> {
        let (source, folder) = reading::open(path)?;
        Self::parse(&source, folder)
    }

    /// Reads a sweep from a text whose paths are relative to a folder.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(source: &Arc<Source>, folder: &Path) -> Result<Self, SweepError> {
        let reason = "every sweep gives it";
        let (tree, mut reading) = Reading::begin(source, &KEYS, &["sweep", "scenario"], reason)?;
        if tree.get("factors").is_none() && tree.get("points").is_none() {
            reading.miss(source, "factors", reason);
        }
        let file = Self::read(&tree, folder, &mut reading);
        reading.finish(file)
    }

    fn read(tree: &Node, folder: &Path, reading: &mut Reading) -> Self {
        let name = tree
            .get("sweep")
            .map_or_else(String::new, |node| read_name(node, reading));
        let text = |key: &str, reading: &mut Reading| tree.get(key).map(|node| reading.text(node, key));
        let (design, mut factors) = (read_design(tree, reading), read_factors(tree, reading));
        if let Some(node) = tree.get("points") {
            factors.extend(read_points(node, folder, reading));
        }
        if let (Design::Zip, Some(node)) = (&design, tree.get("factors")) {
            let longest = factors.iter().map(Factor::count).max().unwrap_or(0);
            if factors
                .iter()
                .any(|factor| factor.count() != longest && factor.count() != 1)
            {
                reading.refuse(
                    node,
                    "factors",
                    "factors of different lengths in a zip",
                    "one length, or a single level",
                );
            }
        }
        let outputs = tree.get("outputs").map_or_else(default_outputs, |node| {
            let items = reading.items(node);
            items
                .into_iter()
                .map(|item| reading.text(item, "outputs"))
                .collect()
        });
        let seeds = tree
            .get("seeds")
            .and_then(|node| reading.one_of(node, "seeds", &["common", "independent"]));
        Self {
            name,
            question: text("question", reading),
            scenario: folder.join(text("scenario", reading).unwrap_or_default()),
            set: tree
                .get("set")
                .map_or_else(Vec::new, |node| read_set(node, "set", reading)),
            replication: read_replication(tree, reading),
            design,
            factors,
            outputs,
            front: tree.get("front").map_or_else(Vec::new, |node| {
                let items = reading.items(node);
                items
                    .into_iter()
                    .map(|item| reading.text(item, "front"))
                    .collect()
            }),
            has_common_numbers: seeds != Some("independent"),
            has_twin: tree.get("twin").is_some_and(|node| reading.switch(node, "twin")),
            warm_up: tree
                .get("warm_up")
                .and_then(|node| WarmUpRule::read(node, reading)),
        }
    }
}

pub(in crate::experiment) fn read_name(node: &Node, reading: &mut Reading) -> String {
    let name = reading.text(node, "sweep");
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > 64 || name.starts_with('-') || !name.chars().all(is_plain) {
        reading.refuse(
            node,
            "sweep",
            format!("found {}", node.describe()),
            "a to z, 0 to 9 and '-', 1 to 64 characters, no '-' first",
        );
    }
    name
}

/// Paths with their values, as overrides take them.
pub(in crate::experiment) fn read_set(
    node: &Node,
    path: &str,
    reading: &mut Reading,
) -> Vec<(String, String)> {
    let Value::Map(entries) = &node.value else {
        reading.refuse(
            node,
            path,
            format!("found {}", node.describe()),
            "a map from paths to values",
        );
        return Vec::new();
    };
    entries
        .iter()
        .map(|entry| (entry.key.clone(), to_flow(&entry.node)))
        .collect()
}

fn read_design(tree: &Node, reading: &mut Reading) -> Design {
    let words = "grid, zip, corners, { lhs: N }, { sobol: N }, { morris: N }, { indices: N }";
    let Some(node) = tree.get("design") else {
        return if tree.get("points").is_some() {
            Design::Zip
        } else {
            Design::Grid
        };
    };
    if node.text().is_some() {
        return match reading.one_of(node, "design", &["grid", "zip", "corners"]) {
            Some("zip") => Design::Zip,
            Some("corners") => Design::Corners,
            _ => Design::Grid,
        };
    }
    let entries = reading.entries(node, "design", &["lhs", "sobol", "morris", "levels", "indices"]);
    let levels = node
        .get("levels")
        .map_or(4, |node| reading.count(node, "design.levels", 2, 64) as u32);
    let Some(entry) = entries.iter().find(|entry| entry.key != "levels") else {
        reading.refuse(node, "design", format!("found {}", node.describe()), words);
        return Design::Grid;
    };
    let count = reading.count(&entry.node, "design", 1, 1 << 16) as u32;
    match entry.key.as_str() {
        "lhs" => Design::LatinHypercube(count),
        "sobol" => Design::Sobol(count),
        "morris" if levels % 2 == 0 => Design::Morris {
            trajectories: count,
            levels,
        },
        "indices" => Design::Indices { rows: count },
        _ => {
            reading.refuse(
                node,
                "design",
                format!("found {} levels", levels),
                "an even number of levels",
            );
            Design::Grid
        }
    }
}

fn read_factors(tree: &Node, reading: &mut Reading) -> Vec<Factor> {
    let Some(node) = tree.get("factors") else {
        return Vec::new();
    };
    let items = reading.items(node);
    items
        .into_iter()
        .map(|item| read_factor(item, "factors", reading))
        .collect()
}

/// One factor: a path with values or a range, or named levels that set several paths.
pub(in crate::experiment) fn read_factor(node: &Node, at: &str, reading: &mut Reading) -> Factor {
    let keys = ["path", "name", "values", "levels", "range"];
    reading.entries(node, at, &keys);
    let path = node.get("path").map(|node| reading.text(node, "path"));
    let name = node.get("name").map(|node| reading.text(node, "name"));
    let levels = match (&path, node.get("values"), node.get("range"), node.get("levels")) {
        (Some(path), Some(values), None, None) => {
            let items = reading.items(values);
            let level = |item: &&Node| Level {
                label: to_flow(item),
                set: vec![(path.clone(), to_flow(item))],
            };
            Levels::Listed(items.iter().map(level).collect())
        }
        (Some(path), None, Some(range), None) => Levels::Range(read_range(path, range, reading)),
        (None, None, None, Some(levels)) => {
            let items = reading.items(levels);
            let level = |item| read_level(item, &["name", "set"], reading);
            Levels::Listed(items.into_iter().map(level).collect())
        }
        _ => {
            reading.refuse(
                node,
                at,
                "a factor that is neither of the three",
                "`path` with `values`, `path` with `range`, or `name` with `levels`",
            );
            Levels::Listed(Vec::new())
        }
    };
    let factor = Factor {
        name: name.or(path).unwrap_or_else(|| "levels".to_owned()),
        levels,
    };
    if factor.count() == 0 && reading.problems.is_empty() {
        reading.refuse(node, at, "a factor without a level", "one level or more");
    }
    factor
}

/// A level with its name; which `keys` it may have besides is for who asks.
pub(in crate::experiment) fn read_level(node: &Node, keys: &[&str], reading: &mut Reading) -> Level {
    reading.entries(node, "levels", keys);
    let label = node
        .get("name")
        .map_or_else(String::new, |node| reading.text(node, "levels.name"));
    let set = node
        .get("set")
        .map_or_else(Vec::new, |node| read_set(node, "levels.set", reading));
    if label.is_empty() {
        reading.refuse(node, "levels", "a level without a name", "`name` and `set`");
    }
    Level { label, set }
}

fn read_range(path: &str, node: &Node, reading: &mut Reading) -> Range {
    reading.entries(node, "range", &["from", "to", "steps", "scale", "round"]);
    let end = |key: &str, reading: &mut Reading| match node.get(key) {
        Some(end) => reading.measured(end, "range"),
        None => {
            reading.refuse(
                node,
                "range",
                format!("no `{key}`"),
                "`from`, `to`, and `steps` for a grid",
            );
            (0.0, String::new())
        }
    };
    let ((from, unit), (to, other)) = (end("from", reading), end("to", reading));
    if unit != other {
        reading.refuse(
            node,
            "range",
            format!("found the units `{unit}` and `{other}`"),
            "one unit for both ends",
        );
    }
    let scale = node
        .get("scale")
        .and_then(|node| reading.one_of(node, "range.scale", &["linear", "log"]));
    let is_log = scale == Some("log");
    if is_log && (from <= 0.0 || to <= 0.0) {
        reading.refuse(
            node,
            "range",
            "an end at or below zero",
            "ends above zero on a logarithmic scale",
        );
    }
    let round = node
        .get("round")
        .map(|node| reading.measured(node, "range.round").0);
    Range {
        path: path.to_owned(),
        from,
        to,
        unit,
        steps: node.get("steps").map_or(2, |node| {
            reading.count(node, "range.steps", 1, LEVELS_MAX) as usize
        }),
        is_log,
        round: round.filter(|unit| *unit > 0.0),
        decimals: None,
    }
}

/// Points listed one by one: maps from paths to values, or a CSV file whose columns are paths.
fn read_points(node: &Node, folder: &Path, reading: &mut Reading) -> Option<Factor> {
    let sets: Vec<Vec<(String, String)>> = if node.text().is_some() {
        let name = reading.text(node, "points");
        match read_csv(&folder.join(name)) {
            Ok(sets) => sets,
            Err(reason) => {
                reading.refuse(
                    node,
                    "points",
                    reason,
                    "a CSV file with a path in each column's head",
                );
                return None;
            }
        }
    } else {
        let items = reading.items(node);
        items
            .into_iter()
            .map(|item| read_set(item, "points", reading))
            .collect()
    };
    Some(Factor {
        name: "point".to_owned(),
        levels: Levels::Listed(sets.into_iter().map(Level::of).collect()),
    })
}

fn read_csv(path: &Path) -> Result<Vec<Vec<(String, String)>>, String> {
    let bytes = read_bounded(path, MAX_DATA_BYTES)?;
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(bytes.as_slice());
    let heads = reader.headers().map_err(|error| error.to_string())?.clone();
    let rows = reader.records().map(|row| {
        let row = row.map_err(|error| error.to_string())?;
        Ok(heads
            .iter()
            .zip(row.iter())
            .map(|(head, cell)| (head.to_owned(), cell.to_owned()))
            .collect())
    });
    rows.collect()
}

pub(in crate::experiment) fn read_replication(tree: &Node, reading: &mut Reading) -> Replication {
    let confidence = tree
        .get("confidence")
        .map_or(0.95, |node| reading.share(node, "confidence"));
    let Some(node) = tree.get("replicates") else {
        return Replication {
            rule: StoppingRule {
                confidence,
                ..StoppingRule::fixed(10)
            },
            watched: String::new(),
        };
    };
    if node.text().is_some() {
        let count = reading.count(node, "replicates", 1, REPLICATES_MAX) as u32;
        return Replication {
            rule: StoppingRule {
                confidence,
                ..StoppingRule::fixed(count)
            },
            watched: String::new(),
        };
    }
    reading.entries(
        node,
        "replicates",
        &["output", "relative", "half_width", "floor", "ceiling"],
    );
    let precision = match (node.get("relative"), node.get("half_width")) {
        (Some(node), None) => Some(Precision::Relative(reading.share(node, "replicates.relative"))),
        (None, Some(node)) => Some(Precision::HalfWidth(
            reading.measured(node, "replicates.half_width").0,
        )),
        _ => {
            reading.refuse(
                node,
                "replicates",
                format!("found {}", node.describe()),
                "a number, or `output` with `relative` or `half_width`",
            );
            None
        }
    };
    let floor = node.get("floor").map_or(5, |node| {
        reading.count(node, "replicates.floor", 2, REPLICATES_MAX)
    }) as u32;
    let ceiling = node.get("ceiling").map_or(100, |node| {
        reading.count(node, "replicates.ceiling", 2, REPLICATES_MAX)
    });
    Replication {
        rule: StoppingRule {
            floor,
            ceiling: (ceiling as u32).max(floor),
            precision,
            confidence,
        },
        watched: node
            .get("output")
            .map_or_else(String::new, |node| reading.text(node, "replicates.output")),
    }
}

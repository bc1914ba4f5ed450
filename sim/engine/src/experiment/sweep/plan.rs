//! The plan: every point with what it sets, frozen before a cell is run.
//!
//! **Invariant.** A plan holds no path of a machine and no time: two machines that freeze the same question get the same
//! bytes, which is what lets shards be merged.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use stakeout_statistics::design::SOBOL_FACTORS_MAX;
use stakeout_statistics::stopping::{Precision, StoppingRule};

use super::SweepError;
use super::cell::Making;
use super::factor::{self, Design, Factor, Level, Levels, Range};
use super::figures::check_name;
use super::file::SweepFile;
use super::warm_up::WarmUpRule;
use crate::observe::manifest::MODEL_VERSION;
use crate::scenario::{self, Override, Problem, Scenario, ScenarioErrors, files};
use crate::strategy::registry::Registry;

/// Layout of plans and cells.
pub const SWEEP_FORMAT: u32 = 3;
/// Most points of a plan.
pub const POINTS_MAX: usize = 1_000_000;
/// Most values of all points together.
const VALUES_MAX: u64 = 20_000_000;
/// Digits behind the point that a value between one and ten may have.
const DECIMALS_TRIED: usize = 11;

/// One point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// Labels of its levels, one a factor.
    pub labels: Vec<String>,
    /// What it sets, in order; later values win.
    pub set: Vec<(String, String)>,
    /// Root seed of its replicates.
    pub seed: u64,
    /// Hash of the resolved scenario; none where it is invalid.
    pub scenario: Option<String>,
    /// What it says of the attacker and its twin, where it says something.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pairing: String,
    /// Why it is invalid.
    pub error: Option<String>,
}

/// What will be run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Layout, [`SWEEP_FORMAT`].
    pub format: u32,
    /// Version of the model, which decides what a cell holds.
    pub model_version: u32,
    /// Name.
    pub name: String,
    /// Names of the factors.
    pub factors: Vec<String>,
    /// Which points; the analysis asks.
    pub design: Design,
    /// Seed that placed what the design draws.
    pub design_seed: u64,
    /// Fewest replicates of a point.
    pub floor: u32,
    /// Most replicates of a point.
    pub ceiling: u32,
    /// Relative half-width at which a point has enough.
    pub relative: Option<f64>,
    /// Absolute half-width at which a point has enough.
    pub half_width: Option<f64>,
    /// Confidence of every interval.
    pub confidence: f64,
    /// Output whose precision is watched.
    pub watched: String,
    /// Figures that tables show.
    pub outputs: Vec<String>,
    /// Figures that are traded against each other; one that should be large has a minus before its name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub front: Vec<String>,
    /// Each cell runs an honest twin as well.
    pub has_twin: bool,
    /// What is dropped of the start of each replicate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_up: Option<WarmUpRule>,
    /// The points, in their order.
    pub points: Vec<Point>,
}

/// The text of a scenario, read once, so that a file that changes meanwhile changes nothing.
#[derive(Clone, Debug)]
pub struct ScenarioSource {
    /// The file, for messages and replay lines.
    pub path: PathBuf,
    text: String,
}

impl ScenarioSource {
    /// Reads a scenario's file.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn read(path: &Path) -> Result<Self, SweepError> {
        let text = files::read_text(path).map_err(|error| SweepError::io(path, error))?;
        Ok(Self {
            path: path.to_path_buf(),
            text,
        })
    }

    /// A scenario that is only named, for replay lines of results whose scenario lies elsewhere.
    pub fn unread(name: &str) -> Self {
        Self {
            path: PathBuf::from(name),
            text: String::new(),
        }
    }

    /// The scenario with these values laid over it.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn resolve(&self, set: &[(String, String)], registry: &Registry) -> Result<Scenario, ScenarioErrors> {
        let overrides: Vec<Override> = set
            .iter()
            .map(|(path, value)| Override::set(&format!("{path}={value}")))
            .collect::<Result<_, _>>()?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let name = self.path.display().to_string();
        scenario::from_str_in(
            folder.unwrap_or(Path::new(".")),
            &name,
            &self.text,
            &overrides,
            registry,
        )
    }

    /// A range whose values have no more digits behind the point than its field holds: a design draws a dozen, and a
    /// rate a second has eight, a count none. Asked of the scenario itself, with a number of each length.
    pub fn held(&self, range: &Range, set: &[(String, String)], registry: &Registry) -> Range {
        let middle = match range.is_log {
            true => (range.from * range.to).sqrt(),
            false => f64::midpoint(range.from, range.to),
        };
        let is_held = |decimals: usize| {
            // A last digit of 1 ends no sooner in whatever unit the field counts.
            let mut number = format!("{middle:.decimals$}");
            number.pop();
            let tried = (range.path.clone(), format!("{number}1{}", range.unit));
            let with: Vec<(String, String)> = set.iter().cloned().chain([tried]).collect();
            match self.resolve(&with, registry) {
                Ok(_) => true,
                Err(errors) => !errors.problems.iter().any(Problem::is_too_fine),
            }
        };
        let mut held = range.clone();
        if range.round.is_none() && !is_held(DECIMALS_TRIED) {
            held.decimals = (1..DECIMALS_TRIED).rev().find(|&n| is_held(n)).or(Some(0));
        }
        held
    }

    /// A factor whose values its field holds.
    pub fn held_factor(&self, factor: &Factor, set: &[(String, String)], registry: &Registry) -> Factor {
        let levels = match &factor.levels {
            Levels::Range(range) => Levels::Range(self.held(range, set, registry)),
            Levels::Listed(levels) => Levels::Listed(levels.clone()),
        };
        Factor {
            name: factor.name.clone(),
            levels,
        }
    }

    /// The command that runs one replicate of a point again, with those before it.
    pub fn replay(&self, point: &Point, replicate: u32) -> String {
        match &point.error {
            None => self.replay_set(&point.set, point.seed, replicate + 1),
            // Which seed it would have is not known, and it fails without one.
            Some(_) => self.command(&point.set),
        }
    }

    /// The command that runs the scenario with these values.
    pub fn replay_set(&self, set: &[(String, String)], seed: u64, replicates: u32) -> String {
        self.command(set) + &format!(" --seed {seed} --replicates {replicates}")
    }

    fn command(&self, set: &[(String, String)]) -> String {
        let sets = set
            .iter()
            .map(|(path, value)| format!(" --set {}", shell(&format!("{path}={value}"))));
        let sets: String = sets.collect();
        let file = shell(&self.path.display().to_string());
        format!("stakeout run {file}{sets}")
    }
}

/// A word as a POSIX shell reads it back.
fn shell(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=+,@".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Before anything is run: a figure that no cell can have would be missed only at the end.
fn refuse_unknown(file: &SweepFile, registry: &Registry) -> Result<(), SweepError> {
    let making = Making {
        has_twin: file.has_twin,
        pairing: "",
        warm_up: file.warm_up.as_ref(),
    };
    let outputs = file.outputs.iter().map(|name| ("outputs", name.as_str()));
    let traded = file
        .front
        .iter()
        .map(|name| ("front", name.trim_start_matches('-')));
    let watched = Some(("replicates.output", file.replication.watched.as_str()));
    let asked = outputs
        .chain(traded)
        .chain(watched.filter(|(_, name)| !name.is_empty()));
    let wrong = asked.filter_map(|(key, name)| {
        let why = check_name(name, making, registry).err()?;
        Some(format!("{key}: {why}"))
    });
    let wrong: Vec<String> = wrong.collect();
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(SweepError::Unfit(wrong.join("\n"))),
    }
}

/// Refuses a design before anything is laid out for it.
fn refuse_too_large(factors: &[Factor], design: &Design) -> Result<(), SweepError> {
    let (count, columns) = (factor::count_points(factors, design), factors.len());
    let dimensions = match design {
        Design::Grid | Design::Zip | Design::Corners => 1,
        Design::LatinHypercube(_) | Design::Morris { .. } => columns.min(1),
        Design::Sobol(_) => columns,
        Design::Indices { .. } => 2 * columns,
    };
    let message = if dimensions == 0 {
        "the design spreads points over factors, and there is none".to_owned()
    } else if dimensions > SOBOL_FACTORS_MAX {
        format!("the design needs {dimensions} dimensions, and {SOBOL_FACTORS_MAX} are allowed")
    } else if count > POINTS_MAX as u64 || count.saturating_mul(columns as u64) > VALUES_MAX {
        format!(
            "the design has {count} points of {columns} values each; at most {POINTS_MAX} points and {VALUES_MAX} \
             values are allowed"
        )
    } else {
        return Ok(());
    };
    Err(SweepError::Limit(message))
}

impl Plan {
    /// Freezes a sweep: places its points and resolves the scenario at each.
    ///
    /// # Errors
    /// A limit, or a scenario that is wrong at every point.
    pub fn freeze(
        file: &SweepFile,
        source: &ScenarioSource,
        registry: &Registry,
    ) -> Result<Self, SweepError> {
        let design_seed = source
            .resolve(&file.set, registry)
            .map_or(1, |scenario| scenario.seed);
        refuse_too_large(&file.factors, &file.design)?;
        refuse_unknown(file, registry)?;
        let held = |factor: &Factor| source.held_factor(factor, &file.set, registry);
        let factors: Vec<Factor> = file.factors.iter().map(held).collect();
        let levels = factor::points(&factors, &file.design, design_seed);
        let resolved: Vec<(Point, Option<ScenarioErrors>)> = levels
            .into_par_iter()
            .enumerate()
            .map(|(index, levels)| planned(file, source, registry, index, &levels))
            .collect();
        let is_valid = |(point, _): &(Point, Option<ScenarioErrors>)| point.error.is_none();
        if !resolved.iter().any(is_valid) {
            let first = resolved.into_iter().find_map(|(_, errors)| errors);
            return Err(first.map_or_else(
                || SweepError::Limit("the design has no point".to_owned()),
                SweepError::Scenario,
            ));
        }
        let rule = file.replication.rule;
        Ok(Self {
            format: SWEEP_FORMAT,
            model_version: MODEL_VERSION,
            name: file.name.clone(),
            factors: file.factors.iter().map(|factor| factor.name.clone()).collect(),
            design: file.design.clone(),
            design_seed,
            floor: rule.floor,
            ceiling: rule.ceiling,
            relative: match rule.precision {
                Some(Precision::Relative(share)) => Some(share),
                _ => None,
            },
            half_width: match rule.precision {
                Some(Precision::HalfWidth(width)) => Some(width),
                _ => None,
            },
            confidence: rule.confidence,
            watched: file.replication.watched.clone(),
            outputs: file.outputs.clone(),
            front: file.front.clone(),
            has_twin: file.has_twin,
            warm_up: file.warm_up.clone(),
            points: resolved.into_iter().map(|(point, _)| point).collect(),
        })
    }

    /// What is made of each replicate of a point with this pairing.
    pub fn making<'a>(&'a self, pairing: &'a str) -> Making<'a> {
        Making {
            has_twin: self.has_twin,
            pairing,
            warm_up: self.warm_up.as_ref(),
        }
    }

    /// The rule that says how many replicates a point gets.
    pub fn rule(&self) -> StoppingRule {
        let relative = self.relative.map(Precision::Relative);
        StoppingRule {
            floor: self.floor,
            ceiling: self.ceiling,
            precision: relative.or(self.half_width.map(Precision::HalfWidth)),
            confidence: self.confidence,
        }
    }

    /// The rule in words.
    pub fn rule_text(&self) -> String {
        let percent = self.confidence * 100.0;
        match self.rule().precision {
            None => format!("{} replicates a point; intervals at {percent} %", self.ceiling),
            Some(precision) => {
                let width = match precision {
                    Precision::Relative(share) => format!("{} % of the mean", share * 100.0),
                    Precision::HalfWidth(width) => width.to_string(),
                };
                format!(
                    "{} to {} replicates a point, until the half-width of {} at {percent} % is {width}",
                    self.floor, self.ceiling, self.watched
                )
            }
        }
    }

    /// The plan as it is kept.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a plan is printable") + "\n"
    }
}

fn planned(
    file: &SweepFile,
    source: &ScenarioSource,
    registry: &Registry,
    index: usize,
    levels: &[Level],
) -> (Point, Option<ScenarioErrors>) {
    let mut set = file.set.clone();
    set.extend(levels.iter().flat_map(|level| level.set.iter().cloned()));
    let mut point = Point {
        labels: levels.iter().map(|level| level.label.clone()).collect(),
        set,
        seed: 0,
        scenario: None,
        pairing: String::new(),
        error: None,
    };
    match source.resolve(&point.set, registry) {
        Ok(scenario) => {
            point.seed = if file.has_common_numbers {
                scenario.seed
            } else {
                independent_seed(scenario.seed, index)
            };
            point.pairing = scenario.attack.pairing();
            point.scenario = Some(scenario.hash);
            (point, None)
        }
        Err(errors) => {
            point.error = Some(errors.to_string());
            (point, Some(errors))
        }
    }
}

/// A seed of a point's own.
fn independent_seed(seed: u64, index: usize) -> u64 {
    let mut hasher = blake3::Hasher::new_derive_key("stakeout 2026 sweep point seed v1");
    hasher.update(&seed.to_le_bytes());
    hasher.update(&(index as u64).to_le_bytes());
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    // Seeds in a scenario are whole numbers that any JSON reader keeps.
    u64::from_le_bytes(bytes) >> 12
}

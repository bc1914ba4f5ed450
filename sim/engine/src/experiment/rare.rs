//! Rare events in a running network, by importance sampling: one host's checks are made to fail more (or less) often, and
//! each replicate is weighed by how likely the passes and failures that were seen are under the law that is meant.
//!
//! The weight of a replicate is `(p/q)^failures ((1 - p)/(1 - q))^passes` with `p` the chance that a check of the host
//! fails as it is meant and `q` as it is drawn (Siegmund 1976 for sequential tests). It is exact because everything else
//! that is drawn in the network has the same law in both, and an answer is checked once by a word that decides.
//!
//! **Invariant.** The two scenarios differ in the law of that one host's checks and in nothing else; what would make the
//! weight wrong is refused.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;
use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};
use stakeout_protocol::sampling::SamplingRule;
use stakeout_statistics::rare::{RareEstimate, importance_sampling};
use stakeout_statistics::{Interval, clopper_pearson};

use super::sweep::SweepError;
use super::sweep::campaign::Monitor;
use super::sweep::file::{read_name, read_set};
use super::sweep::plan::ScenarioSource;
use super::sweep::reading::{self, Reading};
use crate::observe::frame::RunOutput;
use crate::run::{RunOptions, run};
use crate::scenario::document::Node;
use crate::scenario::{Scenario, Source};
use crate::strategy::registry::Registry;

const KEYS: [&str; 10] = [
    "rare",
    "question",
    "scenario",
    "set",
    "host",
    "answers",
    "event",
    "tilted",
    "replicates",
    "confidence",
];
/// Batches whose means give the interval.
const BATCHES: u32 = 20;
/// Replicates between two looks at whether to stop.
const STRETCH: u32 = 256;
/// Purpose of a stream that the estimator hands over and nobody draws from.
const UNUSED: Purpose = Purpose(0x5241);
const EVENTS: [&str; 2] = ["convicted", "not_convicted"];

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
    /// Id of the host whose fate is asked for.
    pub host: String,
    /// What serves its answers: a substitute of the calibration, `none` for the promised model.
    pub answers: String,
    /// Whether the event is that it is convicted, or that it is not.
    pub is_conviction: bool,
    /// What makes the event common.
    pub tilted: Vec<(String, String)>,
    /// Replicates of either estimate.
    pub replicates: u32,
    /// Confidence of the intervals.
    pub confidence: f64,
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct RareAnswer {
    /// Chance that a check of the host fails, as meant and as drawn.
    pub failing: [f64; 2],
    /// The estimate from weighted replicates.
    pub weighted: RareEstimate,
    /// Replicates in which the event was seen under the law it was drawn from.
    pub seen: u32,
    /// Hits that the weighted ones are worth: the square of their sum over the sum of their squares. A small number says
    /// that the law drawn from does not suit the event.
    pub effective: f64,
    /// Hits among as many replicates of the scenario as it is meant, and their exact interval.
    pub direct: (u32, Interval),
    /// How many plain replicates would give an interval as narrow.
    pub worth: Option<f64>,
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
        let required = ["rare", "scenario", "host", "tilted"];
        let (tree, mut reading) = Reading::begin(source, &KEYS, &required, "every rare event gives it")?;
        let file = read(&tree, folder, &mut reading);
        reading.finish(file)
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
    let event = tree
        .get("event")
        .and_then(|node| reading.one_of(node, "event", &EVENTS));
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
        is_conviction: event != Some(EVENTS[1]),
        tilted: set("tilted", reading),
        replicates: tree.get("replicates").map_or(1_000, |node| {
            reading.count(node, "replicates", u64::from(BATCHES), 10_000_000) as u32
        }),
        confidence: tree
            .get("confidence")
            .map_or(0.95, |node| reading.share(node, "confidence")),
    }
}

/// Estimates the probability of the event both ways.
///
/// # Errors
/// A scenario that is wrong or in which the weight would be, a run that is refused, or an interruption.
pub fn estimate(
    file: &RareFile,
    source: &ScenarioSource,
    registry: &Registry,
    monitor: &dyn Monitor,
) -> Result<RareAnswer, SweepError> {
    let resolve = |set: &[(String, String)]| source.resolve(set, registry).map_err(SweepError::Scenario);
    let meant = resolve(&file.set)?;
    let drawn = resolve(&[file.set.clone(), file.tilted.clone()].concat())?;
    let failing = [failing(file, &meant)?, failing(file, &drawn)?];
    let [p, q] = failing;
    if !(0.0 < q && q < 1.0 && 0.0 < p && p < 1.0) {
        let message = format!(
            "checks of {} fail with {p} as meant and {q} as drawn; both have to lie between 0 and 1",
            file.host
        );
        return Err(SweepError::Limit(message));
    }
    let (on_failure, on_pass) = (libm::log(p / q), libm::log((1.0 - p) / (1.0 - q)));
    monitor.expect(u64::from(file.replicates) * 2);
    let weighted = fates(file, &drawn, registry, monitor)?;
    let plain = fates(file, &meant, registry, monitor)?;
    let weight = |fate: &Fate| libm::exp(fate.failures as f64 * on_failure + fate.passes as f64 * on_pass);
    let hits: Vec<f64> = weighted
        .iter()
        .map(|fate| if fate.is_hit { weight(fate) } else { 0.0 })
        .collect();
    let mut values = hits.iter().copied();
    let key = StreamKey::derive(RootSeed(meant.seed), 0, UNUSED);
    let found = importance_sampling(u64::from(file.replicates), BATCHES, file.confidence, key, |_| {
        values.next().unwrap_or(0.0)
    });
    let (sum, squares) = hits
        .iter()
        .fold((0.0, 0.0), |(sum, squares), hit| (sum + hit, squares + hit * hit));
    let count = f64::from(file.replicates);
    let variance = squares / count - found.probability * found.probability;
    let direct = plain.iter().filter(|fate| fate.is_hit).count() as u64;
    Ok(RareAnswer {
        failing,
        weighted: found,
        seen: weighted.iter().filter(|fate| fate.is_hit).count() as u32,
        effective: if squares > 0.0 { sum * sum / squares } else { 0.0 },
        direct: (
            direct as u32,
            clopper_pearson(direct, u64::from(file.replicates), file.confidence),
        ),
        worth: (variance > 0.0).then(|| found.probability * (1.0 - found.probability) / variance * count),
    })
}

/// What became of the host in one replicate.
struct Fate {
    passes: u64,
    failures: u64,
    is_hit: bool,
}

fn fates(
    file: &RareFile,
    scenario: &Scenario,
    registry: &Registry,
    monitor: &dyn Monitor,
) -> Result<Vec<Fate>, SweepError> {
    let host = position(file, scenario)? as u32;
    let mut fates = Vec::new();
    let mut from = 0;
    while from < file.replicates {
        if monitor.is_stopping() {
            return Err(SweepError::Interrupted);
        }
        let to = (from + STRETCH).min(file.replicates);
        let stretch: Vec<Fate> = (from..to)
            .into_par_iter()
            .map(|replicate| {
                run(scenario, replicate, registry, &RunOptions::default())
                    .map(|output| fate(file, host, &output))
                    .map_err(|error| SweepError::Limit(error.to_string()))
            })
            .collect::<Result<_, _>>()?;
        fates.extend(stretch);
        from = to;
    }
    Ok(fates)
}

fn fate(file: &RareFile, host: u32, output: &RunOutput) -> Fate {
    let (mut passes, mut failures) = (0, 0);
    for row in output.participants.iter().filter(|row| row.participant == host) {
        passes += row.validated;
        failures += row.invalidated;
    }
    let is_convicted = output
        .convictions
        .iter()
        .any(|conviction| conviction.participant == host);
    Fate {
        passes,
        failures,
        is_hit: is_convicted == file.is_conviction,
    }
}

fn position(file: &RareFile, scenario: &Scenario) -> Result<usize, SweepError> {
    let found = scenario
        .hosts
        .iter()
        .position(|host| host.id == file.host.as_str());
    found.ok_or_else(|| {
        let known = scenario.hosts.iter().take(3).map(|host| host.id.as_str());
        let known: Vec<&str> = known.collect();
        SweepError::Limit(format!(
            "no host is called {}; there are {}, ...",
            file.host,
            known.join(", ")
        ))
    })
}

/// The chance that a check of the host's answers fails, if it is the same whoever checks and one check decides.
fn failing(file: &RareFile, scenario: &Scenario) -> Result<f64, SweepError> {
    let refuse = |message: &str| Err(SweepError::Limit(message.to_owned()));
    let sampling = &scenario.protocol.sampling;
    if sampling.rule != SamplingRule::Designated {
        return refuse("an answer has to be checked at most once: set protocol.sampling.rule to designated");
    }
    let at = position(file, scenario)?;
    let substitutes = scenario.calibration.substitutes();
    let Some(substitute) = substitutes.iter().position(|known| known.name == file.answers) else {
        let known: Vec<&str> = substitutes.iter().map(|known| known.name.as_str()).collect();
        return refuse(&format!(
            "no substitute `{}`; there are {}",
            file.answers,
            known.join(", ")
        ));
    };
    let host = &scenario.hosts[at];
    let table = scenario.calibration.compile();
    let threshold = scenario.models[usize::from(host.models[0])].threshold_ppb;
    let kernel = |class: u16| {
        let name = &scenario.hardware[usize::from(class)].kernel;
        scenario.calibration.kernel_index(name).unwrap_or(0)
    };
    let own = kernel(host.class);
    let mut rates = scenario
        .hosts
        .iter()
        .enumerate()
        .filter(|(other, _)| *other != at)
        .map(|(_, other)| {
            1.0 - table.pass_probability(substitute as u8, own, kernel(other.class), threshold)
        });
    let Some(first) = rates.next() else {
        return refuse("one host alone is checked by nobody");
    };
    if rates.any(|rate| (rate - first).abs() > 1e-12) {
        return refuse("a check of the host has to fail as often whoever checks: give the others one kernel");
    }
    Ok(first)
}

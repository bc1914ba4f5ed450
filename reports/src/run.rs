//! The headline numbers of a run, as its `summary.json` states them, and what it was set beside.
//!
//! **Invariant.** Fields that a report does not show are ignored, so a newer run of the same format reads.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use stakeout_engine::observe::comparisons::COMPARISONS_FILE;
use stakeout_engine::observe::manifest::Manifest;
use stakeout_engine::observe::run_archive::RunDirectory;

use crate::error::ReportError;

/// A run directory's headline numbers.
#[derive(Clone, Debug)]
pub struct Run {
    /// The directory.
    pub path: PathBuf,
    /// `manifest.json`.
    pub manifest: Manifest,
    /// `summary.json`.
    pub summary: Summary,
    /// `comparisons.json`; empty where the run has none.
    pub comparisons: Comparisons,
}

/// What a run was set beside.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Comparisons {
    /// Simulated figures beside recorded ones.
    pub recorded: Option<Recorded>,
    /// Owners that do not follow the rules, beside the same run with that owner alone made honest.
    #[serde(default)]
    pub honest_twins: Vec<TwinLine>,
    /// Counterfactuals: hosts whose record a shorter stored history may explain.
    #[serde(default)]
    pub shorter_histories: Vec<ShorterHistory>,
    /// Parameters that were set and had no effect.
    #[serde(default)]
    pub warnings: Vec<String>,
}

/// One host with the stored history of the record and with the one that fits.
#[derive(Clone, Debug, Deserialize)]
pub struct ShorterHistory {
    /// Host.
    pub host: String,
    /// Completed epochs that the record gives it.
    pub recorded_epochs: u32,
    /// Completed epochs that fit best.
    pub fitting_epochs: u32,
    /// The figure with the first.
    pub with_recorded: RecordedFigure,
    /// The figure with the second.
    pub with_fitting: RecordedFigure,
}

/// Recorded figures and what the simulation says.
#[derive(Clone, Debug, Deserialize)]
pub struct Recorded {
    /// Where the record comes from.
    pub source: String,
    /// Epoch compared.
    pub epoch: u32,
    /// Replicates behind every mean.
    pub replicates: u32,
    /// Level of the prediction intervals.
    pub level: f64,
    /// Heights of stages.
    pub heights: Vec<HeightLine>,
    /// Figures, host by host.
    pub hosts: Vec<RecordedHost>,
}

/// One stage.
#[derive(Clone, Debug, Deserialize)]
pub struct HeightLine {
    /// Name of the stage.
    pub stage: String,
    /// Height in the simulation.
    pub simulated: Option<u64>,
    /// Height in the record.
    pub recorded: u64,
}

/// The compared figures of one host.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordedHost {
    /// Host.
    pub id: String,
    /// Figures that were recorded.
    pub figures: Vec<RecordedFigure>,
}

/// One figure of one host.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordedFigure {
    /// Name of the figure.
    pub figure: String,
    /// Mean over replicates.
    pub simulated_mean: Option<Number>,
    /// Where one further replicate falls.
    pub interval: Option<[Number; 2]>,
    /// The record.
    pub recorded: Number,
    /// Standard errors that the record lies off.
    pub z: Option<f64>,
    /// Every replicate gives the recorded value.
    pub is_exact: bool,
    /// Replicates that give the recorded value.
    pub exact_replicates: u64,
}

impl RecordedFigure {
    /// Whether the record lies outside the interval; an interval that is missing holds everything.
    pub fn is_outside(&self) -> bool {
        let bounds = self.interval.as_ref();
        let limits = bounds.and_then(|[low, high]| low.as_float().zip(high.as_float()));
        let recorded = self.recorded.as_float();
        limits
            .zip(recorded)
            .is_some_and(|((low, high), recorded)| recorded < low || recorded > high)
    }

    /// Whether it says more than that a count is exact in every replicate.
    pub fn is_telling(&self) -> bool {
        !self.is_exact || matches!(self.recorded, Number::Money(_))
    }
}

/// What one owner earned, and what it would have earned by following the rules.
#[derive(Clone, Debug, Deserialize)]
pub struct TwinLine {
    /// Owner.
    pub owner: String,
    /// Identities held.
    pub identities: u32,
    /// Strategies followed.
    pub strategies: Vec<String>,
    /// Profit as it was.
    pub profit: Figure,
    /// Profit of the honest twin.
    pub honest_profit: Figure,
    /// What not following the rules was worth.
    pub gain: Figure,
}

/// Headline numbers.
#[derive(Clone, Debug, Deserialize)]
pub struct Summary {
    /// Scenario name.
    pub scenario: String,
    /// First 16 hex digits of the scenario's hash.
    pub scenario_hash: String,
    /// Root seed.
    pub seed: u64,
    /// Number of replicates.
    pub replicates: u32,
    /// Digest over all replicates.
    pub digest: String,
    /// First and last settled epoch.
    pub epochs: Option<[u32; 2]>,
    /// Confidence level of intervals.
    pub level: f64,
    /// Network-wide figures by name.
    pub figures: BTreeMap<String, Figure>,
    /// Detection.
    pub detection: Detection,
    /// Outcome by strategy.
    pub strategies: Vec<StrategyLine>,
    /// Outcome by owner.
    pub owners: Vec<OwnerLine>,
    /// Owners left out of the list.
    pub owners_omitted: usize,
    /// Assumptions the scenario leans on.
    pub assumptions: Vec<String>,
}

/// A figure across replicates.
#[derive(Clone, Debug, Deserialize)]
pub struct Figure {
    /// Unit.
    pub unit: String,
    /// Replicates in which it exists.
    pub n: u32,
    /// Mean.
    pub mean: Option<Number>,
    /// Interval of the mean.
    pub interval: Option<[Number; 2]>,
}

/// A JSON number, or money as text.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Number {
    /// Count, share, time or ratio.
    Plain(f64),
    /// Base units.
    Money(String),
}

impl Number {
    /// The number as a float, for comparisons and axes.
    pub fn as_float(&self) -> Option<f64> {
        match self {
            Self::Plain(value) => Some(*value),
            Self::Money(text) => text.parse::<i128>().ok().map(|units| units as f64),
        }
    }
}

/// Who was caught and when.
#[derive(Clone, Debug, Deserialize)]
pub struct Detection {
    /// Cheaters convicted.
    pub cheaters_convicted: Proportion,
    /// Honest participants convicted.
    pub honest_convicted: Proportion,
    /// Time to conviction.
    pub conviction: ToConviction,
}

/// A share with its interval.
#[derive(Clone, Debug, Deserialize)]
pub struct Proportion {
    /// Trials with the property.
    pub hits: u64,
    /// Trials.
    pub n: u64,
    /// Ratio.
    pub share: Option<f64>,
    /// Interval.
    pub interval: Option<[f64; 2]>,
}

/// Medians over convicted cheaters.
#[derive(Clone, Debug, Deserialize)]
pub struct ToConviction {
    /// Convicted cheaters.
    pub n: u64,
    /// Epochs begun.
    pub epochs_p50: Option<u64>,
    /// Answers finished.
    pub answers_p50: Option<u64>,
    /// Answers finished, 95th percentile.
    pub answers_p95: Option<u64>,
}

/// One strategy's outcome.
#[derive(Clone, Debug, Deserialize)]
pub struct StrategyLine {
    /// Name with parameters.
    pub strategy: String,
    /// Identities that follow it.
    pub participants: u32,
    /// Profit of all of them.
    pub profit: Figure,
    /// Profit for each unit of weight held through one epoch.
    pub profit_per_weight_epoch: Figure,
    /// Answers finished.
    pub inferences: Figure,
    /// Answers invalidated.
    pub invalidated: Figure,
    /// Answers served by a substitute.
    pub cheated: Figure,
    /// Participants convicted.
    pub convicted: Figure,
}

/// One owner's outcome.
#[derive(Clone, Debug, Deserialize)]
pub struct OwnerLine {
    /// Name.
    pub owner: String,
    /// Identities held.
    pub identities: u32,
    /// Strategies followed.
    pub strategies: Vec<String>,
    /// At least one identity cheated.
    pub is_cheating: bool,
    /// Profit of all identities.
    pub profit: Figure,
    /// Identities convicted.
    pub convicted: Figure,
}

impl StrategyLine {
    /// Whether it served substitutes.
    pub fn has_cheated(&self) -> bool {
        let answers = self.cheated.mean.as_ref().and_then(Number::as_float);
        answers.is_some_and(|answers| answers > 0.0)
    }
}

impl Run {
    /// Reads the headline numbers of a run directory.
    ///
    /// # Errors
    /// A file that is missing, too large, malformed or of another format.
    pub fn open(path: &Path) -> Result<Self, ReportError> {
        let directory = RunDirectory::open(path)?;
        let summary = serde_json::from_value(directory.summary()?)
            .map_err(|error| ReportError::broken(&path.join("summary.json"), error))?;
        let comparisons = match directory.comparisons()? {
            Some(value) => serde_json::from_value(value)
                .map_err(|error| ReportError::broken(&path.join(COMPARISONS_FILE), error))?,
            None => Comparisons::default(),
        };
        Ok(Self {
            path: path.to_path_buf(),
            manifest: directory.manifest().clone(),
            summary,
            comparisons,
        })
    }
}

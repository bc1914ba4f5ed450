//! The one object that `run --format json` prints.
//!
//! **Invariant.** `participants` and `network` hold simulated figures alone; what the real network recorded
//! stands apart, under `recorded`. Money is a string of base units.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use super::cast::Cast;
use super::figure::Number;
use super::frame::{ParticipantRow, RunOutput, StageHeights};
use super::recorded::Comparison;
use super::summary::Summary;

/// The object.
#[derive(Clone, Debug, Serialize)]
pub struct RunReport<'a> {
    /// Digest over all replicates, lower-case hex.
    pub digest: &'a str,
    /// Scenario name.
    pub scenario: &'a str,
    /// First 16 hex digits of the scenario's hash.
    pub scenario_hash: &'a str,
    /// Root seed.
    pub seed: u64,
    /// Number of replicates.
    pub replicates: u32,
    /// Where the run directory lies; none if none was written.
    pub results: Option<String>,
    /// Each participant in the first replicate.
    pub participants: Vec<ParticipantReport>,
    /// The network.
    pub network: NetworkReport<'a>,
    /// Simulated beside recorded, for a scenario that has a record.
    pub recorded: Option<&'a Comparison>,
}

/// One participant: sums over the settled epochs, weight and reputation of the last one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ParticipantReport {
    /// Name of the host.
    pub id: String,
    /// Effective weight in the last epoch in which it took part.
    pub weight: u64,
    /// Finished inferences.
    pub inferences: u64,
    /// Missed requests.
    pub missed: u64,
    /// Passing validations of its answers.
    pub validated: u64,
    /// Invalidated answers.
    pub invalidated: u64,
    /// Reputation, 0 to 100, in the last epoch in which it took part.
    pub reputation: u8,
    /// Work coins settled, base units.
    pub work_coins: String,
    /// Reward settled, base units.
    pub reward: String,
}

/// Network-wide figures over all replicates.
#[derive(Clone, Debug, Serialize)]
pub struct NetworkReport<'a> {
    /// Settled epochs, first and last.
    pub epochs: Option<[u32; 2]>,
    /// Blocks simulated, each replicate.
    pub blocks: &'a [u64],
    /// Confidence level of the intervals.
    pub level: f64,
    /// Mean of every headline figure, by name (docs/results.md has the units).
    pub figures: BTreeMap<&'a str, Option<Number>>,
    /// Intervals of the figures that have one.
    pub intervals: BTreeMap<&'a str, [Number; 2]>,
    /// Heights of stages in the first replicate.
    pub stages: Vec<StageReport>,
    /// Detection.
    pub detection: &'a super::detection::Detection,
    /// Profit by strategy.
    pub strategies: &'a [super::profit::StrategyLine],
    /// Balances at the end by kind of account.
    pub balances: BTreeMap<&'a str, Option<Number>>,
    /// Assumptions the scenario leans on.
    pub assumptions: &'a [String],
}

/// Heights of the stages of one epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StageReport {
    /// Epoch number of the network.
    pub epoch: u32,
    /// Proof of compute starts.
    pub poc_start: u64,
    /// The previous epoch settles.
    pub settlement: u64,
    /// The epoch's group is created.
    pub group_created: u64,
    /// The epoch's weights become effective.
    pub activation: u64,
    /// Claims of the previous epoch open.
    pub claim: u64,
}

impl<'a> RunReport<'a> {
    /// Puts the object together.
    pub fn new(
        cast: &'a Cast,
        outputs: &[RunOutput],
        summary: &'a Summary,
        recorded: Option<&'a Comparison>,
        results: Option<&Path>,
    ) -> Self {
        Self {
            digest: &summary.digest,
            scenario: &cast.scenario,
            scenario_hash: &cast.hash,
            seed: cast.seed,
            replicates: summary.replicates,
            results: results.map(|path| path.display().to_string()),
            participants: outputs
                .first()
                .map(|o| participant_reports(cast, o))
                .unwrap_or_default(),
            network: NetworkReport::new(outputs, summary),
            recorded,
        }
    }

    /// The object as JSON text with a final line feed.
    ///
    /// # Errors
    /// None in practice: every key is text and every number finite or absent.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }
}

impl<'a> NetworkReport<'a> {
    fn new(outputs: &[RunOutput], summary: &'a Summary) -> Self {
        let interval = |(name, figure): (&&'a str, &super::figure::Figure)| Some((*name, figure.interval?));
        Self {
            epochs: summary.epochs,
            blocks: &summary.blocks,
            level: summary.level,
            figures: summary
                .figures
                .iter()
                .map(|(name, figure)| (*name, figure.mean))
                .collect(),
            intervals: summary.figures.iter().filter_map(interval).collect(),
            stages: outputs
                .first()
                .map(|o| o.stages.iter().map(stage_report).collect())
                .unwrap_or_default(),
            detection: &summary.detection,
            strategies: &summary.strategies,
            balances: summary
                .balances
                .iter()
                .map(|(kind, figure)| (*kind, figure.mean))
                .collect(),
            assumptions: &summary.assumptions,
        }
    }
}

fn stage_report(stages: &StageHeights) -> StageReport {
    StageReport {
        epoch: stages.epoch,
        poc_start: stages.poc_start,
        settlement: stages.settlement,
        group_created: stages.group_created,
        activation: stages.activation,
        claim: stages.claim,
    }
}

/// Sums of one replicate by participant, in the scenario's order; one that never took part has zeros.
pub fn participant_reports(cast: &Cast, output: &RunOutput) -> Vec<ParticipantReport> {
    let mut sums = vec![Sums::default(); cast.members.len()];
    for row in &output.participants {
        if let Some(sum) = sums.get_mut(row.participant as usize) {
            sum.add(&row);
        }
    }
    cast.members
        .iter()
        .zip(sums)
        .map(|(member, sum)| sum.report(&member.id))
        .collect()
}

#[derive(Clone, Debug, Default)]
struct Sums {
    weight: u64,
    reputation: u8,
    inferences: u64,
    missed: u64,
    validated: u64,
    invalidated: u64,
    work_coins: i128,
    reward: i128,
}

impl Sums {
    fn add(&mut self, row: &ParticipantRow) {
        // Rows come epoch by epoch: the last one stays.
        (self.weight, self.reputation) = (row.weight, row.reputation);
        self.inferences += row.inferences;
        self.missed += row.missed;
        self.validated += row.validated;
        self.invalidated += row.invalidated;
        self.work_coins += row.work_coins;
        self.reward += row.reward;
    }

    fn report(self, id: &str) -> ParticipantReport {
        ParticipantReport {
            id: id.to_string(),
            weight: self.weight,
            inferences: self.inferences,
            missed: self.missed,
            validated: self.validated,
            invalidated: self.invalidated,
            reputation: self.reputation,
            work_coins: self.work_coins.to_string(),
            reward: self.reward.to_string(),
        }
    }
}

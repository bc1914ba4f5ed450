//! The network's own rule on the same answers: what it lets through and whom it hurts.
//!
//! **Invariant.** The thresholds are the network's, not fitted here; the scale they were made for is another
//! model's, which is the point: they travel badly.

use serde::Serialize;

use super::estimate::Estimate;
use super::rule::Rule;
use super::sheet::{ScoreSheet, SheetRow};
use crate::AttackLevel;
use crate::scores::Statistic;

/// Thresholds that were in force for some model, in distance: gonka-ai/gonka inference-chain/app/upgrades and
/// genesis.json (docs/spec/artifact.md).
pub(super) const IN_FORCE: [(&str, f64); 5] = [
    ("genesis, small models", 0.02),
    ("launch, Qwen3-235B", 0.029083),
    ("v0.2.10", 0.042),
    ("v0.2.13", 0.06),
    ("production override, small models", 0.15),
];

/// Rates of the network's rule at one of its thresholds and one length.
#[derive(Clone, Debug, Serialize)]
pub struct DeployedRow {
    /// Where the threshold was in force.
    pub threshold_name: &'static str,
    /// The threshold in distance.
    pub threshold: f64,
    /// Length in model tokens.
    pub length: usize,
    /// Honest answers rejected.
    pub false_positive: Estimate,
    /// Substituted answers rejected, by disguise.
    pub true_positive: Vec<(String, AttackLevel, Estimate)>,
}

/// The rule at each of its thresholds and at every length, on all prompts: nothing is fitted.
pub(super) fn deployed(sheet: &ScoreSheet) -> Vec<DeployedRow> {
    let mut rows = Vec::new();
    for (threshold_name, threshold) in IN_FORCE {
        for (index, length) in sheet.lengths.iter().enumerate() {
            let verdict = |row: &SheetRow| {
                let score = row.score(Rule::Of(Statistic::Deployed), index)?;
                // An answer passes strictly above the similarity, so it fails at the distance itself.
                Some((row.key.prompt, score >= threshold))
            };
            let honest = sheet.rows.iter().filter(|row| row.is_honest());
            let Some(false_positive) = Estimate::rate(honest.filter_map(verdict)) else {
                continue;
            };
            let disguise = |(substitute, attack): (String, AttackLevel)| {
                let rate = Estimate::rate(sheet.substituted(&substitute, attack).filter_map(verdict))?;
                Some((substitute, attack, rate))
            };
            let true_positive = sheet.disguises().into_iter().filter_map(disguise).collect();
            rows.push(DeployedRow {
                threshold_name,
                threshold,
                length: *length,
                false_positive,
                true_positive,
            });
        }
    }
    rows
}

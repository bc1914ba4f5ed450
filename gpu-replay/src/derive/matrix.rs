//! Which statistic sees which fault: areas under the curve, fault by statistic.
//!
//! **Invariant.** One half is blindness; below one half a statistic is smaller on the fault than on honest answers.

use serde::Serialize;

use super::estimate::Estimate;
use super::rule::Rule;
use super::sheet::{ScoreSheet, SheetRow};
use crate::AttackLevel;
use crate::scores::Statistic;
use crate::statistics::{auc, auc_interval, partial_auc};

/// The statistics of the matrix.
pub(super) const COLUMNS: [Rule; 6] = [
    Rule::Of(Statistic::S1Mean),
    Rule::Of(Statistic::S1Window),
    Rule::Of(Statistic::S2Margin),
    Rule::Of(Statistic::S3),
    Rule::Of(Statistic::Deployed),
    Rule::Combined,
];

/// One fault against all statistics.
#[derive(Clone, Debug, Serialize)]
pub struct MatrixRow {
    /// The substitute.
    pub substitute: String,
    /// How hard the executor tried.
    pub attack: AttackLevel,
    /// Length in model tokens.
    pub length: usize,
    /// Area under the curve by statistic, intervals by prompt.
    pub areas: Vec<(Rule, Estimate)>,
    /// Standardised area up to a false-positive rate of 1 %, of the combined rule.
    pub partial_area: f64,
}

/// The matrix at the reference length, or at the longest that a fault's answers reach.
pub(super) fn matrix(sheet: &ScoreSheet) -> Vec<MatrixRow> {
    sheet
        .disguises()
        .into_iter()
        .filter_map(|disguise| row(sheet, disguise))
        .collect()
}

fn row(sheet: &ScoreSheet, (substitute, attack): (String, AttackLevel)) -> Option<MatrixRow> {
    let rows: Vec<&SheetRow> = sheet
        .substituted(&substitute, attack)
        .filter(|row| !row.is_calibration())
        .collect();
    let index = (0..=sheet.reference)
        .rev()
        .find(|index| rows.iter().filter(|row| row.scores.len() > *index).count() * 2 >= rows.len().max(1))?;
    let honest: Vec<&SheetRow> = sheet.honest(false).collect();
    let scores = |rows: &[&SheetRow], rule: Rule| -> Vec<(usize, f64)> {
        rows.iter()
            .filter_map(|row| Some((row.key.prompt as usize, row.score(rule, index)?)))
            .collect()
    };
    let area = |rule: &Rule| {
        let (low, high) = (scores(&honest, *rule), scores(&rows, *rule));
        let interval = auc_interval(&low, &high)?;
        let value = auc(&plain(&low), &plain(&high));
        let estimate = Estimate {
            value,
            low: interval.low.min(value),
            high: interval.high.max(value),
            n: high.len() as u64,
        };
        Some((*rule, estimate))
    };
    let areas: Vec<(Rule, Estimate)> = COLUMNS.iter().filter_map(area).collect();
    let (low, high) = (scores(&honest, Rule::Combined), scores(&rows, Rule::Combined));
    let partial_area = partial_auc(&plain(&low), &plain(&high), 0.01);
    let length = sheet.lengths[index];
    (!areas.is_empty()).then_some(MatrixRow {
        substitute,
        attack,
        length,
        areas,
        partial_area,
    })
}

pub(super) fn plain(scores: &[(usize, f64)]) -> Vec<f64> {
    scores.iter().map(|(_, score)| *score).collect()
}

//! How much the answers' scores hang together: within an answer, within a prompt.
//!
//! **Invariant.** Read off honest answers alone.

use serde::Serialize;

use super::answer::ScoredAnswer;
use super::estimate::Estimate;
use super::rule::Rule;
use super::sheet::ScoreSheet;
use crate::AttackLevel;
use crate::scores::{Statistic, TokenScore, calibration_z};
use crate::statistics::{effective_length, lag_one};

/// Dependence of honest scores.
#[derive(Clone, Debug, Serialize)]
pub struct Dependence {
    /// Correlation of neighbouring positions: S1's divergence.
    pub s1_lag_one: f64,
    /// The same of S2's margin.
    pub s2_lag_one: f64,
    /// The same of S3's excess; a drawn answer has none.
    pub s3_lag_one: f64,
    /// Independent positions that 128 are worth, S1.
    pub s1_effective_of_128: f64,
    /// Mean of S3 over whole honest answers; zero under its null.
    pub z_mean: f64,
    /// Variance of S3; one under its null.
    pub z_variance: f64,
    /// Whole honest answers behind the last two.
    pub z_count: u64,
    /// Share of honest answers whose S3 exceeds the normal law's own two-sided 1 % point, by length: what a network
    /// would reject that takes the threshold from theory.
    pub z_null_rejected: Vec<(usize, Estimate)>,
    /// Mean entropy of the promised law, nats.
    pub entropy: f64,
    /// Mean varentropy, nats².
    pub varentropy: f64,
}

/// Two-sided 1 % point of the standard normal law.
const Z_NULL: f64 = 2.575_829_303_548_901;

/// Honest answers above the null's own threshold.
fn null_rejected(sheet: &ScoreSheet) -> Vec<(usize, Estimate)> {
    let rule = Rule::Of(Statistic::S3);
    let rate = |index: usize| {
        let honest = sheet.rows.iter().filter(|row| row.is_honest());
        Estimate::rate(honest.filter_map(|row| row.verdict(rule, index, Z_NULL)))
    };
    sheet
        .lengths
        .iter()
        .enumerate()
        .filter_map(|(index, length)| Some((*length, rate(index)?)))
        .collect()
}

/// Reads off the honest answers.
pub(super) fn dependence(answers: &[ScoredAnswer], sheet: &ScoreSheet) -> Dependence {
    let mut honest: Vec<&ScoredAnswer> = answers
        .iter()
        .filter(|answer| answer.key.attack == AttackLevel::Honest)
        .collect();
    honest.sort_by(|a, b| a.key.cmp(&b.key));
    let lag = |value: fn(&TokenScore) -> f64| {
        let series: Vec<Vec<f64>> = honest
            .iter()
            .map(|answer| answer.positions.iter().map(value).collect())
            .collect();
        lag_one(series.iter().map(Vec::as_slice))
    };
    let z: Vec<f64> = honest.iter().map(|answer| z_of(&answer.positions)).collect();
    let count = z.len().max(1) as f64;
    let z_mean = z.iter().sum::<f64>() / count;
    let positions = honest
        .iter()
        .map(|answer| answer.positions.len())
        .sum::<usize>()
        .max(1) as f64;
    let mean = |value: fn(&TokenScore) -> f64| {
        honest
            .iter()
            .flat_map(|answer| &answer.positions)
            .map(value)
            .sum::<f64>()
            / positions
    };
    let s1_lag_one = lag(|at| at.js);
    Dependence {
        s1_lag_one,
        s2_lag_one: lag(|at| at.margin),
        s3_lag_one: lag(TokenScore::excess),
        s1_effective_of_128: effective_length(128, s1_lag_one),
        z_mean,
        z_variance: z
            .iter()
            .map(|value| (value - z_mean) * (value - z_mean))
            .sum::<f64>()
            / count,
        z_count: z.len() as u64,
        z_null_rejected: null_rejected(sheet),
        entropy: mean(|at| at.entropy),
        varentropy: mean(|at| at.varentropy),
    }
}

fn z_of(positions: &[TokenScore]) -> f64 {
    let excess = positions.iter().map(TokenScore::excess).sum();
    calibration_z(excess, positions.iter().map(|at| at.varentropy).sum())
}

//! How often honest answers fail: held out, by stratum, at worst.
//!
//! **Invariant.** Every rate is taken on prompts that no threshold was fixed on.

use std::collections::BTreeMap;

use serde::Serialize;

use super::estimate::{Estimate, counts};
use super::rule::Rule;
use super::ruler::{Method, Rulers};
use super::sheet::{ScoreSheet, SheetRow};
use crate::Stratum;
use crate::statistics::fit_beta_binomial;

/// Rates that thresholds are fixed for.
pub(super) const ALPHAS: [f64; 4] = [0.1, 0.01, 1e-3, 1e-4];

/// A threshold of the evidence.
#[derive(Clone, Debug, Serialize)]
pub struct ThresholdRow {
    /// The rule.
    pub rule: Rule,
    /// Length in model tokens.
    pub length: usize,
    /// Nominal false-positive rate.
    pub alpha: f64,
    /// The threshold, in the rule's unit.
    pub value: f64,
    /// Its 95 % interval, where it comes from the tail.
    pub interval: Option<(f64, f64)>,
    /// What the rate stays below with 95 % confidence, where it is an order statistic of independent answers.
    pub rate_upper: Option<f64>,
    /// How it was found.
    pub method: Method,
}

/// Held-out honest answers above a threshold.
#[derive(Clone, Debug, Serialize)]
pub struct HonestRow {
    /// The rule.
    pub rule: Rule,
    /// Length in model tokens.
    pub length: usize,
    /// Nominal false-positive rate.
    pub alpha: f64,
    /// Rate over all strata.
    pub pooled: Estimate,
    /// Rate in the stratum that fails most.
    pub worst: Estimate,
    /// That stratum's kernels: executor, validator.
    pub worst_stratum: (Stratum, Stratum),
    /// Correlation of the failures of answers to one prompt, if any failed.
    pub correlation: Option<f64>,
}

/// Held-out honest answers of one kernel pair.
#[derive(Clone, Debug, Serialize)]
pub struct StratumRow {
    /// The executor's kernel.
    pub executor: Stratum,
    /// The validator's kernel.
    pub validator: Stratum,
    /// Rates at a nominal 1 %, combined rule and reference length.
    pub combined: Estimate,
    /// The same of S1's mean alone.
    pub s1: Estimate,
    /// The same of S2's margin alone.
    pub s2: Estimate,
    /// Median of the mean absolute error, nats.
    pub mae_median: f64,
    /// Mean divergence, nats a token.
    pub kl_mean: f64,
}

/// Every threshold of the shown rules.
pub(super) fn thresholds(sheet: &ScoreSheet, rulers: &Rulers) -> Vec<ThresholdRow> {
    let mut rows = Vec::new();
    for rule in Rule::SHOWN {
        for (index, length) in sheet.lengths.iter().enumerate() {
            for alpha in ALPHAS {
                let threshold = rulers.at(rule, index).threshold(alpha);
                rows.push(ThresholdRow {
                    rule,
                    length: *length,
                    alpha,
                    value: threshold.value,
                    interval: threshold.interval,
                    rate_upper: threshold.rate_upper,
                    method: threshold.method,
                });
            }
        }
    }
    rows
}

/// Held-out false-positive rates of the shown rules at every length.
pub(super) fn honest(sheet: &ScoreSheet, rulers: &Rulers) -> Vec<HonestRow> {
    let mut rows = Vec::new();
    for rule in Rule::SHOWN {
        for index in 0..sheet.lengths.len() {
            for alpha in &ALPHAS[..3] {
                rows.extend(honest_row(sheet, rulers, rule, index, *alpha));
            }
        }
    }
    rows
}

fn honest_row(
    sheet: &ScoreSheet,
    rulers: &Rulers,
    rule: Rule,
    index: usize,
    alpha: f64,
) -> Option<HonestRow> {
    let limit = rulers.at(rule, index).limit(alpha);
    let mut by_pair = BTreeMap::<(Stratum, Stratum), Vec<(u32, bool)>>::new();
    for row in sheet.honest(false) {
        if let Some(found) = row.verdict(rule, index, limit) {
            by_pair
                .entry((row.key.executor, row.key.validator))
                .or_default()
                .push(found);
        }
    }
    let all = || by_pair.values().flatten().copied();
    let pooled = Estimate::rate(all())?;
    let (worst_stratum, worst) = by_pair
        .iter()
        .filter_map(|(pair, found)| Some((*pair, Estimate::rate(found.iter().copied())?)))
        .max_by(|a, b| a.1.value.total_cmp(&b.1.value))?;
    let failures = counts(all());
    Some(HonestRow {
        rule,
        length: sheet.lengths[index],
        alpha,
        pooled,
        worst,
        worst_stratum,
        correlation: fit_beta_binomial(&failures).map(|fitted| fitted.correlation),
    })
}

/// Held-out rates of each kernel pair at the reference length.
pub(super) fn strata(sheet: &ScoreSheet, rulers: &Rulers) -> Vec<StratumRow> {
    use crate::scores::Statistic::{S1Mean, S2Margin};
    let index = sheet.reference;
    let rate = |pair, rule: Rule| {
        let limit = rulers.at(rule, index).limit(0.01);
        Estimate::rate(in_pair(sheet, pair).filter_map(|row| row.verdict(rule, index, limit)))
    };
    let row = |(executor, validator): (Stratum, Stratum)| {
        let pair = (executor, validator);
        let values = |value: fn(&SheetRow) -> f64| in_pair(sheet, pair).map(value).collect::<Vec<f64>>();
        let (mae, kl) = (values(|row| row.mae), values(|row| row.kl));
        Some(StratumRow {
            executor,
            validator,
            combined: rate(pair, Rule::Combined)?,
            s1: rate(pair, Rule::Of(S1Mean))?,
            s2: rate(pair, Rule::Of(S2Margin))?,
            mae_median: stakeout_statistics::sample_quantile(&mae, 0.5)?,
            kl_mean: kl.iter().sum::<f64>() / kl.len() as f64,
        })
    };
    pairs(sheet).into_iter().filter_map(row).collect()
}

/// Kernel pairs of honest answers, sorted.
pub(super) fn pairs(sheet: &ScoreSheet) -> Vec<(Stratum, Stratum)> {
    let mut pairs: Vec<(Stratum, Stratum)> = sheet
        .rows
        .iter()
        .filter(|row| row.is_honest())
        .map(|row| (row.key.executor, row.key.validator))
        .collect();
    pairs.sort();
    pairs.dedup();
    pairs
}

/// Held-out honest answers of a pair of kernels.
pub(super) fn in_pair(sheet: &ScoreSheet, pair: (Stratum, Stratum)) -> impl Iterator<Item = &SheetRow> {
    sheet
        .honest(false)
        .filter(move |row| (row.key.executor, row.key.validator) == pair)
}

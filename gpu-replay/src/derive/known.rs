//! What a validator finds that knows the executor's kernel, and what one that does not.
//!
//! **Invariant.** "Known" compares a substitute on a kernel pair with honest answers of that pair; "unknown" grants an
//! executor the honest kernel that fails most, since nothing stops it from claiming that one.

use std::collections::BTreeSet;

use serde::Serialize;

use super::estimate::Estimate;
use super::honest::{in_pair, pairs};
use super::rule::Rule;
use super::ruler::{Rulers, pair_ruler};
use super::sheet::{ScoreSheet, SheetRow};
use crate::AttackLevel;
use crate::Stratum;
use crate::scores::Statistic;
use crate::statistics::{answers_to_tell, tokens_to_reach};

/// The rules that are compared.
const RULES: [Rule; 3] = [
    Rule::Of(Statistic::S1Mean),
    Rule::Of(Statistic::S2Margin),
    Rule::Combined,
];
/// Rate that a single answer of a series is judged at: a series learns most from a test that fails often.
const SERIES_RATE: f64 = 0.1;
/// Power that a series is to reach.
const SERIES_POWER: f64 = 0.9;

/// One naive substitute on one kernel pair under one rule.
#[derive(Clone, Debug, Serialize)]
pub struct KnownRow {
    /// The substitute.
    pub substitute: String,
    /// The kernel that it decodes on.
    pub executor: Stratum,
    /// The validator's kernel.
    pub validator: Stratum,
    /// The rule.
    pub rule: Rule,
    /// Held-out honest answers of the pair rejected, at the longest length.
    pub honest: Estimate,
    /// Share of substituted answers rejected, by length.
    pub curve: Vec<(usize, Estimate)>,
    /// Tokens at which it reaches .90.
    pub tokens_to_90: Option<f64>,
    /// Answers of the longest length, each judged at 10 %, until nine series in ten are rejected and one honest
    /// series in a hundred.
    pub answers_to_90: Option<u64>,
    /// The same where the kernel is not known.
    pub answers_to_90_unknown: Option<u64>,
}

/// Every naive substitute on every pair that has honest answers enough for the rate.
pub(super) fn known(sheet: &ScoreSheet, rulers: &Rulers, alpha: f64) -> Vec<KnownRow> {
    let naive = |row: &&SheetRow| row.key.attack == AttackLevel::Naive;
    let groups: BTreeSet<(String, Stratum, Stratum)> = sheet
        .rows
        .iter()
        .filter(naive)
        .map(|row| (row.key.substitute.clone(), row.key.executor, row.key.validator))
        .collect();
    let mut rows = Vec::new();
    for (substitute, executor, validator) in groups {
        for rule in RULES {
            rows.extend(row(
                sheet,
                rulers,
                (&substitute, executor, validator),
                rule,
                alpha,
            ));
        }
    }
    rows
}

fn row(
    sheet: &ScoreSheet,
    rulers: &Rulers,
    (substitute, executor, validator): (&str, Stratum, Stratum),
    rule: Rule,
    alpha: f64,
) -> Option<KnownRow> {
    let pair = (executor, validator);
    let of_pair = |row: &&SheetRow| (row.key.executor, row.key.validator) == pair;
    let honest: Vec<&SheetRow> = in_pair(sheet, pair).collect();
    let cheating: Vec<&SheetRow> = sheet
        .substituted(substitute, AttackLevel::Naive)
        .filter(|row| !row.is_calibration())
        .filter(of_pair)
        .collect();
    let (mut curve, mut last) = (Vec::new(), None);
    for index in 0..sheet.lengths.len() {
        let ruler = pair_ruler(sheet, rule, index, pair).filter(|ruler| ruler.len() as f64 * alpha >= 1.0)?;
        if let Some(rate) = rate(&cheating, rule, index, ruler.limit(alpha)) {
            curve.push((sheet.lengths[index], rate));
            last = Some(index);
        }
    }
    let last = last?;
    let ruler = pair_ruler(sheet, rule, last, pair)?;
    let answers = |limit: f64, honest: f64| {
        let cheat = rate(&cheating, rule, last, limit)?.value;
        answers_to_tell(honest.max(SERIES_RATE), cheat, alpha, SERIES_POWER)
    };
    let own_limit = ruler.limit(SERIES_RATE);
    let pooled_limit = rulers.at(rule, last).limit(SERIES_RATE);
    let plain: Vec<(usize, f64)> = curve.iter().map(|(length, rate)| (*length, rate.value)).collect();
    Some(KnownRow {
        substitute: substitute.to_string(),
        executor,
        validator,
        rule,
        honest: rate(&honest, rule, last, ruler.limit(alpha))?,
        tokens_to_90: tokens_to_reach(&plain, 0.9),
        answers_to_90: answers(own_limit, rate(&honest, rule, last, own_limit)?.value),
        answers_to_90_unknown: answers(pooled_limit, worst(sheet, rule, last, pooled_limit)),
        curve,
    })
}

fn rate(rows: &[&SheetRow], rule: Rule, index: usize, limit: f64) -> Option<Estimate> {
    Estimate::rate(rows.iter().filter_map(|row| row.verdict(rule, index, limit)))
}

/// Share of the held-out honest answers above `limit` in the stratum that has most.
fn worst(sheet: &ScoreSheet, rule: Rule, index: usize, limit: f64) -> f64 {
    let rates = pairs(sheet).into_iter().filter_map(|pair| {
        let rows: Vec<&SheetRow> = in_pair(sheet, pair).collect();
        Some(rate(&rows, rule, index, limit)?.value)
    });
    rates.fold(0.0, f64::max)
}

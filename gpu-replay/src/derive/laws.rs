//! The laws of a calibration file: how similar a validator finds an answer, by kernels and prompt class.
//!
//! **Invariant.** Complete: every (substitute, executor, validator, class) has a law. Where a kernel pair was not
//! measured, its mirror image stands in, then the substitute's answers of the same executor's kernel, of the same
//! validator's, and at last all of the substitute's.

use std::collections::BTreeMap;

use stakeout_calibration::{Law, PromptClass, Quantile};
use stakeout_statistics::sample_quantile;

use super::rule::Rule;
use super::sheet::{ScoreSheet, SheetRow};
use crate::Stratum;

/// Shares of the prompts that make a class, by rising honest score.
const CLASSES: [(&str, f64); 3] = [("quiet", 0.5), ("usual", 0.4), ("hard", 0.1)];
/// Prompts below which all are one class.
const PROMPTS_MIN: usize = 60;
/// Probabilities of a law's points; the low ones are where honest answers fail.
const POINTS: [f64; 12] = [0.0, 1e-4, 1e-3, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.97, 1.0];
/// Probability that stands for zero where the tail is extended.
const EDGE: f64 = 1e-6;
/// Answers below which a group is too small for a law of its own.
const GROUP_MIN: usize = 8;
/// Digits that a similarity keeps.
const SCALE: f64 = 1e6;

/// How a score becomes a similarity between 0 and 1.
pub(super) type Similarity = fn(f64) -> f64;

/// Prompts in classes.
pub(super) struct Classes {
    /// Classes with their shares.
    pub rows: Vec<PromptClass>,
    by_prompt: BTreeMap<u32, u8>,
}

impl Classes {
    /// Groups the prompts of honest answers by their mean score.
    pub(super) fn of(sheet: &ScoreSheet, rule: Rule, length: usize) -> Classes {
        let mut sums = BTreeMap::<u32, (f64, u32)>::new();
        for row in sheet.rows.iter().filter(|row| row.is_honest()) {
            if let Some(score) = row.score(rule, length) {
                let sum = sums.entry(row.key.prompt).or_default();
                *sum = (sum.0 + score, sum.1 + 1);
            }
        }
        let mut order: Vec<(f64, u32)> = sums
            .into_iter()
            .map(|(prompt, (sum, count))| (sum / f64::from(count), prompt))
            .collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        if order.len() < PROMPTS_MIN {
            let rows = vec![PromptClass {
                name: "all".into(),
                share: 1.0,
            }];
            return Classes {
                rows,
                by_prompt: order.into_iter().map(|(_, prompt)| (prompt, 0)).collect(),
            };
        }
        let mut by_prompt = BTreeMap::new();
        for (place, (_, prompt)) in order.iter().enumerate() {
            let share = (place as f64 + 0.5) / order.len() as f64;
            let class = if share < CLASSES[0].1 {
                0
            } else {
                1 + u8::from(share > 1.0 - CLASSES[2].1)
            };
            by_prompt.insert(*prompt, class);
        }
        let rows = CLASSES.iter().map(|(name, share)| PromptClass {
            name: (*name).into(),
            share: *share,
        });
        Classes {
            rows: rows.collect(),
            by_prompt,
        }
    }
}

/// The laws of one substitute, given its rows.
pub(super) fn laws(
    (substitute, rows): (u8, &[&SheetRow]),
    (rule, length): (Rule, usize),
    kernels: &[Stratum],
    classes: &Classes,
    similarity: Similarity,
) -> Vec<Law> {
    let mut laws = Vec::new();
    for (executor, &executed) in kernels.iter().enumerate() {
        for (validator, &validated) in kernels.iter().enumerate() {
            for class in 0..classes.rows.len() as u8 {
                let scores = scores_of(rows, (rule, length), (executed, validated), classes, class);
                laws.push(Law {
                    substitute,
                    executor: executor as u8,
                    validator: validator as u8,
                    prompt: class,
                    quantiles: quantiles(&scores, substitute == 0, similarity),
                });
            }
        }
    }
    laws
}

/// Scores of the closest group that is large enough.
fn scores_of(
    rows: &[&SheetRow],
    (rule, length): (Rule, usize),
    (executor, validator): (Stratum, Stratum),
    classes: &Classes,
    class: u8,
) -> Vec<f64> {
    let collect = |is_kernel: &dyn Fn(&SheetRow) -> bool, is_class: bool| -> Vec<f64> {
        rows.iter()
            .filter(|row| is_kernel(row))
            .filter(|row| !is_class || classes.by_prompt.get(&row.key.prompt) == Some(&class))
            .filter_map(|row| row.score(rule, length))
            .collect()
    };
    let same = |row: &SheetRow| (row.key.executor, row.key.validator) == (executor, validator);
    let mirror = |row: &SheetRow| (row.key.validator, row.key.executor) == (executor, validator);
    let by_executor = |row: &SheetRow| row.key.executor == executor;
    let by_validator = |row: &SheetRow| row.key.validator == validator;
    let any = |_: &SheetRow| true;
    let groups: [&dyn Fn(&SheetRow) -> bool; 5] = [&same, &mirror, &by_executor, &by_validator, &any];
    for is_class in [true, false] {
        for is_kernel in groups {
            let scores = collect(is_kernel, is_class);
            if scores.len() >= GROUP_MIN {
                return scores;
            }
        }
    }
    collect(&any, false)
}

/// The quantile function of the similarity. The tail of honest answers is extended below one in the sample as an
/// exponential above the ninth decile.
fn quantiles(scores: &[f64], is_honest: bool, similarity: Similarity) -> Vec<Quantile> {
    let upper = |p: f64| sample_quantile(scores, 1.0 - p).unwrap_or(0.0);
    let level = upper(0.1);
    let excess: Vec<f64> = scores
        .iter()
        .filter(|score| **score > level)
        .map(|score| score - level)
        .collect();
    let mean_excess = excess.iter().sum::<f64>() / excess.len().max(1) as f64;
    let score = |p: f64| {
        if is_honest && p < 2.0 / scores.len().max(1) as f64 && p < 0.1 {
            level + mean_excess * libm::log(0.1 / p.max(EDGE))
        } else {
            upper(p)
        }
    };
    let mut before = 0.0f64;
    let point = |p: f64| {
        let value = (similarity(score(p)).clamp(0.0, 1.0) * SCALE).round() / SCALE;
        before = before.max(value);
        Quantile {
            p,
            similarity: before,
        }
    };
    POINTS.map(point).to_vec()
}

//! How often a substituted answer is rejected, by length.
//!
//! **Invariant.** Thresholds come from honest answers to other prompts. "Kernel known" compares with honest
//! answers of the same kernel pair alone; otherwise with the mixture of all strata.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::estimate::Estimate;
use super::rule::Rule;
use super::ruler::{Rulers, pair_ruler};
use super::sheet::{ScoreSheet, SheetRow};
use crate::AttackLevel;
use crate::Stratum;
use crate::statistics::tokens_to_reach;

/// Power at one length.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct PowerPoint {
    /// Length in model tokens.
    pub length: usize,
    /// Share of substituted answers rejected.
    pub power: Estimate,
    /// The same where the executor's kernel is known, if honest answers of that pair are enough for the rate.
    pub known: Option<Estimate>,
}

/// Power of one rule against one disguise.
#[derive(Clone, Debug, Serialize)]
pub struct PowerRow {
    /// The substitute.
    pub substitute: String,
    /// How hard the executor tried.
    pub attack: AttackLevel,
    /// The rule.
    pub rule: Rule,
    /// Nominal false-positive rate.
    pub alpha: f64,
    /// Power by length.
    pub curve: Vec<PowerPoint>,
    /// Tokens at which the power reaches .90, interpolated; absent if it never does.
    pub tokens_to_90: Option<f64>,
    /// The same where the kernel is known.
    pub tokens_to_90_known: Option<f64>,
}

/// Power of the shown rules against every disguise.
pub(super) fn power(sheet: &ScoreSheet, rulers: &Rulers, alpha: f64) -> Vec<PowerRow> {
    let known = KnownLimits::of(sheet, alpha);
    let mut rows = Vec::new();
    for (substitute, attack) in sheet.disguises() {
        for rule in Rule::SHOWN {
            rows.extend(row(sheet, (rulers, &known), (&substitute, attack), rule, alpha));
        }
    }
    rows
}

/// Thresholds for validators that know the executor's kernel: by kernel pair, rule and length.
struct KnownLimits(BTreeMap<(Stratum, Stratum, Rule, usize), f64>);

impl KnownLimits {
    /// Of every pair that substituted answers were made and checked on, where honest answers of that pair are enough
    /// for the rate.
    fn of(sheet: &ScoreSheet, alpha: f64) -> KnownLimits {
        let pair = |row: &SheetRow| (row.key.executor, row.key.validator);
        let pairs: BTreeSet<(Stratum, Stratum)> = sheet
            .rows
            .iter()
            .filter(|row| !row.is_honest())
            .map(pair)
            .collect();
        let mut limits = BTreeMap::new();
        for pair in pairs {
            for rule in Rule::SHOWN {
                for index in 0..sheet.lengths.len() {
                    let ruler = pair_ruler(sheet, rule, index, pair);
                    if let Some(ruler) = ruler.filter(|ruler| ruler.len() as f64 * alpha >= 1.0) {
                        limits.insert((pair.0, pair.1, rule, index), ruler.limit(alpha));
                    }
                }
            }
        }
        KnownLimits(limits)
    }

    /// Whether an answer is above the threshold of its own pair; absent without one.
    fn verdict(&self, row: &SheetRow, rule: Rule, index: usize) -> Option<(u32, bool)> {
        let limit = self.0.get(&(row.key.executor, row.key.validator, rule, index))?;
        row.verdict(rule, index, *limit)
    }
}

fn row(
    sheet: &ScoreSheet,
    (rulers, known): (&Rulers, &KnownLimits),
    (substitute, attack): (&str, AttackLevel),
    rule: Rule,
    alpha: f64,
) -> Option<PowerRow> {
    let rows: Vec<&SheetRow> = sheet
        .substituted(substitute, attack)
        .filter(|row| !row.is_calibration())
        .collect();
    let point = |index: usize| {
        let limit = rulers.at(rule, index).limit(alpha);
        let verdict = |row: &&SheetRow| row.verdict(rule, index, limit);
        let known = Estimate::rate(rows.iter().filter_map(|row| known.verdict(row, rule, index)));
        let power = Estimate::rate(rows.iter().filter_map(verdict))?;
        Some(PowerPoint {
            length: sheet.lengths[index],
            power,
            known,
        })
    };
    let curve: Vec<PowerPoint> = (0..sheet.lengths.len()).map_while(point).collect();
    if curve.is_empty() {
        return None;
    }
    let plain: Vec<(usize, f64)> = curve.iter().map(|at| (at.length, at.power.value)).collect();
    let known: Vec<(usize, f64)> = curve
        .iter()
        .filter_map(|at| Some((at.length, at.known?.value)))
        .collect();
    Some(PowerRow {
        substitute: substitute.to_string(),
        attack,
        rule,
        alpha,
        tokens_to_90: tokens_to_reach(&plain, 0.9),
        tokens_to_90_known: tokens_to_reach(&known, 0.9),
        curve,
    })
}

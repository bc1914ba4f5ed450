//! A threshold fixed on one model and tried on another.
//!
//! **Invariant.** Both measurements keep their own rows; only rulers travel, and the lengths that both have are
//! compared.

use serde::Serialize;

use super::estimate::Estimate;
use super::rule::Rule;
use super::ruler::Rulers;
use super::sheet::{ScoreSheet, SheetRow};

/// How many times the nominal rate a travelling threshold may err before it is called model-specific.
const TOLERATED: f64 = 3.0;

/// One rule's rate on the other model.
#[derive(Clone, Debug, Serialize)]
pub struct TransferRow {
    /// The model that the threshold was fixed on.
    pub from: String,
    /// The model it was tried on.
    pub to: String,
    /// The rule.
    pub rule: Rule,
    /// Length in model tokens.
    pub length: usize,
    /// Nominal false-positive rate.
    pub alpha: f64,
    /// Rate among the other model's honest answers.
    pub false_positive: Estimate,
    /// Whether that is more than three times the nominal rate.
    pub is_model_specific: bool,
}

/// Tries the thresholds of one measurement on the honest answers of another, at the longest common length.
pub fn transfer(
    (from, rulers, fixed_on): (&str, &Rulers, &ScoreSheet),
    (to, tried_on): (&str, &ScoreSheet),
    alpha: f64,
) -> Vec<TransferRow> {
    let common = fixed_on
        .lengths
        .iter()
        .zip(&tried_on.lengths)
        .take_while(|(a, b)| a == b)
        .count();
    let Some(index) = common
        .checked_sub(1)
        .map(|last| last.min(fixed_on.reference).min(tried_on.reference))
    else {
        return Vec::new();
    };
    let row = |rule: Rule| {
        let limit = rulers.at(rule, index).limit(alpha);
        let score = |row: &SheetRow| match rule {
            Rule::Combined => rulers.combined(row, index),
            Rule::Of(_) => row.score(rule, index),
        };
        let honest = tried_on.rows.iter().filter(|row| row.is_honest());
        let rate = Estimate::rate(honest.filter_map(|row| Some((row.key.prompt, score(row)? > limit))))?;
        Some(TransferRow {
            from: from.to_string(),
            to: to.to_string(),
            rule,
            length: fixed_on.lengths[index],
            alpha,
            false_positive: rate,
            is_model_specific: rate.value > TOLERATED * alpha,
        })
    };
    Rule::SHOWN.into_iter().filter_map(row).collect()
}

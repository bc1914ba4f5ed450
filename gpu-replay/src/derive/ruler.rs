//! Rulers: what a score means, read off honest answers.
//!
//! **Invariant.** A p-value falls as the score rises and is never zero; below the level of the tail it is the
//! conformal one, above it the fitted tail's.

use serde::Serialize;

use super::rule::Rule;
use super::sheet::{ScoreSheet, SheetRow};
use crate::Stratum;
use crate::scores::Statistic;
use crate::statistics::{Tail, conformal_p, conformal_rank, conformal_threshold, false_positive_law};

/// The smallest p-value that is told apart.
const P_MIN: f64 = 1e-12;
/// Where the tail begins.
const TAIL_QUANTILE: f64 = 0.95;
/// Honest scores that must lie above a threshold before it is taken from the sample alone.
const RANK_MIN: usize = 5;

/// Honest scores of one rule at one length.
#[derive(Clone, Debug)]
pub struct Ruler {
    honest: Vec<f64>,
    tail: Option<Tail>,
}

/// How a threshold was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Order statistic of the honest sample.
    Conformal,
    /// Generalised Pareto tail above the 95th percentile, no lighter than exponential.
    Tail,
}

/// A threshold with what is known about it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Threshold {
    /// Answers strictly above it are rejected.
    pub value: f64,
    /// 95 % interval of the threshold (tail) or `None` (order statistic).
    pub interval: Option<(f64, f64)>,
    /// What the false-positive rate stays below with 95 % confidence, were the answers independent.
    pub rate_upper: Option<f64>,
    /// How it was found.
    pub method: Method,
}

impl Ruler {
    /// A ruler of honest scores. `None` without any.
    pub fn of(scores: impl IntoIterator<Item = f64>) -> Option<Ruler> {
        let mut honest: Vec<f64> = scores.into_iter().collect();
        honest.sort_by(f64::total_cmp);
        let tail = Tail::fit_endless(&honest, TAIL_QUANTILE);
        (!honest.is_empty()).then_some(Ruler { honest, tail })
    }

    /// Honest scores behind it.
    pub fn len(&self) -> usize {
        self.honest.len()
    }

    /// Whether it has no score; a ruler that exists has some.
    pub fn is_empty(&self) -> bool {
        self.honest.is_empty()
    }

    /// Probability that an honest answer scores as high.
    pub fn p_value(&self, score: f64) -> f64 {
        let p = match &self.tail {
            Some(tail) if score > tail.level => tail.survival(score),
            _ => conformal_p(&self.honest, score),
        };
        p.clamp(P_MIN, 1.0)
    }

    /// The threshold for a false-positive rate: from the sample where enough of it lies above, else from the tail,
    /// else the largest honest score.
    pub fn limit(&self, alpha: f64) -> f64 {
        match self.tail_for(alpha) {
            Some(tail) => tail.quantile(alpha),
            None => conformal_threshold(&self.honest, alpha).unwrap_or(self.honest[self.honest.len() - 1]),
        }
    }

    /// The same with what is known about it, which takes longer.
    pub fn threshold(&self, alpha: f64) -> Threshold {
        if let Some(tail) = self.tail_for(alpha) {
            let fitted = tail.threshold(alpha);
            return Threshold {
                value: fitted.threshold,
                interval: Some((fitted.interval.low, fitted.interval.high)),
                rate_upper: None,
                method: Method::Tail,
            };
        }
        let rank = conformal_rank(self.honest.len(), alpha).unwrap_or(1);
        Threshold {
            value: self.limit(alpha),
            interval: None,
            rate_upper: Some(false_positive_law(self.honest.len(), rank).upper),
            method: Method::Conformal,
        }
    }

    /// The tail, if the sample is too small for this rate and the rate lies within the tail.
    fn tail_for(&self, alpha: f64) -> Option<&Tail> {
        let is_small = conformal_rank(self.honest.len(), alpha).is_none_or(|rank| rank < RANK_MIN);
        self.tail.as_ref().filter(|tail| is_small && alpha < tail.share)
    }
}

/// The rulers of a measurement, by length and column.
#[derive(Clone, Debug)]
pub struct Rulers {
    by_length: Vec<Vec<Ruler>>,
}

impl Rulers {
    /// Rulers from the honest answers to calibration prompts, pooled over strata; fills the sheet's combined
    /// column. `None` if some length has no such answer.
    pub fn of(sheet: &mut ScoreSheet) -> Option<Rulers> {
        let mut by_length = Vec::new();
        for length in 0..sheet.lengths.len() {
            let column = |sheet: &ScoreSheet, rule: Rule| {
                Ruler::of(sheet.honest(true).filter_map(|row| row.score(rule, length)))
            };
            let mut rulers: Vec<Ruler> = Vec::new();
            for statistic in Statistic::ALL {
                rulers.push(column(sheet, Rule::Of(statistic))?);
            }
            for row in &mut sheet.rows {
                if let Some(columns) = row.scores.get_mut(length) {
                    columns[Rule::Combined.column()] = combined(&rulers, columns);
                }
            }
            rulers.push(column(sheet, Rule::Combined)?);
            by_length.push(rulers);
        }
        (!by_length.is_empty()).then_some(Rulers { by_length })
    }

    /// The ruler of a rule at the length with this index.
    pub fn at(&self, rule: Rule, length: usize) -> &Ruler {
        &self.by_length[length][rule.column()]
    }

    /// The combined score of a row of another sheet, under these rulers.
    pub(super) fn combined(&self, row: &SheetRow, length: usize) -> Option<f64> {
        row.scores
            .get(length)
            .map(|columns| combined(&self.by_length[length], columns))
    }
}

fn combined(rulers: &[Ruler], columns: &[f64; Rule::COUNT]) -> f64 {
    let p = |statistic: &Statistic| {
        let column = Rule::Of(*statistic).column();
        rulers[column].p_value(columns[column])
    };
    let least = Statistic::COMBINED.iter().map(p).fold(1.0, f64::min);
    -libm::log10(least)
}

/// The ruler of one kernel pair alone: what a validator has that knows the executor's kernel.
pub(super) fn pair_ruler(
    sheet: &ScoreSheet,
    rule: Rule,
    length: usize,
    (executor, validator): (Stratum, Stratum),
) -> Option<Ruler> {
    let is_pair = |row: &&SheetRow| row.key.executor == executor && row.key.validator == validator;
    Ruler::of(
        sheet
            .honest(true)
            .filter(is_pair)
            .filter_map(|row| row.score(rule, length)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_values_fall_through_the_sample_into_the_tail() {
        let scores = (1..=2000).map(|at| -libm::log(f64::from(at) / 2001.0));
        let ruler = Ruler::of(scores).expect("scores");
        let mut before = 1.0;
        for step in 0..400 {
            let p = ruler.p_value(f64::from(step) * 0.05);
            // At the level the two readings meet within the rank's rounding.
            assert!(p <= before * 1.02 && p > 0.0, "{step}");
            before = p;
        }
        // Exponential scores: the p-value of s is exp(-s), ten times beyond the sample too.
        let p = ruler.p_value(10.0);
        // An evenly spaced sample looks a little lighter-tailed than a drawn one.
        assert!((libm::log(p) + 10.0).abs() < 2.5, "{p}");
    }

    #[test]
    fn a_rare_rate_takes_the_tail_and_a_common_one_the_sample() {
        let ruler = Ruler::of((1..=1000).map(|at| -libm::log(f64::from(at) / 1001.0))).expect("scores");
        assert_eq!(ruler.threshold(0.01).method, Method::Conformal);
        let rare = ruler.threshold(1e-4);
        assert_eq!(rare.method, Method::Tail);
        assert!((rare.value + libm::log(1e-4)).abs() < 1.5, "{rare:?}");
        let few = Ruler::of([1.0, 2.0]).expect("scores").threshold(0.01);
        assert_eq!((few.value, few.method), (2.0, Method::Conformal));
    }
}

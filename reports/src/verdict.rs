//! The first sentence of a report: did cheating pay?
//!
//! Each strategy that served a substitute is compared with the honest strategy of the same run by profit for
//! each unit of weight held through an epoch, replicate by replicate. This is not the comparison with an honest twin,
//! which needs a second run; of a run that was set beside twins the sentence is that of [`crate::twin_verdict`].

use std::collections::BTreeMap;

use stakeout_statistics::paired_difference;

use crate::frames::ParticipantFrame;
use crate::page::number;
use crate::run::{Figure, Number, StrategyLine, Summary};

/// How one cheating strategy did against the honest ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It earned more: the interval of the difference lies above zero.
    Paid,
    /// It earned less: the interval of the difference lies below zero.
    LostOut,
    /// Zero lies in the interval of the difference.
    Undecided,
    /// There is no interval, as with a single replicate.
    Untold,
}

/// One cheating strategy against the honest one, or the best without a substitute where none is called so.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The cheating strategy.
    pub strategy: String,
    /// The honest strategy it is compared with.
    pub against: String,
    /// What came out.
    pub outcome: Outcome,
    /// Profit by weight and epoch in base units: cheating, honest.
    pub means: (f64, f64),
    /// Mean of the difference between them, replicate by replicate, and its interval; none with a single replicate.
    pub difference: Option<(f64, f64, f64)>,
}

/// What the run says about cheating.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// One sentence.
    pub headline: String,
    /// A line for each cheating strategy that can be compared.
    pub lines: Vec<Line>,
}

/// Judges a run by its headline numbers, and by what each strategy earned in each replicate.
pub fn judge(summary: &Summary, participants: &ParticipantFrame) -> Verdict {
    judge_by(summary, &Earnings::of(participants))
}

/// Profit for each unit of weight and epoch, by strategy and replicate, base units.
#[derive(Clone, Debug, Default)]
struct Earnings(BTreeMap<String, BTreeMap<u32, f64>>);

impl Earnings {
    fn of(frame: &ParticipantFrame) -> Self {
        let mut sums: BTreeMap<(usize, u32), (i128, u128)> = BTreeMap::new();
        for row in 0..frame.len() {
            let key = (frame.strategy[row], frame.replicate[row]);
            let (profit, weight) = sums.entry(key).or_default();
            *profit = profit.saturating_add(frame.profit[row]);
            *weight += u128::from(frame.weight[row]);
        }
        let mut all: BTreeMap<String, BTreeMap<u32, f64>> = BTreeMap::new();
        for ((strategy, replicate), (profit, weight)) in sums {
            if weight > 0 {
                let of_strategy = all.entry(frame.strategies[strategy].clone()).or_default();
                of_strategy.insert(replicate, profit as f64 / weight as f64);
            }
        }
        Self(all)
    }

    /// What one strategy earned more than another over the replicates that have both: mean, lower and upper bound.
    fn difference(&self, cheating: &str, honest: &str, level: f64) -> Option<(f64, f64, f64)> {
        let (cheating, honest) = (self.0.get(cheating)?, self.0.get(honest)?);
        let both = cheating.iter().filter_map(|(r, c)| Some((*c, *honest.get(r)?)));
        let (treated, control): (Vec<f64>, Vec<f64>) = both.unzip();
        let found = paired_difference(&treated, &control, level)?;
        Some((found.mean, found.interval.low, found.interval.high))
    }
}

fn judge_by(summary: &Summary, earnings: &Earnings) -> Verdict {
    let (cheating, honest): (Vec<&StrategyLine>, Vec<&StrategyLine>) = summary
        .strategies
        .iter()
        .partition(|line| mean(&line.cheated).is_some_and(|n| n > 0.0));
    // Other behaviour without a substitute (downtime, laziness) has its own gains and losses.
    let is_plain = |line: &&StrategyLine| line.strategy == "honest" || line.strategy.starts_with("honest ");
    let profit = |line: &&StrategyLine| mean(&line.profit_per_weight_epoch).unwrap_or(f64::NEG_INFINITY);
    let best = || {
        honest
            .iter()
            .copied()
            .max_by(|a, b| profit(a).total_cmp(&profit(b)))
    };
    let yardstick = honest.iter().copied().find(is_plain).or_else(best);
    let lines: Vec<Line> = match yardstick {
        None => Vec::new(),
        Some(honest) => cheating
            .iter()
            .filter_map(|line| compare(line, honest, earnings, summary.level))
            .collect(),
    };
    Verdict {
        headline: headline(&lines, !cheating.is_empty(), summary),
        lines,
    }
}

fn mean(figure: &Figure) -> Option<f64> {
    figure.mean.as_ref().and_then(Number::as_float)
}

fn compare(cheating: &StrategyLine, honest: &StrategyLine, earnings: &Earnings, level: f64) -> Option<Line> {
    let difference = earnings.difference(&cheating.strategy, &honest.strategy, level);
    Some(Line {
        strategy: cheating.strategy.clone(),
        against: honest.strategy.clone(),
        outcome: outcome(difference),
        means: (
            mean(&cheating.profit_per_weight_epoch)?,
            mean(&honest.profit_per_weight_epoch)?,
        ),
        difference,
    })
}

/// What a difference with its interval decides: mean, lower and upper bound.
pub(crate) fn outcome(difference: Option<(f64, f64, f64)>) -> Outcome {
    match difference {
        Some((_, low, _)) if low > 0.0 => Outcome::Paid,
        Some((_, _, high)) if high < 0.0 => Outcome::LostOut,
        Some(_) => Outcome::Undecided,
        None => Outcome::Untold,
    }
}

fn headline(lines: &[Line], has_cheaters: bool, summary: &Summary) -> String {
    let count = |outcome| lines.iter().filter(|line| line.outcome == outcome).count();
    let (paid, lost, all) = (count(Outcome::Paid), count(Outcome::LostOut), lines.len());
    if !has_cheaters {
        return "Nobody cheated in this run.".to_string();
    }
    let Some(best) = lines.iter().max_by(|a, b| gain(a).total_cmp(&gain(b))) else {
        return "Somebody cheated, and there is no honest strategy to compare with.".to_string();
    };
    let Some((difference, low, high)) = best.difference else {
        let found = if gain(best) > 0.0 {
            "came out ahead"
        } else {
            "came out behind"
        };
        return format!("Cheating {found} in this one replicate; one replicate decides nothing.");
    };
    let found = match (paid, lost) {
        (0, lost) if lost == all => "Cheating did not pay".to_string(),
        (paid, _) if paid == all => "Cheating paid".to_string(),
        (0, _) => "The run does not decide whether cheating pays".to_string(),
        _ => format!("Cheating paid in {paid} of {all} strategies"),
    };
    let checked = summary.figures.get("checked_share").and_then(mean);
    let checked = checked.map_or(String::new(), |share| {
        format!("with {} % of answers checked, ", number(100.0 * share))
    });
    let which = if all > 1 { "the best of them, " } else { "" };
    let (more, ends) = match difference < 0.0 {
        true => ("less", [-high, -low]),
        false => ("more", [low, high]),
    };
    let coins = |base_units: f64| number(base_units / 1e9);
    format!(
        "{found}: {checked}{which}{}{} earned {} GNK {more} than {} for each unit of weight and epoch ({} % interval {} to {}).",
        best.strategy,
        if all > 1 { "," } else { "" },
        coins(difference.abs()),
        best.against,
        number(100.0 * summary.level),
        coins(ends[0]),
        coins(ends[1]),
    )
}

fn gain(line: &Line) -> f64 {
    line.difference.map_or(line.means.0 - line.means.1, |d| d.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(outcome: (f64, f64, f64)) -> Line {
        Line {
            strategy: "swap".into(),
            against: "honest".into(),
            outcome: super::outcome(Some(outcome)),
            means: (outcome.0, 0.0),
            difference: Some(outcome),
        }
    }

    fn summary() -> Summary {
        serde_json::from_value(serde_json::json!({
            "scenario": "s", "scenario_hash": "0", "seed": 1, "replicates": 5, "digest": "", "epochs": null,
            "level": 0.95,
            "figures": {"checked_share": {"unit": "share", "n": 5, "mean": 0.25, "interval": null}},
            "detection": {
                "cheaters_convicted": {"hits": 0, "n": 0, "share": null, "interval": null},
                "honest_convicted": {"hits": 0, "n": 0, "share": null, "interval": null},
                "conviction": {"n": 0, "epochs_p50": null, "answers_p50": null, "answers_p95": null}
            },
            "strategies": [], "owners": [], "owners_omitted": 0, "assumptions": []
        }))
        .unwrap()
    }

    #[test]
    fn only_an_interval_that_leaves_zero_out_decides() {
        assert_eq!(line((2.0, 1.0, 3.0)).outcome, Outcome::Paid);
        assert_eq!(line((-2.0, -3.0, -1.0)).outcome, Outcome::LostOut);
        assert_eq!(line((2.0, -1.0, 5.0)).outcome, Outcome::Undecided);
        assert_eq!(super::outcome(None), Outcome::Untold);
    }

    #[test]
    fn the_headline_follows_the_lines_and_says_how_much() {
        let (paid, lost, open) = ((2e9, 1e9, 3e9), (-2e9, -3e9, -1e9), (0.0, -1e9, 1e9));
        let head = |found: &[(f64, f64, f64)]| {
            headline(
                &found.iter().map(|o| line(*o)).collect::<Vec<_>>(),
                true,
                &summary(),
            )
        };
        assert_eq!(
            head(&[lost]),
            "Cheating did not pay: with 25 % of answers checked, swap earned 2 GNK less than honest for each unit of \
             weight and epoch (95 % interval 1 to 3)."
        );
        assert!(head(&[paid]).starts_with("Cheating paid: "));
        assert!(head(&[paid, lost]).starts_with("Cheating paid in 1 of 2 strategies: "));
        assert!(head(&[lost, open]).starts_with("The run does not decide whether cheating pays: "));
        assert_eq!(headline(&[], false, &summary()), "Nobody cheated in this run.");
    }

    #[test]
    fn replicates_are_compared_one_by_one() {
        let earnings = |name: &str, values: [f64; 3]| (name.to_string(), (0..).zip(values).collect());
        let all = Earnings(
            [
                earnings("a", [11.0, 21.0, 31.0]),
                earnings("b", [10.0, 20.0, 30.0]),
            ]
            .into(),
        );
        // The replicates differ by twenty, the difference between the two not at all.
        assert_eq!(all.difference("a", "b", 0.95), Some((1.0, 1.0, 1.0)));
        assert_eq!(all.difference("a", "absent", 0.95), None);
    }
}

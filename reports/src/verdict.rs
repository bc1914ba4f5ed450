//! The first sentence of a report: did cheating pay?
//!
//! Each strategy that served a substitute is compared with the honest strategy of the same run by profit for
//! each unit of weight held through an epoch. This is not the comparison with an honest twin, which
//! needs a second run and is printed by the run itself; the page says so.

use crate::run::{Figure, Number, StrategyLine, Summary};

/// How one cheating strategy did against the honest ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It earned more, and the intervals do not meet.
    Paid,
    /// It earned less, and the intervals do not meet.
    LostOut,
    /// The intervals meet.
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
}

/// What the run says about cheating.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// One sentence.
    pub headline: String,
    /// A line for each cheating strategy that can be compared.
    pub lines: Vec<Line>,
}

/// Judges a run by its headline numbers.
pub fn judge(summary: &Summary) -> Verdict {
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
        Some(honest) => cheating.iter().filter_map(|line| compare(line, honest)).collect(),
    };
    Verdict {
        headline: headline(&lines, !cheating.is_empty(), summary.replicates),
        lines,
    }
}

fn mean(figure: &Figure) -> Option<f64> {
    figure.mean.as_ref().and_then(Number::as_float)
}

fn compare(cheating: &StrategyLine, honest: &StrategyLine) -> Option<Line> {
    let figures = (&cheating.profit_per_weight_epoch, &honest.profit_per_weight_epoch);
    Some(Line {
        strategy: cheating.strategy.clone(),
        against: honest.strategy.clone(),
        outcome: outcome(bounds(figures.0), bounds(figures.1)),
        means: (mean(figures.0)?, mean(figures.1)?),
    })
}

fn bounds(figure: &Figure) -> Option<(f64, f64)> {
    let [low, high] = figure.interval.as_ref()?;
    Some((low.as_float()?, high.as_float()?))
}

fn outcome(cheating: Option<(f64, f64)>, honest: Option<(f64, f64)>) -> Outcome {
    match (cheating, honest) {
        (Some(c), Some(h)) if c.0 > h.1 => Outcome::Paid,
        (Some(c), Some(h)) if c.1 < h.0 => Outcome::LostOut,
        (Some(_), Some(_)) => Outcome::Undecided,
        _ => Outcome::Untold,
    }
}

fn headline(lines: &[Line], has_cheaters: bool, replicates: u32) -> String {
    let count = |outcome| lines.iter().filter(|line| line.outcome == outcome).count();
    let (paid, lost, all) = (count(Outcome::Paid), count(Outcome::LostOut), lines.len());
    if !has_cheaters {
        return "Nobody cheated in this run.".to_string();
    }
    if all == 0 {
        return "Somebody cheated, and there is no honest strategy to compare with.".to_string();
    }
    if replicates < 2 {
        let ahead = lines.iter().filter(|line| line.means.0 > line.means.1).count();
        let found = if ahead > 0 {
            "came out ahead"
        } else {
            "came out behind"
        };
        return format!("Cheating {found} in this one replicate; one replicate decides nothing.");
    }
    match (paid, lost) {
        (0, lost) if lost == all => "Cheating did not pay.".to_string(),
        (paid, _) if paid == all => "Cheating paid.".to_string(),
        (0, _) => "The run does not decide whether cheating pays.".to_string(),
        _ => format!("Cheating paid in {paid} of {all} strategies."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(strategy: &str, cheated: f64, profit: [f64; 3]) -> StrategyLine {
        let figure = |mean: f64, interval: Option<[f64; 2]>| Figure {
            unit: "count".into(),
            n: 5,
            mean: Some(Number::Plain(mean)),
            interval: interval.map(|i| i.map(Number::Plain)),
        };
        let plain = || figure(0.0, None);
        StrategyLine {
            strategy: strategy.into(),
            participants: 1,
            profit: plain(),
            profit_per_weight_epoch: figure(profit[1], Some([profit[0], profit[2]])),
            inferences: plain(),
            invalidated: plain(),
            cheated: figure(cheated, None),
            convicted: plain(),
        }
    }

    fn outcomes(lines: &[StrategyLine]) -> Vec<Outcome> {
        let best = lines.iter().rfind(|l| l.strategy.starts_with("honest")).unwrap();
        lines
            .iter()
            .filter(|l| mean(&l.cheated) > Some(0.0))
            .filter_map(|l| compare(l, best))
            .map(|l| l.outcome)
            .collect()
    }

    #[test]
    fn only_intervals_that_do_not_meet_decide() {
        let honest = line("honest", 0.0, [9.0, 10.0, 11.0]);
        let swap = |profit| line("swap", 5.0, profit);
        assert_eq!(
            outcomes(&[swap([12.0, 13.0, 14.0]), honest.clone()]),
            [Outcome::Paid]
        );
        assert_eq!(
            outcomes(&[swap([1.0, 2.0, 3.0]), honest.clone()]),
            [Outcome::LostOut]
        );
        assert_eq!(
            outcomes(&[swap([10.0, 12.0, 14.0]), honest]),
            [Outcome::Undecided]
        );
    }

    #[test]
    fn the_headline_follows_the_lines() {
        let line = |outcome| Line {
            strategy: "s".into(),
            against: "h".into(),
            outcome,
            means: (2.0, 1.0),
        };
        use Outcome::{LostOut, Paid, Undecided, Untold};
        let head = |outcomes: &[Outcome], replicates| {
            headline(
                &outcomes.iter().map(|o| line(*o)).collect::<Vec<_>>(),
                true,
                replicates,
            )
        };
        assert_eq!(head(&[LostOut, LostOut], 5), "Cheating did not pay.");
        assert_eq!(head(&[Paid], 5), "Cheating paid.");
        assert_eq!(head(&[Paid, LostOut], 5), "Cheating paid in 1 of 2 strategies.");
        assert_eq!(
            head(&[LostOut, Undecided], 5),
            "The run does not decide whether cheating pays."
        );
        assert!(head(&[Untold], 1).contains("one replicate decides nothing"));
        assert_eq!(headline(&[], false, 5), "Nobody cheated in this run.");
    }
}

//! The first sentence of a run that was set beside honest twins: what leaving the rules was worth to each owner.
//!
//! Invariant: only an owner of whom a strategy served substitutes is told of, and an interval that holds zero decides
//! nothing.

use crate::page::number;
use crate::run::{Figure, Number, StrategyLine, Summary, TwinLine};
use crate::verdict::{Outcome, outcome};

/// What one owner gained over its honest twin, in base units.
struct Gain<'a> {
    owner: &'a str,
    mean: f64,
    interval: Option<(f64, f64)>,
    outcome: Outcome,
}

/// The sentence, if a cheater of the run has a twin.
pub fn headline(summary: &Summary, twins: &[TwinLine]) -> Option<String> {
    let mut gains: Vec<Gain<'_>> = twins
        .iter()
        .filter(|twin| has_cheated(summary, twin))
        .filter_map(gain)
        .collect();
    gains.sort_by(|a, b| b.mean.total_cmp(&a.mean));
    let (best, worst) = (gains.first()?, gains.last()?);
    let count = |outcome| gains.iter().filter(|gain| gain.outcome == outcome).count();
    let (paid, lost, all) = (count(Outcome::Paid), count(Outcome::LostOut), gains.len());
    let found = match (paid, lost) {
        _ if best.interval.is_none() => "In this one replicate, which decides nothing".to_string(),
        (paid, _) if paid == all => "Cheating paid".to_string(),
        (0, lost) if lost == all => "Cheating did not pay".to_string(),
        (0, _) => "The run does not decide whether cheating pays".to_string(),
        (paid, _) => format!("Cheating paid for {paid} of {all} owners"),
    };
    let checked = mean(summary.figures.get("checked_share")).map_or(String::new(), |share| {
        format!("with {} % of answers checked, ", number(100.0 * share))
    });
    let also = match all {
        1 => String::new(),
        _ => format!(", {} {}", worst.owner, told(worst)),
    };
    let level = match best.interval {
        Some(_) => format!("; {} % intervals", number(100.0 * summary.level)),
        None => String::new(),
    };
    Some(format!(
        "{found}: {checked}{} earned {} than its honest twin{}{also}{level}.",
        best.owner,
        difference(best),
        ends(best)
    ))
}

/// Whether one of the owner's strategies served substitutes.
fn has_cheated(summary: &Summary, twin: &TwinLine) -> bool {
    let followed = |line: &&StrategyLine| twin.strategies.contains(&line.strategy);
    summary
        .strategies
        .iter()
        .filter(followed)
        .any(StrategyLine::has_cheated)
}

fn gain(twin: &TwinLine) -> Option<Gain<'_>> {
    let interval = twin.gain.interval.as_ref();
    let interval = interval.and_then(|[low, high]| Some((low.as_float()?, high.as_float()?)));
    let mean = mean(Some(&twin.gain))?;
    Some(Gain {
        owner: &twin.owner,
        mean,
        interval,
        outcome: outcome(interval.map(|(low, high)| (mean, low, high))),
    })
}

fn told(gain: &Gain<'_>) -> String {
    format!("{}{}", difference(gain), ends(gain))
}

fn coins(base_units: f64) -> String {
    number(base_units / 1e9)
}

/// `5 GNK more` or `5 GNK less`.
fn difference(gain: &Gain<'_>) -> String {
    let word = if gain.mean < 0.0 { "less" } else { "more" };
    format!("{} GNK {word}", coins(gain.mean.abs()))
}

/// The interval of what is told, in brackets; turned round where it is told as a loss.
fn ends(gain: &Gain<'_>) -> String {
    match gain.interval {
        Some((low, high)) if gain.mean < 0.0 => format!(" ({} to {})", coins(-high), coins(-low)),
        Some((low, high)) => format!(" ({} to {})", coins(low), coins(high)),
        None => String::new(),
    }
}

fn mean(figure: Option<&Figure>) -> Option<f64> {
    figure?.mean.as_ref().and_then(Number::as_float)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn twin(owner: &str, mean: i64, interval: Option<[i64; 2]>) -> TwinLine {
        let money = |mean: i64, interval: Option<[i64; 2]>| {
            serde_json::json!({
                "unit": "base units", "n": 5, "mean": mean.to_string(),
                "interval": interval.map(|ends| ends.map(|end| end.to_string())),
            })
        };
        serde_json::from_value(serde_json::json!({
            "owner": owner, "identities": 1, "strategies": ["swap"], "profit": money(0, None),
            "honest_profit": money(0, None), "gain": money(mean, interval),
        }))
        .unwrap()
    }

    fn summary(cheated: f64) -> Summary {
        let plain = |mean: f64| serde_json::json!({"unit": "", "n": 5, "mean": mean, "interval": null});
        serde_json::from_value(serde_json::json!({
            "scenario": "s", "scenario_hash": "0", "seed": 1, "replicates": 5, "digest": "", "epochs": null,
            "level": 0.95,
            "figures": {"checked_share": plain(0.05)},
            "detection": {
                "cheaters_convicted": {"hits": 0, "n": 0, "share": null, "interval": null},
                "honest_convicted": {"hits": 0, "n": 0, "share": null, "interval": null},
                "conviction": {"n": 0, "epochs_p50": null, "answers_p50": null, "answers_p95": null}
            },
            "strategies": [{
                "strategy": "swap", "participants": 1, "inferences": plain(9.0), "cheated": plain(cheated),
                "invalidated": plain(0.0), "convicted": plain(0.0), "profit": plain(0.0),
                "profit_per_weight_epoch": plain(0.0)
            }],
            "owners": [], "owners_omitted": 0, "assumptions": []
        }))
        .unwrap()
    }

    #[test]
    fn the_sentence_tells_the_best_and_the_worst_of_those_who_cheated() {
        let twins = [
            twin("bold", -600_000_000, Some([-700_000_000, -500_000_000])),
            twin("timid", 50_000_000, Some([40_000_000, 60_000_000])),
        ];
        assert_eq!(
            headline(&summary(3.0), &twins).unwrap(),
            "Cheating paid for 1 of 2 owners: with 5 % of answers checked, timid earned 0.05 GNK more than its honest twin \
             (0.04 to 0.06), bold 0.6 GNK less (0.5 to 0.7); 95 % intervals."
        );
        assert!(
            headline(&summary(3.0), &twins[..1])
                .unwrap()
                .starts_with("Cheating did not pay: ")
        );
    }

    #[test]
    fn neither_a_single_replicate_nor_an_interval_with_zero_decides() {
        let open = [twin("a", 1, Some([-5, 7]))];
        assert!(
            headline(&summary(3.0), &open)
                .unwrap()
                .starts_with("The run does not decide")
        );
        let single = [twin("a", 1, None)];
        assert!(
            headline(&summary(3.0), &single)
                .unwrap()
                .contains("one replicate, which decides nothing")
        );
    }

    #[test]
    fn who_leaves_the_rules_without_a_substitute_is_left_to_the_tables() {
        assert_eq!(headline(&summary(0.0), &[twin("a", 1, Some([1, 2]))]), None);
    }
}

//! The pictures of a report: ROC, DET, power by length, histograms, the ladder.
//!
//! **Invariant.** Honest answers are those that no threshold was fixed on. Where there are more disguises than
//! colours the faintest are drawn: a curve that sits in a corner shows nothing.

use stakeout_statistics::normal_quantile;

use super::plot::{Axis, CURVES_MAX, Curve, Figure, Style};
use crate::AttackLevel;
use crate::derive::{Evidence, PowerRow, Rule, ScoreSheet, SheetRow};
use crate::scores::Statistic;
use crate::statistics::{RocPoint, roc};

/// Least false-positive rate that is drawn.
const RATE_MIN: f64 = 1e-3;
/// Bins of a histogram.
const BINS: usize = 60;

/// All pictures.
pub(super) fn figures(evidence: &Evidence, sheet: &ScoreSheet) -> Vec<Figure> {
    let shown = disguises(evidence);
    [
        power(evidence, &shown),
        roc_figure(evidence, sheet, &shown),
        det(evidence, sheet, &shown),
        histogram(evidence, sheet, Rule::Of(Statistic::S1Mean), "histogram-s1"),
        histogram(evidence, sheet, Rule::Of(Statistic::S2Margin), "histogram-s2"),
        ladder(evidence),
    ]
    .into_iter()
    .chain(super::known::figure(evidence))
    .collect()
}

type Disguise = (String, AttackLevel);

/// The disguises that are hardest to see, in order of the tokens that they take.
fn disguises(evidence: &Evidence) -> Vec<Disguise> {
    let mut rows: Vec<&PowerRow> = evidence
        .power
        .iter()
        .filter(|row| row.rule == Rule::Combined)
        .collect();
    let area = |row: &PowerRow| {
        row.curve.iter().map(|at| at.power.value).sum::<f64>() / row.curve.len().max(1) as f64
    };
    rows.sort_by(|a, b| area(a).total_cmp(&area(b)));
    // Spread over the whole range of difficulty rather than the blindest alone.
    let wanted = CURVES_MAX.min(rows.len());
    let pick = |at: usize| rows[at * (rows.len() - 1) / (wanted - 1).max(1)];
    (0..wanted)
        .map(pick)
        .map(|row| (row.substitute.clone(), row.attack))
        .collect()
}

fn name(disguise: &Disguise) -> String {
    match disguise.1 {
        AttackLevel::Naive => disguise.0.clone(),
        attack => format!("{}, {}", disguise.0, attack.name()),
    }
}

fn percents() -> Vec<(f64, String)> {
    (0..=5)
        .map(|at| (0.2 * f64::from(at), format!("{} %", 20 * at)))
        .collect()
}

fn power(evidence: &Evidence, shown: &[Disguise]) -> Figure {
    let curve = |disguise: &Disguise| {
        let is_it = |row: &&PowerRow| {
            row.rule == Rule::Combined && row.substitute == disguise.0 && row.attack == disguise.1
        };
        let row = evidence.power.iter().find(is_it)?;
        let points = row
            .curve
            .iter()
            .map(|at| (libm::log2(at.length as f64), at.power.value))
            .collect();
        Some(Curve {
            name: name(disguise),
            points,
            style: Style::Dotted,
        })
    };
    Figure {
        name: "power",
        title: format!(
            "{}: substituted answers rejected at 1 % of honest ones",
            evidence.model
        ),
        x: lengths(evidence),
        y: rejected("rejected, combined rule"),
        curves: shown.iter().filter_map(curve).collect(),
        left: 74,
    }
}

/// The axis of the lengths that were judged, each twice the one before it or so.
pub(super) fn lengths(evidence: &Evidence) -> Axis {
    let ticks = evidence
        .lengths
        .iter()
        .map(|length| (libm::log2(*length as f64), length.to_string()));
    let ends = (
        evidence.lengths.first().copied(),
        evidence.lengths.last().copied(),
    );
    let at = |length: Option<usize>| libm::log2(length.unwrap_or(1) as f64);
    Axis {
        label: "length of the answer, model tokens",
        range: (at(ends.0) - 0.1, at(ends.1) + 0.1),
        ticks: ticks.collect(),
    }
}

/// The axis of a share of answers.
pub(super) fn rejected(label: &'static str) -> Axis {
    Axis {
        label,
        range: (0.0, 1.02),
        ticks: percents(),
    }
}

/// Held-out honest scores and a disguise's, combined rule, reference length.
fn points(sheet: &ScoreSheet, disguise: &Disguise) -> Vec<RocPoint> {
    let score = |row: &SheetRow| row.score(Rule::Combined, sheet.reference);
    let honest: Vec<f64> = sheet.honest(false).filter_map(score).collect();
    let rows = sheet
        .substituted(&disguise.0, disguise.1)
        .filter(|row| !row.is_calibration());
    roc(&honest, &rows.filter_map(score).collect::<Vec<f64>>())
}

fn roc_figure(evidence: &Evidence, sheet: &ScoreSheet, shown: &[Disguise]) -> Figure {
    let curve = |disguise: &Disguise| {
        // The curve enters the picture at its left edge, level with the last point before it.
        let point = |at: RocPoint| (libm::log10(at.false_positive.max(RATE_MIN)), at.true_positive);
        Curve {
            name: name(disguise),
            points: points(sheet, disguise).into_iter().map(point).collect(),
            style: Style::Line,
        }
    };
    let ticks = [(1e-3, "0.1 %"), (1e-2, "1 %"), (1e-1, "10 %"), (1.0, "100 %")];
    Figure {
        name: "roc",
        title: format!(
            "{}: what a false alarm buys, at {} tokens",
            evidence.model, evidence.reference_length
        ),
        x: Axis {
            label: "honest answers rejected (held out)",
            range: (libm::log10(RATE_MIN), 0.0),
            ticks: ticks
                .iter()
                .map(|(at, text)| (libm::log10(*at), (*text).to_string()))
                .collect(),
        },
        y: Axis {
            label: "substituted answers rejected",
            range: (0.0, 1.02),
            ticks: percents(),
        },
        curves: shown.iter().map(curve).collect(),
        left: 74,
    }
}

fn det(evidence: &Evidence, sheet: &ScoreSheet, shown: &[Disguise]) -> Figure {
    let inside = |rate: f64| rate > 0.0 && rate < 1.0;
    let curve = |disguise: &Disguise| {
        let point = |at: RocPoint| {
            let miss = 1.0 - at.true_positive;
            (inside(at.false_positive) && inside(miss))
                .then(|| (normal_quantile(at.false_positive), normal_quantile(miss)))
        };
        Curve {
            name: name(disguise),
            points: points(sheet, disguise).into_iter().filter_map(point).collect(),
            style: Style::Line,
        }
    };
    let rates = [
        (0.001, "0.1 %"),
        (0.01, "1 %"),
        (0.05, "5 %"),
        (0.2, "20 %"),
        (0.5, "50 %"),
        (0.8, "80 %"),
    ];
    let ticks: Vec<(f64, String)> = rates
        .iter()
        .map(|(rate, text)| (normal_quantile(*rate), (*text).to_string()))
        .collect();
    let range = (normal_quantile(0.0007), normal_quantile(0.9));
    Figure {
        name: "det",
        title: format!(
            "{}: misses against false alarms, at {} tokens",
            evidence.model, evidence.reference_length
        ),
        x: Axis {
            label: "honest answers rejected (normal scale)",
            range,
            ticks: ticks.clone(),
        },
        y: Axis {
            label: "substituted answers passed (normal scale)",
            range,
            ticks,
        },
        // A disguise that never passes has no misses to draw.
        curves: shown
            .iter()
            .map(curve)
            .filter(|curve| !curve.points.is_empty())
            .collect(),
        left: 74,
    }
}

/// Densities of the decimal logarithm of a score, honest and a few disguises.
fn histogram(evidence: &Evidence, sheet: &ScoreSheet, rule: Rule, name_of: &'static str) -> Figure {
    let length = sheet.reference;
    let logs = |rows: &mut dyn Iterator<Item = &SheetRow>| -> Vec<f64> {
        let positive = rows
            .filter_map(|row| row.score(rule, length))
            .filter(|score| *score > 0.0);
        positive.map(libm::log10).collect()
    };
    let mut groups = vec![("honest".to_string(), logs(&mut sheet.honest(false)))];
    let naive = |row: &&crate::derive::LadderRow| row.substitute != "none";
    let rungs: Vec<&str> = evidence
        .ladder
        .iter()
        .filter(naive)
        .map(|row| row.substitute.as_str())
        .collect();
    let wanted = rungs.len().min(5);
    for at in 0..wanted {
        let rung = rungs[at * (rungs.len() - 1) / (wanted - 1).max(1)];
        groups.push((
            rung.to_string(),
            logs(&mut sheet.substituted(rung, AttackLevel::Naive)),
        ));
    }
    let laundered = sheet
        .disguises()
        .into_iter()
        .find(|(_, attack)| *attack == AttackLevel::Laundered);
    if let Some(disguise) = laundered {
        groups.push((
            name(&disguise),
            logs(&mut sheet.substituted(&disguise.0, disguise.1)),
        ));
    }
    groups.retain(|(_, values)| !values.is_empty());
    let all = groups.iter().flat_map(|(_, values)| values);
    let (low, high) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
        (low.min(*v), high.max(*v))
    });
    let (low, high) = if low < high { (low, high) } else { (-1.0, 1.0) };
    let curves: Vec<Curve> = groups
        .iter()
        .map(|(name, values)| Curve {
            name: name.clone(),
            points: density(values, (low, high)),
            style: Style::Line,
        })
        .collect();
    let top = curves
        .iter()
        .flat_map(|curve| &curve.points)
        .map(|(_, y)| *y)
        .fold(0.0, f64::max)
        .max(1e-9);
    let decades =
        (libm::floor(low) as i32..=libm::ceil(high) as i32).map(|at| (f64::from(at), power_of_ten(at)));
    Figure {
        name: name_of,
        title: format!(
            "{}: {}, at {} tokens",
            evidence.model,
            rule.title(),
            evidence.reference_length
        ),
        x: Axis {
            label: "score, logarithmic",
            range: (low - 0.02 * (high - low), high + 0.02 * (high - low)),
            ticks: decades.filter(|(at, _)| low <= *at && *at <= high).collect(),
        },
        y: Axis {
            label: "share of answers in a bin",
            range: (0.0, 1.08 * top),
            ticks: shares(top),
        },
        curves,
        left: 74,
    }
}

fn shares(top: f64) -> Vec<(f64, String)> {
    (0..=4)
        .map(|at| 0.25 * f64::from(at) * top)
        .map(|at| (at, format!("{:.0} %", 100.0 * at)))
        .collect()
}

/// Outline of a histogram with steps.
fn density(values: &[f64], (low, high): (f64, f64)) -> Vec<(f64, f64)> {
    let width = (high - low) / BINS as f64;
    let mut counts = [0u32; BINS];
    for value in values {
        let bin = ((value - low) / width) as usize;
        counts[bin.min(BINS - 1)] += 1;
    }
    let share = |count: u32| f64::from(count) / values.len().max(1) as f64;
    let step = |(bin, count): (usize, &u32)| {
        let from = low + width * bin as f64;
        [(from, share(*count)), (from + width, share(*count))]
    };
    counts.iter().enumerate().flat_map(step).collect()
}

/// A power of ten, written out where it is short.
fn power_of_ten(power: i32) -> String {
    match power {
        -3..=3 => libm::exp10(f64::from(power)).to_string(),
        _ => format!("1e{power}"),
    }
}

/// Median errors in the order of the ladder, ours and the published.
fn ladder(evidence: &Evidence) -> Figure {
    let rows = &evidence.ladder;
    let place = |at: usize| (rows.len() - at) as f64;
    let log = |value: f64| libm::log10(value.max(1e-12));
    let numbered = || rows.iter().enumerate();
    let mae = numbered()
        .map(|(at, row)| (log(row.mae_median.value), place(at)))
        .collect();
    let kl = numbered()
        .map(|(at, row)| (log(row.kl_mean), place(at)))
        .collect();
    let published_mae = numbered()
        .filter_map(|(at, row)| Some((log(row.published?.mae_median?), place(at))))
        .collect();
    let published_kl = numbered()
        .filter_map(|(at, row)| Some((log(row.published?.kl?), place(at))))
        .collect();
    let curve = |name: &str, points: Vec<(f64, f64)>, style| Curve {
        name: name.into(),
        points,
        style,
    };
    let curves = vec![
        curve("mean absolute error, median", mae, Style::Dots),
        curve("divergence, mean", kl, Style::Dots),
        curve("error, published", published_mae, Style::Rings),
        curve("divergence, published", published_kl, Style::Rings),
    ];
    let xs = || curves.iter().flat_map(|curve| &curve.points).map(|(x, _)| *x);
    let (low, high) = (xs().fold(0.0, f64::min).max(-9.0), xs().fold(0.0, f64::max));
    let decades =
        (libm::floor(low) as i32..=libm::ceil(high) as i32).map(|at| (f64::from(at), power_of_ten(at)));
    Figure {
        name: "ladder",
        title: format!(
            "{}: the ladder, measured and published for other models",
            evidence.model
        ),
        x: Axis {
            label: "nats, logarithmic",
            range: (low - 0.3, high + 0.9),
            ticks: decades.collect(),
        },
        y: Axis {
            label: "",
            range: (0.3, rows.len() as f64 + 0.7),
            ticks: numbered()
                .map(|(at, row)| {
                    (
                        place(at),
                        if at == 0 {
                            "honest".into()
                        } else {
                            row.substitute.clone()
                        },
                    )
                })
                .collect(),
        },
        curves,
        left: 150,
    }
}

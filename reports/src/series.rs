//! Rows turned into curves: profit, reputation and sampling over epochs.
//!
//! **Invariant.** Sums are integers; a float appears only when a sum becomes a point to draw. The band of a
//! curve is the range over replicates, not a confidence interval.

use std::collections::BTreeMap;

use crate::frames::{EpochFrame, ParticipantFrame};
use crate::money::as_coins;

/// Most points drawn in one curve; longer ones are thinned evenly.
pub const POINTS_MAX: usize = 2_000;
/// Most curves in one chart: more could not be told apart.
pub const CURVES_MAX: usize = 7;

/// One point of a curve with the range over replicates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Abscissa.
    pub x: f64,
    /// Mean over replicates.
    pub mean: f64,
    /// Least over replicates.
    pub low: f64,
    /// Greatest over replicates.
    pub high: f64,
}

/// A named curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Name in the legend.
    pub name: String,
    /// Points in ascending x.
    pub points: Vec<Point>,
    /// Drawn as steps rather than straight lines.
    pub is_step: bool,
    /// Number of its colour, so that a strategy looks the same in every chart.
    pub colour: usize,
}

/// Curves with their axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// File name without ending.
    pub name: &'static str,
    /// What it shows.
    pub title: &'static str,
    /// What the abscissa is, with its unit.
    pub x_label: &'static str,
    /// What the ordinate is, with its unit.
    pub y_label: &'static str,
    /// Fixed range of the ordinate, or the data's.
    pub y_range: Option<(f64, f64)>,
    /// At most [`CURVES_MAX`].
    pub curves: Vec<Curve>,
    /// Curves left out.
    pub omitted: usize,
}

/// Cumulative profit of each strategy for each unit of weight that its participants began with, in coins.
///
/// Dividing by weight makes a large strategy comparable with a small one; dividing by the weight at the
/// start keeps what a conviction costs in the figure.
pub fn profit(frame: &ParticipantFrame) -> Chart {
    let mut starting: BTreeMap<(usize, u32), u128> = BTreeMap::new();
    let mut seen: BTreeMap<(u32, u32), ()> = BTreeMap::new();
    for row in 0..frame.len() {
        if seen
            .insert((frame.replicate[row], frame.participant[row]), ())
            .is_none()
        {
            *starting
                .entry((frame.strategy[row], frame.replicate[row]))
                .or_default() += u128::from(frame.weight[row]);
        }
    }
    let earned = sum_by(frame, |row| frame.profit[row]);
    let per_weight = |strategy: usize, by_replicate: &BTreeMap<u32, BTreeMap<u32, i128>>| {
        let mut points: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
        for (replicate, by_epoch) in by_replicate {
            let weight = starting.get(&(strategy, *replicate)).copied().unwrap_or(0);
            let mut total = 0_i128;
            for (epoch, amount) in by_epoch.iter().filter(|_| weight > 0) {
                total = total.saturating_add(*amount);
                points
                    .entry(*epoch)
                    .or_default()
                    .push(as_coins(total) / weight as f64);
            }
        }
        points
    };
    let curves = earned
        .iter()
        .map(|(s, by)| curve(&frame.strategies[*s], *s, &per_weight(*s, by)))
        .collect();
    Chart {
        name: "profit",
        title: "Cumulative profit by strategy",
        x_label: "epoch",
        y_label: "GNK per unit of weight at the start",
        y_range: None,
        curves,
        omitted: 0,
    }
    .limited()
}

/// Mean reputation of each strategy's participants.
pub fn reputation(frame: &ParticipantFrame) -> Chart {
    let sums = sum_by(frame, |row| i128::from(frame.reputation[row]));
    let counts = sum_by(frame, |_| 1);
    let means = |strategy: &usize, by_replicate: &BTreeMap<u32, BTreeMap<u32, i128>>| {
        let mut points: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
        for (replicate, by_epoch) in by_replicate {
            for (epoch, sum) in by_epoch {
                let count = counts[strategy][replicate][epoch];
                points.entry(*epoch).or_default().push(*sum as f64 / count as f64);
            }
        }
        points
    };
    let curves = sums
        .iter()
        .map(|(s, by)| curve(&frame.strategies[*s], *s, &means(s, by)))
        .collect();
    Chart {
        name: "reputation",
        title: "Mean reputation by strategy",
        x_label: "epoch",
        y_label: "reputation, 0 to 100",
        y_range: Some((0.0, 100.0)),
        curves,
        omitted: 0,
    }
    .limited()
}

/// What the rule asked to check and what was checked, as shares of finished inferences.
pub fn sampling(frame: &EpochFrame) -> Chart {
    let mut nominal: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    let mut checked: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for row in (0..frame.epoch.len()).filter(|row| frame.finished[*row] > 0) {
        let finished = frame.finished[row] as f64;
        let rate = frame.nominal_rate_sum_ppb[row] as f64 / 1e7 / finished;
        nominal.entry(frame.epoch[row]).or_default().push(rate);
        checked
            .entry(frame.epoch[row])
            .or_default()
            .push(100.0 * frame.checked[row] as f64 / finished);
    }
    Chart {
        name: "sampling",
        title: "Sampling rate",
        x_label: "epoch",
        y_label: "% of finished inferences",
        y_range: Some((0.0, 100.0)),
        curves: vec![
            curve("nominal: mean target rate", 0, &nominal),
            curve("checked at least once", 1, &checked),
        ],
        omitted: 0,
    }
}

/// Sums by strategy, replicate and epoch.
fn sum_by(
    frame: &ParticipantFrame,
    value: impl Fn(usize) -> i128,
) -> BTreeMap<usize, BTreeMap<u32, BTreeMap<u32, i128>>> {
    let mut sums: BTreeMap<usize, BTreeMap<u32, BTreeMap<u32, i128>>> = BTreeMap::new();
    for row in 0..frame.len() {
        let by_replicate = sums.entry(frame.strategy[row]).or_default();
        let by_epoch = by_replicate.entry(frame.replicate[row]).or_default();
        let sum = by_epoch.entry(frame.epoch[row]).or_default();
        *sum = sum.saturating_add(value(row));
    }
    sums
}

fn curve(name: &str, colour: usize, values: &BTreeMap<u32, Vec<f64>>) -> Curve {
    let point = |(epoch, values): (&u32, &Vec<f64>)| Point {
        x: f64::from(*epoch),
        mean: values.iter().sum::<f64>() / values.len() as f64,
        low: values.iter().copied().fold(f64::INFINITY, f64::min),
        high: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    };
    Curve {
        name: name.to_string(),
        points: thinned(values.iter().map(point).collect()),
        is_step: false,
        colour,
    }
}

/// At most [`POINTS_MAX`] points, evenly chosen, first and last kept.
pub(crate) fn thinned(points: Vec<Point>) -> Vec<Point> {
    let n = points.len();
    if n <= POINTS_MAX {
        return points;
    }
    (0..POINTS_MAX)
        .map(|i| points[i * (n - 1) / (POINTS_MAX - 1)])
        .collect()
}

impl Chart {
    /// Keeps the first [`CURVES_MAX`] curves and counts the rest.
    pub(crate) fn limited(mut self) -> Self {
        self.omitted = self.curves.len().saturating_sub(CURVES_MAX);
        self.curves.truncate(CURVES_MAX);
        self
    }

    /// No curve has a point.
    pub fn is_empty(&self) -> bool {
        self.curves.iter().all(|curve| curve.points.is_empty())
    }
}

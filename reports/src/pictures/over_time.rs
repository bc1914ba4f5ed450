//! Rows turned into curves over epochs: profit, cheating, reputation, sampling.
//!
//! **Invariant.** The band of a curve is the range over replicates, not a confidence interval.

use std::collections::{BTreeMap, BTreeSet};

use crate::frames::{EpochFrame, ParticipantFrame};
use crate::money::as_coins;
use crate::picture::{Axis, Body, Curve, Picture, Point, Scale, thinned};

/// Values of one epoch, one a replicate that has it.
type ByEpoch = BTreeMap<u32, Vec<f64>>;

/// Cumulative profit of each strategy for each unit of weight that its participants began with, in coins.
///
/// Dividing by weight makes a large strategy comparable with a small one; dividing by the weight at the
/// start keeps what a conviction costs in the figure.
pub fn profit(frame: &ParticipantFrame) -> Picture {
    let mut starting: BTreeMap<(usize, u32), u128> = BTreeMap::new();
    let mut seen: BTreeSet<(u32, u32)> = BTreeSet::new();
    for row in 0..frame.len() {
        if seen.insert((frame.replicate[row], frame.participant[row])) {
            *starting
                .entry((frame.strategy[row], frame.replicate[row]))
                .or_default() += u128::from(frame.weight[row]);
        }
    }
    let earned = sum_by(frame, |row| frame.profit[row]);
    let per_weight = |strategy: usize, by_replicate: &BTreeMap<u32, BTreeMap<u32, i128>>| {
        let mut points = ByEpoch::new();
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
    over_epochs(
        "profit",
        "Cumulative profit by strategy",
        "Work coins and rewards less hardware cost and slashed collateral, summed up over epochs and divided by the \
         weight that the strategy began with",
        "GNK per unit of weight at the start",
        None,
        curves,
    )
}

/// Share of answers that a substitute served, and share of weight that those hold who ever served one.
pub fn cheater_share(epochs: &EpochFrame, frame: &ParticipantFrame) -> Picture {
    let mut answers = ByEpoch::new();
    for row in (0..epochs.epoch.len()).filter(|row| epochs.finished[*row] > 0) {
        let share = 100.0 * epochs.cheated[row] as f64 / epochs.finished[row] as f64;
        answers.entry(epochs.epoch[row]).or_default().push(share);
    }
    let cheaters: BTreeSet<(u32, u32)> = (0..frame.len())
        .filter(|row| frame.cheated[*row] > 0)
        .map(|row| (frame.replicate[row], frame.participant[row]))
        .collect();
    let mut weights: BTreeMap<(u32, u32), (u128, u128)> = BTreeMap::new();
    for row in 0..frame.len() {
        let (held, all) = weights
            .entry((frame.epoch[row], frame.replicate[row]))
            .or_default();
        let weight = u128::from(frame.weight[row]);
        *all += weight;
        if cheaters.contains(&(frame.replicate[row], frame.participant[row])) {
            *held += weight;
        }
    }
    let mut weight = ByEpoch::new();
    for ((epoch, _), (held, all)) in weights.into_iter().filter(|(_, (_, all))| *all > 0) {
        weight
            .entry(epoch)
            .or_default()
            .push(100.0 * held as f64 / all as f64);
    }
    let curves = match cheaters.is_empty() {
        true => Vec::new(),
        false => vec![
            curve("answers that a substitute served", 1, &answers),
            curve("weight of those who ever served one", 0, &weight),
        ],
    };
    over_epochs(
        "cheater-share",
        "How much of the network cheats",
        "Weight is what proof of compute gave; it falls after a conviction only where the rules take weight for it",
        "% of the network",
        None,
        curves,
    )
}

/// Mean reputation of each strategy's participants.
pub fn reputation(frame: &ParticipantFrame) -> Picture {
    let sums = sum_by(frame, |row| i128::from(frame.reputation[row]));
    let counts = sum_by(frame, |_| 1);
    let means = |strategy: &usize, by_replicate: &BTreeMap<u32, BTreeMap<u32, i128>>| {
        let mut points = ByEpoch::new();
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
    over_epochs(
        "reputation",
        "Mean reputation by strategy",
        "Where the rule of sampling goes by reputation, fewer answers of a host with a high one are checked; at a flat \
         rate it changes nothing",
        "reputation, 0 to 100",
        Some((0.0, 100.0)),
        curves,
    )
}

/// What the rule asked to check and what was checked, as shares of finished inferences.
pub fn sampling(frame: &EpochFrame) -> Picture {
    let (mut nominal, mut checked) = (ByEpoch::new(), ByEpoch::new());
    for row in (0..frame.epoch.len()).filter(|row| frame.finished[*row] > 0) {
        let finished = frame.finished[row] as f64;
        let rate = frame.nominal_rate_sum_ppb[row] as f64 / 1e7 / finished;
        nominal.entry(frame.epoch[row]).or_default().push(rate);
        checked
            .entry(frame.epoch[row])
            .or_default()
            .push(100.0 * frame.checked[row] as f64 / finished);
    }
    over_epochs(
        "sampling",
        "Sampling: what the rule asks for and what is checked",
        "The rule's mean target rate, and the share of finished inferences for which at least one validator was drawn. \
         Validators draw independently of each other: where the rate is high, several draws fall on one answer and others \
         get none, so that fewer answers are checked than the rate says",
        "% of finished inferences",
        Some((0.0, percent_end(&[&nominal, &checked]))),
        vec![
            curve("nominal: mean target rate", 0, &nominal),
            curve("checked at least once", 1, &checked),
        ],
    )
}

/// Where an axis of shares ends: at the whole, or lower where all values would lie at its foot.
fn percent_end(all: &[&ByEpoch]) -> f64 {
    let values = all.iter().flat_map(|by_epoch| by_epoch.values().flatten());
    let highest = values.copied().fold(0.0, f64::max);
    let ends = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0];
    let end = ends
        .into_iter()
        .find(|end| highest > 0.0 && 1.2 * highest <= *end);
    end.unwrap_or(100.0)
}

fn over_epochs(
    name: &str,
    title: &str,
    caption: &str,
    y_label: &str,
    y_range: Option<(f64, f64)>,
    curves: Vec<Curve>,
) -> Picture {
    let is_banded = curves.iter().any(|c| c.points.iter().any(|p| p.high > p.low));
    let band = if is_banded {
        ". The band is the range over replicates"
    } else {
        ""
    };
    let mut y = Axis::new(y_label, Scale::Linear);
    y.range = y_range;
    if y.range.is_none() {
        y = from_zero(y, &curves);
    }
    Picture {
        name: name.into(),
        title: title.into(),
        caption: format!("{caption}{band}"),
        x: Axis::new("epoch", Scale::Whole),
        y,
        body: Body::Curves(curves),
        omitted: 0,
    }
    .limited()
}

/// An axis that shows zero and leaves some room around the data.
fn from_zero(axis: Axis, curves: &[Curve]) -> Axis {
    let values = curves
        .iter()
        .flat_map(|c| &c.points)
        .flat_map(|p| [p.low, p.high]);
    let (low, high) = values
        .filter(|v| v.is_finite())
        .fold((0.0_f64, 0.0_f64), |(low, high), v| (low.min(v), high.max(v)));
    match high > low {
        true => {
            let room = 0.06 * (high - low);
            let (below, above) = (
                if low < 0.0 { room } else { 0.0 },
                if high > 0.0 { room } else { 0.0 },
            );
            axis.between(low - below, high + above)
        }
        false => axis,
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

fn curve(name: &str, colour: usize, values: &ByEpoch) -> Curve {
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

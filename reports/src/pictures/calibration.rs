//! The pictures of a calibration: how far honest and substituted answers lie apart, and what a threshold makes of it.

use stakeout_calibration::{Calibration, ScoreTable};

use crate::picture::{Axis, Body, Curve, Dot, Dots, GROUPS_MAX, Group, Picture, Point, Scale};

/// Bins of the score histograms.
const BINS: u32 = 60;
/// Least share of honest answers that the horizontal axis of the ROC shows.
const LEAST: f64 = 1e-4;
const PPB: f64 = 1e9;

/// All that show something.
pub fn all(calibration: &Calibration) -> Vec<Picture> {
    let scores = Scores::new(calibration);
    let all = [
        roc(calibration, &scores),
        histogram(calibration, &scores),
        points(calibration),
    ];
    all.into_iter().filter(|picture| !picture.is_empty()).collect()
}

/// Score distributions by substitute, over all pairs of kernels and all prompts.
struct Scores {
    table: ScoreTable,
    /// Every similarity at which some law has a corner, ascending, parts per 10^9.
    corners: Vec<u32>,
}

impl Scores {
    fn new(calibration: &Calibration) -> Self {
        let laws = calibration.laws().iter().flat_map(|law| &law.quantiles);
        let mut corners: Vec<u32> = laws.map(|q| (q.similarity * PPB) as u32).collect();
        corners.sort_unstable();
        corners.dedup();
        let every = corners.len() / 600 + 1;
        let last = corners.last().copied();
        let mut corners: Vec<u32> = corners.into_iter().step_by(every).collect();
        corners.extend(last);
        Self {
            table: calibration.compile(),
            corners,
        }
    }

    /// Probability that an answer fails at a threshold, mean over executors and validators.
    fn failing(&self, substitute: u8, threshold_ppb: u32) -> f64 {
        let kernels = self.table.kernel_count();
        let mut sum = 0.0;
        for executor in 0..kernels {
            for validator in 0..kernels {
                sum += 1.0
                    - self
                        .table
                        .pass_probability(substitute, executor, validator, threshold_ppb);
            }
        }
        sum / f64::from(kernels).max(1.0) / f64::from(kernels).max(1.0)
    }
}

/// The substitutes that are drawn: at most as many as colours tell apart, spread over the list.
fn shown(calibration: &Calibration, most: usize) -> (Vec<u8>, usize) {
    let count = calibration.substitutes().len();
    let all: Vec<u8> = (1..count.min(256)).map(|at| at as u8).collect();
    if all.len() <= most {
        return (all, 0);
    }
    let chosen = (0..most).map(|i| all[i * (all.len() - 1) / (most - 1)]).collect();
    (chosen, all.len() - most)
}

fn name(calibration: &Calibration, substitute: u8) -> String {
    calibration
        .substitutes()
        .get(usize::from(substitute))
        .map_or_else(String::new, |s| s.name.clone())
}

/// Substituted answers that fail against honest answers that fail, threshold by threshold.
fn roc(calibration: &Calibration, scores: &Scores) -> Picture {
    let (shown, omitted) = shown(calibration, GROUPS_MAX);
    let curve = |(colour, &substitute): (usize, &u8)| {
        let mut points: Vec<Point> = Vec::new();
        for &threshold in &scores.corners {
            let (honest, found) = (
                scores.failing(0, threshold),
                scores.failing(substitute, threshold),
            );
            if honest >= LEAST && points.last().is_none_or(|last: &Point| honest > last.x) {
                points.push(Point::sharp(honest, 100.0 * found));
            }
        }
        Curve {
            name: name(calibration, substitute),
            points,
            is_step: false,
            colour,
        }
    };
    Picture {
        name: "roc".into(),
        title: "What a threshold finds, and whom it accuses".into(),
        caption: "Each curve runs over all thresholds; means over all pairs of kernels and all prompts, one answer and one \
                  validator"
            .into(),
        x: Axis::new("honest answers that fail (share)", Scale::Log).between(LEAST, 1.0),
        y: Axis::new("% of substituted answers that fail", Scale::Linear).between(0.0, 100.0),
        body: Body::Curves(shown.iter().enumerate().map(curve).collect()),
        omitted,
    }
}

/// How scores of honest and of substituted answers are spread.
fn histogram(calibration: &Calibration, scores: &Scores) -> Picture {
    let (mut shown, omitted) = shown(calibration, GROUPS_MAX - 1);
    shown.insert(0, 0);
    let quantile = |substitute: u8, share: f64| {
        let corners = &scores.corners;
        corners
            .iter()
            .copied()
            .find(|&c| scores.failing(substitute, c) >= share)
    };
    // Where hardly any score lies, nothing is to be seen.
    let least = shown
        .iter()
        .filter_map(|s| quantile(*s, 0.002))
        .min()
        .unwrap_or(0);
    let most = scores
        .corners
        .last()
        .copied()
        .unwrap_or(1_000_000_000)
        .max(least + BINS);
    let edge = |bin: u32| least + ((u64::from(most - least) * u64::from(bin)) / u64::from(BINS)) as u32;
    let curve = |(at, &substitute): (usize, &u8)| {
        let mut points: Vec<Point> = (0..BINS)
            .map(|bin| {
                let (from, to) = (edge(bin), edge(bin + 1));
                let share = scores.failing(substitute, to.saturating_add(u32::from(bin + 1 == BINS)))
                    - scores.failing(substitute, from);
                Point::sharp(f64::from(from) / PPB, 100.0 * share.max(0.0))
            })
            .collect();
        if let Some(last) = points.last().copied() {
            points.push(Point::sharp(f64::from(most) / PPB, last.mean));
        }
        Curve {
            name: if substitute == 0 {
                "the promised model".into()
            } else {
                name(calibration, substitute)
            },
            points,
            is_step: true,
            colour: if at == 0 {
                2
            } else {
                [1, 0, 3, 4, 5, 6][(at - 1) % 6]
            },
        }
    };
    Picture {
        name: "scores".into(),
        title: "Scores of honest and of substituted answers".into(),
        caption: format!(
            "Share of answers in each of {BINS} equal stretches of similarity, over all pairs of kernels and all prompts"
        ),
        x: Axis::new("similarity", Scale::Linear),
        y: Axis::new("% of answers", Scale::Linear),
        body: Body::Curves(shown.iter().enumerate().map(curve).collect()),
        omitted,
    }
}

/// Rates at thresholds as they were measured or published.
fn points(calibration: &Calibration) -> Picture {
    let mut attacks: Vec<&'static str> = Vec::new();
    let mut dots = Vec::new();
    for point in calibration.operating_points() {
        let attack = point.attack.name();
        let group = attacks
            .iter()
            .position(|known| *known == attack)
            .unwrap_or_else(|| {
                attacks.push(attack);
                attacks.len() - 1
            });
        let ends = |rate: &stakeout_calibration::Rate| Some((100.0 * rate.low, 100.0 * rate.high));
        dots.push(Dot {
            label: format!("{}: {}", name(calibration, point.substitute), point.label),
            x: 100.0 * point.false_positive.estimate,
            y: 100.0 * point.true_positive.estimate,
            x_interval: ends(&point.false_positive),
            y_interval: ends(&point.true_positive),
            group,
            is_named: false,
        });
    }
    let omitted = dots.len().saturating_sub(300);
    dots.truncate(300);
    Picture {
        name: "operating-points".into(),
        title: "Operating points".into(),
        caption: "As measured or published, with 95 % intervals both ways; what stands high and to the left finds much and \
                  accuses few"
            .into(),
        x: Axis::new("% of honest answers that fail", Scale::Linear),
        y: Axis::new("% of substituted answers that fail", Scale::Linear).between(0.0, 100.0),
        body: Body::Dots(Dots {
            groups: attacks
                .iter()
                .enumerate()
                .map(|(at, attack)| Group::new(*attack, at))
                .collect(),
            dots,
            ..Dots::default()
        }),
        omitted,
    }
}

//! What a finished sweep says: dead factors, sensitivity, failures.

use stakeout_statistics::pareto;
use stakeout_statistics::sensitivity::{MorrisEffect, SobolIndices};

use super::campaign::PointCells;
use super::factor::{self, Design};
use super::plan::{Plan, ScenarioSource};
use super::table::estimate;

/// Whether a factor changed anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactorUse {
    /// Name.
    pub name: String,
    /// Pairs of points that differ in this factor alone.
    pub pairs: usize,
    /// Of these, pairs in which some figure of some replicate differs.
    pub differing: usize,
}

impl FactorUse {
    /// It was looked at and changed nothing.
    pub fn is_dead(&self) -> bool {
        self.pairs > 0 && self.differing == 0
    }
}

/// Compares neighbouring points that differ in one factor. Points share their random numbers, so a factor that does
/// anything at all shows; with seeds of their own every factor would seem alive, so nothing is compared then.
pub fn factor_uses(plan: &Plan, points: &[PointCells]) -> Vec<FactorUse> {
    let mut uses: Vec<FactorUse> = plan
        .factors
        .iter()
        .map(|name| FactorUse {
            name: name.clone(),
            pairs: 0,
            differing: 0,
        })
        .collect();
    for (factor, used) in uses.iter_mut().enumerate() {
        // Points that agree in all other factors come together, in their order.
        let mut order: Vec<(Vec<&str>, usize)> = points
            .iter()
            .enumerate()
            .map(|(at, point)| (others(plan, point.point, factor), at))
            .collect();
        order.sort();
        for pair in order.windows(2) {
            let (a, b) = (&points[pair[0].1], &points[pair[1].1]);
            let (first, second) = (&plan.points[a.point], &plan.points[b.point]);
            let is_pair = pair[0].0 == pair[1].0
                && first.labels[factor] != second.labels[factor]
                && first.seed == second.seed;
            if is_pair {
                used.pairs += 1;
                let is_same = a
                    .cells
                    .iter()
                    .zip(&b.cells)
                    .all(|(x, y)| x.figures == y.figures && x.error == y.error);
                used.differing += usize::from(!is_same);
            }
        }
    }
    uses
}

fn others(plan: &Plan, point: usize, factor: usize) -> Vec<&str> {
    let labels = plan.points[point].labels.iter().enumerate();
    labels
        .filter(|(at, _)| *at != factor)
        .map(|(_, label)| label.as_str())
        .collect()
}

/// What a sensitivity design says about one output.
#[derive(Clone, Debug, PartialEq)]
pub enum Sensitivity {
    /// Elementary effects, one a factor.
    Morris(Vec<MorrisEffect>),
    /// Shares of the variance.
    Indices(SobolIndices),
}

/// Points of a sensitivity design that have no value of an output, so that nothing can be said of what moves it; 0 for other
/// designs.
pub fn points_without(plan: &Plan, points: &[PointCells], output: &str) -> usize {
    match plan.design {
        Design::Morris { .. } | Design::Indices { .. } => {
            let have = points.iter().filter(|point| !point.values(output).is_empty());
            plan.points.len() - have.count()
        }
        _ => 0,
    }
}

/// Analyses one output of a sweep over a sensitivity design, from the means of its points; none for other designs or
/// where a point has no value.
pub fn sensitivity(plan: &Plan, points: &[PointCells], output: &str) -> Option<Sensitivity> {
    let means: Vec<f64> = points
        .iter()
        .map(|point| {
            let values = point.values(output);
            (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
        })
        .collect::<Option<_>>()?;
    if means.len() != plan.points.len() {
        return None;
    }
    let count = plan.factors.len();
    match plan.design {
        Design::Morris { trajectories, levels } => {
            let design = factor::morris(count, trajectories, levels, plan.design_seed);
            Some(Sensitivity::Morris(design.effects(&means, plan.confidence)))
        }
        Design::Indices { rows } => {
            let design = factor::indices(count, rows, plan.design_seed);
            let key = factor::stream(plan.design_seed);
            Some(Sensitivity::Indices(design.indices(&means, plan.confidence, key)))
        }
        _ => None,
    }
}

/// Points that are traded against each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Front {
    /// Points that have every figure of the front, by their place in the plan, with the means of the figures as they are.
    pub points: Vec<(usize, Vec<f64>)>,
    /// Of these, whether no other point is as good in everything and better in something.
    pub is_on_front: Vec<bool>,
    /// Share of the box between the best and the worst value of each figure that the front commands.
    pub hypervolume: f64,
}

/// The Pareto front of a sweep's points over the figures that its plan trades against each other; none where it names
/// none, or where no point has them all.
pub fn front(plan: &Plan, points: &[PointCells]) -> Option<Front> {
    let names: Vec<(&str, f64)> = plan
        .front
        .iter()
        .map(|name| {
            name.strip_prefix('-')
                .map_or((name.as_str(), 1.0), |name| (name, -1.0))
        })
        .collect();
    let known: Vec<(usize, Vec<f64>)> = points
        .iter()
        .filter_map(|point| {
            let means = names
                .iter()
                .map(|(name, _)| estimate(point, name, plan.confidence).mean)
                .collect::<Option<Vec<f64>>>()?;
            Some((point.point, means))
        })
        .collect();
    if names.is_empty() || known.is_empty() {
        return None;
    }
    let small: Vec<Vec<f64>> = known
        .iter()
        .map(|(_, means)| {
            means
                .iter()
                .zip(&names)
                .map(|(mean, (_, sign))| mean * sign)
                .collect()
        })
        .collect();
    let mut is_on_front = vec![false; known.len()];
    for at in pareto::front(&small) {
        is_on_front[at] = true;
    }
    Some(Front {
        is_on_front,
        hypervolume: pareto::hypervolume(&in_box(&small), &vec![1.0; names.len()]),
        points: known,
    })
}

/// Each objective scaled so that its best value is zero and its worst one; one that is the same everywhere is zero.
fn in_box(points: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let width = points.first().map_or(0, Vec::len);
    let ends: Vec<(f64, f64)> = (0..width)
        .map(|at| {
            let values = points.iter().map(|point| point[at]);
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            })
        })
        .collect();
    let scaled = |value: f64, (low, high): (f64, f64)| {
        if high > low {
            (value - low) / (high - low)
        } else {
            0.0
        }
    };
    points
        .iter()
        .map(|point| {
            point
                .iter()
                .zip(&ends)
                .map(|(&value, &ends)| scaled(value, ends))
                .collect()
        })
        .collect()
}

/// Cells and points that failed, each with the command that shows it again.
pub fn failures(plan: &Plan, points: &[PointCells], source: &ScenarioSource) -> Vec<(usize, String, String)> {
    let invalid = plan.points.iter().enumerate().filter_map(|(index, point)| {
        let error = point.error.clone()?;
        Some((index, error, source.replay(point, 0)))
    });
    let failed = points.iter().flat_map(|point| {
        point.cells.iter().filter_map(|cell| {
            let error = cell.error.clone()?;
            Some((
                point.point,
                error,
                source.replay(&plan.points[point.point], cell.replicate),
            ))
        })
    });
    let mut all: Vec<_> = invalid.chain(failed).collect();
    all.sort_by_key(|(point, _, _)| *point);
    all
}

//! What a finished sweep says: dead factors, sensitivity, failures.

use stakeout_statistics::sensitivity::{MorrisEffect, SobolIndices};

use super::campaign::PointCells;
use super::factor::{self, Design};
use super::plan::{Plan, ScenarioSource};

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

//! The results as files: a row a point, and a row a cell.

use std::collections::BTreeSet;
use std::fmt::Write;

use stakeout_statistics::{Interval, Moments, clopper_pearson, mean_interval};

use super::SweepError;
use super::analysis::Front;
use super::campaign::PointCells;
use super::plan::Plan;
use super::store::Store;
use crate::observe::csv::field;

/// One output at one point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Replicates that have it.
    pub n: usize,
    /// Mean; of a share of participants, the share over all replicates together.
    pub mean: Option<f64>,
    /// Its interval.
    pub interval: Option<Interval>,
}

/// Shares of participants that are pooled over replicates: their trials are participants.
const POOLED: [&str; 2] = ["cheaters_convicted", "honest_convicted"];

/// Estimates an output from the cells of a point: a t interval over replicates, and for shares of participants the exact
/// interval of Clopper and Pearson over all of them, which says something also where nobody was hit.
pub fn estimate(point: &PointCells, output: &str, confidence: f64) -> Estimate {
    let pooled = output.strip_suffix("_share").filter(|name| POOLED.contains(name));
    if let Some(name) = pooled {
        let sum = |what: &str| point.values(&format!("{name}_{what}")).iter().sum::<f64>() as u64;
        let (hits, trials) = (sum("hits"), sum("trials"));
        return Estimate {
            n: point.cells.len() - point.failed(),
            mean: (trials > 0).then(|| hits as f64 / trials as f64),
            interval: (trials > 0).then(|| clopper_pearson(hits, trials, confidence)),
        };
    }
    let values = point.values(output);
    let moments = Moments::of(&values);
    Estimate {
        n: values.len(),
        mean: moments.mean(),
        interval: mean_interval(&moments, confidence),
    }
}

/// Every figure that some cell has, sorted.
pub fn figure_names(points: &[PointCells]) -> Vec<String> {
    let names: BTreeSet<&String> = points
        .iter()
        .flat_map(|p| p.cells.iter().flat_map(|c| c.figures.keys()))
        .collect();
    names.into_iter().cloned().collect()
}

/// Writes the files of a finished sweep beside its cells: whoever carries one out writes the same.
///
/// # Errors
/// A disk that refuses.
pub fn write_results(
    plan: &Plan,
    points: &[PointCells],
    front: Option<&Front>,
    store: &Store,
) -> Result<(), SweepError> {
    store.write_result("results.csv", &results_csv(plan, points))?;
    store.write_result("shown.csv", &shown_csv(plan, points))?;
    store.write_result("responses.csv", &responses_csv(plan, points))?;
    if let Some(front) = front {
        store.write_result("front.csv", &front_csv(plan, front))?;
    }
    Ok(())
}

/// `results.csv`: a row a point with mean and interval of every figure.
pub fn results_csv(plan: &Plan, points: &[PointCells]) -> String {
    means_csv(plan, points, &figure_names(points))
}

/// `shown.csv`: the same for the figures that the plan shows, small enough to be kept beside a text.
pub fn shown_csv(plan: &Plan, points: &[PointCells]) -> String {
    means_csv(plan, points, &plan.outputs)
}

fn means_csv(plan: &Plan, points: &[PointCells], names: &[String]) -> String {
    let mut text = String::from("point");
    for factor in &plan.factors {
        let _ = write!(text, ",{}", field(factor));
    }
    text.push_str(",seed,replicates,failed");
    for name in names {
        let name = field(name);
        let _ = write!(text, ",{name},{name}_low,{name}_high");
    }
    text.push('\n');
    for point in points {
        let planned = &plan.points[point.point];
        let _ = write!(text, "{}", point.point);
        planned.labels.iter().for_each(|label| {
            let _ = write!(text, ",{}", field(label));
        });
        let _ = write!(text, ",{},{},{}", planned.seed, point.cells.len(), point.failed());
        for name in names {
            let found = estimate(point, name, plan.confidence);
            let (low, high) = (found.interval.map(|i| i.low), found.interval.map(|i| i.high));
            for value in [found.mean, low, high] {
                let _ = write!(text, ",{}", number(value));
            }
        }
        text.push('\n');
    }
    text
}

/// `responses.csv`: a row a cell with every figure, for other programs.
pub fn responses_csv(plan: &Plan, points: &[PointCells]) -> String {
    let names = figure_names(points);
    let mut text = String::from("point");
    for column in plan
        .factors
        .iter()
        .map(String::as_str)
        .chain(["seed", "replicate", "digest", "error"])
    {
        let _ = write!(text, ",{}", field(column));
    }
    names.iter().for_each(|name| {
        let _ = write!(text, ",{}", field(name));
    });
    text.push('\n');
    for point in points {
        let planned = &plan.points[point.point];
        for cell in &point.cells {
            let _ = write!(text, "{}", point.point);
            planned.labels.iter().for_each(|label| {
                let _ = write!(text, ",{}", field(label));
            });
            let error = cell.error.as_deref().unwrap_or_default();
            let _ = write!(
                text,
                ",{},{},{},{}",
                planned.seed,
                cell.replicate,
                cell.digest,
                field(error)
            );
            for name in &names {
                let _ = write!(text, ",{}", number(cell.figures.get(name).copied()));
            }
            text.push('\n');
        }
    }
    text
}

/// `front.csv`: a row a point that has every figure that the plan trades, with their means, those on the front marked.
pub fn front_csv(plan: &Plan, front: &Front) -> String {
    let mut text = String::from("point");
    let figures = plan.front.iter().map(|name| name.trim_start_matches('-'));
    for column in plan.factors.iter().map(String::as_str).chain(figures) {
        let _ = write!(text, ",{}", field(column));
    }
    text.push_str(",on the front\n");
    for ((point, means), is_on_front) in front.points.iter().zip(&front.is_on_front) {
        let _ = write!(text, "{point}");
        plan.points[*point].labels.iter().for_each(|label| {
            let _ = write!(text, ",{}", field(label));
        });
        means.iter().for_each(|mean| {
            let _ = write!(text, ",{mean}");
        });
        let _ = writeln!(text, ",{}", if *is_on_front { "yes" } else { "" });
    }
    text
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

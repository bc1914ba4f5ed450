//! The cheapest combination of two parameters: the one that is searched, at the levels of the one that it goes across.
//!
//! Every level has its own laxest value that deters the whole menu. What that combination costs is a sum over figures of
//! the network in which everybody is honest there, with the level's own cost. Levels are compared replicate by replicate
//! under the same random numbers.
//!
//! **Invariant.** Only combinations that deter are compared: none is cheap because it lets an attack pay.

use stakeout_statistics::{Interval, Moments, PairedDifference, mean_interval, paired_difference};

use super::Frontier;
use crate::experiment::sweep::SweepError;
use crate::experiment::sweep::cell::Cell;
use crate::experiment::sweep::reading::Reading;
use crate::scenario::document::{Node, Value};
use crate::scenario::error::quoted;

/// What a combination costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// Cost of one unit of each figure of the honest network.
    pub figures: Vec<(String, f64)>,
    /// What each level costs besides, in their order.
    pub levels: Vec<f64>,
}

/// One level, with the value at which it deters.
#[derive(Clone, Debug, PartialEq)]
pub struct Combination {
    /// The level.
    pub level: String,
    /// The laxest value that deters there.
    pub value: f64,
    /// Mean cost, in the unit of the file's coefficients.
    pub cost: f64,
    /// Its interval over replicates.
    pub interval: Option<Interval>,
    /// What it costs more than the cheapest, over paired replicates; none of the cheapest itself.
    pub more: Option<PairedDifference>,
}

impl Combination {
    /// Whether the replicates cannot tell it from the cheapest.
    pub fn may_be_cheapest(&self) -> bool {
        self.more.is_none_or(|more| more.interval.low <= 0.0)
    }
}

impl Cost {
    /// Reads `cheapest`, for a question across so many levels.
    pub(super) fn read(node: &Node, levels: usize, reading: &mut Reading) -> Self {
        reading.entries(node, "cheapest", &["figures", "levels"]);
        let figures = node
            .get("figures")
            .map_or_else(Vec::new, |node| read_figures(node, reading));
        let besides: Vec<f64> = node.get("levels").map_or_else(
            || vec![0.0; levels],
            |node| {
                let items = reading.items(node);
                items
                    .into_iter()
                    .map(|item| read_number(item, "cheapest.levels", reading))
                    .collect()
            },
        );
        if besides.len() != levels {
            let found = format!("{} costs for {levels} levels", besides.len());
            let allowed = "as many as `across` has levels; without `across` nothing is compared";
            reading.refuse(node, "cheapest.levels", found, allowed);
        }
        if figures.is_empty() {
            reading.refuse(node, "cheapest.figures", "no figure", "one figure or more");
        }
        Self {
            figures,
            levels: besides,
        }
    }

    /// The cost of a level by a cell of the honest network.
    pub(super) fn of(&self, level: usize, cell: &Cell) -> Result<f64, SweepError> {
        if let Some(error) = &cell.error {
            return Err(SweepError::Limit(format!("a replicate failed: {error}")));
        }
        let mut sum = self.levels[level];
        for (name, each) in &self.figures {
            let found = cell.figures.get(name).ok_or_else(|| {
                let what = quoted(name);
                SweepError::Limit(format!(
                    "the honest network has no figure {what}, which `cheapest` asks for"
                ))
            })?;
            sum += each * found;
        }
        Ok(sum)
    }
}

fn read_figures(node: &Node, reading: &mut Reading) -> Vec<(String, f64)> {
    let Value::Map(entries) = &node.value else {
        let found = format!("found {}", node.describe());
        reading.refuse(
            node,
            "cheapest.figures",
            found,
            "a map from figures to what a unit costs",
        );
        return Vec::new();
    };
    entries
        .iter()
        .map(|entry| {
            let each = read_number(&entry.node, "cheapest.figures", reading);
            (entry.key.clone(), each)
        })
        .collect()
}

/// A bare number; a unit would be dropped silently.
fn read_number(node: &Node, path: &str, reading: &mut Reading) -> f64 {
    let (value, unit) = reading.measured(node, path);
    if !unit.trim().is_empty() {
        let found = format!("found {}", node.describe());
        reading.refuse(node, path, found, "a number without a unit");
    }
    value
}

/// Compares the levels at which the whole menu is deterred, the cheapest of equals first; none where the file asks for
/// no costs or nothing deters.
pub fn combinations(frontiers: &[Frontier], confidence: f64) -> Vec<Combination> {
    let known: Vec<(&Frontier, f64)> = frontiers
        .iter()
        .filter(|frontier| frontier.family.is_none() && !frontier.costs.is_empty())
        .filter_map(|frontier| frontier.threshold.deterred.map(|value| (frontier, value)))
        .collect();
    let mean = |costs: &[f64]| Moments::of(costs).mean().unwrap_or(f64::INFINITY);
    let cheapest = known
        .iter()
        .map(|(frontier, _)| frontier)
        .min_by(|a, b| mean(&a.costs).total_cmp(&mean(&b.costs)));
    let Some(cheapest) = cheapest else {
        return Vec::new();
    };
    known
        .iter()
        .map(|&(frontier, value)| Combination {
            level: frontier.level.clone(),
            value,
            cost: mean(&frontier.costs),
            interval: mean_interval(&Moments::of(&frontier.costs), confidence),
            more: (!std::ptr::eq(frontier, *cheapest))
                .then(|| paired_difference(&frontier.costs, &cheapest.costs, confidence))
                .flatten(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use stakeout_statistics::deterrence::Threshold;

    fn frontier(level: &str, deterred: Option<f64>, costs: &[f64]) -> Frontier {
        Frontier {
            level: level.to_owned(),
            family: None,
            menu: vec![0],
            threshold: Threshold {
                deterred,
                not_deterred: None,
                judged: Vec::new(),
            },
            chosen: Vec::new(),
            price: Vec::new(),
            costs: costs.to_vec(),
            open: None,
            replay: String::new(),
        }
    }

    #[test]
    fn the_cheapest_level_is_the_one_that_deters_for_least() {
        let found = combinations(
            &[
                frontier("high", Some(2.0), &[5.0, 7.0]),
                frontier("nothing deters", None, &[]),
                frontier("low", Some(1.0), &[4.0, 6.0]),
                frontier("as good", Some(3.0), &[4.0, 6.5]),
            ],
            0.95,
        );
        let levels: Vec<&str> = found.iter().map(|found| found.level.as_str()).collect();
        assert_eq!(levels, ["high", "low", "as good"]);
        assert_eq!(found[1].more, None);
        // One dearer in every replicate by the same amount: told apart although the intervals overlap.
        assert!(!found[0].may_be_cheapest() && found[0].more.unwrap().mean == 1.0);
        assert!(found[2].may_be_cheapest());
        assert!(combinations(&[frontier("none", None, &[])], 0.95).is_empty());
    }
}

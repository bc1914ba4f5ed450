//! Where the start of a replicate ends, and what its figures are without it.
//!
//! A network that begins with newcomers, empty queues or a price of its own is not yet what it will be. The series of an
//! output over the epochs of a replicate says when it has become so (MSER-5, White 1997), each replicate for itself.
//!
//! **Invariant.** What is dropped is a function of the replicate's epochs. Only what is counted by epoch and by participant
//! and epoch is cut; histograms of times, first convictions and final balances are those of the whole run.

use serde::{Deserialize, Serialize};
use stakeout_statistics::find_warm_up;

use super::cell::Cell;
use super::reading::Reading;
use crate::observe::frame::RunOutput;
use crate::observe::summary::{epoch_figures, epoch_series};
use crate::scenario::document::Node;
use crate::scenario::error::{Problem, nearest, quoted};

/// Figure of a cell: epochs that were dropped.
pub const DROPPED: &str = "warm_up_epochs";
/// Figure of a cell: whether a warm-up was found; where it was not, nothing was dropped.
pub const SETTLED: &str = "warm_up_settled";
/// Epochs below which no series says anything.
const EPOCHS_MIN: usize = 20;

/// How many epochs of each replicate are dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarmUpRule {
    /// So many.
    Epochs(u32),
    /// As many as MSER-5 says of this output.
    Mser(String),
}

/// What was found in one replicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// Epochs to drop.
    pub dropped: usize,
    /// The series settled in its first half; otherwise nothing is dropped.
    pub has_settled: bool,
}

impl WarmUpRule {
    /// Reads `{ output: NAME }` or `{ epochs: N }`.
    pub(super) fn read(node: &Node, reading: &mut Reading) -> Option<Self> {
        reading.entries(node, "warm_up", &["output", "epochs"]);
        match (node.get("output"), node.get("epochs")) {
            (Some(output), None) => {
                let name = reading.text(output, "warm_up.output");
                if !epoch_figures().any(|known| known == name) {
                    let found = format!("{} has no value an epoch", quoted(&name));
                    let known: Vec<&str> = epoch_figures().collect();
                    let problem = Problem::new(&output.place, "warm_up.output", found);
                    reading.problems.push(
                        problem
                            .allowed(known.join(", "))
                            .hint(nearest(&name, epoch_figures())),
                    );
                }
                Some(Self::Mser(name))
            }
            (None, Some(epochs)) => {
                let count = reading.count(epochs, "warm_up.epochs", 1, 1_000_000);
                Some(Self::Epochs(count as u32))
            }
            _ => {
                reading.refuse(
                    node,
                    "warm_up",
                    format!("found {}", node.describe()),
                    "`output`, whose series is looked at, or `epochs`, a number",
                );
                None
            }
        }
    }

    /// What a replicate's start is.
    pub fn find(&self, output: &RunOutput) -> Start {
        let name = match self {
            Self::Epochs(epochs) => {
                // One epoch is left, so that there is something to tell.
                let most = output.epochs.len().saturating_sub(1);
                return Start {
                    dropped: (*epochs as usize).min(most),
                    has_settled: *epochs as usize <= most,
                };
            }
            Self::Mser(name) => name,
        };
        let series = epoch_series(&output.epochs, name);
        let known: Vec<(usize, f64)> = series
            .iter()
            .enumerate()
            .filter_map(|(epoch, value)| Some((epoch, (*value)?)))
            .collect();
        let values: Vec<f64> = known.iter().map(|(_, value)| *value).collect();
        match find_warm_up(&values).filter(|found| found.has_settled) {
            Some(found) => Start {
                // Epochs without a value before the first that is kept go with the start.
                dropped: if found.dropped == 0 {
                    0
                } else {
                    known[found.dropped].0
                },
                has_settled: true,
            },
            None => Start {
                dropped: 0,
                has_settled: false,
            },
        }
    }

    /// The rule in words.
    pub fn text(&self) -> String {
        match self {
            Self::Epochs(epochs) => format!("the first {epochs} epochs of each replicate are dropped"),
            Self::Mser(name) => format!("warm-up by MSER-5 of {name}, replicate by replicate"),
        }
    }

    /// The rule and what it did, in words.
    pub fn told<'a>(&self, cells: impl Iterator<Item = &'a Cell>) -> String {
        let found: Vec<(f64, bool)> = cells
            .filter_map(|cell| {
                let settled = cell.figures.get(SETTLED)?;
                Some((*cell.figures.get(DROPPED)?, *settled > 0.0))
            })
            .collect();
        let dropped = found
            .iter()
            .filter(|(_, settled)| *settled)
            .map(|(epochs, _)| *epochs);
        let (mut least, mut most, mut sum, mut count) = (f64::INFINITY, 0.0_f64, 0.0, 0_u32);
        for epochs in dropped {
            (least, most) = (least.min(epochs), most.max(epochs));
            (sum, count) = (sum + epochs, count + 1);
        }
        let did = if count > 0 {
            format!(
                ": {least} to {most} epochs dropped, {:.1} on average",
                sum / f64::from(count)
            )
        } else {
            String::new()
        };
        let unsettled = found.len() - count as usize;
        let kept = match (unsettled, self) {
            (0, _) => String::new(),
            (n, Self::Epochs(_)) => format!("; {n} of {} cells are shorter and keep one epoch", found.len()),
            (n, Self::Mser(_)) => format!(
                "; {n} of {} cells never settled, or have fewer than {EPOCHS_MIN} epochs, and are kept whole",
                found.len()
            ),
        };
        self.text() + &did + &kept
    }
}

/// Drops the first epochs of a run.
pub(super) fn drop_start(output: &mut RunOutput, epochs: usize) {
    if epochs == 0 {
        return;
    }
    output.epochs.drain(..epochs.min(output.epochs.len()));
    let first = output.epochs.first().map_or(u32::MAX, |row| row.epoch);
    output.participants = output
        .participants
        .iter()
        .filter(|row| row.epoch >= first)
        .collect();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::sweep::cell::{Making, key};
    use crate::observe::frame::EpochRow;
    use crate::observe::sample;

    fn run_with(checked: impl Fn(u32) -> u64, epochs: u32) -> RunOutput {
        let mut output = sample::outputs(1).remove(0);
        output.epochs = (0..epochs)
            .map(|epoch| EpochRow {
                epoch,
                finished: 1_000,
                checked: checked(epoch),
                ..EpochRow::zero()
            })
            .collect();
        output
    }

    /// Ten epochs of newcomers that are checked always, then one answer in ten, a little more or less.
    #[test]
    fn the_epochs_of_newcomers_are_dropped_and_no_others() {
        let output = run_with(
            |epoch| {
                if epoch < 10 {
                    1_000
                } else {
                    100 + u64::from(epoch % 3)
                }
            },
            60,
        );
        let found = WarmUpRule::Mser("checked_share".to_owned()).find(&output);
        assert_eq!((found.dropped, found.has_settled), (10, true));
        let mut kept = output.clone();
        drop_start(&mut kept, found.dropped);
        assert_eq!((kept.epochs.len(), kept.epochs[0].epoch), (50, 10));
        assert!(kept.participants.iter().all(|row| row.epoch >= 10));
        assert_eq!(
            kept.convictions, output.convictions,
            "what is not of an epoch stays"
        );
    }

    #[test]
    fn a_cell_that_is_cut_is_not_taken_for_a_whole_one() {
        let rules = [
            None,
            Some(WarmUpRule::Epochs(5)),
            Some(WarmUpRule::Mser("checked_share".to_owned())),
        ];
        let keys = rules.each_ref().map(|rule| {
            let making = Making {
                has_twin: false,
                pairing: "",
                warm_up: rule.as_ref(),
            };
            key("abc", 1, 0, making)
        });
        assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[0] != keys[2]);
    }

    #[test]
    fn what_never_settles_and_what_is_too_short_is_kept_whole() {
        let rule = WarmUpRule::Mser("checked_share".to_owned());
        for output in [run_with(|epoch| 10 * u64::from(epoch), 60), run_with(|_| 100, 19)] {
            let found = rule.find(&output);
            assert_eq!((found.dropped, found.has_settled), (0, false));
        }
        let short = WarmUpRule::Epochs(30).find(&run_with(|_| 100, 19));
        assert_eq!((short.dropped, short.has_settled), (18, false));
    }
}

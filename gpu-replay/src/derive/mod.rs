//! From replayed answers to evidence: thresholds, rates, power, and the calibration file.
//!
//! The order is that of the work: answers become [`ScoredAnswer`]s, these a [`ScoreSheet`] with one row an answer
//! and one column a rule; the honest rows of one half of the prompts become [`Rulers`], by which the other half is
//! judged ([`Evidence`]); the rows of all prompts become the laws of a calibration file ([`calibration_draft`]).
//!
//! **Invariant.** A threshold never judges a prompt that it was fixed on. The same answers in any order give the
//! same evidence: rows are sorted by their keys first.

mod answer;
mod dependence;
mod deployed;
mod estimate;
mod evidence;
mod file;
mod honest;
mod kept;
mod known;
mod ladder;
mod laws;
mod matrix;
mod minimax;
mod power;
mod rule;
mod ruler;
mod scaled;
mod sheet;
mod transfer;

#[cfg(test)]
pub(crate) mod synthetic;

pub use answer::{Measurement, ScoredAnswer, SubstituteCost};
pub use dependence::Dependence;
pub use deployed::DeployedRow;
pub use estimate::Estimate;
pub use evidence::{Evidence, Samples, derive};
pub use file::{calibration_draft, deployed_draft};
pub use honest::{HonestRow, StratumRow, ThresholdRow};
pub use kept::{keep, kept};
pub use known::{KnownRow, KnownRule};
pub use ladder::{LADDER_PUBLISHED, LadderRow, PublishedRung};
pub use matrix::MatrixRow;
pub use minimax::Minimax;
pub use power::{PowerPoint, PowerRow};
pub use rule::Rule;
pub use ruler::{Method, Ruler, Rulers, Threshold};
pub use sheet::{LENGTHS, ScoreSheet, SheetRow};
pub use transfer::{TransferRow, transfer};

//! Sweeps: a scenario at many points, each several times, kept so that nothing is ever run twice.
//!
//! A [`file::SweepFile`] names the scenario, the factors and the design. [`plan::Plan`] freezes what will be run before
//! anything is. [`campaign`] runs the cells, a cell being one replicate at one point; [`store`] keeps each under the
//! hash of what decides it. [`table`] and [`analysis`] read the cells in the order of the plan.
//!
//! **Invariant.** The results are a function of the plan: number of threads, shards, interruptions and what was in the
//! store before change no byte of them.

pub mod analysis;
mod arguments;
pub mod campaign;
pub mod cell;
pub mod factor;
pub mod figures;
pub mod file;
pub(in crate::experiment) mod flow;
pub(in crate::experiment) mod keeper;
pub mod meaning;
pub mod plan;
pub(in crate::experiment) mod reading;
pub mod store;
pub mod table;
pub mod warm_up;

#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::scenario::{Problem, ScenarioErrors};

/// Why a sweep cannot go on.
#[derive(Debug)]
pub enum SweepError {
    /// The sweep file is wrong; every problem with its place.
    File(Vec<Problem>),
    /// The scenario is wrong at every point.
    Scenario(ScenarioErrors),
    /// A file or folder refused.
    Io {
        /// Where.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// A folder holds another plan.
    OtherPlan {
        /// The folder.
        folder: PathBuf,
    },
    /// A limit would have been broken.
    Limit(String),
    /// The question cannot be asked of this scenario.
    Unfit(String),
    /// Someone asked to stop; what was finished is kept.
    Interrupted,
    /// Cells are missing that a complete result needs.
    Incomplete {
        /// How many, at least.
        missing: usize,
    },
}

impl SweepError {
    /// An input or output error at a path.
    pub fn io(path: &Path, source: io::Error) -> Self {
        Self::Io {
            path: path.to_path_buf(),
            source,
        }
    }
}

impl fmt::Display for SweepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(problems) => {
                match problems.len() {
                    1 => write!(f, "the experiment's file has 1 error")?,
                    n => write!(f, "the experiment's file has {n} errors")?,
                }
                problems
                    .iter()
                    .take(64)
                    .try_for_each(|problem| write!(f, "\n\n{}", problem.to_string().trim_end()))
            }
            Self::Scenario(errors) => {
                write!(f, "no point of the plan is a valid scenario; the first: {errors}")
            }
            Self::Io { path, source } => write!(f, "{}: {source}", path.display()),
            Self::OtherPlan { folder } => write!(
                f,
                "{} holds another plan; --extend keeps its cells and replaces its plan, --out chooses another place",
                folder.display()
            ),
            Self::Limit(message) | Self::Unfit(message) => f.write_str(message),
            Self::Interrupted => {
                f.write_str("interrupted: what was finished is kept; run the same command again to go on")
            }
            Self::Incomplete { missing } => {
                write!(f, "{missing} cells are missing: run the other shards first")
            }
        }
    }
}

impl std::error::Error for SweepError {}

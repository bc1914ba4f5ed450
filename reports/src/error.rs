//! Why no report could be made.

use std::io;
use std::path::{Path, PathBuf};

use stakeout_engine::observe::results_error::ResultsError;

/// An error on the way from a run directory to a report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The run directory cannot be read.
    #[error(transparent)]
    Run(#[from] ResultsError),
    /// The operating system refused something.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, an infinitive.
        action: &'static str,
        /// What it was tried on.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// A file of the run is not what it should be.
    #[error("{}: {reason}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A figure could not be drawn.
    #[error("cannot draw {figure}: {reason}")]
    Drawing {
        /// Title of the figure.
        figure: String,
        /// What the drawing library says.
        reason: String,
    },
}

impl ReportError {
    /// An error of the operating system, with what was tried on what.
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io {
            action,
            path: path.to_path_buf(),
            source,
        }
    }

    /// A file that is not what it should be.
    pub(crate) fn broken(path: &Path, reason: impl ToString) -> Self {
        Self::Broken {
            path: path.to_path_buf(),
            reason: reason.to_string(),
        }
    }
}

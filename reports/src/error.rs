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
    /// A name that nothing has.
    #[error("there is no {what} `{name}`{}", nearest(name, known))]
    Unknown {
        /// Factor, figure or picture.
        what: &'static str,
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// A file's ending that says no kind of picture.
    #[error("{}: a picture is written as svg, png or csv, by the ending of its file", path.display())]
    OtherKind {
        /// The file.
        path: PathBuf,
    },
    /// Nothing says where pictures go.
    #[error(
        "where to? `stakeout plot {} --list` tells the pictures, `--out DIR` draws all of them, `--picture NAME -o FILE` one",
        path.display()
    )]
    NoPlace {
        /// What the pictures are of.
        path: PathBuf,
    },
    /// Options that are for something else than what lies at a path.
    #[error("{} is {kind}, and {options}; `stakeout plot {} --list` tells its pictures", path.display(), path.display())]
    NotForThis {
        /// The path.
        path: PathBuf,
        /// What lies there.
        kind: &'static str,
        /// What the options are for.
        options: &'static str,
    },
    /// One picture was asked for and there are several.
    #[error("which picture? --picture takes one of {}", known.join(", "))]
    Several {
        /// What there is.
        known: Vec<String>,
    },
    /// What lies at a path is nothing that a report can be made of.
    #[error("{} is no run, sweep, solved question, game or calibration: {reason}", path.display())]
    NoSubject {
        /// The path.
        path: PathBuf,
        /// What was looked for.
        reason: String,
    },
}

/// The nearest of the names, or all of them.
fn nearest(name: &str, known: &[String]) -> String {
    let distance = |other: &&String| strsim::damerau_levenshtein(name, other);
    match known.iter().min_by_key(distance) {
        Some(near) if distance(&near) <= 3 => format!("; did you mean `{near}`?"),
        _ if known.is_empty() => String::new(),
        _ => format!("; there are {}", known.join(", ")),
    }
}

impl ReportError {
    /// Exit code of docs/exit-codes.md.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Unknown { .. }
            | Self::OtherKind { .. }
            | Self::NoPlace { .. }
            | Self::NotForThis { .. }
            | Self::Several { .. } => 2,
            Self::NoSubject { .. } => 3,
            _ => 4,
        }
    }

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

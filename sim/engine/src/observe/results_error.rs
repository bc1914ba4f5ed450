//! What can go wrong with results on disk.

use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};

use parquet::errors::ParquetError;

/// Why a run could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ResultsError {
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
    /// The run exists and was neither to be resumed nor replaced.
    #[error("{} exists already; choose to resume or to replace it, or another place", path.display())]
    Exists {
        /// The run directory.
        path: PathBuf,
    },
    /// A run to be resumed is not the run asked for.
    #[error("{} was made with {what} {there}, asked for is {asked}", path.display())]
    Differs {
        /// The run directory.
        path: PathBuf,
        /// The figure that differs.
        what: &'static str,
        /// Its value in the directory.
        there: u32,
        /// Its value in the request.
        asked: u32,
    },
    /// A run whose replicates cannot be read back.
    #[error("{} cannot be extended or printed again: {reason}", path.display())]
    NotExtendable {
        /// The run directory.
        path: PathBuf,
        /// What stands in the way.
        reason: &'static str,
    },
    /// A name that could lead out of the results folder.
    #[error("'{}' cannot name a folder: a to z, 0 to 9 and '-', at most 64 characters, no '-' first", .0.escape_default())]
    UnsafeName(String),
    /// A file or a symbolic link lies where a run directory belongs.
    #[error("{} is not a directory of its own (a file or a symbolic link); nothing was written", path.display())]
    NotADirectory {
        /// The odd entry.
        path: PathBuf,
    },
    /// A run directory does not hold what it should.
    #[error("{}: {reason}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl ResultsError {
    /// Names the path and the attempt behind an error of the operating system.
    pub(crate) fn wrap<T>(action: &'static str, path: &Path, result: io::Result<T>) -> Result<T, Self> {
        result.map_err(|source| Self::Io {
            action,
            path: path.to_path_buf(),
            source,
        })
    }

    /// Decodes a file with a net: a changed byte may lead a decoder astray further than it checks.
    pub(crate) fn decode<T>(path: &Path, work: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, Self> {
        let reason = match panic::catch_unwind(AssertUnwindSafe(work)) {
            Ok(Ok(decoded)) => return Ok(decoded),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "cannot be decoded".to_string(),
        };
        Err(Self::Broken {
            path: path.to_path_buf(),
            reason,
        })
    }
}

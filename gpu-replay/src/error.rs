//! What can go wrong between a model file and a calibration, and whose fault it is.
//!
//! **Invariant.** A user's or a file's mistake ends in one of these, never in a panic; the class decides the exit
//! code of docs/exit-codes.md.

/// A failure with the place it happened at.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A model, tokenizer, artifact or calibration file is broken, hostile or of a kind that is not supported.
    #[error("{place}: {problem}")]
    File {
        /// File, and where known tensor, field or byte.
        place: String,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// What was asked for does not exist or does not fit the model.
    #[error("{0}")]
    Usage(String),
    /// A limit that protects memory or time was met before harm was done.
    #[error("{place}: {problem}")]
    Limit {
        /// What would have grown.
        place: String,
        /// The limit and what was asked for.
        problem: String,
    },
    /// Reading or writing failed.
    #[error("{place}: {error}")]
    Io {
        /// The file.
        place: String,
        /// The system's message.
        error: std::io::Error,
    },
    /// Two things that must agree do not: a hash, a conformance check.
    #[error("{0}")]
    Mismatch(String),
    /// Stopped on request; what is finished is kept.
    #[error("interrupted; the same command goes on from here")]
    Interrupted,
    /// A tensor operation failed on shapes that were checked: a bug of this program.
    #[error("tensor operation: {0}")]
    Tensor(#[from] candle_core::Error),
}

impl ReplayError {
    /// A broken file.
    pub fn file(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::File {
            place: place.into(),
            problem: problem.into(),
        }
    }

    /// A refused limit.
    pub fn limit(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Limit {
            place: place.into(),
            problem: problem.into(),
        }
    }

    /// A failed read or write of `path`.
    pub fn io(path: &std::path::Path, error: std::io::Error) -> Self {
        Self::Io {
            place: path.display().to_string(),
            error,
        }
    }

    /// The exit code of docs/exit-codes.md.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::File { .. } => 3,
            Self::Io { .. } => 4,
            Self::Limit { .. } => 5,
            Self::Mismatch(_) => 6,
            Self::Tensor(_) => 70,
            Self::Interrupted => 130,
        }
    }
}

/// Result of this crate.
pub type Result<T> = std::result::Result<T, ReplayError>;

//! What can go wrong between a wrapper and a board.

/// The result of this crate's functions.
pub type Result<T> = std::result::Result<T, CudaError>;

/// Why a kernel did not run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CudaError {
    /// There is no card, driver or compiler here; the text says which, in one line.
    #[error("{0}")]
    Absent(String),
    /// The driver or the compiler refused.
    #[error("{what}: {why}")]
    Refused {
        /// What was asked of it.
        what: String,
        /// What it said.
        why: String,
    },
    /// What was handed over does not fit together.
    #[error("{0}")]
    Shape(String),
}

impl CudaError {
    /// A refusal, in the words of whoever refused.
    pub fn refused(what: impl Into<String>, why: impl std::fmt::Display) -> Self {
        Self::Refused {
            what: what.into(),
            why: why.to_string(),
        }
    }
}

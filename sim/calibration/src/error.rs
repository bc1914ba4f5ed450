//! What can be wrong with a calibration file, said with its place.

use std::fmt;

/// Why a calibration could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalibrationError {
    /// The text is longer than any calibration may be.
    #[error("a calibration file holds at most {limit} bytes, this one has {bytes}")]
    TooLarge {
        /// Length of the text.
        bytes: usize,
        /// Longest text that is read.
        limit: usize,
    },
    /// The text isn't YAML of the expected shape.
    #[error("line {line}, column {column}: {message}")]
    Syntax {
        /// Line, counted from 1; 0 if the parser could not tell.
        line: u64,
        /// Column, counted from 1; 0 if the parser could not tell.
        column: u64,
        /// What the parser found.
        message: String,
    },
    /// The shape is right and values are not: all of them, in the order of the file.
    #[error("{}", join(.0))]
    Invalid(Vec<Problem>),
    /// No calibration of this name is built in.
    #[error("no built-in calibration {name:?}; there is {known}")]
    UnknownName {
        /// The name asked for.
        name: String,
        /// The names that exist, separated by commas.
        known: String,
    },
}

/// One value that is out of range, missing or said twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line, counted from 1; 0 for a value that is missing altogether.
    pub line: u64,
    /// Column, counted from 1; 0 for a value that is missing altogether.
    pub column: u64,
    /// Dotted path of the value.
    pub path: String,
    /// What was found and what is allowed.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}, column {}: ", self.line, self.column)?;
        }
        write!(f, "{}: {}", self.path, self.message)
    }
}

fn join(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
    lines.join("\n")
}

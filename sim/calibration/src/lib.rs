//! The calibration file: measured detection power, its types and its reading.
//!
//! A calibration says how similar a validator finds an answer to its own replay: by substitute, by the
//! executor's and the validator's kernel, and by the class of the prompt, which all validators of one
//! inference share. Whoever measures models writes the file; the engine reads it and nothing else of the
//! measurement. [`Calibration`] is the checked file, [`ScoreTable`] the form that the event loop draws from.
//!
//! **Invariant.** A [`Calibration`] that exists is complete and in range: every (substitute, executor
//! kernel, validator kernel, prompt class) has exactly one law, all numbers are finite, all shares sum to
//! one. So drawing from it cannot fail. Page: docs/spec/calibration.md.

mod builtin;
mod check;
mod error;
mod file;
mod raw;
mod table;
mod writer;

pub use builtin::BUILTIN_NAMES;
pub use error::{CalibrationError, Problem};
pub use file::{
    Attack, Calibration, CalibrationDraft, FitRow, Kernel, Kind, Law, OperatingPoint, Overdispersion,
    PromptClass, Provenance, Quantile, Rate, Substitute, Threshold,
};
pub use table::ScoreTable;

//! Pictures and the report page of a run, a sweep, a solved question, a game or a calibration.
//!
//! A path goes in; drawings and one self-contained page come out. [`subject`] says what lies at a path, [`frames`] and
//! [`columns`] read the columnar files of a run, [`run`] its headline numbers, [`sweep`], [`solve`] and [`game`] the
//! tables of experiments. [`pictures`] says what is worth seeing, [`picture`] what a picture is, [`draw`] draws it, [`vega`] makes
//! a chart of it, [`verdict`] says in a sentence what it means and [`page`] puts everything on one page. [`command`] is
//! what the command line offers.
//!
//! **Invariant.** Nothing here decides anything. Numbers with intervals come from the files, or from the library that made
//! those; rows are read into memory, sorted, and added up as integers, so the same files give the same page, byte for byte.

pub mod columns;
pub mod command;
pub mod draw;
pub mod error;
pub mod frames;
pub mod game;
pub mod money;
pub mod page;
pub mod picture;
pub mod pictures;
mod question;
pub mod run;
pub mod solve;
pub mod subject;
pub mod sweep;
pub mod twin_verdict;
pub mod vega;
pub mod verdict;

pub use error::ReportError;
pub use run::Run;

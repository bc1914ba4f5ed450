//! Frames, plots and the report page of a run.
//!
//! A run directory goes in; SVGs and one self-contained page come out. [`frames`] reads the columnar files,
//! [`run`] the headline numbers, [`series`] turns rows into curves, [`plot`] draws them, [`verdict`] says in
//! a sentence what they mean and [`page`] puts everything on one page.
//!
//! **Invariant.** Nothing here decides anything. Numbers with intervals come from `summary.json`; rows are
//! read into memory, sorted, and added up as integers, so the same run gives the same page, byte for byte.

pub mod error;
pub mod frames;
pub mod money;
pub mod page;
pub mod plot;
pub mod run;
pub mod series;
pub mod survival;
pub mod verdict;

pub use error::ReportError;
pub use run::Run;

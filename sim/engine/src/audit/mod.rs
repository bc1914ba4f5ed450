//! The audit: a log that cannot be changed unseen, and what can be read from it without trusting the run.
//!
//! [`log_entry`] is an event with its place and [`chain`] chains what is stored; [`causes`] names the event that each event
//! follows from; [`log_writer`] writes the log as the run goes and [`log_reader`] reads it back. [`posting`]
//! and [`balances`] are the auditor's own bookkeeping (docs/adr/0010-two-bookkeepings.md): they know the events
//! and no rule that moved the coins. [`verify`] puts all of it together; [`explain`], [`diff`],
//! [`counterfactual`], [`perfetto`] and [`ocel`] tell what the log says.

pub mod balances;
pub mod causes;
pub mod chain;
mod checked_answers;
pub mod counterfactual;
pub mod diff;
pub mod explain;
pub(crate) mod log_columns;
pub mod log_entry;
pub mod log_reader;
mod log_step;
pub mod log_writer;
pub mod ocel;
mod open_inferences;
pub mod perfetto;
pub mod posting;
pub mod rerun;
pub mod verify;

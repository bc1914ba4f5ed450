//! An event with its place in a log.
//!
//! Invariant: its number is that place, and its cause an earlier one.

use crate::observe::event::Event;

/// The cause of an event that follows from none.
pub const NO_CAUSE: u64 = u64::MAX;

/// An event with its place in the chain of causes. Its number is its place in the log, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// The event.
    pub event: Event,
    /// Number of the event it follows from, or [`NO_CAUSE`].
    pub cause: u64,
}

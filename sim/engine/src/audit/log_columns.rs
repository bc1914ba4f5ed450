//! Events as the columns of a log file, filled a few at a time.
//!
//! Invariant: one event a row; what an event does not concern is null.

use super::encoding::{LogEntry, NO_CAUSE};
use crate::observe::columns::{Column, Sparse, Values, column};
use crate::observe::event::{NO_INFERENCE, NOBODY};

/// The columns of a segment under way.
pub struct LogColumns {
    cause: Sparse<u64>,
    height: Vec<u64>,
    time_ns: Vec<u64>,
    kind: Vec<&'static str>,
    inference: Sparse<u64>,
    participant: Sparse<u32>,
    other: Sparse<u32>,
    value: Vec<i64>,
    second: Vec<i64>,
}

impl LogColumns {
    /// No event yet, with room for `rows`.
    pub fn with_capacity(rows: usize) -> Self {
        Self {
            cause: Sparse::with_capacity(rows),
            height: Vec::with_capacity(rows),
            time_ns: Vec::with_capacity(rows),
            kind: Vec::with_capacity(rows),
            inference: Sparse::with_capacity(rows),
            participant: Sparse::with_capacity(rows),
            other: Sparse::with_capacity(rows),
            value: Vec::with_capacity(rows),
            second: Vec::with_capacity(rows),
        }
    }

    /// Number of events.
    pub fn len(&self) -> usize {
        self.height.len()
    }

    /// There is no event.
    pub fn is_empty(&self) -> bool {
        self.height.is_empty()
    }

    /// Adds events, a column at a time.
    pub fn extend(&mut self, entries: &[LogEntry]) {
        let events = || entries.iter().map(|entry| &entry.event);
        self.cause
            .extend(entries.iter().map(|entry| entry.cause), NO_CAUSE);
        self.height.extend(events().map(|event| event.height));
        self.time_ns.extend(events().map(|event| event.time_ns));
        self.kind.extend(events().map(|event| event.kind.name()));
        self.inference
            .extend(events().map(|event| event.inference), NO_INFERENCE);
        self.participant
            .extend(events().map(|event| event.participant), NOBODY);
        self.other.extend(events().map(|event| event.other), NOBODY);
        self.value.extend(events().map(|event| event.value));
        self.second.extend(events().map(|event| event.second));
    }

    /// The columns, in the order of the file; `first` is the number of the first event.
    pub fn into_columns(self, replicate: u32, first: u64) -> Vec<Column<'static>> {
        let rows = self.len();
        vec![
            column("replicate", Values::U32(vec![replicate; rows])),
            column("event", Values::U64((first..first + rows as u64).collect())),
            column("cause", Values::OptionalU64(self.cause)),
            column("height", Values::U64(self.height)),
            column("time_ns", Values::U64(self.time_ns)),
            column("kind", Values::Words(self.kind)),
            column("inference", Values::OptionalU64(self.inference)),
            column("participant", Values::OptionalU32(self.participant)),
            column("other", Values::OptionalU32(self.other)),
            column("value", Values::I64(self.value)),
            column("second", Values::I64(self.second)),
        ]
    }
}

//! Events as the columns of a log file, filled one by one.
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

    /// Adds an event.
    #[inline]
    pub fn push(&mut self, entry: &LogEntry) {
        let event = &entry.event;
        let known = |index: u32| (index != NOBODY).then_some(index);
        self.cause.push((entry.cause != NO_CAUSE).then_some(entry.cause));
        self.height.push(event.height);
        self.time_ns.push(event.time_ns);
        self.kind.push(event.kind.name());
        self.inference
            .push((event.inference != NO_INFERENCE).then_some(event.inference));
        self.participant.push(known(event.participant));
        self.other.push(known(event.other));
        self.value.push(event.value);
        self.second.push(event.second);
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

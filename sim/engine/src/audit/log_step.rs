//! A few events on their way into a log, column by column.
//!
//! Invariant: they stay in a core's nearest cache from where they are taken to where they are packed, and each column is
//! packed from where it stands.

use super::log_entry::NO_CAUSE;
use crate::observe::event::{Event, EventKind};

/// Events that are worked on together.
pub const STEP: usize = 256;

/// At most [`STEP`] events.
#[derive(Clone, Debug)]
pub(crate) struct LogStep {
    rows: usize,
    pub cause: [u64; STEP],
    pub height: [u64; STEP],
    pub time_ns: [u64; STEP],
    pub kind: [EventKind; STEP],
    pub inference: [u64; STEP],
    pub participant: [u32; STEP],
    pub other: [u32; STEP],
    pub value: [i64; STEP],
    pub second: [i64; STEP],
}

impl LogStep {
    /// Without an event.
    pub fn new() -> Self {
        Self {
            rows: 0,
            cause: [NO_CAUSE; STEP],
            height: [0; STEP],
            time_ns: [0; STEP],
            kind: [EventKind::Started; STEP],
            inference: [0; STEP],
            participant: [0; STEP],
            other: [0; STEP],
            value: [0; STEP],
            second: [0; STEP],
        }
    }

    /// Number of events.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Adds an event, whose cause is not known yet; says whether it was the last that there is room for.
    #[inline(always)]
    pub fn push(&mut self, event: &Event) -> bool {
        // Taken apart, so that a new field is not forgotten.
        let &Event {
            height,
            time_ns,
            kind,
            inference,
            participant,
            other,
            value,
            second,
        } = event;
        let row = self.rows % STEP;
        self.height[row] = height;
        self.time_ns[row] = time_ns;
        self.kind[row] = kind;
        self.inference[row] = inference;
        self.participant[row] = participant;
        self.other[row] = other;
        self.value[row] = value;
        self.second[row] = second;
        self.rows = row + 1;
        self.rows == STEP
    }

    /// One of them.
    pub fn event(&self, row: usize) -> Event {
        Event {
            height: self.height[row],
            time_ns: self.time_ns[row],
            kind: self.kind[row],
            inference: self.inference[row],
            participant: self.participant[row],
            other: self.other[row],
            value: self.value[row],
            second: self.second[row],
        }
    }

    /// Forgets them.
    pub fn clear(&mut self) {
        self.rows = 0;
    }
}

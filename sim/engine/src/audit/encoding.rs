//! The canonical bytes of an event.
//!
//! Invariant: 64 bytes, little-endian, one encoding for one event; what an event does not concern is all ones.
//!
//! | bytes | field |
//! |---|---|
//! | 0..8 | height |
//! | 8..16 | time, ns |
//! | 16..24 | inference |
//! | 24..32 | number of the event it follows from |
//! | 32..40 | value, two's complement |
//! | 40..48 | second figure, two's complement |
//! | 48..52 | participant |
//! | 52..56 | counterpart |
//! | 56 | code of the kind |
//! | 57..64 | zero |
//!
//! Vectors: `tests/vectors/event_log/encoding.json`.

use crate::observe::event::Event;

/// Bytes of one event.
pub const EVENT_BYTES: usize = 64;
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

impl LogEntry {
    /// Its canonical bytes.
    pub fn encode(&self) -> [u8; EVENT_BYTES] {
        let event = &self.event;
        let mut bytes = [0; EVENT_BYTES];
        let words = [
            event.height,
            event.time_ns,
            event.inference,
            self.cause,
            event.value.cast_unsigned(),
            event.second.cast_unsigned(),
            u64::from(event.participant) | u64::from(event.other) << 32,
            u64::from(event.kind as u8),
        ];
        for (place, word) in words.into_iter().enumerate() {
            bytes[place * 8..place * 8 + 8].copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }
}

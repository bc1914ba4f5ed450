//! The hash chain over a log, with a checkpoint after every so many events.
//!
//! Invariant: a head depends on every byte of every event before it, in order, and on which run it is:
//!
//! ```text
//! head_0 = blake3("stakeout event log 1\n" hash "\n" seed "\n" replicate "\n")
//! head_k = blake3(head_(k-1) ‖ events of segment k)      65,536 events each, the last one fewer
//! ```

use super::encoding::{EVENT_BYTES, LogEntry};

/// Events between two checkpoints; also the rows of a row group, so that a broken one is found alone.
pub const EVENTS_PER_SEGMENT: usize = 65_536;
/// Bytes that are hashed at once. A whole number of the hash's own chunks: a stretch that ends inside one could not be
/// hashed with wide instructions, nor could those after it.
const STRETCH: usize = 1 << 16;

/// The chain of one replicate's log.
#[derive(Clone, Debug)]
pub struct Chain {
    head: blake3::Hash,
    hasher: blake3::Hasher,
    pending: usize,
    buffer: Vec<u8>,
}

impl Chain {
    /// The chain before the first event of a replicate.
    pub fn new(scenario_hash: &str, seed: u64, replicate: u32) -> Self {
        let run = format!("stakeout event log 1\n{scenario_hash}\n{seed}\n{replicate}\n");
        let head = blake3::hash(run.as_bytes());
        let mut buffer = Vec::with_capacity(STRETCH + EVENT_BYTES);
        buffer.extend_from_slice(head.as_bytes());
        Self {
            head,
            hasher: blake3::Hasher::new(),
            pending: 0,
            buffer,
        }
    }

    /// Takes events of one segment; returns the head when it is full.
    pub fn extend(&mut self, entries: &[LogEntry]) -> Option<blake3::Hash> {
        self.buffer.reserve(entries.len() * EVENT_BYTES);
        for entry in entries {
            self.buffer.extend_from_slice(&entry.encode());
        }
        self.pending += entries.len();
        let whole = self.buffer.len() / STRETCH * STRETCH;
        if whole > 0 {
            self.hasher.update(&self.buffer[..whole]);
            self.buffer.drain(..whole);
        }
        (self.pending >= EVENTS_PER_SEGMENT).then(|| self.close_segment())
    }

    /// Closes the last segment, if anything is in it, and returns the head.
    pub fn finish(&mut self) -> blake3::Hash {
        if self.pending > 0 {
            self.close_segment();
        }
        self.head
    }

    fn close_segment(&mut self) -> blake3::Hash {
        self.hasher.update(&self.buffer);
        self.head = self.hasher.finalize();
        self.hasher.reset();
        self.buffer.clear();
        self.buffer.extend_from_slice(self.head.as_bytes());
        self.pending = 0;
        self.head
    }
}

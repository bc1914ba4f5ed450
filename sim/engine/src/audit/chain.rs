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
        Self {
            head,
            hasher: after(&head),
            pending: 0,
            buffer: Vec::with_capacity(EVENT_BYTES * 512),
        }
    }

    /// Takes one event; returns the head when a segment is full.
    #[inline]
    pub fn push(&mut self, entry: &LogEntry) -> Option<blake3::Hash> {
        self.buffer.extend_from_slice(&entry.encode());
        self.pending += 1;
        // Long stretches are hashed at once, which takes the wide instructions.
        if self.buffer.len() == EVENT_BYTES * 512 {
            self.flush();
        }
        (self.pending == EVENTS_PER_SEGMENT).then(|| self.close_segment())
    }

    /// Closes the last segment, if anything is in it, and returns the head.
    pub fn finish(&mut self) -> blake3::Hash {
        if self.pending > 0 {
            self.close_segment();
        }
        self.head
    }

    fn flush(&mut self) {
        self.hasher.update(&self.buffer);
        self.buffer.clear();
    }

    fn close_segment(&mut self) -> blake3::Hash {
        self.flush();
        self.head = self.hasher.finalize();
        self.hasher = after(&self.head);
        self.pending = 0;
        self.head
    }
}

fn after(head: &blake3::Hash) -> blake3::Hasher {
    let mut hasher = blake3::Hasher::new();
    hasher.update(head.as_bytes());
    hasher
}

//! The hash chain over a log, with a checkpoint after every so many events.
//!
//! Invariant: a head depends on every byte of every event before it, in order, and on which run it is:
//!
//! ```text
//! head_0 = blake3("stakeout event log 2\n" hash "\n" seed "\n" replicate "\n")
//! head_k = blake3(head_(k-1) ‖ columns of segment k as they are stored)      65,536 events each, the last one fewer
//! ```
//!
//! It is the stored bytes that are hashed, a third of what the events take otherwise: who reads them checks what was
//! written before taking it apart.
//!
//! Vectors: `tests/vectors/event_log/chain.json`.

/// Events between two checkpoints; also the rows of a row group, so that a broken one is found alone.
pub const EVENTS_PER_SEGMENT: usize = 65_536;

/// The chain of one replicate's log.
#[derive(Clone, Debug)]
pub struct Chain {
    head: blake3::Hash,
    /// What comes after the head.
    hasher: blake3::Hasher,
}

impl Chain {
    /// The chain before the first event of a replicate.
    pub fn new(scenario_hash: &str, seed: u64, replicate: u32) -> Self {
        let run = format!("stakeout event log 2\n{scenario_hash}\n{seed}\n{replicate}\n");
        let mut chain = Self {
            head: blake3::hash(run.as_bytes()),
            hasher: blake3::Hasher::new(),
        };
        chain.hasher.update(chain.head.as_bytes());
        chain
    }

    /// Takes bytes of the segment under way.
    pub fn extend(&mut self, stored: &[u8]) {
        self.hasher.update(stored);
    }

    /// Closes the segment and returns the head.
    pub fn close_segment(&mut self) -> blake3::Hash {
        self.head = self.hasher.finalize();
        self.hasher.reset();
        self.hasher.update(self.head.as_bytes());
        self.head
    }

    /// The head after the last segment that was closed.
    pub fn head(&self) -> blake3::Hash {
        self.head
    }
}

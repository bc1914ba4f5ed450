//! The hash chain over a log, with a checkpoint after every so many events.
//!
//! Invariant: a head depends on every byte of every event before it, in order, and on which run it is:
//!
//! ```text
//! head_0 = blake3("stakeout event log 2\n" hash "\n" seed "\n" replicate "\n")
//! head_k = blake3(head_(k-1) ‖ blake3(the file up to the end of segment k))      65,536 events each, the last one fewer
//! ```
//!
//! It is the stored bytes that are hashed, and once: the hash of a file can be asked for on the way to its end. Who reads a log
//! checks what was written before taking it apart.
//!
//! Vectors: `tests/vectors/event_log/chain.json`.

/// Events between two checkpoints; also the rows of a row group, so that a broken one is found alone.
pub const EVENTS_PER_SEGMENT: usize = 65_536;

/// The chain of one replicate's log.
#[derive(Clone, Debug)]
pub struct Chain {
    head: blake3::Hash,
}

impl Chain {
    /// The chain before the first event of a replicate.
    pub fn new(scenario_hash: &str, seed: u64, replicate: u32) -> Self {
        let run = format!("stakeout event log 2\n{scenario_hash}\n{seed}\n{replicate}\n");
        Self {
            head: blake3::hash(run.as_bytes()),
        }
    }

    /// Closes a segment at whose end the file so far has this hash; returns the head.
    pub fn close_segment(&mut self, stored: blake3::Hash) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.head.as_bytes()).update(stored.as_bytes());
        self.head = hasher.finalize();
        self.head
    }

    /// The head after the last segment that was closed.
    pub fn head(&self) -> blake3::Hash {
        self.head
    }
}

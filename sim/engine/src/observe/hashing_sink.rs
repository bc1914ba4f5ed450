//! A file that is counted and hashed as it is written.
//!
//! Invariant: the hash is that of the bytes that the storage has taken, in their order.

use std::io::{self, Write};

use super::storage::Sink;

/// Counts and hashes what passes through.
pub struct HashingSink {
    sink: Box<dyn Sink>,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl HashingSink {
    /// Nothing written yet.
    pub fn new(sink: Box<dyn Sink>) -> Self {
        Self {
            sink,
            hasher: blake3::Hasher::new(),
            bytes: 0,
        }
    }

    /// Forces everything onto the disk; returns length and hash, lower-case hex.
    ///
    /// # Errors
    /// What the disk reports.
    pub fn close(mut self) -> io::Result<(u64, String)> {
        self.sink.flush()?;
        self.sink.sync()?;
        Ok((self.bytes, self.hasher.finalize().to_hex().to_string()))
    }
}

impl Write for HashingSink {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let taken = self.sink.write(data)?;
        self.hasher.update(&data[..taken]);
        self.bytes += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

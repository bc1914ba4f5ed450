//! A file that is hashed as it is written, and whose hash can be asked for before its end.
//!
//! Invariant: the hash is that of all bytes that came, in their order; they reach the sink in stretches, the last of them
//! with [`finish`](HashedWriter::finish).

use std::io::{self, Write};

/// Bytes that are hashed and written at once. A whole number of the hash's own chunks: a stretch that ends inside one could
/// not be hashed with wide instructions, nor could those after it.
const STRETCH: usize = 1 << 16;

/// Counts and hashes what passes through.
pub struct HashedWriter<W> {
    sink: W,
    hasher: blake3::Hasher,
    bytes: u64,
    /// Less than a stretch.
    waiting: Vec<u8>,
}

impl<W: Write> HashedWriter<W> {
    /// Nothing written yet.
    pub fn new(sink: W) -> Self {
        Self {
            sink,
            hasher: blake3::Hasher::new(),
            bytes: 0,
            waiting: Vec::with_capacity(STRETCH),
        }
    }

    /// The hash of what has come so far.
    pub fn hash(&self) -> blake3::Hash {
        let mut hasher = self.hasher.clone();
        hasher.update(&self.waiting);
        hasher.finalize()
    }

    /// Hands the rest on; returns the sink, the length, and the hash in lower-case hex.
    ///
    /// # Errors
    /// What the sink reports.
    pub fn finish(mut self) -> io::Result<(W, u64, String)> {
        let hash = self.hash().to_hex().to_string();
        self.sink.write_all(&self.waiting)?;
        Ok((self.sink, self.bytes, hash))
    }
}

impl<W: Write> Write for HashedWriter<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let taken = data.len().min(STRETCH - self.waiting.len());
        self.waiting.extend_from_slice(&data[..taken]);
        self.bytes += taken as u64;
        if self.waiting.len() == STRETCH {
            self.hasher.update(&self.waiting);
            self.sink.write_all(&self.waiting)?;
            self.waiting.clear();
        }
        Ok(taken)
    }

    /// Stretches stay whole: what waits goes on waiting.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_on_the_way_is_that_of_what_came_and_every_byte_arrives() {
        let bytes: Vec<u8> = (0..300_000_u32).map(|place| (place * 7 / 8) as u8).collect();
        let mut writer = HashedWriter::new(Vec::new());
        let mut come = 0;
        for piece in bytes.chunks(70_001) {
            writer.write_all(piece).unwrap();
            writer.flush().unwrap();
            come += piece.len();
            assert_eq!(writer.hash(), blake3::hash(&bytes[..come]));
        }
        let (written, length, hash) = writer.finish().unwrap();
        assert_eq!((written.len() as u64, length), (300_000, 300_000));
        assert_eq!(hash, blake3::hash(&bytes).to_hex().to_string());
        assert!(written == bytes);
    }
}

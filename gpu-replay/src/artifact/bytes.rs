//! The canonical bytes of an artifact.
//!
//! Little endian: the eight letters `STKARTF1`; u32 tokens; u16 entries a position; then for each position u32 token,
//! f32 tail, and for each entry u32 id and f32 log-probability. 14 bytes and 8 + 8 k bytes a token.

use super::{Artifact, TopK};
use crate::error::{ReplayError, Result};

const MAGIC: &[u8; 8] = b"STKARTF1";
/// Most tokens of an artifact.
pub const TOKENS_MAX: usize = 1 << 20;
/// Most entries of a position.
pub const ENTRIES_MAX: usize = 1024;

impl Artifact {
    /// The canonical bytes.
    ///
    /// # Errors
    /// The artifact is not well-formed: see [`Artifact::check`].
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let entries = self.check()?;
        let mut bytes = Vec::with_capacity(14 + self.tokens.len() * (8 + 8 * entries));
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&(self.tokens.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&(entries as u16).to_le_bytes());
        for (token, line) in self.tokens.iter().zip(&self.positions) {
            bytes.extend_from_slice(&token.to_le_bytes());
            bytes.extend_from_slice(&line.tail.to_le_bytes());
            for (id, log_prob) in line.ids.iter().zip(&line.log_probs) {
                bytes.extend_from_slice(&id.to_le_bytes());
                bytes.extend_from_slice(&log_prob.to_le_bytes());
            }
        }
        Ok(bytes)
    }

    /// Reads canonical bytes.
    ///
    /// # Errors
    /// They are not what [`Artifact::to_bytes`] writes; names the byte.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let fail =
            |at: usize, problem: String| Err(ReplayError::file(format!("artifact, byte {at}"), problem));
        if bytes.len() < 14 || &bytes[..8] != MAGIC {
            return fail(0, "does not begin with STKARTF1 and two counts".into());
        }
        let word = |at: usize| [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
        let count = u32::from_le_bytes(word(8)) as usize;
        let entries = usize::from(u16::from_le_bytes([bytes[12], bytes[13]]));
        if count > TOKENS_MAX || entries == 0 || entries > ENTRIES_MAX {
            let problem = format!(
                "claims {count} tokens of {entries} entries; {TOKENS_MAX} and {ENTRIES_MAX} are read"
            );
            return fail(8, problem);
        }
        if count == 0 && entries != 1 {
            return fail(
                12,
                format!("names {entries} entries of no position, where 1 is written"),
            );
        }
        let expected = 14 + count * (8 + 8 * entries);
        if bytes.len() != expected {
            return fail(
                bytes.len(),
                format!("has {} bytes, its counts ask for {expected}", bytes.len()),
            );
        }
        let mut artifact = Artifact::default();
        for line in bytes[14..].chunks_exact(8 + 8 * entries) {
            let word = |at: usize| [line[at], line[at + 1], line[at + 2], line[at + 3]];
            artifact.tokens.push(u32::from_le_bytes(word(0)));
            let mut position = TopK {
                tail: f32::from_le_bytes(word(4)),
                ..TopK::default()
            };
            for entry in 0..entries {
                position.ids.push(u32::from_le_bytes(word(8 + 8 * entry)));
                position.log_probs.push(f32::from_le_bytes(word(12 + 8 * entry)));
            }
            artifact.positions.push(position);
        }
        artifact.check()?;
        Ok(artifact)
    }

    /// blake3 of the canonical bytes, as hexadecimal digits: the name of the artifact.
    ///
    /// # Errors
    /// The artifact is not well-formed.
    pub fn hash(&self) -> Result<String> {
        Ok(blake3::hash(&self.to_bytes()?).to_hex().to_string())
    }

    /// Refuses what no law can look like; gives the number of entries a position.
    ///
    /// # Errors
    /// Lines of different lengths, a token twice, log-probabilities that rise, are positive or no numbers, or a line
    /// whose probabilities exceed 1.
    pub fn check(&self) -> Result<usize> {
        let fail =
            |at: usize, problem: String| Err(ReplayError::file(format!("artifact, position {at}"), problem));
        let entries = self.positions.first().map_or(1, TopK::len);
        if self.tokens.len() != self.positions.len() || self.tokens.len() > TOKENS_MAX {
            let problem = format!("{} tokens and {} lines", self.tokens.len(), self.positions.len());
            return fail(0, problem);
        }
        for (at, line) in self.positions.iter().enumerate() {
            if line.len() != entries
                || line.log_probs.len() != entries
                || entries == 0
                || entries > ENTRIES_MAX
            {
                return fail(at, format!("has {} entries, the first has {entries}", line.len()));
            }
            // A not-a-number fails each of these.
            let is_falling = line.log_probs.windows(2).all(|pair| pair[0] >= pair[1]);
            let is_in_range =
                line.log_probs.iter().all(|value| *value <= 0.0) && (0.0..=1.0).contains(&line.tail);
            if !is_falling || !is_in_range {
                return fail(
                    at,
                    "log-probabilities must fall from 0, the tail lie between 0 and 1".into(),
                );
            }
            let mut ids = line.ids.clone();
            ids.sort_unstable();
            if ids.windows(2).any(|pair| pair[0] == pair[1]) {
                return fail(at, "names a token twice".into());
            }
            let sum: f64 = line
                .log_probs
                .iter()
                .map(|value| libm::exp(f64::from(*value)))
                .sum();
            if sum + f64::from(line.tail) > 1.001 {
                return fail(
                    at,
                    format!("probabilities sum to {:.4}", sum + f64::from(line.tail)),
                );
            }
        }
        Ok(entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Artifact {
        let line = |shift: u32| TopK {
            ids: vec![3 + shift, 1],
            log_probs: vec![-0.5, -1.5],
            tail: 0.1,
        };
        Artifact {
            tokens: vec![3, 9, 1],
            positions: vec![line(0), line(1), line(2)],
        }
    }

    #[test]
    fn bytes_and_artifact_are_one_to_one() {
        let artifact = good();
        let bytes = artifact.to_bytes().expect("well-formed");
        assert_eq!(bytes.len(), 14 + 3 * (8 + 2 * 8));
        assert_eq!(Artifact::from_bytes(&bytes).expect("canonical"), artifact);
        for length in 0..bytes.len() {
            assert!(Artifact::from_bytes(&bytes[..length]).is_err());
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert!(Artifact::from_bytes(&longer).is_err());
        // An answer without a token has one form, too.
        let empty = Artifact::default().to_bytes().expect("well-formed");
        assert!(Artifact::from_bytes(&empty).is_ok());
        assert!(Artifact::from_bytes(&[MAGIC.as_slice(), &[0, 0, 0, 0, 2, 0]].concat()).is_err());
    }

    #[test]
    fn every_byte_counts_for_the_hash() {
        let bytes = good().to_bytes().expect("well-formed");
        let hash = good().hash().expect("well-formed");
        for at in 8..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 1;
            if let Ok(artifact) = Artifact::from_bytes(&other) {
                assert_ne!(artifact.hash().expect("well-formed"), hash);
            }
        }
    }

    #[test]
    fn what_no_law_looks_like_is_refused() {
        let spoil: [(&str, fn(&mut Artifact)); 7] = [
            ("rise", |a| a.positions[1].log_probs = vec![-1.5, -0.5]),
            ("nan", |a| a.positions[1].log_probs[1] = f32::NAN),
            ("positive", |a| a.positions[1].log_probs[0] = 0.1),
            ("twice", |a| a.positions[1].ids = vec![1, 1]),
            ("tail", |a| a.positions[1].tail = f32::INFINITY),
            ("sum", |a| a.positions[1].tail = 0.9),
            ("entries", |a| a.positions[1].ids.push(77)),
        ];
        for (name, spoil) in spoil {
            let mut artifact = good();
            spoil(&mut artifact);
            assert!(artifact.check().is_err(), "{name}");
        }
        let claim = [MAGIC.as_slice(), &u32::MAX.to_le_bytes(), &[255, 255]].concat();
        assert!(Artifact::from_bytes(&claim).is_err());
    }
}

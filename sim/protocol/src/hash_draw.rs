//! Draws that anybody can recompute: a hash of a validator's seed and an inference's name.
//!
//! ```text
//! u = U64BE(SHA-256("<seed>:<inference>")[0..8]) / (2^64 - 1), to 16 decimals, half up
//! ```
//!
//! Invariant: bit for bit the draw of gonka-ai/gonka
//! x/inference/calculations/should_validate.go. Vectors: `tests/vectors/hash_draw/`.

use crate::units::Fraction;
use sha2::{Digest, Sha256};

/// One in units of the sixteenth decimal.
const ONE_AT_16: u128 = 10_000_000_000_000_000;
/// Parts of a [`Fraction`] in one unit of the sixteenth decimal.
const PARTS_PER_UNIT: u64 = 100;

/// A uniform draw from [0, 1].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HashDraw {
    /// The first eight bytes of the hash, big-endian.
    pub raw: u64,
}

impl HashDraw {
    /// The draw in units of 10^-16, rounded half up.
    #[must_use]
    pub const fn decimal16(self) -> u64 {
        let scaled = self.raw as u128 * ONE_AT_16;
        let whole = u64::MAX as u128;
        ((2 * scaled + whole) / (2 * whole)) as u64
    }

    /// This draw over an integer range: the raw value modulo `bound`.
    ///
    /// # Panics
    /// When `bound` is zero.
    #[must_use]
    pub const fn below(self, bound: u64) -> u64 {
        self.raw % bound
    }
}

/// The draw of a validator with this seed for this inference.
#[must_use]
pub fn hash_draw(seed: i64, inference_id: &str) -> HashDraw {
    let mut hasher = Sha256::new();
    hasher.update(seed.to_string());
    hasher.update(b":");
    hasher.update(inference_id);
    let digest = hasher.finalize();
    let mut head = [0u8; 8];
    head.copy_from_slice(&digest[..8]);
    HashDraw {
        raw: u64::from_be_bytes(head),
    }
}

/// Whether an event of this probability happens under this draw: `u < p`.
#[must_use]
pub const fn is_selected(draw: HashDraw, probability: Fraction) -> bool {
    draw.decimal16() * PARTS_PER_UNIT < probability.parts()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_reaches_both_ends() {
        assert_eq!(HashDraw { raw: 0 }.decimal16(), 0);
        assert_eq!(HashDraw { raw: u64::MAX }.decimal16(), 10_000_000_000_000_000);
        assert!(!is_selected(HashDraw { raw: u64::MAX }, Fraction::ONE));
        assert!(!is_selected(HashDraw { raw: 0 }, Fraction::ZERO));
        assert!(is_selected(HashDraw { raw: 0 }, Fraction::from_parts(1)));
    }

    // 4,000 draws against p = 0.3: six standard deviations are 0.0435, so an honest hash fails this
    // with a probability below 1e-8.
    #[test]
    fn draws_over_many_inferences_keep_their_rate() {
        let chosen = (0..4_000)
            .filter(|n| is_selected(hash_draw(12_345, &n.to_string()), Fraction::from_percent(30)))
            .count();
        assert!((1_026..=1_374).contains(&chosen), "{chosen}");
    }
}

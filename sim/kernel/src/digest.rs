//! The digest of a run: one line that two runs share only if they did the same things.
//!
//! Every canonical effect is mixed into 128 bits and added to the sum of its block, so lanes may add in any
//! order and be merged; the sums are chained through blake3 block by block, so the order of blocks counts.
//!
//! **Invariant.** Within a block the sum does not depend on the order of effects, and it does depend on
//! every bit of each and on how often each occurs. The mix guards against mistakes, not against an attacker
//! who picks effects: it is no cryptographic hash (docs/adr/0003-digest.md).

use std::fmt;

// The first fractional bits of pi, as in Blowfish: numbers with nothing up their sleeve.
const K: [u64; 8] = [
    0x243f_6a88_85a3_08d3,
    0x1319_8a2e_0370_7344,
    0xa409_3822_299f_31d0,
    0x082e_fa98_ec4e_6c89,
    0x4528_21e6_38d0_1377,
    0xbe54_66cf_34e9_0c6c,
    0xc0ac_29b7_c97c_50dd,
    0x3f84_d5b5_b547_0917,
];
const CHAIN_CONTEXT: &str = "stakeout 2026 run digest v1";

#[inline(always)]
const fn wide(a: u64, b: u64) -> (u64, u64) {
    let product = (a as u128).wrapping_mul(b as u128);
    (product as u64, (product >> 64) as u64)
}

#[inline(always)]
const fn folded(a: u64, b: u64) -> u64 {
    let (low, high) = wide(a, b);
    low ^ high
}

/// The 128-bit mix of one effect: two multiplications bring the four words together, two folded ones
/// spread them, in the manner of wyhash.
#[inline(always)]
const fn mix(kind: u64, a: u64, b: u64, c: u64) -> u128 {
    let (p_low, p_high) = wide(a ^ K[0], b ^ K[1]);
    let (q_low, q_high) = wide(c ^ K[2], kind ^ K[3]);
    let (x, y) = (p_low ^ q_high, p_high ^ q_low);
    let low = folded(x ^ K[4], y ^ K[5]);
    let high = folded(x.rotate_left(32) ^ K[6], y ^ K[7]);
    ((high as u128) << 64) | low as u128
}

/// The commutative sum of the effects of one block, or of one lane of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EffectSum {
    sum: u128,
    count: u64,
}

impl EffectSum {
    /// The sum of no effect.
    pub const ZERO: Self = Self { sum: 0, count: 0 };

    /// Adds the effect `kind` with three words of content.
    #[inline(always)]
    pub fn add(&mut self, kind: u64, a: u64, b: u64, c: u64) {
        self.sum = self.sum.wrapping_add(mix(kind, a, b, c));
        self.count = self.count.wrapping_add(1);
    }

    /// Adds all effects of another lane.
    pub fn merge(&mut self, other: &Self) {
        self.sum = self.sum.wrapping_add(other.sum);
        self.count = self.count.wrapping_add(other.count);
    }

    /// How many effects were added.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The sum itself: for tests and for a finer comparison of two runs than the final digest.
    pub const fn value(&self) -> u128 {
        self.sum
    }
}

/// The chain of block sums: the digest of everything up to the last closed block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunDigest([u8; 32]);

impl RunDigest {
    /// The digest before the first block of a run described by `context` (a scenario's hash, a seed).
    pub fn new(context: &[u8]) -> Self {
        Self(blake3::derive_key(CHAIN_CONTEXT, context))
    }

    /// Closes the block at `height`: blake3 over the digest so far, the height, the sum and the count.
    pub fn close_block(&mut self, height: u64, effects: &EffectSum) {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.0);
        hasher.update(&height.to_le_bytes());
        hasher.update(&effects.sum.to_le_bytes());
        hasher.update(&effects.count.to_le_bytes());
        self.0 = *hasher.finalize().as_bytes();
    }

    /// The 32 bytes of the digest.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A digest read back from a snapshot.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for RunDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::StreamKey;

    fn sum_of(effects: &[[u64; 4]]) -> EffectSum {
        let mut sum = EffectSum::ZERO;
        for &[kind, a, b, c] in effects {
            sum.add(kind, a, b, c);
        }
        sum
    }

    #[test]
    fn effects_of_a_block_may_come_in_any_order_and_lane() {
        let effects = [[1, 2, 3, 4], [1, 2, 3, 5], [9, 0, 0, 0], [1, 2, 3, 4]];
        let mut reversed = effects;
        reversed.reverse();
        assert_eq!(sum_of(&effects), sum_of(&reversed));
        let mut lanes = sum_of(&effects[..1]);
        lanes.merge(&sum_of(&effects[1..]));
        assert_eq!(lanes, sum_of(&effects));
        assert_ne!(
            sum_of(&effects),
            sum_of(&effects[1..]),
            "a repeated effect counts twice"
        );
    }

    /// For every one of the 256 input bits, over 2,000 bases (half random, half small counters), each
    /// output bit flips in half the cases: 2^15 binomial counts of sd 22.4, tolerance 8 sd, false alarm
    /// about 4e-11 (fixed seed).
    #[test]
    fn each_input_bit_flips_each_output_bit_half_the_time() {
        let key = StreamKey::from_raw(1);
        for bit in 0..256_usize {
            let mut flips = [0_u32; 128];
            for base in 0..2_000_u64 {
                let [w, x] = key.draw2(base, 0);
                let [y, z] = key.draw2(base, 1);
                let words = if base % 2 == 0 {
                    [w, x, y, z]
                } else {
                    [base % 7, base, base / 3, base * 1_000]
                };
                let mut changed = words;
                changed[bit / 64] ^= 1 << (bit % 64);
                let [from, to] = [words, changed].map(|[k, a, b, c]| mix(k, a, b, c));
                let difference = from ^ to;
                for (position, count) in flips.iter_mut().enumerate() {
                    *count += (difference >> position) as u32 & 1;
                }
            }
            for (position, &count) in flips.iter().enumerate() {
                assert!(
                    (820..=1_180).contains(&count),
                    "bit {bit} flips bit {position} {count} times of 2000"
                );
            }
        }
    }

    #[test]
    fn words_are_not_interchangeable() {
        let sums: Vec<EffectSum> = [
            [1, 2, 3, 4],
            [2, 1, 3, 4],
            [1, 3, 2, 4],
            [1, 2, 4, 3],
            [4, 2, 3, 1],
            [3, 2, 1, 4],
            [1, 4, 3, 2],
        ]
        .iter()
        .map(|&effect| sum_of(&[effect]))
        .collect();
        for (i, a) in sums.iter().enumerate() {
            assert!(sums[i + 1..].iter().all(|b| a != b));
        }
    }

    #[test]
    fn the_order_of_blocks_and_their_heights_count() {
        let [a, b] = [sum_of(&[[1, 1, 1, 1]]), sum_of(&[[2, 2, 2, 2]])];
        let chain = |blocks: &[(u64, EffectSum)]| {
            let mut digest = RunDigest::new(b"test");
            blocks
                .iter()
                .for_each(|(height, sum)| digest.close_block(*height, sum));
            digest
        };
        assert_ne!(chain(&[(1, a), (2, b)]), chain(&[(1, b), (2, a)]));
        assert_ne!(chain(&[(1, a)]), chain(&[(2, a)]));
        assert_ne!(RunDigest::new(b"x"), RunDigest::new(b"y"));
    }

    #[test]
    fn the_digest_is_pinned() {
        let mut digest = RunDigest::new(b"pinned");
        digest.close_block(7, &sum_of(&[[1, 2, 3, 4], [5, 6, 7, 8]]));
        assert_eq!(
            digest.to_string(),
            "2b24696d2d0810ab501e450c4ce4bde1bf97244017d477d8fbd659925205e075"
        );
        assert_eq!(
            sum_of(&[[1, 2, 3, 4]]).value(),
            0x08b7fe1393ba3bb2c1527e283e68660a
        );
    }
}

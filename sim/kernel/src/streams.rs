//! Keyed streams of chance: a draw is a pure function of what it is about.
//!
//! The generator is Philox2x64-7 (Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as
//! 1, 2, 3"; reference code and known answers: DEShawResearch/random123). It has no state. A key names the
//! run, the replicate and the purpose of a draw; the two counter words say which inference, participant,
//! epoch or block the draw is about, and which draw of that thing it is.
//!
//! **Invariant.** No draw depends on how many were made before it, so that a new draw, metric, participant
//! or thread moves nobody else's. The output is pinned: a change here changes every result ever published
//! (docs/adr/0002-random-streams.md).

use rand_core::{Infallible, TryRng};

const MULTIPLIER: u64 = 0xD2B7_4407_B1CE_6E93;
const WEYL: u64 = 0x9E37_79B9_7F4A_7C15;
/// Rounds of a draw. Six already pass all of TestU01's BigCrush (the paper's table 2); one more is margin.
const ROUNDS: u32 = 7;
const KEY_CONTEXT: &str = "stakeout 2026 stream key v1";

/// One Philox2x64 block of `R` rounds: 128 bits of output from a 128-bit counter and a 64-bit key.
#[inline(always)]
pub const fn philox2x64<const R: u32>(counter: [u64; 2], key: u64) -> [u64; 2] {
    let [mut left, mut right] = counter;
    let mut round_key = key;
    let mut round = 0;
    while round < R {
        let product = (left as u128).wrapping_mul(MULTIPLIER as u128);
        left = (product >> 64) as u64 ^ round_key ^ right;
        right = product as u64;
        round_key = round_key.wrapping_add(WEYL);
        round += 1;
    }
    [left, right]
}

/// The seed of a whole experiment: what a user writes in a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RootSeed(pub u64);

/// What a family of draws is for. The values are declared by whoever draws; a value once published is
/// never given another meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Purpose(pub u16);

/// The key of one stream family: a run, a replicate and a purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamKey(u64);

impl StreamKey {
    /// The key of `purpose` in replicate `replicate` of the run seeded with `root`.
    ///
    /// The first eight bytes (little endian) of blake3 in key-derivation mode over the root (8 bytes), the
    /// replicate (4 bytes) and the purpose (2 bytes), all little endian. Cold: derive once, keep the key.
    pub fn derive(root: RootSeed, replicate: u32, purpose: Purpose) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key(KEY_CONTEXT);
        hasher.update(&root.0.to_le_bytes());
        hasher.update(&replicate.to_le_bytes());
        hasher.update(&purpose.0.to_le_bytes());
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        Self(u64::from_le_bytes(bytes))
    }

    /// A key with exactly this value: for known-answer tests and for keys kept in a record.
    pub const fn from_raw(key: u64) -> Self {
        Self(key)
    }

    /// The value of the key.
    pub const fn raw(self) -> u64 {
        self.0
    }

    /// Two independent uniform words for draw `sub` about thing `counter`: one Philox block.
    #[inline(always)]
    pub const fn draw2(self, counter: u64, sub: u64) -> [u64; 2] {
        philox2x64::<ROUNDS>([counter, sub], self.0)
    }

    /// One uniform word for draw `sub` about thing `counter`: the first word of the block.
    #[inline(always)]
    pub const fn draw(self, counter: u64, sub: u64) -> u64 {
        self.draw2(counter, sub)[0]
    }

    /// The blocks of `N` consecutive things, `first .. first + N`, computed side by side so that the
    /// dependent multiplications of one block overlap with those of the others.
    #[inline]
    pub fn draw2_batch<const N: usize>(self, first: u64, sub: u64) -> [[u64; 2]; N] {
        let mut blocks = [[0; 2]; N];
        for (offset, block) in blocks.iter_mut().enumerate() {
            *block = [first.wrapping_add(offset as u64), sub];
        }
        let mut round_key = self.0;
        for _ in 0..ROUNDS {
            for block in &mut blocks {
                let product = u128::from(block[0]).wrapping_mul(u128::from(MULTIPLIER));
                *block = [(product >> 64) as u64 ^ round_key ^ block[1], product as u64];
            }
            round_key = round_key.wrapping_add(WEYL);
        }
        blocks
    }

    /// A sequential reader over the draws about `counter`, starting at sub-draw `sub`.
    pub const fn stream(self, counter: u64, sub: u64) -> Stream {
        Stream {
            key: self,
            counter,
            sub,
            spare: None,
        }
    }
}

/// The blocks of one (key, counter) read one word after the other: for methods that need an unknown number
/// of draws. It implements `rand_core::TryRng`, hence `rand_core::Rng`.
#[derive(Clone, Debug)]
pub struct Stream {
    key: StreamKey,
    counter: u64,
    sub: u64,
    spare: Option<u64>,
}

impl Stream {
    /// The next uniform word.
    #[inline]
    pub fn next_word(&mut self) -> u64 {
        if let Some(word) = self.spare.take() {
            return word;
        }
        let [first, second] = self.key.draw2(self.counter, self.sub);
        self.sub = self.sub.wrapping_add(1);
        self.spare = Some(second);
        first
    }
}

impl TryRng for Stream {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.next_word() >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.next_word())
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
        for chunk in dst.chunks_mut(8) {
            let bytes = self.next_word().to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::Rng;

    /// The rows `philox2x64 7` and `philox2x64 10` of kat_vectors in DEShawResearch/random123.
    #[test]
    fn philox_gives_the_known_answers_of_random123() {
        let pi = (
            [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344],
            0xa409_3822_299f_31d0,
        );
        for ((counter, key), seven, ten) in [
            (
                ([0, 0], 0),
                [0xb41d_a69f_bfef_c666, 0x511e_9ce1_a553_4056],
                [0xca00_a045_9843_d731, 0x66c2_4222_c9a8_45b5],
            ),
            (
                ([u64::MAX; 2], u64::MAX),
                [0xa469_6cc0_4462_015d, 0x7247_82da_e171_69e9],
                [0x65b0_21d6_0cd8_310f, 0x4d02_f322_2f86_df20],
            ),
            (
                pi,
                [0x98ed_1534_392b_f372, 0x6752_8b15_6888_2fd5],
                [0x0a5e_742c_2997_341c, 0xb0f8_83d3_8000_de5d],
            ),
        ] {
            assert_eq!(philox2x64::<7>(counter, key), seven);
            assert_eq!(philox2x64::<10>(counter, key), ten);
        }
    }

    #[test]
    fn a_batch_gives_the_words_of_its_single_draws() {
        let key = StreamKey::from_raw(7);
        let batch: [[u64; 2]; 5] = key.draw2_batch(u64::MAX - 1, 3);
        for (offset, block) in batch.iter().enumerate() {
            assert_eq!(*block, key.draw2((u64::MAX - 1).wrapping_add(offset as u64), 3));
        }
    }

    #[test]
    fn a_stream_reads_the_blocks_of_its_counter_in_order() {
        let key = StreamKey::from_raw(11);
        let mut stream = key.stream(5, 2);
        let words: Vec<u64> = (0..4).map(|_| stream.next_u64()).collect();
        assert_eq!(words, [key.draw2(5, 2), key.draw2(5, 3)].concat());
        let mut bytes = [0; 11];
        key.stream(5, 2).fill_bytes(&mut bytes);
        assert_eq!(bytes[..8], words[0].to_le_bytes());
        assert_eq!(bytes[8..], words[1].to_le_bytes()[..3]);
    }

    #[test]
    fn a_key_depends_on_seed_replicate_and_purpose() {
        let key =
            |root, replicate, purpose| StreamKey::derive(RootSeed(root), replicate, Purpose(purpose)).raw();
        let base = key(1, 0, 0);
        assert!(base != key(2, 0, 0) && base != key(1, 1, 0) && base != key(1, 0, 1));
        assert_eq!(key(42, 3, 9), key(42, 3, 9));
    }

    #[test]
    fn derived_keys_are_pinned() {
        assert_eq!(
            StreamKey::derive(RootSeed(0), 0, Purpose(0)).raw(),
            0xe9586b2906bcfe1
        );
        assert_eq!(
            StreamKey::derive(RootSeed(42), 3, Purpose(9)).raw(),
            0x36fc38199a740ba0
        );
    }
}

//! Eight bytes of fields.
//!
//! Invariant: they are written as one word and read one field at a time, so that writing many is a vector's work, and
//! reading one takes no shift and no mask.

/// A word of fields: 32 bits, and beside them either 32 more, or 8, 8 and 16.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Word([u8; 8]);

impl Word {
    /// The word with these 64 bits.
    #[inline(always)]
    pub(crate) const fn of(bits: u64) -> Self {
        Self(bits.to_le_bytes())
    }

    /// Two fields of 32 bits.
    #[inline(always)]
    pub(crate) const fn of_two(low: u32, high: u32) -> Self {
        Self::of(low as u64 | (high as u64) << 32)
    }

    /// A field of 32 bits, two of 8, and one of 16.
    #[inline(always)]
    pub(crate) const fn of_four(low: u32, third: [u8; 2], top: u16) -> Self {
        let [one, other] = third;
        Self::of(low as u64 | (one as u64) << 32 | (other as u64) << 40 | (top as u64) << 48)
    }

    /// All of them.
    #[inline(always)]
    pub(crate) const fn bits(&self) -> u64 {
        u64::from_le_bytes(self.0)
    }

    /// The first 32 bits.
    #[inline(always)]
    pub(crate) const fn low(&self) -> u32 {
        let (bytes, _) = halves(&self.0);
        u32::from_le_bytes(*bytes)
    }

    /// The other 32 bits.
    #[inline(always)]
    pub(crate) const fn high(&self) -> u32 {
        let (_, bytes) = halves(&self.0);
        u32::from_le_bytes(*bytes)
    }

    /// The byte after the first 32 bits.
    #[inline(always)]
    pub(crate) const fn fifth(&self) -> u8 {
        self.0[4]
    }

    /// The byte after that.
    #[inline(always)]
    pub(crate) const fn sixth(&self) -> u8 {
        self.0[5]
    }

    /// The last 16 bits.
    #[inline(always)]
    pub(crate) const fn top(&self) -> u16 {
        // Taken as two bytes at once: what is made of two single bytes is sometimes made of two loads.
        let (_, [_, _, bytes @ ..]) = halves(&self.0);
        u16::from_le_bytes(*bytes)
    }
}

#[inline(always)]
const fn halves(bytes: &[u8; 8]) -> (&[u8; 4], &[u8; 4]) {
    let [low @ .., _, _, _, _] = bytes;
    let [_, _, _, _, high @ ..] = bytes;
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::Word;

    #[test]
    fn fields_are_read_as_they_were_written() {
        let word = Word::of_four(0x8877_6655, [0x44, 0x33], 0x2211);
        assert_eq!(
            (word.low(), word.fifth(), word.sixth(), word.top()),
            (0x8877_6655, 0x44, 0x33, 0x2211)
        );
        assert_eq!((word.low(), word.high()), (0x8877_6655, 0x2211_3344));
        assert_eq!(word, Word::of_two(word.low(), word.high()));
        assert_eq!(word, Word::of(word.bits()));
    }
}

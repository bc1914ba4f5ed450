//! The logarithm of a uniform draw, by table and polynomial, and the exponential law on it.
//!
//! **Invariant.** Only `+ - *` on doubles and integer operations: every platform gives the same bits.

use std::num::NonZeroU64;

use super::ln_table::CELLS;

const LN_2: f64 = std::f64::consts::LN_2;
/// Logarithms of powers of two, which are sooner looked up than worked out.
static SHIFTS: [f64; 64] = {
    let mut shifts = [0.0; 64];
    let mut shift = 0;
    while shift < 64 {
        shifts[shift] = shift as f64 * LN_2;
        shift += 1;
    }
    shifts
};

/// By the first eight bits of a normalised word, of which the first is set: the reciprocal, and its logarithm.
static CELLS_BY_BYTE: [[f64; 256]; 2] = {
    let mut tables = [[0.0; 256]; 2];
    let mut cell = 0;
    while cell < CELLS.len() {
        (tables[0][CELLS.len() + cell], tables[1][CELLS.len() + cell]) = CELLS[cell];
        cell += 1;
    }
    tables
};

/// Logarithms that are worked out side by side at most.
const BLOCK: usize = 64;

/// `-ln U` for the uniform draw `U = word / 2^64`, in `(1.1e-16, 44.4)`.
///
/// The word is normalised to `f` in [1/2, 1) with 53 bits (`U = f * 2^-k`); `f * c = 1 + r` with a tabled
/// reciprocal `c` leaves `|r| <= 2^-7.4`, and six terms of the series of `ln(1 + r)` do the rest. A word of
/// zero is read as one. The relative error against the exact logarithm is below 1e-13 everywhere (tested).
/// The 11 bits dropped from words near 2^64 make the smallest value 2^-53 where the exact one could be
/// smaller: with probability 2^-53. It falls as the word rises, but for a unit or two in the last place
/// where two cells meet.
#[inline(always)]
pub fn neg_ln(word: u64) -> f64 {
    let (r, [shift_ln, reciprocal_ln]) = reduce(above_zero(word));
    shift_ln + (reciprocal_ln - series(r))
}

/// A word that has a logarithm: zero is read as one.
#[inline(always)]
pub fn above_zero(word: u64) -> NonZeroU64 {
    NonZeroU64::new(word).unwrap_or(NonZeroU64::MIN)
}

/// [`neg_ln`] of each of the words that `out` has room for; the rest of `out` stays. The series of many are summed in a
/// loop of their own, whose turns don't wait for one another.
#[inline]
pub fn neg_ln_each(words: &[NonZeroU64], out: &mut [f64]) {
    for (words, out) in words.chunks(BLOCK).zip(out.chunks_mut(BLOCK)) {
        let (mut shifts, mut reciprocals) = ([0.0; BLOCK], [0.0; BLOCK]);
        let before = shifts.iter_mut().zip(&mut reciprocals);
        for ((&word, r), (shift, reciprocal)) in words.iter().zip(&mut *out).zip(before) {
            (*r, [*shift, *reciprocal]) = reduce(word);
        }
        let known = words.len().min(out.len());
        for ((logarithm, shift), reciprocal) in out[..known].iter_mut().zip(&shifts).zip(&reciprocals) {
            *logarithm = shift + (reciprocal - series(*logarithm));
        }
    }
}

/// What is left of a word when its cell is taken out, and the two logarithms that come before.
#[inline(always)]
fn reduce(word: NonZeroU64) -> (f64, [f64; 2]) {
    let shift = word.leading_zeros();
    let normalised = word.get() << shift;
    let cell = (normalised >> 56) as usize;
    let (reciprocal, ln_reciprocal) = (CELLS_BY_BYTE[0][cell], CELLS_BY_BYTE[1][cell]);
    // 52 explicit bits under a fixed exponent make f in [1/2, 1) without a conversion.
    let f = f64::from_bits((0x3FE << 52) | ((normalised << 1) >> 12));
    (
        f * reciprocal - 1.0,
        [SHIFTS[(shift & 63) as usize], ln_reciprocal],
    )
}

/// The logarithm of `1 + r`.
#[inline(always)]
fn series(r: f64) -> f64 {
    r * (1.0 + r * (-1.0 / 2.0 + r * (1.0 / 3.0 + r * (-1.0 / 4.0 + r * (1.0 / 5.0 + r * (-1.0 / 6.0))))))
}

/// An exponential duration with mean `mean_ns`, in whole nanoseconds rounded down, from one draw.
/// A mean of zero gives zero; beyond the range the result saturates.
#[inline(always)]
pub fn exponential_ns(word: u64, mean_ns: f64) -> u64 {
    (neg_ln(word) * mean_ns) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::StreamKey;

    fn exact(word: u64) -> f64 {
        // Near one the logarithm is taken of the distance to one, which is exact in a double.
        let distance = word.wrapping_neg();
        if distance != 0 && distance < 1 << 60 {
            return -libm::log1p(-(distance as f64) / 18_446_744_073_709_551_616.0);
        }
        64.0 * LN_2 - libm::log(word.max(1) as f64)
    }

    #[test]
    fn the_table_holds_logarithms_of_reciprocals() {
        for (cell, (reciprocal, ln_reciprocal)) in CELLS.iter().enumerate() {
            assert!(
                (libm::log(*reciprocal) - ln_reciprocal).abs() <= 2.3e-16,
                "cell {cell}"
            );
            for edge in [128 + cell, 129 + cell] {
                assert!(
                    (edge as f64 / 256.0 * reciprocal - 1.0).abs() <= 0.006,
                    "cell {cell}"
                );
            }
        }
    }

    #[test]
    fn the_logarithm_is_right_to_one_in_1e13() {
        let key = StreamKey::from_raw(3);
        let mut words: Vec<u64> = (0..200_000).map(|i| key.draw(i, 0) >> (i % 60)).collect();
        // Words next to a power of two, next to cell borders and next to one, each with all 53 bits.
        for bits in 12..64 {
            words.extend([1_u64 << bits, (1 << bits) - 1, (1 << bits) + (1 << (bits - 12))]);
        }
        words.extend((0..52).map(|k| (1_u64 << (11 + k)).wrapping_neg()));
        words.extend((128..256_u64).flat_map(|cell| [cell << 56, (cell << 56) - (1 << 11)]));
        for word in words {
            let word = if word >> 53 == 0 { word } else { word & !0x7FF };
            let (ours, exact) = (neg_ln(word), exact(word));
            assert!(
                (ours - exact).abs() <= 1e-13 * exact,
                "{word:#x}: {ours:e} against {exact:e}"
            );
        }
    }

    #[test]
    fn logarithms_of_many_are_those_of_each() {
        let key = StreamKey::from_raw(8);
        for count in [0, 1, BLOCK - 1, BLOCK, 3 * BLOCK + 5] {
            let words: Vec<_> = (0..count as u64)
                .filter_map(|i| NonZeroU64::new(key.draw(i, 0) >> (i % 64)))
                .collect();
            for room in [words.len() / 2, words.len(), words.len() + 3] {
                let mut logarithms = vec![7.0; room];
                neg_ln_each(&words, &mut logarithms);
                for (word, logarithm) in words.iter().zip(&logarithms) {
                    assert_eq!(logarithm.to_bits(), neg_ln(word.get()).to_bits(), "{word:#x}");
                }
                assert!(logarithms.iter().skip(words.len()).all(|&rest| rest == 7.0));
            }
        }
    }

    #[test]
    fn the_ends_of_the_range_are_finite_and_positive() {
        assert_eq!(neg_ln(0), neg_ln(1));
        assert!((neg_ln(0) - 44.361_419_555_836_5).abs() < 1e-12);
        assert!(neg_ln(u64::MAX) > 0.0);
    }

    #[test]
    fn the_logarithm_falls_as_the_word_rises() {
        let mut last = neg_ln(1 << 20);
        for step in 1..1_000_000_u64 {
            let now = neg_ln((1 << 20) + step * 17_592_186_000_000);
            assert!(now <= last);
            last = now;
        }
    }

    /// 1,000,000 draws: mean 1 with sd 1e-3, second moment 2 with sd sqrt(20)/1e3; 6 sd, false alarm 4e-9.
    #[test]
    fn exponential_moments_are_those_of_the_law() {
        let key = StreamKey::from_raw(5);
        let draws: Vec<f64> = (0..1_000_000).map(|i| neg_ln(key.draw(i, 0))).collect();
        let mean = draws.iter().sum::<f64>() / 1e6;
        let second = draws.iter().map(|x| x * x).sum::<f64>() / 1e6;
        assert!(
            (mean - 1.0).abs() < 6e-3 && (second - 2.0).abs() < 6.0 * 4.48e-3,
            "{mean} {second}"
        );
    }

    #[test]
    fn values_are_pinned() {
        let words = [0, 1 << 63, 0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210, u64::MAX];
        let bits = [
            0x40462e42fefa39ef,
            0x3fe62e42fefa39ef,
            0x4015aa16394d481f,
            0x3f723eb991354eb1,
            0x3ca0000000000000,
        ];
        assert_eq!(words.map(|word| neg_ln(word).to_bits()), bits);
        assert_eq!(
            words.map(|word| exponential_ns(word, 1e9)),
            [44361419555, 693147180, 5416100402, 4454350, 0]
        );
    }
}

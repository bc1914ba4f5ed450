//! The plain uses of one uniform word: a unit interval, a coin, an index.

const TWO_POW_MINUS_53: f64 = 1.0 / 9_007_199_254_740_992.0;
const TWO_POW_64: f64 = 18_446_744_073_709_551_616.0;

/// A uniform double in (0, 1): the middle of one of 2^52 equal cells. Symmetric: `1 - x` is as likely as `x`.
#[inline(always)]
pub fn unit_open(word: u64) -> f64 {
    ((word >> 12) as f64 * 2.0 + 1.0) * TWO_POW_MINUS_53
}

/// A uniform double in [0, 1): a multiple of 2^-53.
#[inline(always)]
pub fn unit_closed_open(word: u64) -> f64 {
    (word >> 11) as f64 * TWO_POW_MINUS_53
}

/// The threshold under which a word means "yes" with probability `p`: `p * 2^64` rounded down, saturating.
/// Below zero and for a NaN it is 0; from one on it is `u64::MAX`, which [`bernoulli`] reads as certainty.
pub fn threshold(p: f64) -> u64 {
    if p >= 1.0 {
        u64::MAX
    } else {
        (p * TWO_POW_64) as u64
    }
}

/// A coin: yes with probability `threshold / 2^64`; always yes at `u64::MAX`, never at 0.
#[inline(always)]
pub fn bernoulli(word: u64, threshold: u64) -> bool {
    word < threshold || threshold == u64::MAX
}

/// A uniform index below `n`, by multiply-high; 0 if `n` is 0. Some indices get one word of the 2^64 more
/// than others: a bias of at most `n / 2^64`.
#[inline(always)]
pub fn below(word: u64, n: u64) -> u64 {
    ((u128::from(word) * u128::from(n)) >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unit_draws_keep_inside_their_interval() {
        assert!(unit_open(0) > 0.0 && unit_open(u64::MAX) < 1.0);
        assert_eq!(unit_open(0), 1.0 - unit_open(u64::MAX));
        assert_eq!(unit_closed_open(0), 0.0);
        assert!(unit_closed_open(u64::MAX) < 1.0);
    }

    #[test]
    fn certain_and_impossible_coins_are_exact() {
        for word in [0, 1, 1 << 63, u64::MAX] {
            assert!(bernoulli(word, threshold(1.0)));
            assert!(!bernoulli(word, threshold(0.0)));
            assert!(!bernoulli(word, threshold(f64::NAN)));
        }
        assert_eq!(threshold(0.5), 1 << 63);
        assert_eq!(threshold(-3.0), 0);
        assert_eq!(threshold(7.0), u64::MAX);
    }

    #[test]
    fn an_index_divides_the_words_evenly() {
        assert_eq!(
            [0, u64::MAX / 3, u64::MAX / 3 * 2 + 2, u64::MAX].map(|word| below(word, 3)),
            [0, 0, 2, 2]
        );
        assert_eq!(below(u64::MAX, 0), 0);
        assert_eq!(below(u64::MAX, u64::MAX), u64::MAX - 1);
    }
}

//! Poisson counts: by inversion of one word where the mean is small, by exact rejection where it is not.

use super::{unit_closed_open, unit_open};
use crate::streams::Stream;

/// Below this mean a count is found by walking up the distribution function.
const INVERSION_BELOW: f64 = 16.0;
const HALF_LN_TWO_PI: f64 = 0.918_938_533_204_672_7;

/// `ln(k!)` less the main terms of Stirling's formula, `(k + 1/2) ln(k + 1) - (k + 1) + ln(2 pi)/2`.
pub(super) fn stirling_correction(k: f64) -> f64 {
    const SMALL: [f64; 10] = [
        0.081_061_466_795_327_26,
        0.041_340_695_955_409_29,
        0.027_677_925_684_998_34,
        0.020_790_672_103_765_093,
        0.016_644_691_189_821_193,
        0.013_876_128_823_070_748,
        0.011_896_709_945_891_77,
        0.010_411_265_261_972_096,
        0.009_255_462_182_712_733,
        0.008_330_563_433_362_87,
    ];
    if k < 10.0 {
        return SMALL[k as usize];
    }
    let inverse = 1.0 / (k + 1.0);
    let square = inverse * inverse;
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1_260.0 - square / 1_680.0) * square) * square) * inverse
}

/// A Poisson count by walking up the distribution function from one word. `no_point` is `exp(-mean)`, which
/// the caller keeps. Takes about `mean` steps; for means up to a few dozen.
pub fn poisson_by_inversion(word: u64, mean: f64, no_point: f64) -> u64 {
    let u = unit_closed_open(word);
    let (mut count, mut term, mut sum) = (0_u64, no_point, no_point);
    while u >= sum {
        count += 1;
        term *= mean / count as f64;
        let next = sum + term;
        // Past the mean the terms fall; when they no longer change the sum the tail is beyond a double.
        if next == sum && count as f64 > mean {
            break;
        }
        sum = next;
    }
    count
}

/// A Poisson law, with what its draws have in common worked out.
///
/// Small means take one word by inversion; others transformed rejection with squeeze: algorithm PTRS of
/// Hörmann 1993, "The transformed rejection method for generating Poisson random variables".
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PoissonLaw {
    mean: f64,
    method: Method,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Method {
    Zero,
    Inversion {
        no_point: f64,
    },
    Rejection {
        a: f64,
        b: f64,
        inverse_alpha: f64,
        squeeze: f64,
    },
}

impl PoissonLaw {
    /// The law with this mean; always zero if the mean is not above zero.
    pub fn new(mean: f64) -> Self {
        let method = if mean.is_nan() || mean <= 0.0 {
            Method::Zero
        } else if mean < INVERSION_BELOW {
            Method::Inversion {
                no_point: libm::exp(-mean),
            }
        } else {
            let b = 0.931 + 2.53 * mean.sqrt();
            Method::Rejection {
                a: -0.059 + 0.024_83 * b,
                b,
                inverse_alpha: 1.1239 + 1.1328 / (b - 3.4),
                squeeze: 0.9277 - 3.6224 / (b - 2.0),
            }
        };
        Self { mean, method }
    }

    /// A count, from a stream. Exact for every mean up to about 1e9, beyond which `f64` rounding shows in the acceptance.
    pub fn draw(&self, stream: &mut Stream) -> u64 {
        let mean = self.mean;
        let (a, b, inverse_alpha, squeeze) = match self.method {
            Method::Zero => return 0,
            Method::Inversion { no_point } => {
                return poisson_by_inversion(stream.next_word(), mean, no_point);
            }
            Method::Rejection {
                a,
                b,
                inverse_alpha,
                squeeze,
            } => (a, b, inverse_alpha, squeeze),
        };
        loop {
            let u = unit_open(stream.next_word()) - 0.5;
            let v = unit_open(stream.next_word());
            let us = 0.5 - u.abs();
            let k = floor((2.0 * a / us + b) * u + mean + 0.43);
            if us >= 0.07 && v <= squeeze {
                return k as u64;
            }
            if k < 0.0 || (us < 0.013 && v > us) {
                continue;
            }
            let bound = libm::log(v * inverse_alpha / (a / (us * us) + b));
            if bound <= ln_poisson_mass(k, mean) {
                return k as u64;
            }
        }
    }
}

/// The whole part, rounded down, of a number that 63 bits hold: without the call that a processor of the baseline needs.
fn floor(x: f64) -> f64 {
    let whole = x as i64 as f64;
    if whole > x { whole - 1.0 } else { whole }
}

/// A Poisson count with this mean, from a stream: a draw of [`PoissonLaw`].
pub fn poisson_from(stream: &mut Stream, mean: f64) -> u64 {
    PoissonLaw::new(mean).draw(stream)
}

/// `ln(exp(-mean) mean^k / k!)`, arranged so that terms near the mean do not cancel.
fn ln_poisson_mass(k: f64, mean: f64) -> f64 {
    let next = k + 1.0;
    let relative = (mean - next) / next;
    (k + 0.5) * libm::log1p(relative)
        - relative * next
        - 0.5 * libm::log(mean)
        - HALF_LN_TWO_PI
        - stirling_correction(k)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::StreamKey;

    #[test]
    fn the_stirling_correction_completes_the_factorial() {
        for k in 0..60 {
            let k = f64::from(k);
            let main = (k + 0.5) * libm::log(k + 1.0) - (k + 1.0) + HALF_LN_TWO_PI;
            let exact = libm::lgamma(k + 1.0);
            assert!(
                (main + stirling_correction(k) - exact).abs() < 2e-13 * exact.max(1.0),
                "{k}"
            );
        }
    }

    #[test]
    fn the_mass_sums_to_one() {
        for mean in [16.0, 100.0, 5_000.0] {
            let sum: f64 = (0..20_000)
                .map(|k| libm::exp(ln_poisson_mass(f64::from(k), mean)))
                .sum();
            assert!((sum - 1.0).abs() < 1e-11, "mean {mean}: {sum}");
        }
    }

    /// Chi-square with 400,000 draws; cells expected below 8 are pooled. Degrees of freedom up to about
    /// 90 at mean 100; the bound `df + 7 sqrt(2 df) + 40` lies above the 1 - 1e-7 quantile.
    #[test]
    fn counts_follow_the_law() {
        for mean in [0.01, 0.9, 7.3, 15.9, 16.1, 31.0, 100.0] {
            let key = StreamKey::from_raw(47);
            let mut counts = vec![0_u64; 400];
            (0..400_000).for_each(|i| counts[poisson_from(&mut key.stream(i, 0), mean) as usize] += 1);
            crate::sample::fit::assert_follows(
                &counts,
                |k| 4e5 * libm::exp(k as f64 * libm::log(mean) - mean - libm::lgamma(k as f64 + 1.0)),
                format_args!("mean {mean}"),
            );
        }
    }

    /// 100,000 draws at mean 1e6: sd 1,000; 6 standard errors of mean and variance (4e-9 together).
    #[test]
    fn a_large_mean_keeps_mean_and_variance() {
        let key = StreamKey::from_raw(53);
        let draws: Vec<f64> = (0..100_000)
            .map(|i| poisson_from(&mut key.stream(i, 0), 1e6) as f64 - 1e6)
            .collect();
        let mean = draws.iter().sum::<f64>() / 1e5;
        let variance = draws.iter().map(|x| x * x).sum::<f64>() / 1e5;
        assert!(mean.abs() < 6.0 * 1_000.0 / 316.2, "{mean}");
        assert!((variance / 1e6 - 1.0).abs() < 6.0 * 1.4143 / 316.2, "{variance}");
    }

    #[test]
    fn the_whole_part_is_that_of_the_library() {
        for x in [
            0.0,
            -0.0,
            0.5,
            -0.5,
            1.0,
            -1.0,
            26.999_999,
            -3.2,
            1e9 + 0.25,
            -1e-300,
            4e15,
        ] {
            assert!(super::floor(x) == x.floor(), "{x}");
        }
    }

    #[test]
    fn counts_are_pinned() {
        let key = StreamKey::from_raw(1);
        let draw = |mean: f64| [0, 1, 2, 3].map(|i| poisson_from(&mut key.stream(i, 0), mean));
        assert_eq!([draw(0.5), draw(12.0)], [[2, 0, 0, 0], [20, 11, 12, 10]]);
        assert_eq!(draw(400.0), [402, 394, 400, 401]);
        assert_eq!(draw(1e7), [10000303, 9999129, 9999997, 10000091]);
        assert_eq!(draw(0.0), [0; 4]);
    }
}

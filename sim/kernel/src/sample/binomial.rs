//! Binomial counts: by inversion where few successes are expected, by exact rejection elsewhere.

use super::poisson::stirling_correction;
use super::{unit_closed_open, unit_open};
use crate::streams::Stream;

/// Below this expected number of successes a count is found by walking up the distribution function.
const INVERSION_BELOW: f64 = 10.0;

/// The number of successes in `n` independent trials of probability `p`, from a stream. Exact up to the
/// rounding of doubles; `p` outside [0, 1] is clamped and a NaN counts as zero.
pub fn binomial_from(stream: &mut Stream, n: u64, p: f64) -> u64 {
    if n == 0 || p.is_nan() || p <= 0.0 {
        return 0;
    }
    if p >= 1.0 {
        return n;
    }
    if p > 0.5 {
        return n - binomial_from(stream, n, 1.0 - p);
    }
    if n as f64 * p < INVERSION_BELOW {
        by_inversion(stream.next_word(), n, p)
    } else {
        by_rejection(stream, n, p)
    }
}

fn by_inversion(word: u64, n: u64, p: f64) -> u64 {
    let u = unit_closed_open(word);
    let odds = p / (1.0 - p);
    let mut term = libm::exp(n as f64 * libm::log1p(-p));
    let (mut count, mut sum) = (0_u64, term);
    while u >= sum && count < n {
        count += 1;
        term *= odds * (n - count + 1) as f64 / count as f64;
        let next = sum + term;
        if next == sum && count as f64 > n as f64 * p {
            break;
        }
        sum = next;
    }
    count
}

/// Transformed rejection with squeeze: algorithm BTRS of Hörmann 1993, "The generation of binomial random
/// variates", Journal of Statistical Computation and Simulation 46.
fn by_rejection(stream: &mut Stream, n: u64, p: f64) -> u64 {
    let trials = n as f64;
    let deviation = (trials * p * (1.0 - p)).sqrt();
    let b = 1.15 + 2.53 * deviation;
    let a = -0.0873 + 0.0248 * b + 0.01 * p;
    let centre = trials * p + 0.5;
    let squeeze = 0.92 - 4.2 / b;
    let alpha = (2.83 + 5.1 / b) * deviation;
    let mode = ((trials + 1.0) * p).floor();
    loop {
        let u = unit_open(stream.next_word()) - 0.5;
        let v = unit_open(stream.next_word());
        let us = 0.5 - u.abs();
        let k = ((2.0 * a / us + b) * u + centre).floor();
        if us >= 0.07 && v <= squeeze {
            return k as u64;
        }
        if k < 0.0 || k > trials {
            continue;
        }
        if libm::log(v * alpha / (a / (us * us) + b)) <= ln_mass_ratio(k, mode, trials, p) {
            return k as u64;
        }
    }
}

/// `ln(f(k) / f(mode))` for the binomial mass `f`, by Stirling's formula with its exact correction.
fn ln_mass_ratio(k: f64, mode: f64, n: f64, p: f64) -> f64 {
    let odds = p / (1.0 - p);
    (mode + 0.5) * libm::log((mode + 1.0) / (odds * (n - mode + 1.0)))
        + (n + 1.0) * libm::log((n - mode + 1.0) / (n - k + 1.0))
        + (k + 0.5) * libm::log(odds * (n - k + 1.0) / (k + 1.0))
        + stirling_correction(mode)
        + stirling_correction(n - mode)
        - stirling_correction(k)
        - stirling_correction(n - k)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::StreamKey;

    fn ln_mass(k: f64, n: f64, p: f64) -> f64 {
        libm::lgamma(n + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(n - k + 1.0)
            + k * libm::log(p)
            + (n - k) * libm::log1p(-p)
    }

    #[test]
    fn the_mass_ratio_is_that_of_the_factorials() {
        for (n, p, k) in [(40.0, 0.3, 7.0), (1_000.0, 0.02, 35.0), (5_000.0, 0.5, 2_400.0)] {
            let mode = ((n + 1.0_f64) * p).floor();
            let exact = ln_mass(k, n, p) - ln_mass(mode, n, p);
            assert!((ln_mass_ratio(k, mode, n, p) - exact).abs() < 1e-9, "{n} {p} {k}");
        }
    }

    /// Chi-square with 400,000 draws; cells expected below 8 are pooled. The bound `df + 7 sqrt(2 df) + 40`
    /// lies above the 1 - 1e-7 quantile for every df used here.
    #[test]
    fn counts_follow_the_law() {
        for (n, p) in [
            (1, 0.3),
            (30, 0.05),
            (100, 0.098),
            (100, 0.102),
            (50, 0.5),
            (300, 0.9),
            (100_000, 0.001),
        ] {
            let key = StreamKey::from_raw(59);
            let mut counts = vec![0_u64; (n + 1) as usize];
            (0..400_000).for_each(|i| counts[binomial_from(&mut key.stream(i, 0), n, p) as usize] += 1);
            crate::sample::fit::assert_follows(
                &counts,
                |k| 4e5 * libm::exp(ln_mass(k as f64, n as f64, p)),
                format_args!("{n} {p}"),
            );
        }
    }

    #[test]
    fn impossible_and_certain_trials_are_exact() {
        let mut stream = StreamKey::from_raw(1).stream(0, 0);
        assert_eq!(binomial_from(&mut stream, 10, 0.0), 0);
        assert_eq!(binomial_from(&mut stream, 10, 1.0), 10);
        assert_eq!(binomial_from(&mut stream, 0, 0.5), 0);
    }

    #[test]
    fn counts_are_pinned() {
        let key = StreamKey::from_raw(1);
        let draw = |n: u64, p: f64| [0, 1, 2, 3].map(|i| binomial_from(&mut key.stream(i, 0), n, p));
        let drawn = [
            draw(20, 0.1),
            draw(1_000, 0.4),
            draw(1_000, 0.9),
            draw(1_000_000_000, 0.25),
        ];
        let pinned = [
            [5, 2, 2, 1],
            [402, 396, 400, 400],
            [899, 903, 900, 900],
            [250_001_311, 249_996_230, 249_999_986, 250_000_394],
        ];
        assert_eq!(drawn, pinned);
    }
}

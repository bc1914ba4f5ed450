//! Laws of the network's relative distance D = 1 - similarity, and their quantile points.
//!
//! **Invariant.** Deterministic on every platform: `libm` and the four operations only.

use stakeout_calibration::Quantile;

/// The metric's largest value (gonka-ai/gonka inference_validation: each term is at most one half).
const D_MAX: f64 = 0.5;
/// Standard scores beyond which the laws are cut off: 3e-7 on either side.
const Z_END: f64 = 5.0;
/// Points of every quantile function besides its ends and the thresholds.
const GRID: [f64; 19] = [
    0.0001, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995,
    0.999, 0.9999,
];
/// A grid point nearer to a threshold's probability than this is left out.
const MIN_GAP: f64 = 1e-6;

/// A lognormal distance: median and standard deviation of its logarithm.
#[derive(Clone, Copy, Debug)]
pub struct Lognormal {
    pub median: f64,
    pub sigma: f64,
}

impl Lognormal {
    /// The lognormal with this median that exceeds `at` with probability `exceeds`.
    pub fn from_median_and_exceedance(median: f64, at: f64, exceeds: f64) -> Self {
        Self {
            median,
            sigma: libm::log(at / median) / standard_quantile(1.0 - exceeds),
        }
    }

    /// The lognormal through two exceedance probabilities (at, exceeds).
    pub fn from_two_exceedances(low: (f64, f64), high: (f64, f64)) -> Self {
        let (z_low, z_high) = (standard_quantile(1.0 - low.1), standard_quantile(1.0 - high.1));
        let sigma = libm::log(high.0 / low.0) / (z_high - z_low);
        Self {
            median: low.0 * libm::exp(-sigma * z_low),
            sigma,
        }
    }
}

/// Several sources of distance in one score: they add as squares, at the same standard score.
#[derive(Clone, Debug)]
pub struct DistanceLaw(pub Vec<Lognormal>);

impl DistanceLaw {
    fn at_score(&self, z: f64) -> f64 {
        let square = |source: &Lognormal| {
            let distance = source.median * libm::exp(source.sigma * z);
            distance * distance
        };
        let sum: f64 = self.0.iter().map(square).sum();
        sum.sqrt().min(D_MAX)
    }

    /// Probability that the distance exceeds `distance`, by bisection in the standard score.
    pub fn exceedance(&self, distance: f64) -> f64 {
        let (mut low, mut high) = (-40.0, 40.0);
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if self.at_score(middle) > distance {
                high = middle;
            } else {
                low = middle;
            }
        }
        standard_exceedance(0.5 * (low + high))
    }

    /// Quantile points of the similarity; each threshold is a point, so that its pass probability is exact.
    pub fn similarity_quantiles(&self, thresholds: &[f64]) -> Vec<Quantile> {
        let fixed = thresholds
            .iter()
            .map(|threshold| (self.exceedance(1.0 - threshold), *threshold));
        let mut points: Vec<(f64, f64)> = fixed.filter(|(p, _)| (1e-6..=1.0 - 1e-6).contains(p)).collect();
        for p in GRID {
            if points.iter().all(|(taken, _)| (p - taken).abs() > MIN_GAP) {
                points.push((p, 1.0 - self.at_score(standard_quantile(1.0 - p))));
            }
        }
        points.push((0.0, 1.0 - self.at_score(Z_END)));
        points.push((1.0, 1.0 - self.at_score(-Z_END)));
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let rounded = |(p, similarity): (f64, f64)| Quantile {
            p: round_to(p, 1e12),
            similarity: round_to(similarity, 1e9),
        };
        points.into_iter().map(rounded).collect()
    }
}

/// P(Z > z) for a standard normal Z.
pub fn standard_exceedance(z: f64) -> f64 {
    0.5 * libm::erfc(z / core::f64::consts::SQRT_2)
}

/// The z with P(Z <= z) = p, by bisection.
pub fn standard_quantile(p: f64) -> f64 {
    let (mut low, mut high) = (-40.0, 40.0);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if standard_exceedance(middle) > 1.0 - p {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// Intra-class correlation of 0/1 outcomes in groups of `size`, by the analysis of variance.
pub fn anova_correlation(failures: &[f64], size: f64) -> f64 {
    let groups = failures.len() as f64;
    let mean = failures.iter().sum::<f64>() / (groups * size);
    let (mut between, mut within) = (0.0, 0.0);
    for count in failures {
        let share = count / size;
        between += size * (share - mean) * (share - mean);
        within += size * share * (1.0 - share);
    }
    between /= groups - 1.0;
    within /= groups * (size - 1.0);
    (between - within) / (between + (size - 1.0) * within)
}

/// Nearest multiple of 1/scale; scale is a power of ten.
pub fn round_to(value: f64, scale: f64) -> f64 {
    libm::round(value * scale) / scale
}

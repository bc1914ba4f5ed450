//! Importance sampling: events are drawn under a law that makes them common, and weighted back.

use stakeout_kernel::streams::StreamKey;

use super::RareEstimate;
use crate::random::Uniforms;

/// Estimates a probability from `samples` weighted samples, taken as `batches` independent means for the interval.
///
/// `sample(uniforms)` draws one path under the changed law and returns its likelihood ratio if the event happened and
/// zero otherwise. Panics unless `batches` is above zero and at most `samples`.
pub fn importance_sampling(
    samples: u64,
    batches: u32,
    confidence: f64,
    key: StreamKey,
    mut sample: impl FnMut(&mut Uniforms) -> f64,
) -> RareEstimate {
    let ratios: Vec<f64> = (0..samples).map(|i| sample(&mut Uniforms::new(key, i))).collect();
    estimate_from_ratios(&ratios, batches, confidence)
}

/// The same from samples that were drawn elsewhere: of each its likelihood ratio if the event happened, and zero otherwise.
/// Where the batches do not divide the samples the first ones have one more; no sample is left out. Panics unless
/// `batches` is above zero and at most the number of samples.
pub fn estimate_from_ratios(ratios: &[f64], batches: u32, confidence: f64) -> RareEstimate {
    let (samples, batches) = (ratios.len(), batches as usize);
    assert!(0 < batches && batches <= samples, "every batch has a sample");
    let (size, rest) = (samples / batches, samples % batches);
    let (longer, others) = ratios.split_at(rest * (size + 1));
    let parts: Vec<f64> = longer
        .chunks(size + 1)
        .chain(others.chunks(size))
        // In units in which the mean over the batches is the mean over the samples.
        .map(|batch| batch.iter().sum::<f64>() * batches as f64 / samples as f64)
        .collect();
    RareEstimate::of(&parts, confidence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sequential::{Boundaries, RatioSteps, audit_sprt};

    /// False convictions of hosts that fail 1 % of their checks, by a test made for 5 % against 20 %: once in 130,000.
    /// Paths are drawn at the rate at which the exponential of the sum is a likelihood ratio again; 40,000 of them in 40
    /// batches have a relative standard error below 1 %, five of which are exceeded with probability 6e-7.
    #[test]
    fn rare_false_convictions_are_found_in_common_paths() {
        let steps = RatioSteps::between(0.05, 0.2);
        let (upper, lower) = (4_000_000_000_000_i64, -40_000_000_000_000_i64);
        let ends = Boundaries {
            lower: Some(lower),
            ..Boundaries::upper_only(4.0)
        };
        let exact = audit_sprt(steps, ends, 0.01, None).convicted;
        let (honest, tilted) = (0.01, 0.3);
        let (on_failure, on_pass) = (
            libm::log(honest / tilted),
            libm::log((1.0 - honest) / (1.0 - tilted)),
        );
        let found = importance_sampling(40_000, 40, 0.99, StreamKey::from_raw(8), |uniforms| {
            let (mut sum, mut log_ratio) = (0_i64, 0.0);
            while sum < upper && sum > lower {
                if uniforms.happens(tilted) {
                    sum += steps.failure;
                    log_ratio += on_failure;
                } else {
                    sum += steps.pass;
                    log_ratio += on_pass;
                }
            }
            if sum >= upper { libm::exp(log_ratio) } else { 0.0 }
        });
        assert!((exact / 7.72e-6 - 1.0).abs() < 6e-3, "{exact}");
        assert!((found.probability / exact - 1.0).abs() < 0.1, "{found:?} {exact}");
        assert!(found.interval.unwrap().contains(exact), "{found:?} {exact}");
    }

    #[test]
    fn a_sample_beyond_the_last_whole_batch_counts() {
        let mut taken = 0_u32;
        let found = importance_sampling(47, 20, 0.95, StreamKey::from_raw(8), |_| {
            taken += 1;
            f64::from(taken)
        });
        assert_eq!(taken, 47);
        assert!((found.probability - 24.0).abs() < 1e-12, "{found:?}");
    }
}

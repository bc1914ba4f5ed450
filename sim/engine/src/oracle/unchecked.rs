//! How many answers nobody checks although everybody "samples at 100 %".

use stakeout_kernel::sample::SubsetSampler;
use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};

use super::{Figure, Observation, Oracle, OracleError, Parameter, Parameters};

/// The probability that no validator draws an answer, for groups of equal weights and of 5:3:2.
///
/// ```text
/// prod over j of (1 - t w_j/(W - w_e))      equal weights: (1 - t/(n-1))^(n-1)
/// ```
pub(super) struct Unchecked;

const SIZES: [u32; 7] = [3, 5, 10, 20, 50, 100, 377];
const UNEVEN: [u64; 3] = [5, 3, 2];
const PURPOSE: Purpose = Purpose(0x5310);

fn groups() -> Vec<Vec<u64>> {
    let mut groups: Vec<Vec<u64>> = SIZES.iter().map(|&n| vec![1; n as usize]).collect();
    groups.push(UNEVEN.to_vec());
    groups
}

/// Mean over executors drawn by weight, by the formula.
fn compute_unchecked(weights: &[u64], target: f64) -> f64 {
    let total: u64 = weights.iter().sum();
    let of_executor = |executor: usize| {
        let rest = (total - weights[executor]) as f64;
        let others = weights
            .iter()
            .enumerate()
            .filter(|(member, _)| *member != executor);
        let missed = |weight: u64| 1.0 - (target * weight as f64 / rest).min(1.0);
        others.map(|(_, &weight)| missed(weight)).product::<f64>() * weights[executor] as f64 / total as f64
    };
    (0..weights.len()).map(of_executor).sum()
}

impl Oracle for Unchecked {
    fn id(&self) -> &'static str {
        "unchecked"
    }

    fn catalogue(&self) -> &'static [u8] {
        &[16]
    }

    fn title(&self) -> &'static str {
        "Answers that no validator draws, by size of the group"
    }

    fn source(&self) -> &'static str {
        "gonka-ai/gonka x/inference/calculations/should_validate.go"
    }

    fn parameters(&self) -> Vec<Parameter> {
        vec![Parameter::probability("target", 1.0)]
    }

    fn expected(&self, parameters: &Parameters) -> Result<Vec<Figure>, OracleError> {
        let target = parameters.get("target");
        let name = |weights: &[u64]| {
            if weights == UNEVEN {
                return String::from("share unchecked, weights 5:3:2");
            }
            format!("share unchecked, {} hosts of equal weight", weights.len())
        };
        Ok(groups()
            .iter()
            .map(|group| Figure::new(name(group), compute_unchecked(group, target)))
            .collect())
    }

    fn observe(&self, parameters: &Parameters, observation: Observation) -> Result<Vec<f64>, OracleError> {
        let each = (observation.size / groups().len() as u64).max(1);
        let key = StreamKey::derive(RootSeed(observation.seed), 0, PURPOSE);
        let share = |(index, weights): (usize, &Vec<u64>)| {
            let first = index as u64 * each;
            observe_group(weights, parameters.get("target"), key, first..first + each)
        };
        Ok(groups().iter().enumerate().map(share).collect())
    }
}

/// The share of the answers `numbers` that the engine's sampler leaves unchecked.
fn observe_group(weights: &[u64], target: f64, key: StreamKey, numbers: std::ops::Range<u64>) -> f64 {
    let sampler = SubsetSampler::new(weights);
    let total: u64 = weights.iter().sum();
    let plan = |executor: usize| {
        let rest = (total - weights[executor]) as f64;
        sampler.plan(target / rest, Some(executor as u32))
    };
    let plans: Vec<_> = (0..weights.len()).map(plan).collect();
    let executors = stakeout_kernel::sample::WeightedIndex::new(weights);
    let count = numbers.end - numbers.start;
    let mut selected = Vec::new();
    let mut unchecked = 0_u64;
    for number in numbers {
        let executor = executors.pick(key.draw(number, u64::MAX));
        selected.clear();
        sampler.select_into(&plans[executor], key, number, &mut selected);
        unchecked += u64::from(selected.is_empty());
    }
    unchecked as f64 / count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three, five, ten, twenty, fifty, a hundred and 377 equal hosts as published; by hand for 5:3:2:
    /// (0.5 * 0.4 * 0.6) + (0.3 * 2/7 * 5/7) + (0.2 * 3/8 * 5/8).
    #[test]
    fn the_formula_gives_the_published_shares() {
        let published = [0.25, 0.316, 0.346, 0.358, 0.364, 0.366, 0.367];
        for (weights, share) in groups().iter().zip(published) {
            assert!(
                (compute_unchecked(weights, 1.0) - share).abs() < 6e-4,
                "{}",
                weights.len()
            );
        }
        assert!((compute_unchecked(&UNEVEN, 1.0) - 0.228_099_489_8).abs() < 1e-9);
    }
}

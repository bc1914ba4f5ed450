//! What an executor can do to its artifact.
//!
//! **Invariant.** A dressed line is what [`crate::artifact::Artifact::check`] accepts: the attacks measured are those
//! that a verifier cannot refuse by form.

use crate::artifact::TopK;
use crate::sampler::Law;

/// A forger's correction: for each rank a line from the substitute's log-probability to the promised model's,
/// fitted by least squares on texts of the forger's own.
#[derive(Clone, Debug, PartialEq)]
pub struct Correction {
    /// Slope and intercept by rank.
    ranks: Vec<(f64, f64)>,
}

impl Correction {
    /// Fits lines to pairs of the substitute's report and the promised law at the same position.
    pub fn learn<'a>(pairs: impl Iterator<Item = (&'a TopK, &'a Law)>, entries: usize) -> Self {
        // Count, sums of x, y, xx, xy by rank.
        let mut sums = vec![[0.0f64; 5]; entries];
        for (line, law) in pairs {
            for (sum, (id, log_prob)) in sums.iter_mut().zip(line.ids.iter().zip(&line.log_probs)) {
                let x = f64::from(*log_prob);
                let y = f64::from(law.log_probs[*id as usize]).max(-30.0);
                for (slot, value) in sum.iter_mut().zip([1.0, x, y, x * x, x * y]) {
                    *slot += value;
                }
            }
        }
        let line = |[n, x, y, xx, xy]: [f64; 5]| {
            let spread = n * xx - x * x;
            if n < 2.0 || spread <= 1e-9 {
                return (1.0, 0.0);
            }
            let slope = (n * xy - x * y) / spread;
            (slope, (y - slope * x) / n)
        };
        Self {
            ranks: sums.into_iter().map(line).collect(),
        }
    }

    /// The corrected line: values moved, ordered again, scaled to at most 1 in sum.
    pub fn apply(&self, line: &TopK) -> TopK {
        let move_one = |((id, log_prob), (slope, intercept)): ((&u32, &f32), &(f64, f64))| {
            ((slope * f64::from(*log_prob) + intercept).min(0.0), *id)
        };
        let mut moved: Vec<(f64, u32)> = line
            .ids
            .iter()
            .zip(&line.log_probs)
            .zip(&self.ranks)
            .map(move_one)
            .collect();
        moved.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let sum: f64 = moved.iter().map(|(value, _)| libm::exp(*value)).sum();
        let excess = if sum > 0.999 { libm::log(sum / 0.999) } else { 0.0 };
        TopK {
            ids: moved.iter().map(|(_, id)| *id).collect(),
            log_probs: moved
                .iter()
                .map(|(value, _)| (value - excess).min(0.0) as f32)
                .collect(),
            tail: (1.0 - sum / libm::exp(excess)).clamp(0.0, 1.0) as f32,
        }
    }
}

/// The line with up to `entries` entries: those it has, which are more than agreed.
pub fn pad(line: &TopK, entries: usize) -> TopK {
    truncate(line, entries.min(line.len()))
}

/// The line cut to `entries` entries, what is cut added to the tail.
pub fn truncate(line: &TopK, entries: usize) -> TopK {
    let cut: f64 = line
        .log_probs
        .iter()
        .skip(entries)
        .map(|value| libm::exp(f64::from(*value)))
        .sum();
    TopK {
        ids: line.ids.iter().take(entries).copied().collect(),
        log_probs: line.log_probs.iter().take(entries).copied().collect(),
        tail: (f64::from(line.tail) + cut).min(1.0) as f32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::Artifact;

    fn law(shift: f32) -> Law {
        let logits: Vec<f32> = (0..50u8).map(|at| -f32::from(at) * 0.3 * shift).collect();
        Law::of_logits(&logits)
    }

    #[test]
    fn a_linear_difference_is_learned_exactly_and_forged_lines_keep_the_form() {
        let (sharp, flat) = (law(1.3), law(1.0));
        let laws: Vec<(TopK, Law)> = [(1.3f32, 1.0f32), (1.0, 0.8)]
            .iter()
            .map(|(a, b)| (TopK::of_law(&law(*a), 10), law(*b)))
            .collect();
        let correction = Correction::learn(laws.iter().map(|(line, law)| (line, law)), 10);
        let line = correction.apply(&TopK::of_law(&sharp, 10));
        for (id, log_prob) in line.ids.iter().zip(&line.log_probs) {
            assert!((log_prob - flat.log_probs[*id as usize]).abs() < 2e-2, "{id}");
        }
        let artifact = Artifact {
            tokens: vec![1],
            positions: vec![line],
        };
        assert_eq!(artifact.check().expect("a line like any other"), 10);
    }

    #[test]
    fn cutting_moves_probability_to_the_tail() {
        let line = TopK::of_law(&law(1.0), 20);
        let short = truncate(&line, 5);
        let whole: f64 = short
            .log_probs
            .iter()
            .map(|value| libm::exp(f64::from(*value)))
            .sum();
        assert!((whole + f64::from(short.tail) - 1.0).abs() < 1e-5);
        assert_eq!(pad(&line, 40), line);
    }
}

//! Everything that one position tells, computed once: answers of any length are sums of these.
//!
//! **Invariant.** Every field is finite and at least zero, whatever was reported.

use serde::{Deserialize, Serialize};

use super::deployed::{DEPLOYED_CANDIDATES, deployed_position};
use super::distance::{JENSEN_SHANNON_MAX, MAE_CLIP, jensen_shannon, kullback_leibler, mean_absolute_error};
use super::gumbel::MARGIN_MAX;
use super::position::align;
use super::randomness::SURPRISAL_MAX;
use crate::Observation;

/// Largest divergence that is counted for one position, nats.
const KL_MAX: f64 = 20.0;

/// What one position tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TokenScore {
    /// S1: Jensen-Shannon divergence over the listed tokens and the tail, nats.
    pub js: f64,
    /// Divergence of the executor's distribution from the replayed one, nats: over the whole vocabulary where the
    /// measurement knows it, else over the listed tokens and the tail.
    pub kl: f64,
    /// Mean absolute difference of the listed log-probabilities, clipped, nats.
    pub mae: f64,
    /// The network's own distance of the position, divided by the candidates as the network counts them.
    pub deployed: f64,
    /// S2: how far the chosen token fell short under the shared noise, nats.
    pub margin: f64,
    /// S3: surprisal of the chosen token under the promised sampling law, nats.
    pub surprisal: f64,
    /// Its expectation, the law's entropy, nats.
    pub entropy: f64,
    /// Its variance, the law's varentropy, nats².
    pub varentropy: f64,
}

/// What the two lists of a position tell, the reported laid over the replayed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ListScores {
    /// Jensen-Shannon divergence, nats.
    pub js: f64,
    /// Divergence of the reported from the replayed list, nats; not yet bounded.
    pub kl: f64,
    /// Clipped mean absolute error, nats.
    pub mae: f64,
}

impl ListScores {
    /// Compares the lists of a position.
    pub fn of(at: &Observation, agreed: usize) -> ListScores {
        match align(&at.reported, &at.replayed, agreed) {
            Some(cells) => ListScores {
                js: jensen_shannon(&cells),
                kl: kullback_leibler(&cells),
                mae: mean_absolute_error(&at.reported, &at.replayed, agreed),
            },
            None => ListScores {
                js: JENSEN_SHANNON_MAX,
                kl: KL_MAX,
                mae: MAE_CLIP,
            },
        }
    }
}

impl TokenScore {
    /// Scores one position; `agreed` is the number of entries that an artifact is to hold.
    pub fn of(at: &Observation, agreed: usize) -> TokenScore {
        Self::with(at, agreed, ListScores::of(at, agreed))
    }

    /// The same of a position whose lists were compared before.
    pub fn with(at: &Observation, agreed: usize, lists: ListScores) -> TokenScore {
        TokenScore {
            js: lists.js,
            kl: bounded(at.divergence.unwrap_or(lists.kl), KL_MAX),
            mae: lists.mae,
            deployed: deployed(at, agreed),
            margin: bounded(at.margin, MARGIN_MAX),
            surprisal: bounded(-at.log_prob, SURPRISAL_MAX),
            entropy: bounded(at.entropy, f64::MAX),
            varentropy: bounded(at.varentropy, f64::MAX),
        }
    }

    /// Surprisal above its expectation, nats.
    pub fn excess(&self) -> f64 {
        self.surprisal - self.entropy
    }
}

/// The network compares five candidates and divides by as many as the executor lists. An artifact of the agreed
/// length stands for one of five; a longer or shorter one dilutes or concentrates in proportion.
fn deployed(at: &Observation, agreed: usize) -> f64 {
    let listed = at.reported.len();
    let shown = if listed >= agreed {
        DEPLOYED_CANDIDATES
    } else {
        listed.min(DEPLOYED_CANDIDATES)
    };
    let padding = if listed > agreed {
        listed as f64 / agreed.max(1) as f64
    } else {
        1.0
    };
    deployed_position(&at.reported, &at.replayed, shown) / (shown.max(1) as f64 * padding)
}

/// Between zero and `most`; what is no number counts as the most.
fn bounded(value: f64, most: f64) -> f64 {
    if value.is_nan() {
        most
    } else {
        value.clamp(0.0, most)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::artifact::TopK;

    fn list(cells: &[(u32, f64)]) -> TopK {
        TopK {
            ids: cells.iter().map(|(id, _)| *id).collect(),
            log_probs: cells.iter().map(|(_, p)| libm::log(*p) as f32).collect(),
            tail: 0.0,
        }
    }

    fn observation(reported: TopK) -> Observation {
        Observation {
            token: 0,
            replayed: Arc::new(list(&[(0, 0.5), (1, 0.25), (2, 0.1), (3, 0.05), (4, 0.05)])),
            reported: Arc::new(reported),
            log_prob: -0.7,
            entropy: 1.2,
            varentropy: 0.8,
            margin: 0.0,
            divergence: None,
        }
    }

    #[test]
    fn a_perfect_report_scores_nothing() {
        let honest = observation(list(&[(0, 0.5), (1, 0.25), (2, 0.1), (3, 0.05), (4, 0.05)]));
        let score = TokenScore::of(&honest, 5);
        assert!(score.js < 1e-9 && score.kl < 1e-6 && score.mae < 1e-6 && score.deployed < 1e-6);
        assert!((score.excess() + 0.5).abs() < 1e-12);
    }

    #[test]
    fn a_hostile_report_scores_worst_and_stays_finite() {
        for reported in [
            TopK::default(),
            TopK {
                ids: vec![7, 7],
                log_probs: vec![f32::INFINITY, f32::NAN],
                tail: f32::NAN,
            },
            TopK {
                ids: vec![1; 3],
                log_probs: vec![-1.0],
                tail: 0.0,
            },
        ] {
            let mut at = observation(reported);
            (at.log_prob, at.margin, at.divergence) = (f64::NEG_INFINITY, f64::INFINITY, Some(f64::NAN));
            let score = TokenScore::of(&at, 5);
            assert_eq!(
                (score.js, score.kl, score.mae, score.margin, score.surprisal),
                (JENSEN_SHANNON_MAX, KL_MAX, MAE_CLIP, MARGIN_MAX, SURPRISAL_MAX)
            );
            assert!(score.deployed.is_finite());
        }
    }

    /// The same report, padded with what it would not have listed: the network's distance halves, S1 stays.
    #[test]
    fn padding_gains_nothing_but_with_the_network() {
        let cells = [(0, 0.3), (1, 0.3), (2, 0.2), (3, 0.1), (4, 0.05)];
        let mut padded = cells.to_vec();
        padded.extend([(10, 0.01), (11, 0.01), (12, 0.01), (13, 0.01), (14, 0.01)]);
        let (plain, padded) = (
            TokenScore::of(&observation(list(&cells)), 5),
            TokenScore::of(&observation(list(&padded)), 5),
        );
        assert_eq!((plain.js, plain.mae), (padded.js, padded.mae));
        assert!((plain.deployed / padded.deployed - 2.0).abs() < 1e-9);
    }
}

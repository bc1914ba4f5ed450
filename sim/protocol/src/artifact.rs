//! The validator's comparison: how far its next-token log-probabilities are from the executor's.
//!
//! Invariant: the similarity of an artifact with itself is one, and the verdict depends on integers only.
//!
//! Reference: gonka-ai/gonka decentralized-api/internal/validation/inference_validation.go,
//! mlnode/packages/benchmarks.

use crate::units::{Decimal, Fraction};

/// A natural log-probability in parts of 10^9, usually zero or below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogProbability(i64);

impl LogProbability {
    /// This many parts of 10^9.
    #[must_use]
    pub const fn from_ppb(parts: i64) -> Self {
        Self(parts)
    }

    /// Parts of 10^9.
    #[must_use]
    pub const fn ppb(self) -> i64 {
        self.0
    }
}

/// One candidate for the next token, as a position of an artifact lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The token's number in the vocabulary.
    pub vocabulary_index: u32,
    /// Its log-probability.
    pub log_probability: LogProbability,
}

/// One position of an artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The token that was chosen.
    pub chosen: u32,
    /// The most likely candidates; empty where the engine gave none.
    pub top: Vec<Candidate>,
}

/// What a validator found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The artifact is what the model would have produced.
    Match,
    /// It is not.
    Mismatch,
}

/// What the validator's replay came to, before any number is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay<'a> {
    /// The validator's own engine refused the request (HTTP 400 or 422).
    RefusedByEngine,
    /// The executor reported an error in place of an answer, and the validator could serve it.
    EmptyAnswer,
    /// Both sides have an artifact.
    Compared {
        /// The executor's.
        original: &'a [Position],
        /// The validator's, with the executor's tokens enforced.
        replayed: &'a [Position],
    },
}

/// Why a validator has nothing to say, which is neither a match nor a mismatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArtifactError {
    /// Neither side has any log-probability.
    #[error("neither artifact has log-probabilities")]
    NoLogProbabilities,
}

/// Answers shorter than this are compared as if they had this length.
const LENGTH_MIN: usize = 100;
/// Added to each denominator, in parts of 10^9: a distance of two zeros is zero.
const EPSILON_PPB: u128 = 1_000;
const SCALE: u128 = 1_000_000_000_000_000_000;

/// The verdict of a validator whose similarity is this many parts of 10^9: a match strictly above the threshold.
#[must_use]
pub const fn compute_verdict(similarity_ppb: u32, threshold: Fraction) -> Verdict {
    if similarity_ppb as u64 * 1_000_000_000 > threshold.parts() {
        Verdict::Match
    } else {
        Verdict::Mismatch
    }
}

/// The similarity of a replay, in parts of 10^9, rounded down; at most 10^9.
///
/// | replay | similarity |
/// |---|---|
/// | the validator's engine refused | 1 |
/// | the executor gave nothing and the validator could | 0 |
/// | shorter than the executor's, or another token | 0 |
/// | a position of either side without log-probabilities | 0 |
/// | otherwise | `1 - D`, and never below 0 |
///
/// # Errors
/// When neither side has log-probabilities, so that no vote is cast.
pub fn compute_similarity(replay: Replay<'_>) -> Result<u32, ArtifactError> {
    let (original, replayed) = match replay {
        Replay::RefusedByEngine => return Ok(1_000_000_000),
        Replay::EmptyAnswer => return Ok(0),
        Replay::Compared { original, replayed } => (original, replayed),
    };
    let is_bare = |artifact: &[Position]| artifact.iter().all(|position| position.top.is_empty());
    if is_bare(original) && is_bare(replayed) {
        return Err(ArtifactError::NoLogProbabilities);
    }
    Ok(compute_distance(original, replayed).map_or(0, |distance| {
        let similarity = (Decimal::ONE - distance).clamp_to_fraction();
        (similarity.parts() / 1_000_000_000) as u32
    }))
}

/// The distance of two artifacts; none where they can't be compared position by position.
///
/// ```text
/// D = Σ d(position) / (max(100, N)·k)      k: candidates at the executor's first position
/// ```
///
/// Only the executor's N positions count: a longer replay is accepted, so a truncated artifact isn't
/// noticed, and short answers are diluted to a hundred positions.
#[must_use]
pub fn compute_distance(original: &[Position], replayed: &[Position]) -> Option<Decimal> {
    let k = original.first()?.top.len();
    if replayed.len() < original.len() {
        return None;
    }
    let mut sum: u128 = 0;
    for (ours, theirs) in replayed.iter().zip(original) {
        if ours.chosen != theirs.chosen || ours.top.is_empty() || theirs.top.is_empty() {
            return None;
        }
        sum += compute_position_distance(&theirs.top, &ours.top)
            .parts()
            .unsigned_abs();
    }
    let divisor = (original.len().max(LENGTH_MIN) * k) as u128;
    Some(Decimal::from_parts(
        i128::try_from(sum / divisor).expect("a distance overflowed"),
    ))
}

/// The distance at one position.
///
/// ```text
/// d = Σ over the validator's candidates of ½·|v - o| / (10^-6 + |v| + |o|)
/// ```
///
/// A candidate that the executor doesn't list gets `o = min₁ - (min₂ - min₁)` from its two lowest, or
/// `min₁ + 100` where it lists only one. Not symmetric, since only the validator's list is walked.
///
/// # Panics
/// When the executor lists no candidate.
#[must_use]
pub fn compute_position_distance(original: &[Candidate], replayed: &[Candidate]) -> Decimal {
    let imputed = impute(original);
    let sum: u128 = replayed
        .iter()
        .map(|candidate| {
            let theirs = original
                .iter()
                .find(|other| other.vocabulary_index == candidate.vocabulary_index)
                .map_or(imputed, |other| i128::from(other.log_probability.0));
            compute_relative_distance(i128::from(candidate.log_probability.0), theirs)
        })
        .sum();
    Decimal::from_parts(i128::try_from(sum).expect("a distance overflowed"))
}

/// `½·|v - o| / (10^-6 + |v| + |o|)` in parts of 10^18, of log-probabilities in parts of 10^9.
fn compute_relative_distance(v: i128, o: i128) -> u128 {
    let sizes = v.unsigned_abs() + o.unsigned_abs();
    crate::units::mul_div(
        (v - o).unsigned_abs(),
        SCALE,
        2 * (EPSILON_PPB + sizes),
        crate::units::Rounding::HalfEven,
    )
}

/// The log-probability assumed for a candidate that the executor doesn't list.
fn impute(original: &[Candidate]) -> i128 {
    let (mut lowest, mut second) = (None, None);
    for value in original
        .iter()
        .map(|candidate| i128::from(candidate.log_probability.0))
    {
        if lowest.is_none_or(|low| value < low) {
            (second, lowest) = (lowest, Some(value));
        } else if second.is_none_or(|low| value < low) {
            second = Some(value);
        }
    }
    let lowest = lowest.expect("an artifact position without candidates");
    second.map_or(lowest + 100_000_000_000, |second| lowest - (second - lowest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(chosen: u32, top: &[(u32, i64)]) -> Position {
        let candidate = |&(vocabulary_index, ppb)| Candidate {
            vocabulary_index,
            log_probability: LogProbability::from_ppb(ppb),
        };
        Position {
            chosen,
            top: top.iter().map(candidate).collect(),
        }
    }

    fn similarity(original: &[Position], replayed: &[Position]) -> Result<u32, ArtifactError> {
        compute_similarity(Replay::Compared { original, replayed })
    }

    const TOP: [(u32, i64); 2] = [(1, -100_000_000), (2, -2_000_000_000)];
    const OTHER: [(u32, i64); 2] = [(3, -1_000_000_000), (4, -1_100_000_000)];

    #[test]
    fn an_artifact_matches_itself() {
        let artifact = vec![position(1, &TOP); 150];
        assert_eq!(similarity(&artifact, &artifact), Ok(1_000_000_000));
    }

    #[test]
    fn a_replay_that_cannot_be_compared_scores_nothing() {
        let artifact = vec![position(1, &TOP); 3];
        assert_eq!(similarity(&artifact, &artifact[..2]), Ok(0));
        assert_eq!(similarity(&artifact, &vec![position(2, &TOP); 3]), Ok(0));
        assert_eq!(
            similarity(&artifact, &[&artifact[..2], &[position(1, &[])]].concat()),
            Ok(0)
        );
        assert_eq!(compute_similarity(Replay::EmptyAnswer), Ok(0));
    }

    #[test]
    fn a_refusal_of_the_engine_passes_and_silence_on_both_sides_votes_nothing() {
        assert_eq!(compute_similarity(Replay::RefusedByEngine), Ok(1_000_000_000));
        let bare = vec![position(1, &[]); 2];
        assert_eq!(similarity(&bare, &bare), Err(ArtifactError::NoLogProbabilities));
    }

    #[test]
    fn a_truncated_artifact_is_not_noticed() {
        let artifact = vec![position(1, &TOP); 3];
        assert_eq!(similarity(&artifact[..1], &artifact), Ok(1_000_000_000));
    }

    #[test]
    fn a_short_answer_is_diluted_to_a_hundred_positions() {
        let distance =
            |n| compute_distance(&vec![position(1, &TOP); n], &vec![position(1, &OTHER); n]).unwrap();
        let one = distance(1).parts();
        assert!(one > 0);
        for n in [2, 50, 100] {
            assert!((distance(n).parts() - one * n as i128).abs() <= n as i128);
        }
        assert_eq!(distance(100), distance(400));
    }

    #[test]
    fn padding_the_first_position_lowers_the_distance_of_the_whole_answer() {
        let replayed = vec![position(1, &OTHER); 200];
        let plain = vec![position(1, &TOP); 200];
        let mut padded = plain.clone();
        let more: Vec<(u32, i64)> = TOP
            .into_iter()
            .chain((10..40).map(|i| (i, -9_000_000_000)))
            .collect();
        padded[0] = position(1, &more);
        assert!(compute_distance(&padded, &replayed).unwrap() < compute_distance(&plain, &replayed).unwrap());
    }

    #[test]
    fn a_lone_candidate_imputes_a_positive_log_probability() {
        assert_eq!(impute(&position(1, &[(1, -500_000_000)]).top), 99_500_000_000);
    }

    #[test]
    fn the_threshold_itself_is_a_mismatch() {
        let threshold = Fraction::from_permille(958);
        assert_eq!(compute_verdict(958_000_000, threshold), Verdict::Mismatch);
        assert_eq!(compute_verdict(958_000_001, threshold), Verdict::Match);
        assert_eq!(compute_verdict(1_000_000_000, Fraction::ONE), Verdict::Mismatch);
    }
}

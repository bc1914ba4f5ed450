//! What one position, and then one answer, says about the model that wrote it.
//!
//! Three statistics look through different windows. S1 compares distributions: the claimed log-probabilities
//! with the replayed ones. S2 compares choices: with the sampler's noise known, which choice would the promised
//! model have made. S3 asks whether the chosen tokens look drawn from the promised model at all. Beside them
//! stand the distance that the network itself uses, as the baseline under test, and the mean absolute error of
//! the log-probabilities, in which others published their ladder. Page: docs/detection.md.
//!
//! **Invariant.** Every score is finite whatever the executor claims, and grows with suspicion: a claim that is
//! no list of log-probabilities scores as the worst one. Nothing here knows how a model is run.

mod answer;
mod deployed;
mod distance;
mod gumbel;
mod position;
mod randomness;
mod statistic;
mod token_score;

pub use answer::{Caps, scores_along};
pub use deployed::{
    DEPLOYED_CANDIDATES, DEPLOYED_EPSILON, DEPLOYED_LENGTH_MIN, deployed_distance, deployed_position,
};
pub use distance::{
    JENSEN_SHANNON_MAX, MAE_CLIP, hellinger_squared, jensen_shannon, kullback_leibler, mean_absolute_error,
    total_variation,
};
pub use gumbel::{MARGIN_MAX, match_independent, match_shared};
pub use position::{Aligned, align};
pub use randomness::{SURPRISAL_MAX, calibration_z, tokens_for_temperature};
pub use statistic::Statistic;
pub use token_score::{ListScores, TokenScore};

//! What an experiment is judged by: intervals and tests, designs, sensitivity, rare events, exact audits of sequential
//! rules, Pareto fronts and games.
//!
//! **Invariant.** Every function is pure, sums in the order it is given, and uses `+ - * / sqrt` and the crate `libm`
//! only: the same sample gives the same bits everywhere. What a method draws itself it draws from a key that it is
//! handed ([`random`]). Parallel results are put in a fixed order before they come here. Reference values in the tests
//! are published ones or closed forms.

mod bootstrap;
mod chi_square;
pub mod concentration;
mod count_prediction;
pub mod design;
pub mod deterrence;
pub mod games;
mod interval;
mod linear;
mod moments;
mod multiplicity;
mod paired;
pub mod pareto;
mod proportion;
mod quantile;
pub mod random;
pub mod rare;
pub mod sensitivity;
pub mod sequential;
mod series;
mod special;
pub mod stopping;
mod student;
pub mod survival;
pub mod tuning;
mod z_score;

pub use bootstrap::bootstrap;
pub use chi_square::{GoodnessOfFit, chi_square_p_value, goodness_of_fit};
pub use count_prediction::count_prediction;
pub use interval::Interval;
pub use moments::Moments;
pub use multiplicity::holm;
pub use paired::{PairedDifference, paired_difference};
pub use proportion::{clopper_pearson, wilson, wilson_of_share};
pub use quantile::sample_quantile;
pub use series::{WarmUp, batch_means, find_warm_up};
pub use special::incomplete_beta;
pub use stakeout_kernel::sample::normal_quantile;
pub use student::{mean_interval, student_p_value, student_quantile};
pub use z_score::{normal_cdf, normal_p_value, proportion_z_score, z_score};

#[cfg(test)]
mod coverage_tests;

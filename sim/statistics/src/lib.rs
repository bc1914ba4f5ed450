//! The statistics an experiment is judged by: moments, intervals, tests.
//!
//! **Invariant.** Every function is pure, sums in the order it is given, and uses `+ - * / sqrt` and the
//! crate `libm` only: the same sample gives the same bits everywhere. Parallel results are put in a fixed
//! order before they come here. Reference values in the tests are published ones.

mod chi_square;
mod count_prediction;
mod interval;
mod moments;
mod paired;
mod proportion;
mod quantile;
mod special;
mod student;
mod z_score;

pub use chi_square::{GoodnessOfFit, chi_square_p_value, goodness_of_fit};
pub use count_prediction::count_prediction;
pub use interval::Interval;
pub use moments::Moments;
pub use paired::{PairedDifference, paired_difference};
pub use proportion::{clopper_pearson, wilson};
pub use quantile::sample_quantile;
pub use stakeout_kernel::sample::normal_quantile;
pub use student::{mean_interval, student_p_value, student_quantile};
pub use z_score::{normal_p_value, proportion_z_score, z_score};

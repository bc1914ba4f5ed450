//! Exact audits of tests that look after every answer: error rates and expected sample numbers by dynamic programme.
//!
//! A simulation of a rare false conviction needs millions of runs; the programmes here need none. They count failures
//! and passes, decide with the same integers as the rule (units of 10^-12), and carry the probability of every state
//! that is still open.
//!
//! **Invariant.** Nothing is approximated but the tail that is cut off: a figure "without a horizon" leaves less than
//! [`LEFT_OPEN`] of the probability undecided. Probabilities are summed in a fixed order.

mod cusum;
mod ratio;
mod streak;
mod z_rule;

pub use cusum::{CusumAudit, audit_cusum, cusum_alarm_by};
pub use ratio::{Boundaries, RatioSteps, SprtAudit, audit_sprt, wald_error, zero_drift_rate};
pub use streak::{mean_until_streak, streak_by};
pub use z_rule::{ZRule, z_flagged_by};

/// Probability that an audit without a horizon may leave undecided.
pub const LEFT_OPEN: f64 = 1e-13;

//! The statistics of detection: thresholds, curves, clusters, evidence that adds up.
//!
//! Intervals of a plain proportion, moments and quantiles come from `stakeout-statistics`; here is what telling
//! models apart needs beyond them. Page: docs/detection.md.
//!
//! **Invariant.** Pure functions that sum in the order they are given; chance is keyed. The same scores give the
//! same bytes on any number of threads.

mod autocorrelation;
mod bootstrap;
mod cluster;
mod combine;
mod conformal;
mod overdispersion;
mod power;
mod roc;
mod search;
mod sequential;
mod tail;

pub use autocorrelation::{effective_length, lag_one};
pub use bootstrap::{BootstrapSeed, bootstrap_by_cluster};
pub use cluster::{ClusterCount, ClusteredRate, clustered_rate};
pub use combine::{average_e_value, bonferroni, e_benjamini_hochberg, e_value_of_p, false_alarm_of_majority};
pub use conformal::{FalsePositiveLaw, conformal_p, conformal_rank, conformal_threshold, false_positive_law};
pub use overdispersion::{BetaBinomial, fit_beta_binomial};
pub use power::{
    answers_to_tell, auc_of_means, tokens_for_divergence, tokens_for_mean_shift, tokens_to_reach,
};
pub use roc::{RocPoint, auc, auc_interval, partial_auc, roc};
pub use sequential::{Cusum, EProcess, Sprt, StandingVerdict, run_probability};
pub use tail::{Tail, TailThreshold};

//! Samplers: from uniform words to the laws of the model.
//!
//! **Invariant.** A sampler is a pure function of its parameters and of the words it is given. It uses
//! `+ - * / sqrt` and the crate `libm` only, so every platform gives the same bits, and its values are
//! pinned by tests: a change here changes every result ever published (docs/adr/0002-random-streams.md).

mod alias;
mod binomial;
mod convolve;
#[cfg(test)]
mod fit;
mod ln;
mod ln_table;
mod normal;
mod poisson;
mod quantile_table;
mod subset;
mod uniform;
mod weighted;

pub use alias::AliasTable;
pub use binomial::binomial_from;
pub use convolve::convolution_power;
pub use ln::{above_zero, exponential_ns, neg_ln, neg_ln_each};
pub use normal::{normal_quantile, standard_normal};
pub use poisson::{PoissonLaw, poisson_by_inversion, poisson_from};
pub use quantile_table::QuantileTable;
pub use subset::{Ranking, SubsetPlan, SubsetSampler};
pub use uniform::{below, bernoulli, threshold, unit_closed_open, unit_open};
pub use weighted::WeightedIndex;

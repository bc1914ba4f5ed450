//! Samplers: from uniform words to the laws of the model.
//!
//! **Invariant.** A sampler is a pure function of its parameters and of the words it is given. It uses
//! `+ - * / sqrt` and the crate `libm` only, so every platform gives the same bits, and its values are
//! pinned by tests: a change here changes every result ever published (docs/adr/0002-random-streams.md).

mod ln;
mod ln_table;
mod uniform;

pub use ln::{exponential_ns, neg_ln};
pub use uniform::{below, bernoulli, threshold, unit_closed_open, unit_open};

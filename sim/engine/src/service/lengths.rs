//! Lengths in model tokens: one word in, one length out.

use std::sync::Arc;

use stakeout_kernel::sample::{QuantileTable, below, neg_ln};

use crate::scenario::LengthLaw;

/// A length law made ready to draw from.
#[derive(Clone, Debug)]
pub enum Lengths {
    /// Always the same.
    Constant(u32),
    /// Uniform: the lowest, and how many there are.
    Uniform(u32, u64),
    /// Exponential with this mean, rounded down.
    Exponential(f64),
    /// By a table of quantiles.
    Table(QuantileTable),
    /// One of the recorded lengths.
    Recorded(Arc<Vec<u32>>),
}

impl Lengths {
    /// Prepares a law.
    pub fn new(law: &LengthLaw) -> Self {
        match law {
            LengthLaw::Constant(length) => Self::Constant(*length),
            LengthLaw::Uniform(low, high) => Self::Uniform(*low, u64::from(high - low) + 1),
            LengthLaw::Exponential { mean } => Self::Exponential(*mean),
            LengthLaw::Lognormal { median, p95 } => Self::Table(QuantileTable::lognormal(*median, *p95)),
            LengthLaw::Empirical(lengths) => Self::Recorded(Arc::clone(lengths)),
        }
    }

    /// The length that `word` draws.
    #[inline]
    pub fn draw(&self, word: u64) -> u32 {
        match self {
            Self::Constant(length) => *length,
            Self::Uniform(low, count) => low + below(word, *count) as u32,
            Self::Exponential(mean) => (neg_ln(word) * mean) as u32,
            Self::Table(table) => table.sample(word),
            Self::Recorded(lengths) => lengths[below(word, lengths.len() as u64) as usize],
        }
    }
}

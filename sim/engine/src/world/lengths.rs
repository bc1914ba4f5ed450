//! Length laws compiled for the event loop.

use stakeout_kernel::sample::{QuantileTable, neg_ln};

use crate::scenario::LengthLaw;

/// A length law that costs a few instructions a draw.
#[derive(Clone, Debug)]
pub(crate) enum Lengths {
    /// Always the same.
    Constant(u32),
    /// Exponential with this mean, rounded down.
    Exponential(f64),
    /// By inversion of a table of quantiles.
    Table(QuantileTable),
}

impl Lengths {
    /// Compiles a law.
    pub(crate) fn new(law: &LengthLaw) -> Self {
        match law {
            LengthLaw::Constant(length) => Self::Constant(*length),
            LengthLaw::Uniform(low, high) => Self::Table(QuantileTable::uniform(*low, *high)),
            LengthLaw::Exponential { mean } => Self::Exponential(*mean),
            LengthLaw::Lognormal { median, p95 } => Self::Table(QuantileTable::lognormal(*median, *p95)),
            LengthLaw::Empirical(lengths) => Self::Table(QuantileTable::empirical(lengths)),
        }
    }

    /// The table that it is drawn from, if it is.
    pub(crate) fn table(&self) -> Option<&QuantileTable> {
        match self {
            Self::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The length that a 32-bit uniform draw gives.
    #[inline(always)]
    pub(crate) fn sample(&self, draw: u32) -> u32 {
        match self {
            Self::Table(table) => table.sample32(draw),
            _ => self.sample_plainly(draw),
        }
    }

    #[inline(never)]
    fn sample_plainly(&self, draw: u32) -> u32 {
        match self {
            Self::Constant(length) => *length,
            // The low bits are filled so that the smallest draw is not log of zero.
            Self::Exponential(mean) => (mean * neg_ln(u64::from(draw) << 32 | 0x8000_0000)) as u32,
            Self::Table(table) => table.sample32(draw),
        }
    }
}

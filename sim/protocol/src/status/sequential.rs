//! One sequential test as a status rule holds it.
//!
//! Invariant: a test that is off or unusable moves no sum and condemns nobody.

use crate::sprt::{Sprt, SprtParams};
use crate::units::Decimal;

/// One sequential test: off, unusable, or ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sequential {
    Off,
    Unusable,
    Ready(Sprt),
}

impl Sequential {
    pub(super) fn new(params: Option<&SprtParams>, floor: Option<Decimal>) -> Self {
        params.map_or(Self::Off, |params| {
            Sprt::new(params, floor).map_or(Self::Unusable, Self::Ready)
        })
    }

    pub(super) const fn after_pass(&self, llr: i64) -> i64 {
        if let Self::Ready(test) = self {
            test.after_pass(llr)
        } else {
            llr
        }
    }

    pub(super) const fn after_passes(&self, llr: i64, times: u32) -> i64 {
        if let Self::Ready(test) = self {
            test.after_passes(llr, times)
        } else {
            llr
        }
    }

    pub(super) const fn after_failure(&self, llr: i64) -> i64 {
        if let Self::Ready(test) = self {
            test.after_failure(llr)
        } else {
            llr
        }
    }

    pub(super) const fn is_condemned(&self, llr: i64) -> bool {
        if let Self::Ready(test) = self {
            test.is_condemned(llr)
        } else {
            false
        }
    }
}

//! Hosts: what each has of its own, and what those of one kind share.
//!
//! Invariant: what is changed for one host is changed for no other.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use compact_str::CompactString;
use smallvec::SmallVec;
use stakeout_protocol::units::Amount;

/// One identity. Its terms are read and written as if they were its own (they are copied when they are written): a group
/// of a million hosts keeps them once.
#[derive(Clone, Debug)]
pub struct Host {
    /// Name, unique.
    pub id: CompactString,
    /// Owner, an index into [`Scenario::owners`](super::Scenario::owners).
    pub owner: u32,
    /// Proof-of-compute weight that its hardware measures.
    pub weight: u64,
    /// What it has in common with others of its kind.
    pub terms: Arc<HostTerms>,
}

/// What hosts of one kind have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostTerms {
    /// Models served, ascending `ModelId`s, never empty.
    pub models: SmallVec<[u16; 8]>,
    /// GPU class, an index into [`Scenario::hardware`](super::Scenario::hardware).
    pub class: u16,
    /// Concurrent slots (the class's, times the number of its cards).
    pub slots: u16,
    /// Strategy, an index into [`Scenario::strategies`](super::Scenario::strategies).
    pub strategy: u16,
    /// Epoch summaries stored before the run.
    pub epochs_completed: u32,
    /// Collateral deposited before the run.
    pub collateral: Amount,
    /// First epoch (counted from the run's first, 0-based) in which it takes part.
    pub joins_at: u32,
    /// Epoch (0-based) from which it is absent, and for how many epochs, if any.
    pub absence: Option<Absence>,
}

/// A stretch of epochs in which a host takes no part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Absence {
    /// First absent epoch, 0-based from the run's first.
    pub from: u32,
    /// Number of absent epochs.
    pub epochs: u32,
}

impl Deref for Host {
    type Target = HostTerms;

    fn deref(&self) -> &HostTerms {
        &self.terms
    }
}

impl DerefMut for Host {
    fn deref_mut(&mut self) -> &mut HostTerms {
        Arc::make_mut(&mut self.terms)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use stakeout_protocol::units::Amount;

    use super::{Host, HostTerms};

    #[test]
    fn a_host_that_is_changed_changes_alone() {
        let terms = Arc::new(HostTerms {
            models: [3].into_iter().collect(),
            class: 0,
            slots: 4,
            strategy: 1,
            epochs_completed: 9,
            collateral: Amount::ZERO,
            joins_at: 0,
            absence: None,
        });
        let host = |name: &str| Host {
            id: name.into(),
            owner: 0,
            weight: 10,
            terms: Arc::clone(&terms),
        };
        let (mut one, other) = (host("one"), host("other"));
        one.slots += 2;
        assert_eq!((one.slots, other.slots, terms.slots), (6, 4, 4));
        assert!(Arc::ptr_eq(&other.terms, &terms));
    }

    #[test]
    fn a_host_is_less_than_a_cache_line() {
        assert_eq!(size_of::<Host>(), 48);
    }
}

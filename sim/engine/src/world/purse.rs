//! The purse: a share of all arrivals that a participant may use for requests of its own.
//!
//! Invariant: which arrivals belong to the purse depends on their numbers alone, so that taking it away from
//! its owner leaves everybody else's requests as they were.

use stakeout_kernel::sample::bernoulli;
use stakeout_protocol::units::Fraction;

use super::demand::{Arrival, Errand};
use super::tables::{Tables, threshold_of};
use crate::strategy::PurseUse;

/// Whose the purse is, and what for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Purse {
    /// A word below this marks an arrival as the purse's; 0 without one.
    below: u64,
    /// The paying account.
    client: u32,
    /// Who uses it in this epoch.
    pub user: Option<(u32, PurseUse)>,
    /// Balance at the last settlement.
    pub balance: i64,
}

impl Purse {
    /// A purse that nobody uses yet; its account comes after those of `clients`.
    pub(crate) fn new(share: Fraction, clients: u32, balance: i64) -> Self {
        Self {
            below: threshold_of(share),
            client: clients,
            user: None,
            balance,
        }
    }

    /// No arrival is the purse's.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.below == 0
    }

    /// The paying account, if there is one.
    pub(crate) fn account(&self) -> Option<usize> {
        (!self.is_empty()).then_some(self.client as usize)
    }

    /// Marks an arrival that is the purse's; says whether it is sent at all.
    pub(crate) fn takes(&self, arrival: &mut Arrival, tables: &Tables) -> bool {
        if !bernoulli(tables.keys.purse.draw(arrival.number, 0), self.below) {
            return true;
        }
        arrival.errand = match self.user.map(|(_, purpose)| purpose) {
            None | Some(PurseUse::Nothing) => return false,
            Some(PurseUse::Wash { .. }) => Errand::Wash,
            Some(PurseUse::Awkward) => Errand::Awkward,
            Some(PurseUse::Deadly { restart_ns }) => Errand::Deadly(restart_ns),
            Some(PurseUse::Unpaid) => Errand::Unpaid,
        };
        arrival.drawn = arrival.drawn.of_client(self.client);
        true
    }
}

//! What a client is asked for before its request is served.
//!
//! Invariant: a client's balance is never negative, and whoever cannot pay is refused.

use stakeout_kernel::digest::EffectSum;

use super::address::Address;
use super::drawn::Drawn;
use crate::observe::event::Event;
use crate::observe::frame::{EpochRow, EventKind};

/// An escrow that a client has to lay down, in base units.
#[derive(Clone, Copy)]
pub(super) struct Bill {
    pub number: u64,
    pub escrow: u64,
    client: u32,
}

impl Bill {
    /// The bill of a request that locks `escrow`.
    #[inline(always)]
    pub(super) const fn new(drawn: &Drawn, number: u64, escrow: u64) -> Self {
        Self {
            number,
            escrow,
            client: drawn.client(),
        }
    }

    /// The bills of addressed requests, of which the first has the number `first`, each with its address and when it came.
    pub(super) fn each<'a>(
        requests: &'a [Drawn],
        addresses: &'a [Address],
        first: u64,
    ) -> impl Iterator<Item = (&'a Address, Self, u64)> {
        let addressed = requests.iter().zip(addresses).zip(first..);
        addressed.map(|((drawn, to), number)| (to, Self::new(drawn, number, to.escrow), drawn.time))
    }

    /// Lays the escrow down if the client has it.
    #[inline(always)]
    pub(super) fn is_paid(self, clients: &mut [i64]) -> bool {
        let balance = &mut clients[self.client as usize];
        // A balance is never negative, and what it covers fits.
        let is_covered = balance.cast_unsigned() >= self.escrow;
        if is_covered {
            *balance -= self.escrow.cast_signed();
        }
        is_covered
    }

    /// Counts a request that its client cannot pay for.
    #[cold]
    pub(super) fn refuse(&self, totals: &mut EpochRow, effects: &mut EffectSum) {
        totals.refused += 1;
        effects.add(
            EventKind::Refused as u64,
            self.number,
            u64::from(self.client),
            self.escrow,
        );
    }

    /// What the log says of it.
    #[cold]
    pub(super) fn refused(&self, height: u64, time: u64) -> Event {
        let refused = Event::at(EventKind::Refused, height, time).with(self.client);
        Event {
            inference: self.number,
            ..refused
        }
        .wide(i128::from(self.escrow))
    }
}

/// What clients are asked for by many requests together, in base units: the sum says whether the order makes a difference.
#[derive(Default)]
pub(super) struct Dues {
    /// By client; empty where nothing is summed up.
    sums: Vec<u64>,
}

impl Dues {
    /// Begins anew, for so many clients; for none where nothing is to be summed up.
    pub(super) fn reset(&mut self, clients: usize) {
        self.sums.clear();
        self.sums.resize(clients, 0);
    }

    /// Asks a client for so much more.
    #[inline(always)]
    pub(super) fn add(&mut self, client: u32, escrow: u64) {
        if let Some(sum) = self.sums.get_mut(client as usize) {
            // More than 64 bits hold, nobody has.
            *sum = sum.saturating_add(escrow);
        }
    }

    /// Lays all of it down if every client has what it is asked for; otherwise, or where something was not summed up, nothing.
    /// Whoever can pay all in the end can pay each in its turn, as nobody is paid meanwhile.
    pub(super) fn are_paid<'a>(all: impl Iterator<Item = &'a Self> + Clone, clients: &mut [i64]) -> bool {
        if all.clone().any(|dues| dues.sums.len() != clients.len()) {
            return false;
        }
        let mut asked = vec![0_u64; clients.len()];
        for dues in all {
            for (asked, sum) in asked.iter_mut().zip(&dues.sums) {
                *asked = asked.saturating_add(*sum);
            }
        }
        // A balance is never negative.
        let is_covered = |(balance, asked): (&i64, &u64)| balance.cast_unsigned() >= *asked;
        let are_covered = clients.iter().zip(&asked).all(is_covered);
        if are_covered {
            for (balance, asked) in clients.iter_mut().zip(asked) {
                *balance -= asked.cast_signed();
            }
        }
        are_covered
    }
}

#[cfg(test)]
mod tests {
    use super::Dues;

    fn dues(asked: &[(u32, u64)], clients: usize) -> Dues {
        let mut dues = Dues::default();
        dues.reset(clients);
        asked
            .iter()
            .for_each(|&(client, escrow)| dues.add(client, escrow));
        dues
    }

    #[test]
    fn all_is_laid_down_or_nothing() {
        let pieces = [dues(&[(0, 3), (2, 4), (0, 2)], 3), dues(&[(2, 1)], 3)];
        let mut clients = [5, 0, 6];
        assert!(Dues::are_paid(pieces.iter(), &mut clients));
        assert_eq!(clients, [0, 0, 1]);
        assert!(!Dues::are_paid(pieces.iter(), &mut clients));
        assert_eq!(clients, [0, 0, 1]);
    }

    #[test]
    fn sums_beyond_what_anybody_has_are_not_paid() {
        let pieces = [dues(&[(0, u64::MAX), (0, 9)], 1), dues(&[(0, u64::MAX)], 1)];
        let mut clients = [i64::MAX];
        assert!(!Dues::are_paid(pieces.iter(), &mut clients));
        assert_eq!(clients, [i64::MAX]);
    }

    #[test]
    fn what_was_not_summed_up_is_not_paid() {
        let pieces = [dues(&[(0, 1)], 2), dues(&[(0, 1)], 0)];
        let mut clients = [5, 5];
        assert!(!Dues::are_paid(pieces.iter(), &mut clients));
        assert_eq!(clients, [5, 5]);
    }
}

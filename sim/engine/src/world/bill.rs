//! What a client is asked for before its request is served.
//!
//! Invariant: a client's balance is never negative, and whoever cannot pay is refused.

use stakeout_kernel::digest::EffectSum;

use super::demand::Drawn;
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
            client: drawn.client,
        }
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

//! Standing orders: what strategies decided for an epoch, compiled for the event loop.
//!
//! Invariant: orders that hosts share are never changed for one of them; the table is made anew when an epoch begins.
//! Hosts of one strategy nearly always have the same, so a million hosts need a handful.

use std::collections::BTreeMap;

use stakeout_protocol::units::Fraction;

use super::inference::NONE;
use super::lane::Lane;
use crate::strategy::Shortcut;

/// In place of an owner's number: the validator's own.
pub(crate) const OWN: u32 = NONE - 1;

/// A host's orders, as an executor and as a validator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct HostOrders {
    /// A conduct draw below this is served by the substitute.
    pub substitute_below: u64,
    /// A conduct draw below this is dropped.
    pub drop_below: u64,
    /// Share of its hardware that it holds between proofs of compute.
    pub held: Fraction,
    pub duty: Duty,
    /// Substitute in the calibration's numbering.
    pub substitute: u8,
    /// Its strategy decides request by request.
    pub asks_each: bool,
}

/// A validator's part of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Duty {
    /// A diligence draw below this is really replayed.
    pub works_below: u64,
    /// What happens to the others.
    pub otherwise: Shortcut,
    /// Owner whose answers it judges unseen, and how; [`NONE`] for nobody's, [`OWN`] for its own.
    pub bias: (u32, Shortcut),
}

impl HostOrders {
    /// Everything as it should be.
    pub(crate) const BY_THE_RULES: Self = Self {
        substitute_below: 0,
        drop_below: 0,
        held: Fraction::ONE,
        duty: Duty {
            works_below: u64::MAX,
            otherwise: Shortcut::SayMatch,
            bias: (NONE, Shortcut::SayMatch),
        },
        substitute: 0,
        asks_each: false,
    };

    /// Every request is served, and by the promised model.
    pub(crate) const fn is_honest(&self) -> bool {
        self.substitute_below | self.drop_below == 0 && !self.asks_each
    }
}

impl Duty {
    /// Whether every job is done as it should be, or not at all, whomever it concerns.
    pub(crate) fn is_plain(&self) -> bool {
        (self.works_below == u64::MAX || self.otherwise == Shortcut::Silent) && self.bias.0 == NONE
    }

    /// Whose answers are judged unseen by a validator of this owner; [`NONE`] for nobody's.
    pub(crate) const fn favoured(&self, own: u32) -> u32 {
        match self.bias.0 {
            OWN => own,
            owner => owner,
        }
    }
}

/// Orders as they are given, each kept once.
#[derive(Debug, Default)]
pub(crate) struct OrderBook {
    orders: Vec<HostOrders>,
    places: BTreeMap<HostOrders, u32>,
    last: u32,
}

impl OrderBook {
    /// Where these orders stand.
    pub(crate) fn place(&mut self, orders: HostOrders) -> u32 {
        if self.orders.get(self.last as usize) != Some(&orders) {
            self.last = *self.places.entry(orders).or_insert_with(|| {
                self.orders.push(orders);
                (self.orders.len() - 1) as u32
            });
        }
        self.last
    }

    /// All of them.
    pub(crate) fn into_orders(self) -> Vec<HostOrders> {
        self.orders
    }
}

impl Lane {
    /// A host's orders.
    #[inline(always)]
    pub(crate) fn orders_of(&self, host: u32) -> &HostOrders {
        &self.orders[self.hosts[host as usize].orders()]
    }
}

#[cfg(test)]
mod tests {
    use super::{HostOrders, OrderBook};

    #[test]
    fn equal_orders_stand_in_one_place() {
        let orders = |drop_below| HostOrders {
            drop_below,
            ..HostOrders::BY_THE_RULES
        };
        let mut book = OrderBook::default();
        let places = [0, 0, 7, 0, 9, 7, 7].map(|drop_below| book.place(orders(drop_below)));
        assert_eq!(places, [0, 0, 1, 0, 2, 1, 1]);
        assert_eq!(book.into_orders(), [orders(0), orders(7), orders(9)]);
    }
}

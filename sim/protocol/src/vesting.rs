//! Rewards that become spendable epoch by epoch.
//!
//! Invariant: what is released over the life of a schedule is what was added to it.
//!
//! Reference: gonka-ai/gonka x/streamvesting/keeper.

use crate::units::{Amount, Rounding};
use std::collections::VecDeque;

/// The coins of one owner that are still locked, by the epoch that will release them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VestingSchedule {
    /// The next release first.
    releases: VecDeque<Amount>,
}

impl VestingSchedule {
    /// Nothing locked.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            releases: VecDeque::new(),
        }
    }

    /// Locks an amount over so many epochs, and says how much is spendable at once.
    ///
    /// ```text
    /// each release: floor(amount / epochs)        first: the same plus the remainder
    /// ```
    ///
    /// A second addition overlays the first, release by release. Over zero epochs nothing is locked
    /// and the whole amount comes back.
    ///
    /// # Panics
    /// When the amount is negative: a debt doesn't vest.
    pub fn add(&mut self, amount: Amount, epochs: u32) -> Amount {
        assert!(!amount.is_negative(), "a negative amount doesn't vest");
        if epochs == 0 {
            return amount;
        }
        let each = amount.mul_div(1, u128::from(epochs), Rounding::Down);
        let rest = amount - each.times(u64::from(epochs));
        if self.releases.len() < epochs as usize {
            self.releases.resize(epochs as usize, Amount::ZERO);
        }
        for release in self.releases.iter_mut().take(epochs as usize) {
            *release += each;
        }
        self.releases[0] += rest;
        Amount::ZERO
    }

    /// Takes out what the next epoch releases; nothing when the schedule is empty.
    pub fn release_epoch(&mut self) -> Amount {
        self.releases.pop_front().unwrap_or(Amount::ZERO)
    }

    /// What is still locked.
    #[must_use]
    pub fn locked(&self) -> Amount {
        self.releases.iter().sum()
    }

    /// The coming releases, the next one first.
    pub fn releases(&self) -> impl Iterator<Item = Amount> + '_ {
        self.releases.iter().copied()
    }

    /// Whether nothing is locked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.releases.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_added_is_released_and_no_more() {
        let mut schedule = VestingSchedule::new();
        let (mut added, mut released) = (Amount::ZERO, Amount::ZERO);
        for epoch in 0..400i128 {
            if epoch < 200 {
                let amount = Amount::from_base_units(epoch * epoch * 7 + 3);
                added += amount;
                released += schedule.add(amount, (epoch % 181) as u32);
            }
            assert_eq!(added, released + schedule.locked());
            released += schedule.release_epoch();
        }
        assert_eq!(added, released);
        assert!(schedule.is_empty());
    }
}

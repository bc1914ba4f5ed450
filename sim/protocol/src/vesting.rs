//! Rewards that become spendable epoch by epoch.
//!
//! Invariant: what is released over the life of a schedule is what was added to it.
//!
//! Reference: gonka-ai/gonka x/streamvesting/keeper.

use crate::units::{Amount, Rounding};
use std::collections::VecDeque;

/// The coins of one owner that are still locked, by the epoch that will release them.
///
/// A grant adds the same to each of its releases, so it is kept as what it adds and when it ends: adding and
/// releasing cost the same however long the grants run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VestingSchedule {
    /// What every release pays until a grant ends.
    each: Amount,
    /// What the next release pays beside that: remainders of division.
    extra: Amount,
    /// Releases made so far.
    made: u32,
    /// The last release of each running grant and what the grant pays a release, the first to end first.
    ends: VecDeque<(u32, Amount)>,
    locked: Amount,
}

impl VestingSchedule {
    /// Nothing locked.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            each: Amount::ZERO,
            extra: Amount::ZERO,
            made: 0,
            ends: VecDeque::new(),
            locked: Amount::ZERO,
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
        self.each += each;
        self.extra += amount - each.times(u64::from(epochs));
        self.locked += amount;
        let end = self.made + epochs;
        let place = self.ends.partition_point(|&(other, _)| other <= end);
        self.ends.insert(place, (end, each));
        Amount::ZERO
    }

    /// Takes out what the next epoch releases; nothing when the schedule is empty.
    pub fn release_epoch(&mut self) -> Amount {
        if self.is_empty() {
            return Amount::ZERO;
        }
        let due = self.each + std::mem::replace(&mut self.extra, Amount::ZERO);
        self.made += 1;
        while self.ends.front().is_some_and(|&(end, _)| end == self.made) {
            let (_, ended) = self.ends.pop_front().expect("there is a first");
            self.each -= ended;
        }
        self.locked -= due;
        due
    }

    /// What is still locked.
    #[must_use]
    pub const fn locked(&self) -> Amount {
        self.locked
    }

    /// The coming releases, the next one first.
    pub fn releases(&self) -> impl Iterator<Item = Amount> + '_ {
        let mut rest = self.clone();
        std::iter::from_fn(move || (!rest.is_empty()).then(|| rest.release_epoch()))
    }

    /// Whether nothing is locked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Release by release, as the network keeps it.
    fn overlay(releases: &mut Vec<i128>, amount: i128, epochs: usize) {
        if releases.len() < epochs {
            releases.resize(epochs, 0);
        }
        let each = amount / epochs as i128;
        releases[..epochs].iter_mut().for_each(|release| *release += each);
        releases[0] += amount - each * epochs as i128;
    }

    #[test]
    fn grants_of_any_length_overlay_release_by_release() {
        let mut schedule = VestingSchedule::new();
        let mut expected: Vec<i128> = Vec::new();
        for step in 0..300_usize {
            let (amount, epochs) = ((step * step * 7 + 3) as i128, 1 + step * 37 % 180);
            let _ = schedule.add(Amount::from_base_units(amount), epochs as u32);
            overlay(&mut expected, amount, epochs);
            let coming: Vec<i128> = schedule.releases().map(Amount::base_units).collect();
            assert_eq!(coming, expected, "step {step}");
            assert_eq!(schedule.release_epoch().base_units(), expected.remove(0));
        }
    }

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

//! Vesting of all participants, one column an epoch whose claims are being released.
//!
//! Invariant: every participant is released what its own
//! [`VestingSchedule`](stakeout_protocol::vesting::VestingSchedule) would release. Grants of one epoch end
//! together, so a schedule a participant would say the same end a million times.

use std::collections::VecDeque;

use super::amounts::Amounts;

/// What is locked, by participant.
#[derive(Clone, Debug)]
pub(crate) struct Vesting {
    participants: usize,
    /// What the next release pays once: remainders of division.
    extra: Amounts,
    /// What the next release pays of all grants together: their sum, so that a release need not ask each.
    each: Amounts,
    /// What every release pays until, and with, the next, the one after it and so on.
    grants: VecDeque<Option<Amounts>>,
}

impl Vesting {
    /// Nothing is locked.
    pub(crate) fn new(participants: usize) -> Self {
        Self {
            participants,
            extra: Amounts::new(participants),
            each: Amounts::new(participants),
            grants: VecDeque::new(),
        }
    }

    /// Locks an amount in base units over so many epochs, at least one. Panics if it is negative: a debt
    /// does not vest.
    pub(crate) fn add(&mut self, participant: usize, amount: i128, epochs: u32) {
        assert!(amount >= 0, "a negative amount doesn't vest");
        // A division of 128 bits is a call; an epoch's pay nearly always fits 64.
        let each = match u64::try_from(amount) {
            Ok(amount) => i128::from(amount / u64::from(epochs)),
            Err(_) => amount / i128::from(epochs),
        };
        self.extra.add(participant, amount - each * i128::from(epochs));
        if each != 0 {
            let participants = self.participants;
            self.each.add(participant, each);
            let last = epochs as usize - 1;
            if self.grants.len() <= last {
                self.grants.resize(last + 1, None);
            }
            self.grants[last]
                .get_or_insert_with(|| Amounts::new(participants))
                .add(participant, each);
        }
    }

    /// Takes out what the release under way pays a participant, base units.
    pub(crate) fn release(&mut self, participant: usize) -> i128 {
        self.each.get(participant) + self.extra.take(participant)
    }

    /// Ends the release under way: everybody has had its part.
    pub(crate) fn close_release(&mut self) {
        if let Some(ended) = self.grants.pop_front().flatten() {
            for participant in 0..self.participants {
                self.each.add(participant, -ended.get(participant));
            }
        }
    }

    /// What is still locked, over all participants, base units.
    pub(crate) fn locked(&self) -> i128 {
        let releases = (1_i128..).zip(&self.grants);
        let left = releases.map(|(left, grant)| grant.as_ref().map_or(0, |grant| grant.sum() * left));
        self.extra.sum() + left.sum::<i128>()
    }
}

#[cfg(test)]
mod tests {
    use stakeout_protocol::units::Amount;
    use stakeout_protocol::vesting::VestingSchedule;

    use super::Vesting;

    #[test]
    fn everybody_is_released_what_its_own_schedule_releases() {
        let mut columns = Vesting::new(3);
        let mut schedules = vec![VestingSchedule::new(); 3];
        for step in 0..400_usize {
            for (participant, schedule) in schedules.iter_mut().enumerate() {
                // Some earn nothing, some twice in an epoch, some too little to divide.
                for grant in 0..(step + participant) % 3 {
                    let amount = (step * step * 7 + grant) % [1_000_000, 3, 50][participant];
                    let epochs = 1 + (step * 37 % 180) as u32;
                    let _ = schedule.add(Amount::from_base_units(amount as i128), epochs);
                    columns.add(participant, amount as i128, epochs);
                }
            }
            let locked: i128 = schedules.iter().map(|s| s.locked().base_units()).sum();
            assert_eq!(columns.locked(), locked, "step {step}");
            for (participant, schedule) in schedules.iter_mut().enumerate() {
                let due = schedule.release_epoch().base_units();
                assert_eq!(columns.release(participant), due, "step {step}");
            }
            columns.close_release();
        }
    }
}

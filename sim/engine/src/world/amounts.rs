//! One amount a participant, in eight bytes where it fits.
//!
//! Invariant: an amount reads back exactly as it was written, whatever its size.

use std::collections::BTreeMap;

/// Says that an amount does not fit and is kept beside the others.
const WIDE: i64 = i64::MIN;

/// Amounts in base units by participant. All the coins of a network of a billion coins fit in 64 bits; what a
/// scenario has beyond that is kept in a map.
#[derive(Clone, Debug)]
pub(crate) struct Amounts {
    participants: usize,
    /// No entries while nobody has anything.
    narrow: Vec<i64>,
    wide: BTreeMap<usize, i128>,
}

impl Amounts {
    /// Nothing for anybody.
    pub(crate) fn new(participants: usize) -> Self {
        Self {
            participants,
            narrow: Vec::new(),
            wide: BTreeMap::new(),
        }
    }

    /// A participant's amount.
    #[inline]
    pub(crate) fn get(&self, participant: usize) -> i128 {
        debug_assert!(participant < self.participants, "an amount of nobody's");
        if self.narrow.is_empty() {
            return 0;
        }
        match self.narrow[participant] {
            WIDE => self.wide[&participant],
            amount => i128::from(amount),
        }
    }

    /// Replaces a participant's amount.
    #[inline]
    pub(crate) fn set(&mut self, participant: usize, amount: i128) {
        if self.narrow.is_empty() {
            if amount == 0 {
                return;
            }
            self.narrow = vec![0; self.participants];
        }
        let was_wide = self.narrow[participant] == WIDE;
        match i64::try_from(amount) {
            Ok(narrow) if narrow != WIDE => {
                self.narrow[participant] = narrow;
                if was_wide {
                    self.wide.remove(&participant);
                }
            }
            _ => {
                self.narrow[participant] = WIDE;
                self.wide.insert(participant, amount);
            }
        }
    }

    /// Adds to a participant's amount; a negative change takes away.
    #[inline]
    pub(crate) fn add(&mut self, participant: usize, change: i128) {
        // The usual case at once: a narrow amount stays one.
        if let Some(amount) = self.narrow.get_mut(participant).filter(|amount| **amount != WIDE)
            && let Some(sum) = i64::try_from(change)
                .ok()
                .and_then(|change| amount.checked_add(change))
            && sum != WIDE
        {
            *amount = sum;
            return;
        }
        self.set(participant, self.get(participant) + change);
    }

    /// Takes all of a participant's amount.
    pub(crate) fn take(&mut self, participant: usize) -> i128 {
        let amount = self.get(participant);
        self.set(participant, 0);
        amount
    }

    /// Sum over all participants.
    pub(crate) fn sum(&self) -> i128 {
        (0..self.narrow.len())
            .map(|participant| self.get(participant))
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::Amounts;

    #[test]
    fn nobody_s_amounts_take_no_room() {
        let mut amounts = Amounts::new(3);
        amounts.add(2, 0);
        assert_eq!(
            (amounts.take(1), amounts.sum(), amounts.narrow.capacity()),
            (0, 0, 0)
        );
        amounts.set(2, 5);
        assert_eq!((amounts.get(1), amounts.get(2), amounts.sum()), (0, 5, 5));
    }

    #[test]
    fn amounts_of_any_size_read_back_exactly() {
        let limit = i128::from(i64::MAX);
        let values = [
            0,
            1,
            -1,
            limit,
            limit + 1,
            -limit,
            -limit - 1,
            -limit - 2,
            limit * limit,
        ];
        let mut amounts = Amounts::new(2);
        for from in values {
            for to in values {
                amounts.set(1, from);
                amounts.add(1, to - from);
                assert_eq!((amounts.get(1), amounts.get(0), amounts.sum()), (to, 0, to));
            }
        }
        amounts.set(0, -3);
        amounts.set(1, limit + 5);
        assert_eq!(
            (amounts.take(1), amounts.take(0), amounts.sum()),
            (limit + 5, -3, 0)
        );
        assert!(amounts.wide.is_empty());
    }
}

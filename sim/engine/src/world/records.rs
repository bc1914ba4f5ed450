//! Reputation records of all participants, four bytes each where a number says it all.
//!
//! Invariant: a record reads back exactly as it was written. That of somebody who neither missed too much nor stayed away
//! is the number of epochs that it served; whoever did has a record of its own from then on.

use stakeout_protocol::reputation::ReputationRecord;

/// Marks the place of a whole record; below it, a number of epochs.
const WHOLE: u32 = 1 << 31;
/// Room for more whole records is made by this part of those that there are: a vector that doubles would leave half of it
/// empty, and there may be a million.
const GROWTH: usize = 16;

/// Records by participant.
#[derive(Clone, Debug, Default)]
pub(crate) struct Records {
    of: Vec<u32>,
    whole: Vec<ReputationRecord>,
}

impl Records {
    /// The records of participants who have served so many epochs.
    pub(crate) fn new(epochs: impl ExactSizeIterator<Item = u32>) -> Self {
        let mut records = Self {
            of: Vec::with_capacity(epochs.len()),
            whole: Vec::new(),
        };
        for epochs in epochs {
            if epochs < WHOLE {
                records.of.push(epochs);
            } else {
                records.of.push(WHOLE | records.whole.len() as u32);
                records.whole.push(ReputationRecord::with_epochs(epochs));
            }
        }
        records
    }

    /// Number of participants.
    pub(crate) fn len(&self) -> usize {
        self.of.len()
    }

    /// A participant's record.
    #[inline]
    pub(crate) fn get(&self, participant: usize) -> ReputationRecord {
        match self.of[participant] {
            epochs if epochs < WHOLE => ReputationRecord::with_epochs(epochs),
            place => self.whole[(place & !WHOLE) as usize],
        }
    }

    /// Replaces a participant's record.
    #[inline]
    pub(crate) fn set(&mut self, participant: usize, record: ReputationRecord) {
        let place = &mut self.of[participant];
        if *place >= WHOLE {
            self.whole[(*place & !WHOLE) as usize] = record;
            return;
        }
        // A record that was a number has gained an epoch or is no number any more.
        let next = *place + 1;
        if next < WHOLE && record == ReputationRecord::with_epochs(next) {
            *place = next;
        } else if record != ReputationRecord::with_epochs(*place) {
            if self.whole.len() == self.whole.capacity() {
                self.whole.reserve_exact(self.whole.len() / GROWTH + GROWTH);
            }
            *place = WHOLE | self.whole.len() as u32;
            self.whole.push(record);
        }
    }
}

#[cfg(test)]
mod tests {
    use stakeout_protocol::reputation::{
        OnAbsence, OnConviction, PenaltyForm, ReputationParams, ReputationRecord,
    };
    use stakeout_protocol::units::{Decimal, Fraction};

    use super::Records;

    #[test]
    fn records_of_any_history_read_back_exactly() {
        let params = ReputationParams {
            epochs_to_max: 30,
            miss_cutoff: Fraction::from_percent(1),
            miss_penalty: "1.5".parse::<Decimal>().unwrap(),
            penalty_form: PenaltyForm::Sum,
            on_conviction: OnConviction::Reset,
            on_absence: OnAbsence::HalfLife { epochs: 3 },
        };
        let mut records = Records::new([0, 100, u32::MAX, 7].into_iter());
        let mut plain = [0, 100, u32::MAX, 7].map(ReputationRecord::with_epochs);
        for step in 0..200_u64 {
            for (host, record) in plain.iter_mut().enumerate() {
                match (step * 7 + host as u64 * 5) % 23 {
                    0 if host > 0 => record.record_conviction(&params),
                    1 if host > 1 => record.record_absence(&params),
                    word => record.record_epoch(&params, 100, if host > 0 { word / 22 } else { 0 }),
                }
                records.set(host, *record);
            }
            assert!((0..4).all(|host| records.get(host) == plain[host]), "step {step}");
        }
        assert_eq!(
            (records.len(), records.whole.len()),
            (4, 3),
            "the first never misses"
        );
    }
}

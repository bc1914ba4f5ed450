//! Events as the columns of a log file, packed a few at a time.
//!
//! Invariant: one event a row; what an event does not concern is null.

use std::sync::LazyLock;

use super::log_entry::NO_CAUSE;
use super::log_step::{LogStep, STEP};
use crate::observe::event::{EventKind, NO_INFERENCE, NOBODY};
use crate::observe::packed_writer::{Holds, PackedColumn, PackedPage};
use crate::observe::packing::{Differences, Number, Presence, pack_places, pack_steps};

/// The columns, in the order of the file.
pub const LOG_COLUMNS: [PackedColumn; 11] = [
    required("replicate", Holds::Small),
    required("event", Holds::Large),
    optional("cause", Holds::Large),
    required("height", Holds::Large),
    required("time_ns", Holds::Large),
    required("kind", Holds::Names),
    optional("inference", Holds::Large),
    optional("participant", Holds::Small),
    optional("other", Holds::Small),
    required("value", Holds::Signed),
    required("second", Holds::Signed),
];

/// Names of the kinds; a kind's place is its code less one.
static KINDS: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| EventKind::ALL.iter().map(|kind| kind.name()).collect());

const fn required(name: &'static str, holds: Holds) -> PackedColumn {
    PackedColumn {
        name,
        holds,
        is_optional: false,
    }
}

const fn optional(name: &'static str, holds: Holds) -> PackedColumn {
    PackedColumn {
        name,
        holds,
        is_optional: true,
    }
}

/// Numbers of which some rows have none.
#[derive(Clone, Debug, Default)]
struct Sparse<const NARROW: bool> {
    presence: Presence,
    present: Differences<NARROW>,
}

impl<const NARROW: bool> Sparse<NARROW> {
    /// Adds numbers, of which those that are `absent` stand for nothing.
    #[inline]
    fn extend<N: Number + Default + PartialEq>(&mut self, numbers: &[N], absent: N) {
        let missing = numbers.iter().filter(|&&number| number == absent).count();
        if missing == 0 {
            self.presence.extend_equal(true, numbers.len());
            self.present.extend(numbers);
        } else if missing == numbers.len() {
            self.presence.extend_equal(false, numbers.len());
        } else {
            self.extend_some(numbers, absent);
        }
    }

    /// The same where some are there and some are not.
    fn extend_some<N: Number + Default + PartialEq>(&mut self, numbers: &[N], absent: N) {
        let mut is_there = [true; STEP];
        let is_there = &mut is_there[..numbers.len()];
        // Written each time and moved on only where there is one: nothing to guess wrong.
        let mut present = [N::default(); STEP];
        let mut count = 0;
        for (is_there, &number) in is_there.iter_mut().zip(numbers) {
            *is_there = number != absent;
            present[count % STEP] = number;
            count += usize::from(*is_there);
        }
        self.presence.extend(is_there);
        self.present.extend(&present[..count]);
    }
}

/// The columns of a segment under way.
#[derive(Clone, Debug, Default)]
pub struct LogColumns {
    rows: usize,
    cause: Sparse<false>,
    height: Differences<false>,
    time_ns: Differences<false>,
    kind: Vec<u8>,
    inference: Sparse<false>,
    participant: Sparse<true>,
    other: Sparse<true>,
    value: Differences<false>,
    second: Differences<false>,
}

impl LogColumns {
    /// Number of events.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// There is no event.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Adds events, a column at a time.
    pub fn extend(&mut self, step: &LogStep) {
        let rows = step.len();
        self.cause.extend(&step.cause[..rows], NO_CAUSE);
        self.height.extend(&step.height[..rows]);
        self.time_ns.extend(&step.time_ns[..rows]);
        self.kind
            .extend(step.kind[..rows].iter().map(|&kind| kind as u8 - 1));
        self.inference.extend(&step.inference[..rows], NO_INFERENCE);
        self.participant.extend(&step.participant[..rows], NOBODY);
        self.other.extend(&step.other[..rows], NOBODY);
        self.value.extend(&step.value[..rows]);
        self.second.extend(&step.second[..rows]);
        self.rows += rows;
    }

    /// The pages of the segment, in the order of the file, of which `first` is the number of the first event; the next
    /// segment begins.
    pub fn take(&mut self, replicate: u32, first: u64) -> Vec<PackedPage> {
        let steps = |first: i64, step| PackedPage {
            dictionary: None,
            page: pack_steps(first, step, self.rows),
        };
        let replicates = steps(i64::from(replicate.cast_signed()), 0);
        let numbers = steps(first.cast_signed(), 1);
        self.rows = 0;
        let kinds = PackedPage {
            dictionary: Some(&KINDS),
            page: pack_places(&self.kind).into(),
        };
        self.kind.clear();
        vec![
            replicates,
            numbers,
            sparse(&mut self.cause),
            full(&mut self.height),
            full(&mut self.time_ns),
            kinds,
            sparse(&mut self.inference),
            sparse(&mut self.participant),
            sparse(&mut self.other),
            full(&mut self.value),
            full(&mut self.second),
        ]
    }
}

fn full<const NARROW: bool>(column: &mut Differences<NARROW>) -> PackedPage {
    PackedPage {
        dictionary: None,
        page: column.finish(),
    }
}

fn sparse<const NARROW: bool>(column: &mut Sparse<NARROW>) -> PackedPage {
    let levels = column.presence.finish();
    PackedPage {
        dictionary: None,
        page: column.present.finish_behind(&levels),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_kind_is_its_code_less_one() {
        for (place, kind) in EventKind::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, place + 1);
        }
    }
}

//! Events as the columns of a log file, packed a few at a time.
//!
//! Invariant: one event a row; what an event does not concern is null.

use std::sync::LazyLock;

use super::encoding::{LogEntry, NO_CAUSE};
use crate::observe::event::{EventKind, NO_INFERENCE, NOBODY};
use crate::observe::packed_writer::{Holds, PackedColumn, PackedPage};
use crate::observe::packing::{Differences, Presence, pack_places};

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

/// Events that are worked on together: they stay in a core's nearest cache.
pub const STEP: usize = 256;

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
    fn extend(&mut self, numbers: &[i64], absent: i64) {
        let mut is_there = [true; STEP];
        let is_there = &mut is_there[..numbers.len()];
        let missing = numbers.iter().filter(|&&number| number == absent).count();
        if missing == 0 {
            self.presence.extend(is_there);
            self.present.extend(numbers);
            return;
        }
        // Written each time and moved on only where there is one: nothing to guess wrong.
        let mut present = [0; STEP];
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

/// Events column by column: turned once, so that each column is packed from where it stands.
struct Turned {
    cause: [i64; STEP],
    height: [i64; STEP],
    time_ns: [i64; STEP],
    kind: [u8; STEP],
    inference: [i64; STEP],
    participant: [i64; STEP],
    other: [i64; STEP],
    value: [i64; STEP],
    second: [i64; STEP],
}

impl Turned {
    #[inline]
    fn of(entries: &[LogEntry]) -> Self {
        let none = [0; STEP];
        let mut turned = Self {
            cause: none,
            height: none,
            time_ns: none,
            kind: [0; STEP],
            inference: none,
            participant: none,
            other: none,
            value: none,
            second: none,
        };
        for (row, LogEntry { event, cause }) in entries.iter().take(STEP).enumerate() {
            turned.cause[row] = cause.cast_signed();
            turned.height[row] = event.height.cast_signed();
            turned.time_ns[row] = event.time_ns.cast_signed();
            turned.kind[row] = event.kind as u8 - 1;
            turned.inference[row] = event.inference.cast_signed();
            turned.participant[row] = i64::from(event.participant);
            turned.other[row] = i64::from(event.other);
            turned.value[row] = event.value;
            turned.second[row] = event.second;
        }
        turned
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

    /// Adds at most [`STEP`] events, a column at a time.
    pub fn extend(&mut self, entries: &[LogEntry]) {
        debug_assert!(entries.len() <= STEP);
        let rows = entries.len();
        let turned = Turned::of(entries);
        self.cause.extend(&turned.cause[..rows], NO_CAUSE.cast_signed());
        self.height.extend(&turned.height[..rows]);
        self.time_ns.extend(&turned.time_ns[..rows]);
        self.kind.extend_from_slice(&turned.kind[..rows]);
        self.inference
            .extend(&turned.inference[..rows], NO_INFERENCE.cast_signed());
        self.participant
            .extend(&turned.participant[..rows], i64::from(NOBODY));
        self.other.extend(&turned.other[..rows], i64::from(NOBODY));
        self.value.extend(&turned.value[..rows]);
        self.second.extend(&turned.second[..rows]);
        self.rows += rows;
    }

    /// The pages of the segment, in the order of the file, of which `first` is the number of the first event; the next
    /// segment begins.
    pub fn take(&mut self, replicate: u32, first: u64) -> Vec<PackedPage> {
        let (mut replicates, mut numbers) = (Differences::<true>::default(), Differences::<false>::default());
        let mut rows = [0; STEP];
        for start in (0..self.rows).step_by(STEP) {
            let rows = &mut rows[..STEP.min(self.rows - start)];
            rows.fill(i64::from(replicate));
            replicates.extend(rows);
            for (number, row) in (first + start as u64..).zip(rows.iter_mut()) {
                *row = number.cast_signed();
            }
            numbers.extend(rows);
        }
        self.rows = 0;
        let kinds = PackedPage {
            dictionary: Some(&KINDS),
            page: pack_places(&self.kind).into(),
        };
        self.kind.clear();
        vec![
            full(&mut replicates),
            full(&mut numbers),
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

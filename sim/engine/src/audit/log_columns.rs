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
    /// Adds what `number` says of each of at most [`STEP`] entries, of which those that are `absent` hold nothing.
    #[inline]
    fn extend(&mut self, entries: &[LogEntry], number: impl Fn(&LogEntry) -> i64, absent: i64) {
        self.presence.extend(entries, |entry| number(entry) != absent);
        // Written each time and moved on only where there is one: nothing to guess wrong.
        let mut present = [0; STEP];
        let mut count = 0;
        for number in entries.iter().map(number) {
            present[count % STEP] = number;
            count += usize::from(number != absent);
        }
        self.present.extend(present[..count].iter().copied());
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
        let events = || entries.iter().map(|entry| &entry.event);
        self.cause
            .extend(entries, |entry| entry.cause.cast_signed(), NO_CAUSE.cast_signed());
        self.height
            .extend(events().map(|event| event.height.cast_signed()));
        self.time_ns
            .extend(events().map(|event| event.time_ns.cast_signed()));
        self.kind.extend(events().map(|event| event.kind as u8 - 1));
        self.inference.extend(
            entries,
            |entry| entry.event.inference.cast_signed(),
            NO_INFERENCE.cast_signed(),
        );
        self.participant.extend(
            entries,
            |entry| i64::from(entry.event.participant),
            i64::from(NOBODY),
        );
        self.other
            .extend(entries, |entry| i64::from(entry.event.other), i64::from(NOBODY));
        self.value.extend(events().map(|event| event.value));
        self.second.extend(events().map(|event| event.second));
        self.rows += entries.len();
    }

    /// The pages of the segment, in the order of the file, of which `first` is the number of the first event; the next
    /// segment begins.
    pub fn take(&mut self, replicate: u32, first: u64) -> Vec<PackedPage> {
        let (mut replicates, mut numbers) = (Differences::<true>::default(), Differences::<false>::default());
        replicates.extend(std::iter::repeat_n(i64::from(replicate), self.rows));
        numbers.extend((0..self.rows).map(|row| (first + row as u64).cast_signed()));
        self.rows = 0;
        let kinds = PackedPage {
            dictionary: Some(&KINDS),
            page: pack_places(&self.kind),
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
    let mut page = Vec::new();
    column.finish_into(&mut page);
    PackedPage {
        dictionary: None,
        page,
    }
}

fn sparse<const NARROW: bool>(column: &mut Sparse<NARROW>) -> PackedPage {
    let mut page = Vec::new();
    column.presence.finish_into(&mut page);
    column.present.finish_into(&mut page);
    PackedPage {
        dictionary: None,
        page,
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

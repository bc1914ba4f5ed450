//! The last event of each inference in flight, found by its number.
//!
//! Invariant: numbers outside `first..end` hold nothing, and neither do their places in the ring; `first..end` is no
//! longer than the ring.
//!
//! Of an event's number its lower half is kept, so that twice as many places are near: an inference is open for some
//! blocks, and no block has a billion events.

use prefetch_index::prefetch_index;

use super::encoding::NO_CAUSE;

/// What a place holds that holds nothing.
const EMPTY: u32 = 0;
/// Set in every place that holds something; the bits below it are an event's.
const HELD: u32 = 1 << 31;

/// Events by inference, in a ring as long as the numbers in flight are apart.
#[derive(Clone, Debug, Default)]
pub(super) struct OpenInferences {
    /// A power of two long, or empty.
    ring: Vec<u32>,
    first: u64,
    end: u64,
}

impl OpenInferences {
    /// Asks for the places of inferences that are about to be asked for.
    #[inline]
    pub(super) fn look_ahead(&self, inferences: impl Iterator<Item = u64>) {
        if let Some(mask) = self.ring.len().checked_sub(1) {
            inferences.for_each(|inference| prefetch_index(&self.ring, inference as usize & mask));
        }
    }

    /// Takes the event of an inference out, in which `now` is the number of an event after it and less than 2^31
    /// events later; [`NO_CAUSE`] where there is none.
    #[inline]
    pub(super) fn take(&mut self, inference: u64, now: u64) -> u64 {
        if !(self.first..self.end).contains(&inference) {
            return NO_CAUSE;
        }
        let place = self.place(inference);
        match std::mem::replace(&mut self.ring[place], EMPTY) {
            EMPTY => NO_CAUSE,
            held => now - u64::from((now as u32).wrapping_sub(held) & !HELD),
        }
    }

    /// Puts an event in.
    #[inline]
    pub(super) fn set(&mut self, inference: u64, event: u64) {
        if self.first == self.end {
            (self.first, self.end) = (inference, inference);
        }
        let (first, end) = (self.first.min(inference), self.end.max(inference + 1));
        if end - first > self.ring.len() as u64 {
            self.grow(end - first);
        }
        (self.first, self.end) = (first, end);
        let place = self.place(inference);
        self.ring[place] = event as u32 | HELD;
    }

    /// Moves the first number on to one that holds something.
    pub(super) fn close_gaps(&mut self) {
        while self.first < self.end && self.ring[self.place(self.first)] == EMPTY {
            self.first += 1;
        }
    }

    /// Makes room for numbers that are so far apart.
    #[cold]
    fn grow(&mut self, span: u64) {
        let length = usize::try_from(span)
            .expect("inferences in flight fit into memory")
            .next_power_of_two()
            .max(1024);
        let mut grown = vec![EMPTY; length];
        for inference in self.first..self.end {
            grown[inference as usize & (length - 1)] = self.ring[self.place(inference)];
        }
        self.ring = grown;
    }

    #[inline]
    fn place(&self, inference: u64) -> usize {
        inference as usize & (self.ring.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::{NO_CAUSE, OpenInferences};
    use std::collections::BTreeMap;

    #[test]
    fn a_ring_holds_what_a_map_does_whatever_the_order_of_the_numbers() {
        let (mut ring, mut map) = (OpenInferences::default(), BTreeMap::new());
        for event in 0..20_000_u64 {
            // Numbers ascend by and large, in no order near by; some are never taken for long.
            let inference = event / 2 + (event * 7919) % 997;
            // Numbers of events pass the half that is kept.
            let event = event + (1 << 31) - 10_000;
            if event % 3 == 0 {
                ring.set(inference, event);
                map.insert(inference, event);
            } else {
                assert_eq!(
                    ring.take(inference, event),
                    map.remove(&inference).unwrap_or(NO_CAUSE),
                    "{event}"
                );
            }
            if event % 64 == 0 {
                ring.close_gaps();
            }
        }
        assert!(!map.is_empty());
        for (inference, event) in map {
            assert_eq!(ring.take(inference, (1 << 31) + 20_000), event);
        }
        ring.close_gaps();
        assert_eq!(ring.first, ring.end);
    }
}

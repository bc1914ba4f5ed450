//! The last event of each inference in flight, and the finish of those that have just finished, found by their number.
//!
//! Invariant: numbers outside `first..end` hold nothing, and neither do their places in the ring; `first..end` is no
//! longer than the ring. A finish is held at least until its block is over.
//!
//! Of an event's number its lower part is kept, so that twice as many places are near: an inference is open for some
//! blocks, and no block has half a billion events.

use prefetch_index::prefetch_index;

use super::log_entry::NO_CAUSE;

/// So many finishes ahead is asked for the place of one.
const AHEAD: usize = 16;
/// What a place holds that holds nothing.
const EMPTY: u32 = 0;
/// Set in every place that holds something.
const HELD: u32 = 1 << 31;
/// Set where that is a finish.
const FINISHED: u32 = 1 << 30;
/// The bits that are an event's.
const NUMBER: u32 = FINISHED - 1;

/// Events by inference, in a ring as long as the numbers in flight are apart.
#[derive(Clone, Debug, Default)]
pub(super) struct OpenInferences {
    /// A power of two long, or empty.
    ring: Vec<u32>,
    first: u64,
    end: u64,
}

impl OpenInferences {
    /// Asks for the place of an inference that is about to be asked for.
    #[inline]
    pub(super) fn look_ahead(&self, inference: u64) {
        prefetch_index(&self.ring, inference as usize & self.ring.len().wrapping_sub(1));
    }

    /// Notes the event by which an inference was opened, or goes on.
    #[inline]
    pub(super) fn open(&mut self, inference: u64, event: u64) {
        self.open_all(&[inference], event);
    }

    /// Notes the events by which inferences were opened, one after the other from number `first_event` on.
    #[inline]
    pub(super) fn open_all(&mut self, inferences: &[u64], first_event: u64) {
        let Some(&any) = inferences.first() else {
            return;
        };
        let (least, most) = inferences.iter().fold((any, any), |(least, most), &inference| {
            (least.min(inference), most.max(inference))
        });
        if self.first == self.end {
            (self.first, self.end) = (least, least);
        }
        let (first, end) = (self.first.min(least), self.end.max(most + 1));
        if end - first > self.ring.len() as u64 {
            self.grow(end - first);
        }
        (self.first, self.end) = (first, end);
        let mask = self.ring.len() - 1;
        for (event, &inference) in (first_event..).zip(inferences) {
            self.ring[inference as usize & mask] = event as u32 & NUMBER | HELD;
        }
    }

    /// Takes the last event of an inference that is open out, in which `now` is the number of an event after it and less
    /// than 2^30 events later; [`NO_CAUSE`] where it is not.
    #[inline]
    pub(super) fn close(&mut self, inference: u64, now: u64) -> u64 {
        self.replace(inference, now, EMPTY)
    }

    /// The same, and notes that the inference has finished by event `now`.
    #[inline]
    pub(super) fn finish(&mut self, inference: u64, now: u64) -> u64 {
        self.replace(inference, now, now as u32 & NUMBER | HELD | FINISHED)
    }

    /// The same of many that finish one after the other, from event `first_event` on.
    #[inline]
    pub(super) fn finish_all(&mut self, inferences: &[u64], first_event: u64, causes: &mut [u64]) {
        for (at, (&inference, cause)) in inferences.iter().zip(causes).enumerate() {
            if let Some(&later) = inferences.get(at + AHEAD) {
                self.look_ahead(later);
            }
            *cause = self.finish(inference, first_event + at as u64);
        }
    }

    /// The finish of an inference that has finished in this block.
    #[inline]
    pub(super) fn finish_of(&self, inference: u64, now: u64) -> u64 {
        if !(self.first..self.end).contains(&inference) {
            return NO_CAUSE;
        }
        match self.ring[self.place(inference)] {
            held if held & FINISHED != 0 => before(now, held),
            _ => NO_CAUSE,
        }
    }

    #[inline]
    fn replace(&mut self, inference: u64, now: u64, by: u32) -> u64 {
        if !(self.first..self.end).contains(&inference) {
            return NO_CAUSE;
        }
        let place = self.place(inference);
        let held = self.ring[place];
        if held & (HELD | FINISHED) != HELD {
            return NO_CAUSE;
        }
        self.ring[place] = by;
        before(now, held)
    }

    /// A block is over: moves the first number on to one that is open.
    pub(super) fn close_gaps(&mut self) {
        while self.first < self.end {
            let place = self.place(self.first);
            if self.ring[place] & (HELD | FINISHED) == HELD {
                break;
            }
            self.ring[place] = EMPTY;
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

/// The last event before `now` whose number ends in what is held.
#[inline]
fn before(now: u64, held: u32) -> u64 {
    now - u64::from((now as u32).wrapping_sub(held) & NUMBER)
}

#[cfg(test)]
mod tests {
    use super::{NO_CAUSE, OpenInferences};
    use std::collections::BTreeMap;

    #[test]
    fn a_ring_holds_what_a_map_does_whatever_the_order_of_the_numbers() {
        let (mut ring, mut map) = (OpenInferences::default(), BTreeMap::new());
        let mut finished = BTreeMap::new();
        for event in 0..20_000_u64 {
            // Numbers ascend by and large, in no order near by; some are never taken for long.
            let inference = event / 2 + (event * 7919) % 997;
            // Numbers of events pass the part that is kept.
            let event = event + (1 << 30) - 10_000;
            match event % 6 {
                0 | 3 => {
                    ring.open(inference, event);
                    map.insert(inference, event);
                    finished.remove(&inference);
                }
                1 => {
                    let cause = map.remove(&inference).unwrap_or(NO_CAUSE);
                    assert_eq!(ring.close(inference, event), cause, "{event}");
                }
                _ => {
                    let cause = map.remove(&inference).unwrap_or(NO_CAUSE);
                    assert_eq!(ring.finish(inference, event), cause, "{event}");
                    if cause != NO_CAUSE {
                        finished.insert(inference, event);
                    }
                }
            }
            // What finished in the block is found until its end.
            for (&inference, &by) in &finished {
                assert_eq!(ring.finish_of(inference, event + 1), by);
            }
            if event % 64 == 0 {
                finished.clear();
                ring.close_gaps();
            }
        }
        assert!(!map.is_empty());
        for (inference, event) in map {
            assert_eq!(ring.finish_of(inference, (1 << 30) + 20_000), NO_CAUSE);
            assert_eq!(ring.close(inference, (1 << 30) + 20_000), event);
        }
        ring.close_gaps();
        assert_eq!(ring.first, ring.end);
        assert!(ring.ring.iter().all(|&held| held == super::EMPTY));
    }
}

//! Where the events themselves lie, so that entries stay small and an event can be cancelled.

use super::{Entry, EventClass};
use crate::time::SimTime;

const CLASS_SHIFT: u32 = 56;

/// Names one scheduled event, to cancel it. A key never names a second event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventKey {
    slot: u32,
    rank: u64,
}

/// A slab of events. A slot is used again once its event has left; the rank tells the two apart.
#[derive(Clone, Debug)]
pub(super) struct Slots<E> {
    events: Vec<(u64, Option<E>)>,
    free: Vec<u32>,
    scheduled: u64,
    pending: usize,
    now: SimTime,
}

impl<E> Slots<E> {
    pub(super) const fn new() -> Self {
        Self {
            events: Vec::new(),
            free: Vec::new(),
            scheduled: 0,
            pending: 0,
            now: SimTime::ZERO,
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.pending
    }

    pub(super) fn insert(&mut self, time: SimTime, class: EventClass, event: E) -> (Entry, EventKey) {
        assert!(
            time >= self.now,
            "an event is scheduled before the last one taken out"
        );
        assert!(
            self.scheduled < 1 << CLASS_SHIFT,
            "more events were scheduled than a run can hold"
        );
        let rank = u64::from(class.0) << CLASS_SHIFT | self.scheduled;
        self.scheduled += 1;
        self.pending += 1;
        let slot = match self.free.pop() {
            Some(slot) => {
                self.events[slot as usize] = (rank, Some(event));
                slot
            }
            None => {
                self.events.push((rank, Some(event)));
                u32::try_from(self.events.len() - 1).expect("more events are pending than can be numbered")
            }
        };
        (
            Entry {
                nanos: time.nanos(),
                rank,
                slot,
            },
            EventKey { slot, rank },
        )
    }

    /// The event of an entry that has come first, unless it was cancelled; frees the slot either way.
    pub(super) fn take(&mut self, entry: Entry) -> Option<(SimTime, E)> {
        let event = self.events[entry.slot as usize].1.take();
        self.free.push(entry.slot);
        event.map(|event| {
            self.pending -= 1;
            self.now = SimTime::from_nanos(entry.nanos);
            (self.now, event)
        })
    }

    /// Empties the slot of a pending event; its entry stays behind and is skipped when it comes first.
    pub(super) fn cancel(&mut self, key: EventKey) -> Option<E> {
        let (rank, event) = self.events.get_mut(key.slot as usize)?;
        if *rank != key.rank {
            return None;
        }
        let event = event.take();
        self.pending -= usize::from(event.is_some());
        event
    }
}

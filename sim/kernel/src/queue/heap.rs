//! The pending events in a binary heap: slow, short and plainly right.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::slots::Slots;
use super::{Entry, EventClass, EventKey, PendingEvents};
use crate::time::SimTime;

/// A set of pending events on the standard heap: the oracle, and good for a handful of events.
#[derive(Clone, Debug)]
pub struct HeapQueue<E> {
    heap: BinaryHeap<Reverse<Entry>>,
    slots: Slots<E>,
}

impl<E> HeapQueue<E> {
    /// An empty set.
    pub const fn new() -> Self {
        Self {
            heap: BinaryHeap::new(),
            slots: Slots::new(),
        }
    }
}

impl<E> Default for HeapQueue<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E> PendingEvents<E> for HeapQueue<E> {
    fn schedule(&mut self, time: SimTime, class: EventClass, event: E) -> EventKey {
        let (entry, key) = self.slots.insert(time, class, event);
        self.heap.push(Reverse(entry));
        key
    }

    fn cancel(&mut self, key: EventKey) -> Option<E> {
        self.slots.cancel(key)
    }

    fn pop(&mut self) -> Option<(SimTime, E)> {
        while let Some(Reverse(entry)) = self.heap.pop() {
            if let Some(due) = self.slots.take(entry) {
                return Some(due);
            }
        }
        None
    }

    fn len(&self) -> usize {
        self.slots.len()
    }
}

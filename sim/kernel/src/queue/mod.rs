//! The pending events of a simulation, in one total order.
//!
//! **Invariant.** Events leave by (time, class, sequence): earlier first, at one instant the lower class
//! first, within a class in the order of scheduling. Two sets that saw the same calls give the same events,
//! however they are built: [`EventQueue`] (buckets, sorted when due) and [`HeapQueue`] (a plain heap, the
//! oracle) are compared in tests.

mod calendar;
mod heap;
mod slots;

pub use calendar::EventQueue;
pub use heap::HeapQueue;
pub use slots::EventKey;

use crate::time::SimTime;

/// The rank of an event among those of the same instant; lower goes first. What the classes mean is the
/// simulation's affair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventClass(pub u8);

/// What a set of pending events does, for code that is to run on either of them.
pub trait PendingEvents<E> {
    /// Schedules `event`. The key cancels it. Panics if `time` lies before the last event taken out.
    fn schedule(&mut self, time: SimTime, class: EventClass, event: E) -> EventKey;

    /// Takes back a pending event; `None` if it has left or was cancelled already.
    fn cancel(&mut self, key: EventKey) -> Option<E>;

    /// Takes the first event of the total order.
    fn pop(&mut self) -> Option<(SimTime, E)>;

    /// How many events are pending.
    fn len(&self) -> usize;

    /// Whether no event is pending.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The place of an event in the total order, and the slot that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    nanos: u64,
    /// Class in the upper 8 bits, sequence in the lower 56.
    rank: u64,
    slot: u32,
}

#[cfg(test)]
mod tests;

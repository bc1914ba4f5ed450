//! The pending events in buckets of equal width, each sorted when it comes due.
//!
//! An event goes unsorted into the bucket of its time. When the clock reaches a bucket it is sorted once and
//! read from its end. Events beyond the last bucket wait in a heap; events scheduled into the bucket being
//! read go to a small heap beside it. Width (a power of two nanoseconds) and number of buckets are chosen anew,
//! from the counts seen since the last choice and from nothing else, when they prove to be far off.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::slots::Slots;
use super::{Entry, EventClass, EventKey, PendingEvents};
use crate::time::SimTime;

/// Powers of two; the number of buckets follows the number of pending events between these.
const FEWEST_BUCKETS: usize = 1_024;
const MOST_BUCKETS: usize = 1 << 20;
/// About a millisecond: the first guess.
const FIRST_SHIFT: u32 = 20;
/// Wanted: about this many events in a bucket that comes due.
const WANTED_LOG2: i64 = 2;
/// The width is looked at again after this many events were read.
const REVIEW_EVERY: u64 = 4_096;
/// Fewer events than this say nothing about the width.
const REVIEW_LEAST: u64 = 1_024;

/// A set of pending events with constant expected cost an event, at any number of them.
#[derive(Clone, Debug)]
pub struct EventQueue<E> {
    /// Events of buckets `cursor + 1 .. cursor + n`, unsorted, at bucket number modulo their number `n`.
    buckets: Vec<Vec<Entry>>,
    /// One bit a bucket: whether it holds an entry.
    occupied: Vec<u64>,
    /// The bucket being read, last entry first out.
    due: Vec<Entry>,
    /// Entries scheduled into the bucket being read since it was sorted.
    late: BinaryHeap<Reverse<Entry>>,
    /// Entries beyond the last bucket.
    far: BinaryHeap<Reverse<Entry>>,
    /// The number of the bucket being read: its time shifted down.
    cursor: u64,
    shift: u32,
    review: Review,
    slots: Slots<E>,
}

/// What was seen since the width was chosen last.
#[derive(Clone, Copy, Debug, Default)]
struct Review {
    events_read: u64,
    buckets_passed: u64,
    entries_far: u64,
}

impl<E> Default for EventQueue<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E> EventQueue<E> {
    /// An empty set.
    pub fn new() -> Self {
        Self {
            buckets: vec![Vec::new(); FEWEST_BUCKETS],
            occupied: vec![0; FEWEST_BUCKETS / 64],
            due: Vec::new(),
            late: BinaryHeap::new(),
            far: BinaryHeap::new(),
            cursor: 0,
            shift: FIRST_SHIFT,
            review: Review::default(),
            slots: Slots::new(),
        }
    }

    /// Where a bucket lies: its number modulo the number of buckets, a power of two.
    #[inline(always)]
    fn index_of(&self, bucket: u64) -> usize {
        bucket as usize & (self.buckets.len() - 1)
    }

    #[inline]
    fn place(&mut self, entry: Entry) {
        let bucket = entry.nanos >> self.shift;
        if bucket <= self.cursor {
            self.late.push(Reverse(entry));
        } else if bucket - self.cursor < self.buckets.len() as u64 {
            let index = self.index_of(bucket);
            self.occupied[index / 64] |= 1 << (index % 64);
            self.buckets[index].push(entry);
        } else {
            self.review.entries_far += 1;
            self.far.push(Reverse(entry));
        }
    }

    /// The first entry of all, if there is one.
    #[inline]
    fn next_entry(&mut self) -> Option<Entry> {
        loop {
            match (self.due.last(), self.late.peek()) {
                (Some(due), Some(Reverse(late))) if late < due => return self.late.pop().map(|late| late.0),
                (Some(_), _) => return self.due.pop(),
                (None, Some(_)) => return self.late.pop().map(|late| late.0),
                (None, None) => {
                    if !self.advance() {
                        return None;
                    }
                }
            }
        }
    }

    /// Moves to the next bucket that holds an entry and sorts it; false if there is none.
    fn advance(&mut self) -> bool {
        if self.review.events_read + self.review.entries_far >= REVIEW_EVERY.max(self.slots.len() as u64) {
            self.choose_layout();
        }
        let near = self.next_occupied();
        let far = self.far.peek().map(|entry| entry.0.nanos >> self.shift);
        let next = match (near, far) {
            (Some(near), Some(far)) => near.min(far),
            (Some(bucket), None) | (None, Some(bucket)) => bucket,
            (None, None) => return !self.late.is_empty(),
        };
        self.review.buckets_passed += (next - self.cursor).min(self.buckets.len() as u64);
        self.cursor = next;
        let index = self.index_of(next);
        if near == Some(next) {
            self.occupied[index / 64] &= !(1 << (index % 64));
            std::mem::swap(&mut self.due, &mut self.buckets[index]);
        }
        self.draw_near();
        self.due.sort_unstable_by(|a, b| b.cmp(a));
        self.review.events_read += self.due.len() as u64;
        true
    }

    /// Brings in the entries that were too far away before the cursor moved.
    fn draw_near(&mut self) {
        while let Some(Reverse(entry)) = self.far.peek().copied() {
            let bucket = entry.nanos >> self.shift;
            if bucket - self.cursor >= self.buckets.len() as u64 {
                break;
            }
            self.far.pop();
            if bucket == self.cursor {
                self.due.push(entry);
            } else {
                self.place(entry);
            }
        }
    }

    /// The number of the first occupied bucket after the cursor.
    fn next_occupied(&self) -> Option<u64> {
        let start = self.index_of(self.cursor + 1);
        let words = self.occupied.len();
        // The word of the start is looked at twice: first its upper bits, at the end its lower ones.
        for step in 0..=words {
            let word = (start / 64 + step) & (words - 1);
            let mask = match step {
                0 => u64::MAX << (start % 64),
                step if step == words => (1_u64 << (start % 64)) - 1,
                _ => u64::MAX,
            };
            let bits = self.occupied[word] & mask;
            if bits != 0 {
                let index = word * 64 + bits.trailing_zeros() as usize;
                let ahead = index.wrapping_sub(start) & (self.buckets.len() - 1);
                return Some(self.cursor + 1 + ahead as u64);
            }
        }
        None
    }

    /// Chooses width and number of buckets by what was seen. Called between buckets, when `due` and `late`
    /// are empty.
    fn choose_layout(&mut self) {
        let seen = std::mem::take(&mut self.review);
        let change = if seen.events_read < REVIEW_LEAST {
            0
        } else {
            seen.width_change()
        };
        let shift = (i64::from(self.shift) + change).clamp(0, 60) as u32;
        let wanted = self
            .slots
            .len()
            .next_power_of_two()
            .clamp(FEWEST_BUCKETS, MOST_BUCKETS);
        let is_far_off = wanted >= 2 * self.buckets.len() || 16 * wanted <= self.buckets.len();
        if is_far_off || change.abs() >= 2 {
            let buckets = if is_far_off { wanted } else { self.buckets.len() };
            self.lay_out(shift, buckets);
        }
    }

    /// Moves every entry into `count` buckets of width `2^shift`.
    fn lay_out(&mut self, shift: u32, count: usize) {
        let mut entries: Vec<Entry> = self.far.drain().map(|entry| entry.0).collect();
        self.buckets.iter_mut().for_each(|bucket| entries.append(bucket));
        self.buckets.resize(count, Vec::new());
        self.occupied.clear();
        self.occupied.resize(count / 64, 0);
        let Some(first) = entries.iter().map(|entry| entry.nanos).min() else {
            return;
        };
        // The cursor stands just before the first entry, so that none counts as late.
        self.shift = shift;
        self.cursor = (first >> shift).saturating_sub(1);
        entries.into_iter().for_each(|entry| self.place(entry));
        self.review = Review::default();
    }
}

impl Review {
    /// By which power of two the width should change for the wanted number of events in a bucket.
    fn width_change(&self) -> i64 {
        let log2 = |count: u64| i64::from(63 - count.max(1).leading_zeros());
        WANTED_LOG2 - (log2(self.events_read) - log2(self.buckets_passed))
    }
}

impl<E> PendingEvents<E> for EventQueue<E> {
    fn schedule(&mut self, time: SimTime, class: EventClass, event: E) -> EventKey {
        let (entry, key) = self.slots.insert(time, class, event);
        self.place(entry);
        key
    }

    fn cancel(&mut self, key: EventKey) -> Option<E> {
        self.slots.cancel(key)
    }

    fn pop(&mut self) -> Option<(SimTime, E)> {
        loop {
            let entry = self.next_entry()?;
            if let Some(due) = self.slots.take(entry) {
                return Some(due);
            }
        }
    }

    fn len(&self) -> usize {
        self.slots.len()
    }
}

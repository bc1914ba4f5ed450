//! What falls due in which block window.
//!
//! Invariant: an entry comes out in its own window, and entries of one window come out in the order in
//! which they went in. Near windows are a ring of vectors that keep their capacity; far ones wait in a map.

use std::collections::BTreeMap;

/// Windows ahead that the ring covers; a power of two.
const RING: u64 = 256;

/// Entries by window.
#[derive(Clone, Debug)]
pub(crate) struct Calendar<T> {
    ring: Box<[Vec<T>; RING as usize]>,
    far: BTreeMap<u64, Vec<T>>,
    /// First window not yet taken.
    next: u64,
}

impl<T: Copy> Calendar<T> {
    /// An empty calendar that begins at window 0.
    pub(crate) fn new() -> Self {
        Self {
            ring: Box::new(std::array::from_fn(|_| Vec::new())),
            far: BTreeMap::new(),
            next: 0,
        }
    }

    /// Files `item` under `window`, which must not have been taken yet.
    #[inline(always)]
    pub(crate) fn push(&mut self, window: u64, item: T) {
        debug_assert!(window >= self.next, "an entry for a window that has passed");
        if window - self.next < RING {
            self.ring[(window & (RING - 1)) as usize].push(item);
        } else {
            self.push_far(window, item);
        }
    }

    #[cold]
    fn push_far(&mut self, window: u64, item: T) {
        self.far.entry(window).or_default().push(item);
    }

    /// Appends the entries of `window` to `out` and moves on to the next window. Windows must be taken
    /// in order, each once.
    #[inline]
    pub(crate) fn take(&mut self, window: u64, out: &mut Vec<T>) {
        debug_assert_eq!(window, self.next, "windows are taken in order");
        self.next = window + 1;
        if !self.far.is_empty() {
            // Far entries were filed before the ring reached their window, so they come first.
            if let Some(items) = self.far.remove(&window) {
                out.extend_from_slice(&items);
            }
        }
        let bucket = &mut self.ring[(window & (RING - 1)) as usize];
        if out.is_empty() {
            std::mem::swap(out, bucket);
        } else {
            out.append(bucket);
        }
    }

    /// Brings far entries of `window` to the front of its bucket, so that [`due`](Self::due) shows them.
    pub(crate) fn gather(&mut self, window: u64) {
        if let Some(mut items) = self.far.remove(&window) {
            let bucket = &mut self.ring[(window & (RING - 1)) as usize];
            items.append(bucket);
            *bucket = items;
        }
    }

    /// The gathered entries of the next window.
    pub(crate) fn due(&self, window: u64) -> &[T] {
        debug_assert_eq!(window, self.next, "only the next window can be looked at");
        &self.ring[(window & (RING - 1)) as usize]
    }

    /// Takes the entries at these places, ascending, out of the next window.
    pub(crate) fn put_off(&mut self, window: u64, places: impl Iterator<Item = usize>) -> Vec<T> {
        let bucket = &mut self.ring[(window & (RING - 1)) as usize];
        let mut places = places.peekable();
        let (mut taken, mut kept) = (Vec::new(), Vec::with_capacity(bucket.len()));
        for (place, &item) in bucket.iter().enumerate() {
            if places.next_if_eq(&place).is_some() {
                taken.push(item);
            } else {
                kept.push(item);
            }
        }
        *bucket = kept;
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::Calendar;

    #[test]
    fn near_and_far_entries_come_out_in_their_window_and_in_order() {
        let mut calendar = Calendar::new();
        for (window, item) in [(3, 'a'), (700, 'x'), (3, 'b'), (0, 'c')] {
            calendar.push(window, item);
        }
        let mut seen = Vec::new();
        for window in 0..=700 {
            let mut due = Vec::new();
            calendar.take(window, &mut due);
            if window == 600 {
                calendar.push(700, 'y');
            }
            seen.extend(due.into_iter().map(|item| (window, item)));
        }
        assert_eq!(seen, [(0, 'c'), (3, 'a'), (3, 'b'), (700, 'x'), (700, 'y')]);
    }
}

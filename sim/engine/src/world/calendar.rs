//! What falls due in which block window.
//!
//! Invariant: an entry comes out in its own window, and entries of one window come out in the order in
//! which they went in. Near windows are a ring of vectors, whose memory is handed on from a window that is
//! over to one that fills; far ones wait in a map.
//!
//! Most of what falls due in a window is filed in the few windows before it: until then a window has a small vector, so
//! that there are only as many large ones as windows that are full.

use std::collections::BTreeMap;

use prefetch_index::prefetch_index;

/// Windows ahead that the ring covers; a power of two.
const RING: u64 = 256;
/// Entries of a small vector, and of one of middling size; what is larger grows by a quarter of itself.
const SIZES: [usize; 2] = [32, 128];

/// So many entries ahead the place of one is asked for.
const AHEAD: usize = 4;

type Spare<T> = [Vec<Vec<T>>; SIZES.len() + 1];

/// Entries by window.
#[derive(Clone, Debug)]
pub(crate) struct Calendar<T> {
    ring: Box<[Vec<T>; RING as usize]>,
    far: BTreeMap<u64, Vec<T>>,
    /// Emptied vectors by size, the one used last on top.
    spare: Spare<T>,
    /// First window not yet taken.
    next: u64,
    /// The most entries that a window had.
    fullest: usize,
}

impl<T: Copy> Calendar<T> {
    /// An empty calendar that begins at window 0.
    pub(crate) fn new() -> Self {
        Self {
            ring: Box::new(std::array::from_fn(|_| Vec::new())),
            far: BTreeMap::new(),
            spare: std::array::from_fn(|_| Vec::new()),
            next: 0,
            fullest: 0,
        }
    }

    /// Files `item` under `window`, which must not have been taken yet.
    #[inline(always)]
    pub(crate) fn push(&mut self, window: u64, item: T) {
        self.push_made(window, || item);
    }

    /// Files what `make` makes. It is made where it is filed: put together on the way, it would be read back from the store
    /// buffer piece by piece.
    #[inline(always)]
    pub(crate) fn push_made(&mut self, window: u64, make: impl Fn() -> T) {
        debug_assert!(window >= self.next, "an entry for a window that has passed");
        if window - self.next >= RING {
            return push_far(&mut self.far, window, make());
        }
        let bucket = &mut self.ring[(window & (RING - 1)) as usize];
        if bucket.len() == bucket.capacity() {
            return push_into_more(bucket, make(), &mut self.spare, self.fullest);
        }
        prefetch_index(&*bucket, bucket.len() + AHEAD);
        bucket.push(make());
    }

    /// Takes out the entries of `window` and moves on to the next window. Windows must be taken in order,
    /// each once; the vector is to be [given back](Self::give_back).
    #[inline]
    pub(crate) fn take(&mut self, window: u64) -> Vec<T> {
        debug_assert_eq!(window, self.next, "windows are taken in order");
        self.next = window + 1;
        if !self.far.is_empty() {
            self.gather(window);
        }
        let due = std::mem::take(&mut self.ring[(window & (RING - 1)) as usize]);
        self.fullest = self.fullest.max(due.len());
        due
    }

    /// Takes out the entries of a window whose turn has not come; the vector is to be
    /// [given back](Self::give_back).
    pub(crate) fn take_early(&mut self, window: u64) -> Vec<T> {
        self.gather(window);
        std::mem::take(&mut self.ring[(window & (RING - 1)) as usize])
    }

    /// Hands the memory of a window that is over to one that begins.
    #[inline]
    pub(crate) fn give_back(&mut self, mut entries: Vec<T>) {
        if entries.capacity() > 0 {
            entries.clear();
            self.spare[size_of_room(&entries)].push(entries);
        }
    }

    /// Brings far entries of `window`, which were filed before the ring reached it, to the front of its
    /// bucket, so that [`due`](Self::due) shows them.
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

    /// Entries on file, in no particular order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.ring.iter().chain(self.far.values()).flatten()
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

/// Which of the sizes a vector has.
fn size_of_room<T>(entries: &Vec<T>) -> usize {
    SIZES.partition_point(|&size| entries.capacity() > size)
}

/// Puts an item into a vector that is full or has no room.
#[cold]
#[inline(never)]
fn push_into_more<T: Copy>(bucket: &mut Vec<T>, item: T, spare: &mut Spare<T>, fullest: usize) {
    make_room(bucket, spare, fullest);
    bucket.push(item);
}

/// Makes room in a vector that is full or has none: that of the next size, which another window has left, or new. The
/// largest has room for all that a window had so far.
fn make_room<T: Copy>(bucket: &mut Vec<T>, spare: &mut Spare<T>, fullest: usize) {
    let size = match bucket.capacity() {
        0 => 0,
        _ => size_of_room(bucket) + 1,
    };
    let Some(rooms) = spare.get_mut(size) else {
        return bucket.reserve_exact(bucket.len() / 4);
    };
    let Some(room) = rooms.pop() else {
        let wanted = SIZES.get(size).copied().unwrap_or(fullest + fullest / 8);
        return bucket.reserve_exact(wanted.max(bucket.len() * 5 / 4) - bucket.len());
    };
    let mut outgrown = std::mem::replace(bucket, room);
    bucket.append(&mut outgrown);
    if outgrown.capacity() > 0 {
        spare[size_of_room(&outgrown)].push(outgrown);
    }
}

#[cold]
#[inline(never)]
fn push_far<T>(far: &mut BTreeMap<u64, Vec<T>>, window: u64, item: T) {
    far.entry(window).or_default().push(item);
}

#[cfg(test)]
mod tests {
    use super::{Calendar, SIZES};

    /// Six hundred entries a window for the next two, and one for each of the next forty: two windows are full, six are on the
    /// way, the others have few.
    #[test]
    fn windows_that_have_few_entries_have_little_room() {
        let mut calendar = Calendar::new();
        for now in 0..500 {
            (1..=40).for_each(|ahead| calendar.push(now + ahead, now));
            (0..600).for_each(|entry| calendar.push(now + 1 + entry % 2, now));
            let due = calendar.take(now);
            assert!(due.is_sorted());
            calendar.give_back(due);
        }
        let spare = calendar.spare.iter().flatten();
        let room: usize = calendar.ring.iter().chain(spare).map(Vec::capacity).sum();
        assert!(room <= 45 * SIZES[0] + 12 * SIZES[1] + 3 * 800, "{room}");
    }

    #[test]
    fn near_and_far_entries_come_out_in_their_window_and_in_order() {
        let mut calendar = Calendar::new();
        for (window, item) in [(3, 'a'), (700, 'x'), (3, 'b'), (0, 'c')] {
            calendar.push(window, item);
        }
        let mut seen = Vec::new();
        for window in 0..=700 {
            let due = calendar.take(window);
            if window == 600 {
                calendar.push(700, 'y');
            }
            seen.extend(due.iter().map(|&item| (window, item)));
            calendar.give_back(due);
        }
        assert_eq!(seen, [(0, 'c'), (3, 'a'), (3, 'b'), (700, 'x'), (700, 'y')]);
    }
}

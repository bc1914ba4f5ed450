//! Dense storage with stable indices: a vector and a list of free places.
//!
//! Invariant: an index handed out stays valid until it is given back; nothing is allocated once the
//! largest number of simultaneous entries has been reached.

use prefetch_index::prefetch_index;

/// A vector whose places are reused.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slab<T> {
    items: Vec<T>,
    free: Vec<u32>,
}

impl<T> Slab<T> {
    /// An empty slab.
    pub(crate) fn new() -> Self {
        Self {
            items: Vec::new(),
            free: Vec::new(),
        }
    }

    /// Stores `item` and returns its index.
    #[inline(always)]
    pub(crate) fn insert(&mut self, item: T) -> u32 {
        if let Some(index) = self.free.pop() {
            self.items[index as usize] = item;
            self.ask_for_next();
            index
        } else {
            self.grow(item)
        }
    }

    #[cold]
    fn grow(&mut self, item: T) -> u32 {
        let index = u32::try_from(self.items.len()).expect("fewer than 2^32 entries in flight in a lane");
        self.items.push(item);
        index
    }

    /// Gives an index back; the entry's contents stay readable until it is reused.
    #[inline]
    pub(crate) fn remove(&mut self, index: u32) {
        self.free.push(index);
    }

    /// Reuses a freed entry as it is (its vectors keep their capacity), or makes a new one.
    #[inline]
    pub(crate) fn reuse_or(&mut self, make: impl FnOnce() -> T) -> u32 {
        match self.free.pop() {
            Some(index) => {
                self.ask_for_next();
                index
            }
            None => self.insert(make()),
        }
    }

    /// Asks for an entry that will be needed.
    #[inline(always)]
    pub(crate) fn ask_for(&self, index: usize) {
        prefetch_index(&self.items, index);
    }

    /// Asks for the place that will be given next.
    #[inline(always)]
    fn ask_for_next(&self) {
        if let Some(&next) = self.free.last() {
            prefetch_index(&self.items, next as usize);
        }
    }

    /// Every entry, those given back included, which look as they did when they were.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.items.iter()
    }

    /// Entries in use.
    pub(crate) fn len(&self) -> usize {
        self.items.len() - self.free.len()
    }
}

impl<T> std::ops::Index<u32> for Slab<T> {
    type Output = T;
    #[inline]
    fn index(&self, index: u32) -> &T {
        &self.items[index as usize]
    }
}

impl<T> std::ops::IndexMut<u32> for Slab<T> {
    #[inline]
    fn index_mut(&mut self, index: u32) -> &mut T {
        &mut self.items[index as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::Slab;

    #[test]
    fn a_freed_place_is_reused_before_the_slab_grows() {
        let mut slab = Slab::new();
        let (a, b) = (slab.insert('a'), slab.insert('b'));
        slab.remove(a);
        assert_eq!(slab.len(), 1);
        assert_eq!(slab.insert('c'), a);
        assert_eq!((slab[a], slab[b], slab.len()), ('c', 'b', 2));
    }
}

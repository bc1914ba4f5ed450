//! Putting mail into its canonical order.
//!
//! Invariant: the order depends on the keys alone; where keys tie, entries change nothing that the
//! other could see.

/// Bits of a packed entry that hold its place.
const PLACE_BITS: u32 = 20;
/// Bits left for a key beside the place.
const KEY_BITS: u32 = u64::BITS - PLACE_BITS;

/// The order of a list of items; its buffers are used again for the next.
#[derive(Debug, Default)]
pub(crate) struct Order {
    packed: Vec<u64>,
    wide: Vec<(u64, u64, u32)>,
    places: Vec<u32>,
}

impl Order {
    /// Places of the items last sorted, in their order.
    pub(crate) fn places(&self) -> &[u32] {
        &self.places
    }

    /// Sorts `items` by (time, rank).
    ///
    /// Times of one block lie so close together that a time and a place share one integer, which sorts in
    /// a third of the time of a triple; ranks are asked for only where times tie. What does not fit is
    /// sorted the plain way.
    pub(crate) fn sort<T>(&mut self, items: &[T], time: impl Fn(&T) -> u64, rank: impl Fn(&T) -> u64) {
        self.places.clear();
        let Some(first) = items.iter().map(&time).min() else {
            return;
        };
        let last = items.iter().map(&time).max().unwrap_or(first);
        if items.len() > 1 << PLACE_BITS || last - first >= 1 << KEY_BITS {
            return self.sort_plainly(items, time, rank);
        }
        self.packed.clear();
        let entries = items.iter().zip(0_u64..);
        self.packed
            .extend(entries.map(|(item, place)| (time(item) - first) << PLACE_BITS | place));
        if last > first {
            self.packed.sort_unstable();
        }
        let mut rest = &mut self.packed[..];
        while let Some(&head) = rest.first() {
            let same = head >> PLACE_BITS;
            let tied = rest
                .iter()
                .take_while(|&entry| entry >> PLACE_BITS == same)
                .count();
            let (run, after) = rest.split_at_mut(tied);
            if tied > 1 {
                break_ties(run, items, &rank);
            }
            self.places
                .extend(run.iter().map(|&entry| place_of(entry) as u32));
            rest = after;
        }
    }

    fn sort_plainly<T>(&mut self, items: &[T], time: impl Fn(&T) -> u64, rank: impl Fn(&T) -> u64) {
        self.wide.clear();
        let entries = items.iter().zip(0_u32..);
        self.wide
            .extend(entries.map(|(item, place)| (time(item), rank(item), place)));
        self.wide.sort_unstable();
        self.places.extend(self.wide.iter().map(|&(_, _, place)| place));
    }
}

fn place_of(entry: u64) -> usize {
    (entry & ((1 << PLACE_BITS) - 1)) as usize
}

/// Sorts a run of packed entries of one time by rank.
fn break_ties<T>(run: &mut [u64], items: &[T], rank: &impl Fn(&T) -> u64) {
    let ranks = || run.iter().map(|&entry| rank(&items[place_of(entry)]));
    let (least, most) = (ranks().min().unwrap_or(0), ranks().max().unwrap_or(0));
    if most - least >= 1 << KEY_BITS {
        run.sort_unstable_by_key(|&entry| (rank(&items[place_of(entry)]), entry));
        return;
    }
    for entry in &mut *run {
        let place = *entry & ((1 << PLACE_BITS) - 1);
        *entry = (rank(&items[place as usize]) - least) << PLACE_BITS | place;
    }
    run.sort_unstable();
}

#[cfg(test)]
mod tests {
    use super::Order;

    fn order_of(items: &[(u64, u64)]) -> Vec<u32> {
        let mut order = Order::default();
        order.sort(items, |item| item.0, |item| item.1);
        order.places().to_vec()
    }

    #[test]
    fn items_come_in_order_of_time_and_rank_whether_they_fit_one_integer_or_not() {
        for far in [9, 1 << 43, 1 << 50, u64::MAX] {
            for high in [4, 1 << 43, 1 << 60] {
                let items = [(far, 3), (5, high), (far, 2), (5, 1), (7, 0), (5, 2)];
                assert_eq!(order_of(&items), [3, 5, 1, 4, 2, 0], "{far} {high}");
            }
        }
        assert_eq!(order_of(&[(7, 3), (7, 1), (7, 2)]), [1, 2, 0]);
        assert!(order_of(&[]).is_empty());
    }
}

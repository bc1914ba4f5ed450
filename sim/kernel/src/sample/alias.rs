//! Choosing one of many by a law that never changes, with one look at memory and 32 bits.
//!
//! **Invariant.** A draw's first bits choose a column and the next 18 a place in it; the places that choose an outcome are
//! as many as its chance has parts of a column's 2^18, to within half a place.

/// Bits of a place in a column.
const PLACE_BITS: u32 = 18;
/// Bits of an outcome.
const OUTCOME_BITS: u32 = u32::BITS - PLACE_BITS;
/// Places of a column.
const WIDTH: u64 = 1 << PLACE_BITS;

/// An alias table (Walker 1977, built as by Vose 1991, but in integers) over at most 16,384 outcomes.
///
/// One chance that changes moves many choices, so it suits laws that stay; see [`super::WeightedIndex`] for others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AliasTable {
    /// Of each column: the place from which on it chooses another outcome, and, in the lowest bits, which. As many as a
    /// power of two.
    columns: Vec<u32>,
    /// Bits of a draw that choose the column.
    bits: u32,
}

impl AliasTable {
    /// The table of these chances, which need not sum to one.
    ///
    /// Each is rounded to the nearest place and the likeliest takes what that leaves over. Panics without a chance above
    /// zero, and for more than 16,384 outcomes.
    pub fn new(chances: &[f64]) -> Self {
        let count = chances.len().max(2).next_power_of_two();
        assert!(
            count <= 1 << OUTCOME_BITS,
            "an alias table has at most 16,384 outcomes"
        );
        let mut places = compute_places(chances, WIDTH * count as u64);
        places.resize(count, 0);
        Self {
            columns: fill(places),
            bits: count.trailing_zeros(),
        }
    }

    /// The outcome that a uniform draw chooses.
    #[inline(always)]
    pub fn pick(&self, draw: u32) -> usize {
        let column = (draw >> (u32::BITS - self.bits)) as usize;
        let place = draw << self.bits >> OUTCOME_BITS;
        let entry = self.columns[column];
        let other = entry as usize & ((1 << OUTCOME_BITS) - 1);
        // Chance decides, so a branch would be wrong every other time.
        std::hint::select_unpredictable(place < entry >> OUTCOME_BITS, column, other)
    }
}

/// How many of `whole` places each outcome has.
fn compute_places(chances: &[f64], whole: u64) -> Vec<u64> {
    let total: f64 = chances.iter().sum();
    assert!(total > 0.0, "an alias table needs a chance above zero");
    let scale = whole as f64 / total;
    let mut places: Vec<u64> = chances
        .iter()
        .map(|chance| (chance * scale + 0.5) as u64)
        .collect();
    let likeliest = (0..places.len()).max_by_key(|&at| places[at]).unwrap_or(0);
    let others = places.iter().sum::<u64>() - places[likeliest];
    places[likeliest] = whole - others;
    places
}

/// Fills every column with its own outcome and, above, with one that has more places than its column.
fn fill(mut places: Vec<u64>) -> Vec<u32> {
    let entry = |cut: u64, other: usize| (cut as u32) << OUTCOME_BITS | other as u32;
    // A column that is full of its own outcome has itself above any cut.
    let mut columns: Vec<u32> = (0..places.len()).map(|at| entry(0, at)).collect();
    let (mut short, mut long): (Vec<usize>, Vec<usize>) =
        (0..places.len()).partition(|&at| places[at] < WIDTH);
    while let Some(at) = short.pop() {
        let other = *long.last().expect("the places of all columns are given away");
        columns[at] = entry(places[at], other);
        places[other] -= WIDTH - places[at];
        if places[other] < WIDTH {
            long.pop();
            short.push(other);
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::{AliasTable, OUTCOME_BITS, PLACE_BITS, WIDTH, compute_places};
    use crate::streams::StreamKey;

    /// The places that choose each outcome, counted off the table.
    fn places_of(table: &AliasTable) -> Vec<u64> {
        let mut places = vec![0; table.columns.len()];
        for (column, entry) in table.columns.iter().enumerate() {
            let cut = u64::from(entry >> OUTCOME_BITS);
            places[column] += cut;
            places[(entry & 0x3FFF) as usize] += WIDTH - cut;
        }
        places
    }

    #[test]
    fn every_outcome_has_the_places_of_its_chance() {
        let falling: Vec<f64> = (0..16_384).map(|at| 1.0 / f64::from(1 + at % 977)).collect();
        for chances in [&[1.0][..], &[0.0, 3.0], &[0.2, 0.3, 0.0, 0.5, 0.0], &falling] {
            let table = AliasTable::new(chances);
            let count = table.columns.len();
            let whole = WIDTH * count as u64;
            let mut expected = compute_places(chances, whole);
            expected.resize(count, 0);
            assert!(places_of(&table) == expected, "of {} chances", chances.len());
            let total: f64 = chances.iter().sum();
            let errors = chances
                .iter()
                .zip(&expected)
                .map(|(chance, &places)| (places as f64 - chance / total * whole as f64).abs());
            let large: Vec<f64> = errors.filter(|&error| error > 0.5 + 1e-6).collect();
            // One of the likeliest takes what the others leave over.
            assert!(large.len() <= 1, "{large:?}");
            assert!(
                large.iter().all(|&error| error <= count as f64 / 2.0),
                "{large:?}"
            );
        }
    }

    #[test]
    fn a_draw_chooses_by_its_column_and_its_place() {
        let table = AliasTable::new(&[0.75, 0.25]);
        let half = 1 << (PLACE_BITS - 1);
        assert_eq!(table.columns, [0, half << OUTCOME_BITS]);
        let quarters = [0, 1 << 30, 1 << 31, 3 << 30, u32::MAX];
        assert_eq!(quarters.map(|draw| table.pick(draw)), [0, 0, 1, 0, 0]);
    }

    #[test]
    fn choices_follow_the_law() {
        let chances: Vec<f64> = (0..100).map(|at| f64::from(1 + at % 13)).collect();
        let (table, key) = (AliasTable::new(&chances), StreamKey::from_raw(71));
        let mut counts = vec![0; 128];
        (0..400_000).for_each(|draw| counts[table.pick(key.draw(draw, 0) as u32)] += 1);
        let total: f64 = chances.iter().sum();
        crate::sample::fit::assert_follows(
            &counts,
            |at| 4e5 * chances.get(at).copied().unwrap_or(0.0) / total,
            format_args!("a hundred outcomes"),
        );
    }

    #[test]
    fn choices_are_pinned() {
        let chances: Vec<f64> = (0..300).map(|at| f64::from(at) * 0.1).collect();
        let (table, key) = (AliasTable::new(&chances), StreamKey::from_raw(1));
        let picked: Vec<usize> = (0..8).map(|draw| table.pick(key.draw(draw, 0) as u32)).collect();
        assert_eq!(picked, [294, 77, 190, 264, 173, 243, 294, 290]);
    }
}

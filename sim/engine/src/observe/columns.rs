//! Rows turned into named columns, the shape in which they are stored.
//!
//! **Invariant.** A column holds integers or text, never a float: money in base units (`*_base_units`),
//! times in nanoseconds (`*_ns`), rates in parts per 10^9 (`*_ppb`), so that the files depend on no
//! rounding and no platform. The unit is the end of the name; a bare noun is a count.

/// The values of one column; all columns of a table are equally long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Values<'a> {
    /// Small counts and indices.
    U32(Vec<u32>),
    /// Counts, heights and times.
    U64(Vec<u64>),
    /// Signed figures.
    I64(Vec<i64>),
    /// Money and sums beyond 64 bits: stored as a decimal of 38 digits and scale 0.
    Wide(Vec<i128>),
    /// Names.
    Text(Vec<&'a str>),
}

impl Values<'_> {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::U32(v) => v.len(),
            Self::U64(v) => v.len(),
            Self::I64(v) => v.len(),
            Self::Wide(v) => v.len(),
            Self::Text(v) => v.len(),
        }
    }

    /// There is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A named column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column<'a> {
    /// Name, ending in its unit.
    pub name: &'static str,
    /// Values, one a row.
    pub values: Values<'a>,
}

/// Shorthand for building tables.
pub(crate) fn column<'a>(name: &'static str, values: Values<'a>) -> Column<'a> {
    Column { name, values }
}

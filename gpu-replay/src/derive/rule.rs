//! The columns of a score sheet: each statistic, and the rule that combines them.
//!
//! **Invariant.** Larger is more suspicious, for each.

use serde::{Serialize, Serializer};

use crate::scores::Statistic;

/// A column of the sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// One statistic alone.
    Of(Statistic),
    /// Minus the decimal logarithm of the smallest p-value of [`Statistic::COMBINED`].
    Combined,
}

impl Rule {
    /// Number of columns.
    pub(super) const COUNT: usize = Statistic::ALL.len() + 1;

    /// The rules that tables show, in their order.
    pub const SHOWN: [Rule; 8] = [
        Rule::Combined,
        Rule::Of(Statistic::S1Mean),
        Rule::Of(Statistic::S1Window),
        Rule::Of(Statistic::S2Margin),
        Rule::Of(Statistic::S2Window),
        Rule::Of(Statistic::S3),
        Rule::Of(Statistic::Mae),
        Rule::Of(Statistic::Deployed),
    ];

    /// All columns in order.
    pub fn all() -> impl Iterator<Item = Rule> {
        Statistic::ALL.into_iter().map(Rule::Of).chain([Rule::Combined])
    }

    /// Position of the column.
    pub(super) fn column(self) -> usize {
        match self {
            Rule::Of(statistic) => statistic as usize,
            Rule::Combined => Rule::COUNT - 1,
        }
    }

    /// The name in tables and files.
    pub fn name(self) -> &'static str {
        match self {
            Rule::Of(statistic) => statistic.name(),
            Rule::Combined => "combined",
        }
    }

    /// What it is, in words.
    pub fn title(self) -> &'static str {
        match self {
            Rule::Of(statistic) => statistic.title(),
            Rule::Combined => "smallest p-value of five statistics",
        }
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_numbered_as_they_are_listed() {
        let columns: Vec<usize> = Rule::all().map(Rule::column).collect();
        assert_eq!(columns, (0..Rule::COUNT).collect::<Vec<_>>());
    }
}

//! The typed values of a scenario by path, and the questions asked of them.
//!
//! Invariant: a path that is asked for is in the field table and of the asked kind; anything else is a
//! mistake of this program and panics in the first test that resolves a scenario.

use std::collections::BTreeMap;

use stakeout_kernel::time::SimDuration;
use stakeout_protocol::units::{Amount, Decimal, EpochIndex, Fraction, Price, TokenCount};

use super::document::{Node, Value};
use super::error::{Place, Problem, Source};
use super::fields::{self, Field, Need, groups};
use super::layers::Layers;
use super::quantity::Quantity;
use super::read::{Reader, join};
use super::value::{Item, Lengths, Typed};

/// Values of the fixed fields and of the tables' entries.
#[derive(Debug, Default)]
pub struct Values {
    fixed: BTreeMap<&'static str, (Typed, Place)>,
    /// Entries of `models` and `hardware`, by table and name.
    pub entries: BTreeMap<(&'static str, String), Item>,
}

impl Values {
    /// Reads every field of the table from the layers.
    pub fn read(layers: &Layers, reader: &mut Reader<'_>, fallback: &Place) -> Self {
        let mut values = Self::default();
        for field in fields::all() {
            let place = layers
                .leaves
                .get(field.path)
                .map_or(fallback, |leaf| &leaf.node.place);
            let value = if field.path == "assumptions" {
                union(field, layers, reader)
            } else {
                read_field(field, field.path, layers, reader, fallback)
            };
            if let Some(value) = value {
                values.fixed.insert(field.path, (value, place.clone()));
            }
        }
        for (table, fields) in groups::TOP_LEVEL_TABLES {
            let mut names = layers.tables.get(table).cloned().unwrap_or_default();
            names.sort_unstable();
            for name in names {
                let path = join(table, &name);
                let given = fields.iter().filter_map(|field| {
                    read_field(field, &join(&path, field.path), layers, reader, fallback)
                        .map(|value| (field, value))
                });
                let item = Item(given.collect());
                values.entries.insert((table, name), item);
            }
        }
        values
    }

    /// The value of a path, if it has one.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Typed> {
        debug_assert!(fields::find(path).is_some(), "no field {path}");
        self.fixed.get(path).map(|(value, _)| value)
    }

    /// Where the value of a path stands.
    #[must_use]
    pub fn place(&self, path: &str) -> Place {
        self.fixed.get(path).map_or_else(
            || Source::file("scenario", "").start(),
            |(_, place)| place.clone(),
        )
    }

    /// A problem with the value of a path.
    #[must_use]
    pub fn problem(&self, path: &str, found: &str) -> Problem {
        Problem::new(&self.place(path), path, found)
    }

    /// Base units of a number; `None` for `none` and for an absent field.
    #[must_use]
    pub fn maybe(&self, path: &str) -> Option<i128> {
        self.quantity(path).map(|quantity| quantity.base)
    }

    /// A number with its unit; `None` for `none` and for an absent field.
    #[must_use]
    pub fn quantity(&self, path: &str) -> Option<Quantity> {
        match self.get(path) {
            Some(Typed::Quantity(quantity)) => Some(*quantity),
            None | Some(Typed::Nothing) => None,
            Some(other) => panic!("{path} is no number but {other:?}"),
        }
    }

    fn base(&self, path: &str) -> i128 {
        self.maybe(path).unwrap_or_else(|| panic!("{path} has no value"))
    }

    /// A count, of blocks, epochs, seconds or anything.
    #[must_use]
    pub fn count<T: TryFrom<i128>>(&self, path: &str) -> T {
        T::try_from(self.base(path)).unwrap_or_else(|_| panic!("the range of {path} is wider than its type"))
    }

    /// A share.
    #[must_use]
    pub fn fraction(&self, path: &str) -> Fraction {
        Fraction::from_parts(self.count(path))
    }

    /// A share, or nothing where it says `none`.
    #[must_use]
    pub fn maybe_fraction(&self, path: &str) -> Option<Fraction> {
        self.maybe(path).map(|_| self.fraction(path))
    }

    /// A number with decimals.
    #[must_use]
    pub fn decimal(&self, path: &str) -> Decimal {
        Decimal::from_parts(self.base(path))
    }

    /// A length of time.
    #[must_use]
    pub fn duration(&self, path: &str) -> SimDuration {
        SimDuration::from_nanos(self.count(path))
    }

    /// Coins.
    #[must_use]
    pub fn amount(&self, path: &str) -> Amount {
        Amount::from_base_units(self.base(path))
    }

    /// A price.
    #[must_use]
    pub fn price(&self, path: &str) -> Price {
        Price::new(self.count(path))
    }

    /// A number of model tokens.
    #[must_use]
    pub fn tokens(&self, path: &str) -> TokenCount {
        TokenCount::new(self.count(path))
    }

    /// An epoch's number.
    #[must_use]
    pub fn epoch(&self, path: &str) -> EpochIndex {
        EpochIndex::new(self.count(path))
    }

    /// A switch.
    #[must_use]
    pub fn is_on(&self, path: &str) -> bool {
        match self.get(path) {
            Some(Typed::Switch(is_on)) => *is_on,
            other => panic!("{path} is no switch but {other:?}"),
        }
    }

    /// A name or text, if there is one.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        match self.get(path) {
            Some(Typed::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// One of the names of a choice.
    #[must_use]
    pub fn choice(&self, path: &str) -> &str {
        self.text(path).unwrap_or_else(|| panic!("{path} has no value"))
    }

    /// A law of lengths.
    #[must_use]
    pub fn lengths(&self, path: &str) -> &Lengths {
        match self.get(path) {
            Some(Typed::Lengths(lengths)) => lengths,
            other => panic!("{path} is no law of lengths but {other:?}"),
        }
    }

    /// The items of a list.
    #[must_use]
    pub fn items(&self, path: &str) -> &[Item] {
        match self.get(path) {
            Some(Typed::Items(items)) => items,
            _ => &[],
        }
    }

    /// Names.
    #[must_use]
    pub fn words(&self, path: &str) -> &[String] {
        match self.get(path) {
            Some(Typed::Words(words)) => words,
            _ => &[],
        }
    }

    /// All fixed fields with their values, in the order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Typed)> {
        self.fixed.iter().map(|(path, (value, _))| (*path, value))
    }
}

fn read_field(
    field: &Field,
    path: &str,
    layers: &Layers,
    reader: &mut Reader<'_>,
    fallback: &Place,
) -> Option<Typed> {
    if let Some(leaf) = layers.leaves.get(path) {
        // Nothing after an optional field's colon is as if the line were not there.
        if !(leaf.node.is_empty() && field.need == Need::Optional) {
            return reader.read(field, path, &leaf.node);
        }
    }
    match field.need {
        Need::Optional => None,
        Need::Default("[]") => reader.read(
            field,
            path,
            &Node {
                place: fallback.clone(),
                value: Value::List(Vec::new()),
            },
        ),
        Need::Default(text) => reader.read(field, path, &Node::scalar(fallback, text)),
        Need::Given => {
            reader
                .problems
                .push(Problem::new(fallback, path, "it is missing").allowed(field.doc));
            None
        }
    }
}

/// Names from every layer together, sorted.
fn union(field: &Field, layers: &Layers, reader: &mut Reader<'_>) -> Option<Typed> {
    let mut words: Vec<String> = Vec::new();
    for node in &layers.assumptions {
        if let Some(Typed::Words(more)) = reader.read(field, field.path, node) {
            words.extend(more);
        }
    }
    words.sort_unstable();
    words.dedup();
    Some(Typed::Words(words))
}

//! Every field a scenario may have: one table.
//!
//! The table alone says what a field is called, what it holds, in which range, whether it must be given
//! and what it does. Reading, the JSON Schema, `scenario explain`, the canonical writer and the tests
//! all go through it; a parameter that is not here does not exist.
//!
//! Invariant: paths are unique, and a field without a default is given by the preset `minimal`.

pub mod groups;
mod network;
mod protocol;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::quantity::{
    BLOCKS, COINS, COUNT, DURATION, Dimension, EPOCHS, MEMORY, NUMBER, PRICE, SHARE, TOKENS, WHOLE_SECONDS,
};

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A number, with a unit unless its dimension has none; limits in base units, both allowed.
    Quantity {
        /// Its dimension.
        dimension: &'static Dimension,
        /// Smallest allowed value.
        min: i128,
        /// Largest allowed value.
        max: i128,
    },
    /// One of these names.
    OneOf(&'static [&'static str]),
    /// `true` or `false`.
    Switch,
    /// A name of letters, digits and `_ - . /`, at most 64 characters.
    Word,
    /// Free text of at most 2,000 characters.
    Text,
    /// A file beside or below the scenario.
    File,
    /// A law of lengths in model tokens.
    Lengths,
    /// One name or a list of names.
    Words,
    /// A weight, a list of weights, or a law of weights over a group.
    Weights,
    /// A strategy's name, or its name with parameters.
    Strategy,
    /// The groups of hosts.
    Population,
    /// Stretches of time in which many hosts are down.
    SharedOutages,
    /// Heights by name of the stage.
    Heights,
    /// Hashes of the files a resolved scenario was made with.
    Hashes,
    /// Epochs of absence: from when, and how many.
    Absence,
}

/// Whether a field must be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Some preset, the file or the command line must give it.
    Given,
    /// It has this value where nobody gives one.
    Default(&'static str),
    /// It may be absent, which is a value of its own.
    Optional,
}

/// A field; two are the same when their paths are.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Dotted path from the top of the file, or of the group that holds it.
    pub path: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// `none` is allowed as well: it turns the thing off or lifts the limit.
    pub allows_none: bool,
    /// Whether it must be given.
    pub need: Need,
    /// What it does, in a sentence.
    pub doc: &'static str,
}

impl PartialEq for Field {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path
    }
}

impl Field {
    /// The same field, for which `none` is allowed too.
    const fn or_none(mut self) -> Self {
        self.allows_none = true;
        self
    }

    /// The same field with a value where nobody gives one.
    const fn or(mut self, default: &'static str) -> Self {
        self.need = Need::Default(default);
        self
    }

    /// The same field, which may be absent.
    const fn optional(mut self) -> Self {
        self.need = Need::Optional;
        self
    }

    /// The rule family or section that the field belongs to: its path without the last word.
    #[must_use]
    pub fn family(&self) -> &'static str {
        self.path.rsplit_once('.').map_or("run", |(family, _)| family)
    }
}

/// A required field of any kind.
const fn field(path: &'static str, kind: Kind, doc: &'static str) -> Field {
    Field {
        path,
        kind,
        allows_none: false,
        need: Need::Given,
        doc,
    }
}

/// A required number within limits in base units.
const fn quantity(
    path: &'static str,
    dimension: &'static Dimension,
    min: i128,
    max: i128,
    doc: &'static str,
) -> Field {
    field(path, Kind::Quantity { dimension, min, max }, doc)
}

const E18: i128 = 1_000_000_000_000_000_000;
const SECOND: i128 = 1_000_000_000;
const YEAR: i128 = 366 * 86_400 * SECOND;
const BLOCKS_MAX: i128 = 1_000_000_000;
const EPOCHS_MAX: i128 = 1_000_000;
/// More coins than any supply, far below where sums could overflow.
const COINS_MAX: i128 = 1_000_000_000_000 * SECOND;

const fn share(path: &'static str, doc: &'static str) -> Field {
    quantity(path, &SHARE, 0, E18, doc)
}

/// A share that is neither nothing nor all.
const fn open_share(path: &'static str, doc: &'static str) -> Field {
    quantity(path, &SHARE, 1, E18 - 1, doc)
}

const fn duration(path: &'static str, doc: &'static str) -> Field {
    quantity(path, &DURATION, 0, 100 * YEAR, doc)
}

/// A length of time that is not nothing.
const fn positive_duration(path: &'static str, doc: &'static str) -> Field {
    quantity(path, &DURATION, 1, 100 * YEAR, doc)
}

const fn count(path: &'static str, min: i128, max: i128, doc: &'static str) -> Field {
    quantity(path, &COUNT, min, max, doc)
}

const fn number(path: &'static str, min: i128, max: i128, doc: &'static str) -> Field {
    quantity(path, &NUMBER, min, max, doc)
}

const fn blocks(path: &'static str, min: i128, doc: &'static str) -> Field {
    quantity(path, &BLOCKS, min, BLOCKS_MAX, doc)
}

const fn epochs(path: &'static str, min: i128, doc: &'static str) -> Field {
    quantity(path, &EPOCHS, min, EPOCHS_MAX, doc)
}

const fn coins(path: &'static str, doc: &'static str) -> Field {
    quantity(path, &COINS, 0, COINS_MAX, doc)
}

const fn price(path: &'static str, doc: &'static str) -> Field {
    quantity(path, &PRICE, 0, 1_000_000_000_000, doc)
}

const fn tokens(path: &'static str, min: i128, doc: &'static str) -> Field {
    quantity(path, &TOKENS, min, 100_000_000, doc)
}

const fn memory(path: &'static str, doc: &'static str) -> Field {
    quantity(path, &MEMORY, 1, 1_000_000, doc)
}

/// A length of time that is counted in whole seconds.
const fn whole_seconds(path: &'static str, doc: &'static str) -> Field {
    quantity(path, &WHOLE_SECONDS, 1, 1_000_000_000, doc)
}

const fn switch(path: &'static str, doc: &'static str) -> Field {
    field(path, Kind::Switch, doc)
}

const fn one_of(path: &'static str, names: &'static [&'static str], doc: &'static str) -> Field {
    field(path, Kind::OneOf(names), doc)
}

/// All fields with a fixed path, section by section.
pub fn all() -> impl Iterator<Item = &'static Field> {
    network::RUN
        .iter()
        .chain(network::CHAIN)
        .chain(protocol::PROTOCOL)
        .chain(network::CLIENTS_AND_DEMAND)
        .chain(network::OUTAGES_AND_RECORD)
}

/// The fields by path, made once: every key of every layer asks for one.
fn by_path() -> &'static BTreeMap<&'static str, &'static Field> {
    static BY_PATH: OnceLock<BTreeMap<&'static str, &'static Field>> = OnceLock::new();
    BY_PATH.get_or_init(|| all().map(|field| (field.path, field)).collect())
}

/// The field of a path.
#[must_use]
pub fn find(path: &str) -> Option<&'static Field> {
    by_path().get(path).copied()
}

/// Whether a path is a section, with fields below it.
#[must_use]
pub fn is_section(path: &str) -> bool {
    let is_below = |other: &str| other.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'));
    all().any(|field| is_below(field.path))
}

/// The words that may follow a section's path (the top's for an empty one), in the order of the table.
#[must_use]
pub fn children(section: &str) -> Vec<&'static str> {
    let mut words: Vec<&'static str> = Vec::new();
    for field in all() {
        let rest = match section {
            "" => Some(field.path),
            _ => field
                .path
                .strip_prefix(section)
                .and_then(|rest| rest.strip_prefix('.')),
        };
        let word = rest.and_then(|rest| rest.split('.').next());
        if let Some(word) = word.filter(|word| !words.contains(word)) {
            words.push(word);
        }
    }
    if section.is_empty() {
        words.extend(groups::TOP_LEVEL_TABLES.iter().map(|(name, _)| *name));
        words.extend(["preset", "sources"]);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_one_field_and_no_field_is_a_section() {
        let paths: Vec<_> = all().map(|field| field.path).collect();
        for (i, path) in paths.iter().enumerate() {
            assert!(!paths[..i].contains(path), "{path} twice");
            assert!(!is_section(path), "{path} is a field and a section");
        }
    }

    #[test]
    fn every_field_says_what_it_does_in_a_sentence() {
        for field in all().chain(groups::all()) {
            assert!(field.doc.ends_with('.') && field.doc.len() > 10, "{}", field.path);
        }
    }
}

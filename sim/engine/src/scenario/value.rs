//! A checked value of a field, and how it is written again.
//!
//! Invariant: what [`Typed::write`] writes, [`read`](super::read) reads as the same value.

use super::fields::{Kind, Need};
use super::quantity::{Dimension, MEAN_TOKENS, Quantity, TOKENS};
use super::{ParamValue, StrategySpec};

/// A checked value.
#[derive(Clone, Debug, PartialEq)]
pub enum Typed {
    /// `none`.
    Nothing,
    /// A switch.
    Switch(bool),
    /// A number.
    Quantity(Quantity),
    /// A name or text.
    Text(String),
    /// Names.
    Words(Vec<String>),
    /// A law of lengths.
    Lengths(Lengths),
    /// Weights of a group.
    Weights(Weights),
    /// A strategy, checked against the registry.
    Strategy(StrategySpec),
    /// The fields of items, each in the order of its table.
    Items(Vec<Item>),
    /// Numbers by name.
    Named(Vec<(String, u64)>),
    /// Hashes by path of a file.
    Hashes(Vec<(String, String)>),
}

/// The given fields of one item of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Item(pub Vec<(&'static super::fields::Field, Typed)>);

impl Item {
    /// The value of a field, if it is given.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Typed> {
        self.0
            .iter()
            .find(|(field, _)| field.path == name)
            .map(|(_, value)| value)
    }

    /// A number's base units, 0 where the field is absent.
    #[must_use]
    pub fn base(&self, name: &str) -> i128 {
        match self.get(name) {
            Some(Typed::Quantity(quantity)) => quantity.base,
            _ => 0,
        }
    }

    /// A name or text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Typed::Text(text)) => Some(text),
            _ => None,
        }
    }
}

/// A law of lengths as written; means in millionths of a model token.
#[derive(Clone, Debug, PartialEq)]
pub enum Lengths {
    /// One length.
    Constant(i128),
    /// From the first to the second, both included.
    Uniform(i128, i128),
    /// Mean.
    Exponential(i128),
    /// Median and 95th percentile.
    Lognormal(i128, i128),
    /// Recorded lengths, one a line.
    Empirical(String),
}

/// Weights over a group of hosts.
#[derive(Clone, Debug, PartialEq)]
pub enum Weights {
    /// The same for each.
    Constant(u64),
    /// One for each.
    List(Vec<u64>),
    /// From the first host's to the last one's in equal steps.
    Linear(u64, u64),
    /// A Pareto law's quantiles: smallest weight, and the tail exponent in millionths.
    Pareto(u64, u64),
}

impl Typed {
    /// The value as canonical YAML in flow form.
    #[must_use]
    pub fn write(&self, kind: &Kind) -> String {
        match self {
            Self::Nothing => "none".to_owned(),
            Self::Switch(is_on) => is_on.to_string(),
            Self::Quantity(quantity) => match kind {
                Kind::Quantity { dimension, .. } => dimension.write(*quantity),
                _ => unreachable!("a number where the table has none"),
            },
            Self::Text(text) => scalar(text),
            Self::Words(words) => list(words.iter().map(|word| scalar(word))),
            Self::Lengths(lengths) => lengths.write(),
            Self::Weights(weights) => weights.write(),
            Self::Strategy(strategy) => write_strategy(strategy),
            Self::Items(items) if matches!(kind, Kind::Absence) => items.iter().map(Item::write).collect(),
            Self::Items(items) => list(items.iter().map(Item::write)),
            Self::Hashes(hashes) => map(hashes.iter().map(|(path, hash)| (path.as_str(), scalar(hash)))),
            Self::Named(numbers) => map(numbers.iter().map(|(name, n)| (name.as_str(), n.to_string()))),
        }
    }
}

impl Item {
    /// The item as a map in flow form, without what it has by default.
    #[must_use]
    pub fn write(&self) -> String {
        let written = self
            .0
            .iter()
            .map(|(field, value)| (*field, value.write(&field.kind)));
        let is_default = |need: Need, text: &str| matches!(need, Need::Default(default) if default == text);
        let said = written.filter(|(field, text)| !is_default(field.need, text));
        map(said.map(|(field, text)| (field.path, text)))
    }
}

impl Lengths {
    fn write(&self) -> String {
        let whole = |n: i128| write_in(&TOKENS, n);
        let mean = |n: i128| write_in(&MEAN_TOKENS, n);
        match self {
            Self::Constant(n) => whole(*n),
            Self::Uniform(min, max) => format!(
                "{{uniform: {}}}",
                map([("min", whole(*min)), ("max", whole(*max))])
            ),
            Self::Exponential(n) => format!("{{exponential: {}}}", map([("mean", mean(*n))])),
            Self::Lognormal(median, p95) => {
                format!(
                    "{{lognormal: {}}}",
                    map([("median", mean(*median)), ("p95", mean(*p95))])
                )
            }
            Self::Empirical(file) => format!("{{empirical: {}}}", scalar(file)),
        }
    }
}

impl Weights {
    fn write(&self) -> String {
        match self {
            Self::Constant(weight) => weight.to_string(),
            Self::List(weights) => list(weights.iter().map(u64::to_string)),
            Self::Linear(from, to) => format!(
                "{{linear: {}}}",
                map([("from", from.to_string()), ("to", to.to_string())])
            ),
            Self::Pareto(min, tail) => {
                let tail = super::quantity::FACTOR.write(Quantity {
                    base: i128::from(*tail),
                    unit: 0,
                });
                format!(
                    "{{pareto: {}}}",
                    map([("min", min.to_string()), ("exponent", tail)])
                )
            }
        }
    }
}

fn write_strategy(strategy: &StrategySpec) -> String {
    if strategy.params.is_empty() {
        return scalar(&strategy.name);
    }
    let params = map(strategy
        .params
        .iter()
        .map(|(name, value)| (name.as_str(), write_param(value))));
    format!("{{{}: {params}}}", strategy.name)
}

/// A strategy's parameter as written in a scenario.
#[must_use]
pub(crate) fn write_param(value: &ParamValue) -> String {
    use super::quantity::{DURATION, SHARE};
    match value {
        ParamValue::Fraction(share) => write_in(&SHARE, i128::from(share.parts())),
        ParamValue::Count(n) => n.to_string(),
        ParamValue::Duration(time) => write_in(&DURATION, i128::from(time.nanos())),
        ParamValue::Name(name) => scalar(name),
        ParamValue::Switch(is_on) => is_on.to_string(),
    }
}

fn write_in(dimension: &Dimension, base: i128) -> String {
    dimension.write(Quantity { base, unit: 0 })
}

fn list(items: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", items.into_iter().collect::<Vec<_>>().join(", "))
}

fn map<'a>(entries: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let entries: Vec<_> = entries
        .into_iter()
        .map(|(key, value)| format!("{key}: {value}"))
        .collect();
    format!("{{{}}}", entries.join(", "))
}

/// Text as a YAML scalar that reads back as itself in block and flow form.
#[must_use]
pub(crate) fn scalar(text: &str) -> String {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '.' | '_' | '-' | '/' | '%' | '+');
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(is_safe)
        && !text.ends_with(' ')
        && !text.contains("  ")
        && !matches!(text, "null" | "none" | "true" | "false");
    if is_plain {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => quoted.push_str(&format!("\\U{:08x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

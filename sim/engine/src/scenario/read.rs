//! From a node of the tree to a checked value of its field.
//!
//! Invariant: a value that comes out lies within the field's limits; everything else becomes a problem
//! that names path, place, what was found and what is allowed.

use stakeout_kernel::time::SimDuration;
use stakeout_protocol::units::Fraction;

use super::document::{Entry, Node, Value};
use super::error::{Problem, nearest, quoted};
use super::fields::{Field, Kind, Need, groups};
use super::quantity::{COUNT, DURATION, Dimension, FACTOR, MEAN_TOKENS, Quantity, Refusal, SHARE, TOKENS};
use super::value::{Item, Lengths, Typed, Weights};
use super::{ParamValue, StrategySpec};
use crate::strategy::registry::{ParamDescriptor, ParamKind, Registry, StrategyDescriptor};

const WORD_MAX: usize = 64;
const TEXT_MAX: usize = 2_000;
const LENGTH_MAX: i128 = 100_000_000;
const WEIGHT_MAX: i128 = 1_000_000_000_000;

/// Reads values and collects what is wrong.
pub struct Reader<'a> {
    /// The strategies on offer.
    pub registry: &'a Registry,
    /// What was wrong so far.
    pub problems: Vec<Problem>,
}

impl Reader<'_> {
    /// Reads the value of a field at a path.
    pub fn read(&mut self, field: &Field, path: &str, node: &Node) -> Option<Typed> {
        if field.allows_none && node.text() == Some("none") {
            return Some(Typed::Nothing);
        }
        match &field.kind {
            Kind::Quantity { dimension, min, max } => self
                .quantity(dimension, *min, *max, field.allows_none, path, node)
                .map(Typed::Quantity),
            Kind::OneOf(names) => self
                .one_of(names, path, node)
                .map(|name| Typed::Text(name.to_owned())),
            Kind::Switch => self.switch(path, node).map(Typed::Switch),
            Kind::Word => self.word(path, node).map(Typed::Text),
            Kind::Text => self.text(path, node, TEXT_MAX).map(Typed::Text),
            Kind::File => self.file(path, node).map(Typed::Text),
            Kind::Lengths => self.lengths(path, node).map(Typed::Lengths),
            Kind::Words => self.words(path, node).map(Typed::Words),
            Kind::Weights => self.weights(path, node).map(Typed::Weights),
            Kind::Strategy => self.strategy(path, node).map(Typed::Strategy),
            Kind::Population => self.items(groups::GROUP, path, node).map(Typed::Items),
            Kind::SharedOutages => self.items(groups::SHARED_OUTAGE, path, node).map(Typed::Items),
            Kind::Absence => self
                .item(groups::ABSENCE, path, node)
                .map(|item| Typed::Items(vec![item])),
            Kind::Hashes => self.hashes(path, node).map(Typed::Hashes),
            Kind::Heights => self.heights(path, node).map(Typed::Named),
        }
    }

    fn refuse(&mut self, node: &Node, path: &str, allowed: &str) -> &mut Problem {
        let hint = match &node.value {
            Value::Scalar {
                is_plain: true,
                is_multiline: true,
                ..
            } => Some(format!(
                "it runs over several lines: check the indentation of line {}",
                node.place.line + 1
            )),
            _ => None,
        };
        self.problems.push(
            Problem::new(&node.place, path, format!("found {}", node.describe()))
                .allowed(allowed)
                .hint(hint),
        );
        self.problems.last_mut().expect("just pushed")
    }

    /// Reads a number with its unit, within limits.
    pub fn quantity(
        &mut self,
        dimension: &Dimension,
        min: i128,
        max: i128,
        allows_none: bool,
        path: &str,
        node: &Node,
    ) -> Option<Quantity> {
        let allowed = describe_range(dimension, min, max, allows_none);
        let Some(text) = node.text().filter(|_| !node.is_empty()) else {
            self.refuse(node, path, &allowed);
            return None;
        };
        match dimension.parse(text) {
            Ok(quantity) if (min..=max).contains(&quantity.base) => return Some(quantity),
            Ok(_) => self
                .refuse(node, path, &allowed)
                .found
                .push_str(", which is out of range"),
            Err(Refusal::NoNumber) => self
                .refuse(node, path, &allowed)
                .found
                .push_str(", which is no decimal number"),
            Err(Refusal::TooFine) => self
                .refuse(node, path, &allowed)
                .found
                .push_str(", which has more digits than can be held exactly"),
            Err(Refusal::TooLarge) => self
                .refuse(node, path, &allowed)
                .found
                .push_str(", which is too large"),
            Err(Refusal::NoUnit) => {
                let hint = dimension
                    .units
                    .first()
                    .map(|unit| format!("write the unit: `{} {}`", text.trim(), unit.name));
                let problem = self.refuse(node, path, &allowed);
                problem.found.push_str(", a number without a unit");
                *problem = problem.clone().hint(hint);
            }
            Err(Refusal::WrongUnit(unit)) => {
                let hint = nearest(&unit, dimension.unit_names());
                let problem = self.refuse(node, path, &allowed);
                problem
                    .found
                    .push_str(&format!(", with the unit {}", quoted(&unit)));
                *problem = problem.clone().hint(hint);
            }
        }
        None
    }

    fn one_of(&mut self, names: &[&'static str], path: &str, node: &Node) -> Option<&'static str> {
        let text = node.text().unwrap_or_default();
        if let Some(name) = names.iter().find(|name| **name == text) {
            return Some(name);
        }
        let hint = nearest(text, names.iter().copied());
        let problem = self.refuse(node, path, &names.join(", "));
        *problem = problem.clone().hint(hint);
        None
    }

    fn switch(&mut self, path: &str, node: &Node) -> Option<bool> {
        let value = match (&node.value, node.text()) {
            (Value::Scalar { is_plain: true, .. }, Some("true")) => return Some(true),
            (Value::Scalar { is_plain: true, .. }, Some("false")) => return Some(false),
            (_, Some("yes" | "on" | "True" | "TRUE" | "1")) => Some("did you mean `true`?"),
            (_, Some("no" | "off" | "False" | "FALSE" | "0")) => Some("did you mean `false`?"),
            _ => None,
        };
        let problem = self.refuse(node, path, "true, false");
        *problem = problem.clone().hint(value.map(str::to_owned));
        None
    }

    /// Reads a name that is safe in file names and messages.
    pub fn word(&mut self, path: &str, node: &Node) -> Option<String> {
        let text = node.text().filter(|_| !node.is_empty()).unwrap_or_default();
        if is_word(text) {
            return Some(text.to_owned());
        }
        self.refuse(
            node,
            path,
            &format!("a name of letters, digits and `_ - . +`, at most {WORD_MAX} characters"),
        );
        None
    }

    fn text(&mut self, path: &str, node: &Node, max: usize) -> Option<String> {
        match node.text() {
            Some(text) if text.len() <= max && !text.contains('\0') => Some(text.to_owned()),
            _ => {
                self.refuse(node, path, &format!("text of at most {max} characters"));
                None
            }
        }
    }

    fn file(&mut self, path: &str, node: &Node) -> Option<String> {
        let text = node.text().filter(|_| !node.is_empty()).unwrap_or_default();
        if super::files::is_safe_relative(text) {
            return Some(text.to_owned());
        }
        self.refuse(
            node,
            path,
            "the path of a file beside or below the scenario, without `..`",
        );
        None
    }

    fn words(&mut self, path: &str, node: &Node) -> Option<Vec<String>> {
        match &node.value {
            Value::List(items) => {
                let words: Vec<_> = items
                    .iter()
                    .enumerate()
                    .map(|(i, item)| self.word(&format!("{path}[{i}]"), item))
                    .collect();
                words.into_iter().collect()
            }
            _ => self.word(path, node).map(|word| vec![word]),
        }
    }

    fn heights(&mut self, path: &str, node: &Node) -> Option<Vec<(String, u64)>> {
        let Value::Map(entries) = &node.value else {
            self.refuse(node, path, "a map of heights, such as {poc_start: 873251}");
            return None;
        };
        let read = |this: &mut Self, entry: &Entry| {
            let path = join(path, &entry.key);
            let height = this.quantity(&COUNT, 0, i128::from(u64::MAX), false, &path, &entry.node)?;
            is_word(&entry.key).then(|| (entry.key.clone(), height.base as u64))
        };
        let heights: Vec<_> = entries.iter().map(|entry| read(self, entry)).collect();
        heights.into_iter().collect()
    }

    fn hashes(&mut self, path: &str, node: &Node) -> Option<Vec<(String, String)>> {
        let entries = match &node.value {
            Value::Map(entries) => entries.as_slice(),
            _ => &[],
        };
        let is_hash = |text: &str| text.len() == 16 && text.chars().all(|c| c.is_ascii_hexdigit());
        let read = |entry: &Entry| {
            Some((
                entry.key.clone(),
                entry.node.text().filter(|text| is_hash(text))?.to_owned(),
            ))
        };
        let hashes = entries
            .iter()
            .map(read)
            .collect::<Option<Vec<_>>>()
            .filter(|hashes| !hashes.is_empty());
        if hashes.is_none() {
            self.refuse(
                node,
                path,
                "a map from files to 16 hex digits, as a resolved scenario has it",
            );
        }
        hashes
    }

    fn lengths(&mut self, path: &str, node: &Node) -> Option<Lengths> {
        const LAWS: [&str; 4] = ["uniform", "exponential", "lognormal", "empirical"];
        const ALLOWED: &str = "a length such as `100 tokens`, or {uniform: {min, max}}, {exponential: {mean}}, {lognormal: {median, p95}}, {empirical: file}";
        if node.text().is_some() {
            return self
                .quantity(&TOKENS, 0, LENGTH_MAX, false, path, node)
                .map(|q| Lengths::Constant(q.base));
        }
        let entry = self.single_entry(path, node, ALLOWED)?;
        let below = join(path, &entry.key);
        match entry.key.as_str() {
            "uniform" => {
                let [min, max] = self.pair(&TOKENS, 1, ["min", "max"], &below, &entry.node)?;
                if min > max {
                    self.refuse(&entry.node, &below, "min at most max");
                    return None;
                }
                Some(Lengths::Uniform(min, max))
            }
            "exponential" => {
                let [mean] = self.pair(&MEAN_TOKENS, 1_000_000, ["mean"], &below, &entry.node)?;
                Some(Lengths::Exponential(mean))
            }
            "lognormal" => {
                let [median, p95] =
                    self.pair(&MEAN_TOKENS, 1_000_000, ["median", "p95"], &below, &entry.node)?;
                if p95 < median || median == 0 {
                    self.refuse(
                        &entry.node,
                        &below,
                        "a median above 0 tokens and a p95 at least as large",
                    );
                    return None;
                }
                Some(Lengths::Lognormal(median, p95))
            }
            "empirical" => self.file(&below, &entry.node).map(Lengths::Empirical),
            other => {
                let problem = Problem::new(&entry.place, &below, format!("unknown law {}", quoted(other)));
                self.problems
                    .push(problem.allowed(ALLOWED).hint(nearest(other, LAWS)));
                None
            }
        }
    }

    /// The one entry of a map.
    fn single_entry<'n>(&mut self, path: &str, node: &'n Node, allowed: &str) -> Option<&'n Entry> {
        match &node.value {
            Value::Map(entries) if entries.len() == 1 => Some(&entries[0]),
            _ => {
                self.refuse(node, path, allowed);
                None
            }
        }
    }

    /// The numbers of a map that has exactly these keys.
    fn pair<const N: usize>(
        &mut self,
        dimension: &Dimension,
        scale: i128,
        keys: [&str; N],
        path: &str,
        node: &Node,
    ) -> Option<[i128; N]> {
        let Value::Map(entries) = &node.value else {
            self.refuse(node, path, &format!("a map with {}", keys.join(", ")));
            return None;
        };
        for entry in entries.iter().filter(|entry| !keys.contains(&entry.key.as_str())) {
            self.unknown(entry, path, &keys);
        }
        let max = LENGTH_MAX.max(WEIGHT_MAX) * scale;
        let mut numbers = [None; N];
        for (number, key) in numbers.iter_mut().zip(keys) {
            match node.get(key) {
                Some(value) => {
                    *number = self
                        .quantity(dimension, 0, max, false, &join(path, key), value)
                        .map(|q| q.base)
                }
                None => self.missing(node, &join(path, key), &describe_range(dimension, 0, max, false)),
            }
        }
        if numbers.iter().any(Option::is_none) {
            return None;
        }
        Some(numbers.map(Option::unwrap_or_default))
    }

    fn weights(&mut self, path: &str, node: &Node) -> Option<Weights> {
        const ALLOWED: &str =
            "a weight, a list of weights, {linear: {from, to}} or {pareto: {min, exponent}}";
        match &node.value {
            Value::Scalar { .. } => self.weight(path, node).map(Weights::Constant),
            Value::List(items) => {
                let weights: Vec<_> = items
                    .iter()
                    .enumerate()
                    .map(|(i, item)| self.weight(&format!("{path}[{i}]"), item))
                    .collect();
                weights.into_iter().collect::<Option<_>>().map(Weights::List)
            }
            Value::Map(_) => {
                let entry = self.single_entry(path, node, ALLOWED)?;
                let below = join(path, &entry.key);
                match entry.key.as_str() {
                    "linear" => {
                        let [from, to] = self.pair(&COUNT, 1, ["from", "to"], &below, &entry.node)?;
                        self.above_zero(from.min(to), &below, &entry.node)?;
                        Some(Weights::Linear(from as u64, to as u64))
                    }
                    "pareto" => {
                        let [min, tail] = self.pair(&FACTOR, 1, ["min", "exponent"], &below, &entry.node)?;
                        self.above_zero((min / 1_000_000).min(tail), &below, &entry.node)?;
                        Some(Weights::Pareto((min / 1_000_000) as u64, tail as u64))
                    }
                    other => {
                        let problem =
                            Problem::new(&entry.place, &below, format!("unknown law {}", quoted(other)));
                        self.problems.push(
                            problem
                                .allowed(ALLOWED)
                                .hint(nearest(other, ["linear", "pareto"])),
                        );
                        None
                    }
                }
            }
        }
    }

    fn weight(&mut self, path: &str, node: &Node) -> Option<u64> {
        self.quantity(&COUNT, 1, WEIGHT_MAX, false, path, node)
            .map(|q| q.base as u64)
    }

    fn above_zero(&mut self, least: i128, path: &str, node: &Node) -> Option<()> {
        if least < 1 {
            self.refuse(node, path, "numbers above 0");
            return None;
        }
        Some(())
    }

    fn items(&mut self, table: &'static [Field], path: &str, node: &Node) -> Option<Vec<Item>> {
        let Value::List(items) = &node.value else {
            self.refuse(node, path, "a list, each item of which starts with `- `");
            return None;
        };
        let items: Vec<_> = items
            .iter()
            .enumerate()
            .map(|(i, item)| self.item(table, &format!("{path}[{i}]"), item))
            .collect();
        items.into_iter().collect()
    }

    /// Reads the fields of one item against its table; the result is in the table's order.
    pub fn item(&mut self, table: &'static [Field], path: &str, node: &Node) -> Option<Item> {
        let names: Vec<_> = table.iter().map(|field| field.path).collect();
        let Value::Map(entries) = &node.value else {
            self.refuse(node, path, &format!("a map with {}", names.join(", ")));
            return None;
        };
        let before = self.problems.len();
        for (i, entry) in entries.iter().enumerate() {
            if !names.contains(&entry.key.as_str()) {
                self.unknown(entry, path, &names);
            } else if entries[..i].iter().any(|other| other.key == entry.key) {
                self.problems.push(Problem::new(
                    &entry.place,
                    &join(path, &entry.key),
                    "the same key twice",
                ));
            }
        }
        let mut item = Vec::new();
        for field in table {
            let below = join(path, field.path);
            match (node.get(field.path), field.need) {
                (Some(value), _) => item.extend(self.read(field, &below, value).map(|value| (field, value))),
                (None, Need::Given) => self.missing(node, &below, field.doc),
                (None, Need::Default(text)) => {
                    item.extend(
                        self.read(field, &below, &Node::scalar(&node.place, text))
                            .map(|value| (field, value)),
                    );
                }
                (None, Need::Optional) => {}
            }
        }
        (self.problems.len() == before).then_some(Item(item))
    }

    fn missing(&mut self, node: &Node, path: &str, allowed: &str) {
        self.problems
            .push(Problem::new(&node.place, path, "it is missing").allowed(allowed));
    }

    /// Reports a key that its place does not have.
    pub fn unknown(&mut self, entry: &Entry, path: &str, names: &[&str]) {
        let found = format!("unknown key {}", quoted(&entry.key));
        let problem = Problem::new(&entry.place, &join(path, &entry.key), found).allowed(names.join(", "));
        self.problems
            .push(problem.hint(nearest(&entry.key, names.iter().copied())));
    }

    fn strategy(&mut self, path: &str, node: &Node) -> Option<StrategySpec> {
        let (name, place, params) = match &node.value {
            Value::Scalar { text, .. } => (text.as_str(), &node.place, None),
            _ => {
                let entry =
                    self.single_entry(path, node, "a strategy's name, or {name: {parameter: value}}")?;
                (entry.key.as_str(), &entry.place, Some(&entry.node))
            }
        };
        let registry = self.registry;
        let Some(strategy) = registry.get(name) else {
            let names = registry.names();
            let problem = Problem::new(place, path, format!("unknown strategy {}", quoted(name)))
                .allowed(names.join(", "));
            self.problems.push(problem.hint(nearest(name, names)));
            return None;
        };
        self.strategy_params(strategy, &join(path, name), node, params)
    }

    fn strategy_params(
        &mut self,
        strategy: &StrategyDescriptor,
        path: &str,
        node: &Node,
        params: Option<&Node>,
    ) -> Option<StrategySpec> {
        let names: Vec<_> = strategy.params.iter().map(|param| param.name).collect();
        match params.map(|params| &params.value) {
            Some(Value::Map(entries)) => {
                for entry in entries
                    .iter()
                    .filter(|entry| !names.contains(&entry.key.as_str()))
                {
                    self.unknown(entry, path, &names);
                }
            }
            Some(_) if !params.is_some_and(Node::is_empty) => {
                let allowed = if names.is_empty() {
                    "no parameters".to_owned()
                } else {
                    format!("a map with {}", names.join(", "))
                };
                self.refuse(params.unwrap_or(node), path, &allowed);
                return None;
            }
            _ => {}
        }
        let mut values = Vec::new();
        for param in strategy.params {
            let below = join(path, param.name);
            let given = params.and_then(|params| params.get(param.name)).cloned();
            match given.or_else(|| param.default.map(|text| Node::scalar(&node.place, text))) {
                Some(value) => values.push(
                    self.param(param, &below, &value)
                        .map(|value| (param.name.to_owned(), value)),
                ),
                None => {
                    self.missing(params.unwrap_or(node), &below, param.doc);
                    values.push(None);
                }
            }
        }
        let params = values.into_iter().collect::<Option<_>>()?;
        Some(StrategySpec {
            name: strategy.name.to_owned(),
            params,
        })
    }

    fn param(&mut self, param: &ParamDescriptor, path: &str, node: &Node) -> Option<ParamValue> {
        match param.kind {
            ParamKind::Fraction => {
                let share = self.quantity(&SHARE, 0, i128::from(Fraction::ONE.parts()), false, path, node)?;
                Some(ParamValue::Fraction(Fraction::from_parts(share.base as u64)))
            }
            ParamKind::Count { min, max } => {
                let count = self.quantity(&COUNT, i128::from(min), i128::from(max), false, path, node)?;
                Some(ParamValue::Count(count.base as u64))
            }
            ParamKind::Duration => {
                let time = self.quantity(&DURATION, 0, i128::from(u64::MAX), false, path, node)?;
                Some(ParamValue::Duration(SimDuration::from_nanos(time.base as u64)))
            }
            ParamKind::Name => self.word(path, node).map(ParamValue::Name),
            ParamKind::OneOf(names) => self
                .one_of(names, path, node)
                .map(|name| ParamValue::Name(name.to_owned())),
            ParamKind::Switch => self.switch(path, node).map(ParamValue::Switch),
        }
    }
}

/// Whether a text is a name that is safe everywhere.
#[must_use]
pub fn is_word(text: &str) -> bool {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '+');
    text.len() <= WORD_MAX
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(is_safe)
}

/// Joins a path and a word.
#[must_use]
pub fn join(path: &str, word: &str) -> String {
    if path.is_empty() {
        word.to_owned()
    } else {
        format!("{path}.{word}")
    }
}

/// `a share from 0 % to 100 %, in %, permille, ...`
#[must_use]
pub fn describe_range(dimension: &Dimension, min: i128, max: i128, allows_none: bool) -> String {
    let write = |base| dimension.write(Quantity { base, unit: 0 });
    let factor = dimension.units[0].factor;
    let from = if min == 1 && factor > 1 {
        format!("above {}", write(0))
    } else {
        format!("from {}", write(min))
    };
    let is_open = factor > 1 && max < i128::MAX && (max + 1) % factor == 0;
    let to = if is_open {
        format!("below {}", write(max + 1))
    } else {
        format!("to {}", write(max))
    };
    let units = dimension.unit_names();
    let units = match units.len() {
        0 => String::new(),
        1 => format!(", in {}", units[0]),
        _ => format!(", in one of {}", units.join(", ")),
    };
    let none = if allows_none { ", or none" } else { "" };
    format!("{} {from} {to}{units}{none}", dimension.noun)
}

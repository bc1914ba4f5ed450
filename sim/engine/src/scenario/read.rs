//! From a node of the tree to a checked value of its field.
//!
//! Invariant: a value that comes out lies within the field's limits; everything else becomes a problem
//! that names path, place, what was found and what is allowed.

use super::document::{Entry, Node, Value};
use super::error::{Problem, TOO_FINE, nearest, quoted};
use super::fields::{Field, Kind, Need, groups};
use super::quantity::{COUNT, Dimension, Quantity, Refusal};
use super::value::{Item, Typed};
use crate::strategy::registry::Registry;

const WORD_MAX: usize = 64;
const TEXT_MAX: usize = 2_000;

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

    pub(super) fn refuse(&mut self, node: &Node, path: &str, allowed: &str) -> &mut Problem {
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
        // A range is described where a value is refused, and not for each that is read.
        let allowed = || describe_range(dimension, min, max, allows_none);
        let Some(text) = node.text().filter(|_| !node.is_empty()) else {
            self.refuse(node, path, &allowed());
            return None;
        };
        match dimension.parse(text) {
            Ok(quantity) if (min..=max).contains(&quantity.base) => return Some(quantity),
            Ok(_) => self
                .refuse(node, path, &allowed())
                .found
                .push_str(", which is out of range"),
            Err(Refusal::NoNumber) => self
                .refuse(node, path, &allowed())
                .found
                .push_str(", which is no decimal number"),
            Err(Refusal::TooFine) => self.refuse(node, path, &allowed()).found.push_str(TOO_FINE),
            Err(Refusal::TooLarge) => self
                .refuse(node, path, &allowed())
                .found
                .push_str(", which is too large"),
            Err(Refusal::NoUnit) => {
                let number = text.trim();
                let hint = dimension.units.first().map(|unit| match unit.name {
                    "%" => format!("write the unit: {}", percent_hint(number)),
                    name => format!("write the unit: `{number} {name}`"),
                });
                let problem = self.refuse(node, path, &allowed());
                problem.found.push_str(", a number without a unit");
                *problem = problem.clone().hint(hint);
            }
            Err(Refusal::WrongUnit(unit)) => {
                let hint = nearest(&unit, dimension.unit_names());
                let problem = self.refuse(node, path, &allowed());
                problem
                    .found
                    .push_str(&format!(", with the unit {}", quoted(&unit)));
                *problem = problem.clone().hint(hint);
            }
        }
        None
    }

    pub(super) fn one_of(&mut self, names: &[&'static str], path: &str, node: &Node) -> Option<&'static str> {
        let text = node.text().unwrap_or_default();
        if let Some(name) = names.iter().find(|name| **name == text) {
            return Some(name);
        }
        let hint = nearest(text, names.iter().copied());
        let problem = self.refuse(node, path, &names.join(", "));
        *problem = problem.clone().hint(hint);
        None
    }

    pub(super) fn switch(&mut self, path: &str, node: &Node) -> Option<bool> {
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

    pub(super) fn file(&mut self, path: &str, node: &Node) -> Option<String> {
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

    pub(super) fn missing(&mut self, node: &Node, path: &str, allowed: &str) {
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

/// What a share without a unit may have meant: a fraction where it is one, `5 %` for `0.05`, and otherwise a percentage.
fn percent_hint(number: &str) -> String {
    let decimals = number.strip_prefix("0.").or(number.strip_prefix('.'));
    let is_fraction = decimals.is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()));
    let in_a_hundred = format!("`{number} %` is {number} in a hundred");
    match decimals.filter(|_| is_fraction) {
        Some(digits) if digits.len() <= 18 && digits.bytes().any(|digit| digit != b'0') => {
            let padded = format!("{digits:0<2}");
            let (whole, rest) = padded.split_at(2);
            let whole = whole.trim_start_matches('0');
            let rest = rest.trim_end_matches('0');
            let percent = match (whole, rest) {
                (whole, "") => whole.to_owned(),
                ("", rest) => format!("0.{rest}"),
                (whole, rest) => format!("{whole}.{rest}"),
            };
            format!("`{percent} %` if {number} of all is meant; {in_a_hundred}")
        }
        _ if number.starts_with('-') => "a share is none or more, such as `5 %`".to_owned(),
        _ => in_a_hundred,
    }
}

//! Presets, the file and the command line, one over the other.
//!
//! Each layer is a tree; its values are flattened to paths of the field table and laid over those of the
//! layers before. A value that is itself a map, such as a law of lengths, is replaced as a whole.
//!
//! Invariant: the preset `minimal` is always the first layer, and each preset is laid once, at the first
//! place where it is named.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::document::{self, Entry, Node, Value};
use super::error::{Place, Problem, ScenarioErrors, Source, nearest, quoted};
use super::fields::{self, Field, groups};
use super::presets;
use super::read::{is_word, join};

/// A value with the place it came from.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// The value as written.
    pub node: Node,
    /// Which preset, `file` or `command line`.
    pub origin: String,
    /// Public source of the value, if the layer names one.
    pub source: Option<String>,
}

/// The layers, laid over each other.
#[derive(Debug, Default)]
pub struct Layers {
    /// Values by dotted path.
    pub leaves: BTreeMap<String, Leaf>,
    /// Names of the entries of `models` and `hardware`.
    pub tables: BTreeMap<&'static str, Vec<String>>,
    /// What every layer wrote under `assumptions`.
    pub assumptions: Vec<Node>,
    /// What was wrong so far.
    pub problems: Vec<Problem>,
    /// The file's own tree.
    pub file: Option<Node>,
    laid: Vec<String>,
}

/// A value from the command line, laid over everything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    source: Arc<Source>,
    path: String,
    value: String,
    /// Characters before the value in the argument as shown.
    offset: usize,
}

impl Override {
    /// `--set a.b=c`.
    ///
    /// # Errors
    /// When there is no `=` or nothing before it.
    pub fn set(argument: &str) -> Result<Self, ScenarioErrors> {
        let source = Source::command_line(&format!("--set {argument}"));
        match argument.split_once('=') {
            Some((path, value)) if !path.trim().is_empty() => {
                let offset = "--set ".len() + path.chars().count() + 1;
                Ok(Self {
                    source,
                    path: path.trim().to_owned(),
                    value: value.to_owned(),
                    offset,
                })
            }
            _ => {
                let place = Place {
                    line: 1,
                    column: 7,
                    width: argument.chars().count().max(1) as u32,
                    ..source.start()
                };
                let problem = Problem::new(&place, "", format!("found {}", quoted(argument)))
                    .allowed("a path and a value: `--set protocol.sampling.rate_min='5 %'`");
                Err(ScenarioErrors::new(vec![problem]))
            }
        }
    }

    /// A flag of its own, such as `--seed 7` for the path `seed`.
    #[must_use]
    pub fn flag(flag: &str, path: &str, value: &str) -> Self {
        let source = Source::command_line(&format!("{flag} {value}"));
        Self {
            source,
            path: path.to_owned(),
            value: value.to_owned(),
            offset: flag.chars().count() + 1,
        }
    }

    /// The value as a tree whose places lie in the argument.
    fn node(&self) -> Result<Node, Vec<Problem>> {
        let value = Source::file("command line", &self.value);
        let relocate = |place: &mut Place| {
            if place.line <= 1 {
                place.column = place.column.max(1) + self.offset as u32;
                place.line = 1;
            }
            place.width = place.width.max(1);
            place.source = Arc::clone(&self.source);
        };
        match document::parse(&value) {
            // An empty value is an empty scalar, not an empty map.
            Ok(node) if self.value.trim().is_empty() => Ok(Node::scalar(&moved(&node.place, &relocate), "")),
            Ok(mut node) => {
                relocate_all(&mut node, &relocate);
                Ok(node)
            }
            Err(mut problems) => {
                problems
                    .iter_mut()
                    .for_each(|problem| relocate(&mut problem.place));
                Err(problems)
            }
        }
    }
}

fn moved(place: &Place, relocate: &impl Fn(&mut Place)) -> Place {
    let mut place = place.clone();
    relocate(&mut place);
    place
}

fn relocate_all(node: &mut Node, relocate: &impl Fn(&mut Place)) {
    relocate(&mut node.place);
    match &mut node.value {
        Value::Scalar { .. } => {}
        Value::List(items) => items.iter_mut().for_each(|item| relocate_all(item, relocate)),
        Value::Map(entries) => {
            for entry in entries {
                relocate(&mut entry.place);
                relocate_all(&mut entry.node, relocate);
            }
        }
    }
}

impl Layers {
    /// Lays the presets that a file names, the file and the command line.
    #[must_use]
    pub fn new(file: Option<&Arc<Source>>, overrides: &[Override]) -> Self {
        let mut layers = Self::default();
        layers.lay_preset("minimal", None, &mut Vec::new());
        if let Some(source) = file {
            match document::parse(source) {
                Ok(tree) => {
                    layers.lay_named_presets(&tree, &mut Vec::new());
                    layers.lay(&tree, "file");
                    layers.file = Some(tree);
                }
                Err(problems) => layers.problems.extend(problems),
            }
        }
        for change in overrides {
            match change.node() {
                Ok(node) => layers.lay_override(change, node),
                Err(problems) => layers.problems.extend(problems),
            }
        }
        layers
    }

    fn lay_named_presets(&mut self, tree: &Node, stack: &mut Vec<String>) {
        let Some(node) = tree.get("preset") else { return };
        let names: Vec<&Node> = match &node.value {
            Value::List(items) => items.iter().collect(),
            _ => vec![node],
        };
        for name in names {
            match name.text() {
                Some(text) => self.lay_preset(text, Some(&name.place), stack),
                None => {
                    let problem = Problem::new(&name.place, "preset", format!("found {}", name.describe()));
                    self.problems
                        .push(problem.allowed("a preset's name or a list of names"));
                }
            }
        }
    }

    fn lay_preset(&mut self, name: &str, place: Option<&Place>, stack: &mut Vec<String>) {
        let fallback = Source::file("presets", "").start();
        let place = place.unwrap_or(&fallback);
        if stack.iter().any(|open| open == name) {
            let circle = format!("{} -> {name}", stack.join(" -> "));
            self.problems.push(Problem::new(
                place,
                "preset",
                format!("presets that name each other in a circle: {circle}"),
            ));
            return;
        }
        if self.laid.iter().any(|laid| laid == name) {
            return;
        }
        let Some(tree) = presets::tree(name) else {
            let names = presets::names();
            let problem = Problem::new(place, "preset", format!("unknown preset {}", quoted(name)));
            self.problems
                .push(problem.allowed(names.join(", ")).hint(nearest(name, names)));
            return;
        };
        match tree {
            Ok(tree) => {
                stack.push(name.to_owned());
                self.lay_named_presets(tree, stack);
                stack.pop();
                self.laid.push(name.to_owned());
                self.lay(tree, &format!("preset {name}"));
            }
            Err(problems) => self.problems.extend(problems),
        }
    }

    /// Lays one tree over what is there.
    pub(super) fn lay(&mut self, tree: &Node, origin: &str) {
        let sources = self.read_sources(tree);
        let mut layer = Layer {
            origin,
            sources,
            seen: BTreeSet::new(),
        };
        self.flatten(tree, "", &mut layer);
    }

    fn read_sources(&mut self, tree: &Node) -> Vec<(String, String)> {
        let Some(node) = tree.get("sources") else {
            return Vec::new();
        };
        let Value::Map(entries) = &node.value else {
            let problem = Problem::new(&node.place, "sources", format!("found {}", node.describe()));
            self.problems
                .push(problem.allowed("a map from paths to the public source of their values"));
            return Vec::new();
        };
        let mut sources = Vec::new();
        for entry in entries {
            let is_known = fields::find(&entry.key).is_some()
                || fields::is_section(&entry.key)
                || table_of(&entry.key).is_some();
            match entry.node.text() {
                Some(text) if is_known => sources.push((entry.key.clone(), text.to_owned())),
                Some(_) => {
                    let problem = Problem::new(
                        &entry.place,
                        "sources",
                        format!("unknown path {}", quoted(&entry.key)),
                    );
                    self.problems
                        .push(problem.hint(nearest(&entry.key, fields::all().map(|field| field.path))));
                }
                None => self
                    .problems
                    .push(Problem::new(&entry.node.place, "sources", "found no text")),
            }
        }
        sources
    }

    fn flatten(&mut self, node: &Node, path: &str, layer: &mut Layer<'_>) {
        if node.is_empty() {
            return;
        }
        let Value::Map(entries) = &node.value else {
            let what = if path.is_empty() {
                "a scenario"
            } else {
                "a section"
            };
            let problem = Problem::new(&node.place, path, format!("found {}", node.describe()));
            self.problems.push(problem.allowed(format!(
                "{what}: a map with {}",
                fields::children(path).join(", ")
            )));
            return;
        };
        for (i, entry) in entries.iter().enumerate() {
            let full = join(path, &entry.key);
            if entries[..i].iter().any(|other| other.key == entry.key) {
                self.problems
                    .push(Problem::new(&entry.place, &full, "the same key twice"));
            } else if let Some(field) = fields::find(&full) {
                self.insert(field.path, &entry.place, entry.node.clone(), layer);
            } else if let Some((table, fields)) =
                groups::TOP_LEVEL_TABLES.iter().find(|(name, _)| *name == full)
            {
                self.flatten_table(table, fields, &entry.node, layer);
            } else if fields::is_section(&full) {
                self.flatten(&entry.node, &full, layer);
            } else if !(path.is_empty() && matches!(entry.key.as_str(), "preset" | "sources")) {
                self.unknown(entry, path);
            }
        }
    }

    fn flatten_table(&mut self, table: &'static str, fields: &[Field], node: &Node, layer: &mut Layer<'_>) {
        let names: Vec<&str> = fields.iter().map(|field| field.path).collect();
        let Value::Map(entries) = &node.value else {
            if !node.is_empty() {
                let problem = Problem::new(&node.place, table, format!("found {}", node.describe()));
                self.problems
                    .push(problem.allowed(format!("a map from names to {}", names.join(", "))));
            }
            return;
        };
        for entry in entries {
            let path = join(table, &entry.key);
            if !is_word(&entry.key) {
                let problem = Problem::new(
                    &entry.place,
                    table,
                    format!("found {} as a name", quoted(&entry.key)),
                );
                self.problems
                    .push(problem.allowed("a name of letters, digits and `_ - . +`"));
                continue;
            }
            let known = self.tables.entry(table).or_default();
            if !known.contains(&entry.key) {
                known.push(entry.key.clone());
            }
            let Value::Map(values) = &entry.node.value else {
                let problem = Problem::new(
                    &entry.node.place,
                    &path,
                    format!("found {}", entry.node.describe()),
                );
                self.problems
                    .push(problem.allowed(format!("a map with {}", names.join(", "))));
                continue;
            };
            for value in values {
                if names.contains(&value.key.as_str()) {
                    self.insert(&join(&path, &value.key), &value.place, value.node.clone(), layer);
                } else {
                    let problem = Problem::new(
                        &value.place,
                        &join(&path, &value.key),
                        format!("unknown key {}", quoted(&value.key)),
                    );
                    self.problems.push(
                        problem
                            .allowed(names.join(", "))
                            .hint(nearest(&value.key, names.iter().copied())),
                    );
                }
            }
        }
    }

    fn insert(&mut self, path: &str, place: &Place, node: Node, layer: &mut Layer<'_>) {
        if !layer.seen.insert(path.to_owned()) {
            self.problems
                .push(Problem::new(place, path, "the same value twice"));
            return;
        }
        if path == "assumptions" {
            self.assumptions.push(node.clone());
        }
        // An empty value stands at its key, where a reader looks for it.
        let node = if node.is_empty() {
            Node {
                place: place.clone(),
                ..node
            }
        } else {
            node
        };
        let source = layer.source_of(path);
        self.leaves.insert(
            path.to_owned(),
            Leaf {
                node,
                origin: layer.origin.to_owned(),
                source,
            },
        );
    }

    fn unknown(&mut self, entry: &Entry, path: &str) {
        let names = fields::children(path);
        let last_word = |full: &'static str| full.rsplit('.').next() == Some(entry.key.as_str());
        let elsewhere = || {
            fields::all()
                .map(|f| f.path)
                .find(|full| last_word(full))
                .map(|full| format!("did you mean `{full}`?"))
        };
        let hint = nearest(&entry.key, names.iter().copied()).or_else(elsewhere);
        let problem = Problem::new(
            &entry.place,
            &join(path, &entry.key),
            format!("unknown key {}", quoted(&entry.key)),
        );
        self.problems.push(problem.allowed(names.join(", ")).hint(hint));
    }

    fn lay_override(&mut self, change: &Override, node: Node) {
        let place = Place {
            line: 1,
            column: 1,
            width: change.source.text.chars().count().max(1) as u32,
            ..change.source.start()
        };
        let path = change.path.replace('[', ".").replace(']', "");
        let mut layer = Layer {
            origin: "command line",
            sources: Vec::new(),
            seen: BTreeSet::new(),
        };
        if let Some(field) = fields::find(&path) {
            self.insert(field.path, &place, node, &mut layer);
        } else if let Some((table, name, field)) =
            table_of(&path).and_then(|table| split_table_path(table, &path))
        {
            let known = self.tables.entry(table).or_default();
            if !known.contains(&name) {
                known.push(name.clone());
            }
            self.insert(&format!("{table}.{name}.{field}"), &place, node, &mut layer);
        } else if fields::is_section(&path) {
            self.flatten(&node, &path, &mut layer);
        } else if let Some((field, below)) = field_above(&path) {
            self.edit(field, below, node, &place);
        } else {
            let names: Vec<_> = fields::all().map(|field| field.path).collect();
            let problem = Problem::new(&place, &change.path, "unknown path");
            let (parent, word) = path.rsplit_once('.').unwrap_or(("", &path));
            let near =
                nearest(&path, names.iter().copied()).or_else(|| nearest(word, fields::children(parent)));
            self.problems
                .push(problem.hint(near).allowed("a path that `scenario explain` lists"));
        }
    }

    /// Changes a part of a value that is a list or a map itself.
    fn edit(&mut self, field: &'static Field, below: &str, node: Node, place: &Place) {
        let Some(leaf) = self.leaves.get_mut(field.path) else {
            self.problems.push(Problem::new(
                place,
                field.path,
                "nothing there to change: no layer gives a value",
            ));
            return;
        };
        let words: Vec<&str> = below.split('.').collect();
        match edit_node(&mut leaf.node, &words, node, place) {
            Ok(()) => {
                leaf.origin = format!("{}, command line", leaf.origin.trim_end_matches(", command line"))
            }
            Err(reason) => self
                .problems
                .push(Problem::new(place, &join(field.path, below), reason)),
        }
    }
}

fn edit_node(node: &mut Node, words: &[&str], value: Node, place: &Place) -> Result<(), String> {
    let Some((word, rest)) = words.split_first() else {
        *node = value;
        return Ok(());
    };
    match &mut node.value {
        Value::List(items) => {
            let count = items.len();
            let index = word.parse::<usize>().ok().or_else(|| {
                let is_named = |item: &Node| {
                    ["id", "name"]
                        .iter()
                        .any(|key| item.get(key).and_then(Node::text) == Some(word))
                };
                items.iter().position(is_named)
            });
            let item = index.and_then(|i| items.get_mut(i));
            item.map_or_else(
                || Err(format!("there is no item {} in a list of {count}", quoted(word))),
                |item| edit_node(item, rest, value, place),
            )
        }
        Value::Map(entries) => {
            if let Some(entry) = entries.iter_mut().find(|entry| entry.key == *word) {
                return edit_node(&mut entry.node, rest, value, place);
            }
            let mut node = Node {
                place: place.clone(),
                value: Value::Map(Vec::new()),
            };
            edit_node(&mut node, rest, value, place)?;
            entries.push(Entry {
                key: (*word).to_owned(),
                place: place.clone(),
                node,
            });
            Ok(())
        }
        Value::Scalar { text, .. } => Err(format!("{} has nothing below it", quoted(text))),
    }
}

/// What belongs to one layer while it is laid.
struct Layer<'a> {
    origin: &'a str,
    sources: Vec<(String, String)>,
    seen: BTreeSet<String>,
}

impl Layer<'_> {
    /// The source named for the path itself or for the nearest section above it.
    fn source_of(&self, path: &str) -> Option<String> {
        let covers = |key: &str| {
            path.strip_prefix(key)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.sources
            .iter()
            .filter(|(key, _)| covers(key))
            .max_by_key(|(key, _)| key.len())
            .map(|(_, text)| text.clone())
    }
}

/// The table that a path goes into.
fn table_of(path: &str) -> Option<&'static str> {
    let is_below =
        |table: &str| path == table || path.strip_prefix(table).is_some_and(|rest| rest.starts_with('.'));
    groups::TOP_LEVEL_TABLES
        .iter()
        .map(|(table, _)| *table)
        .find(|table| is_below(table))
}

/// `models.Qwen2.5-7B.size` is the field `size` of the entry `Qwen2.5-7B`.
fn split_table_path(table: &'static str, path: &str) -> Option<(&'static str, String, &'static str)> {
    let (name, word) = path.strip_prefix(table)?.strip_prefix('.')?.rsplit_once('.')?;
    let (_, fields) = groups::TOP_LEVEL_TABLES
        .iter()
        .find(|(known, _)| *known == table)?;
    let field = fields.iter().find(|field| field.path == word)?;
    is_word(name).then(|| (table, name.to_owned(), field.path))
}

/// The field of which a path names a part, and the rest of the path.
fn field_above(path: &str) -> Option<(&'static Field, &str)> {
    let mut ends = path.match_indices('.').map(|(i, _)| i).collect::<Vec<_>>();
    ends.reverse();
    ends.into_iter()
        .find_map(|i| fields::find(&path[..i]).map(|field| (field, &path[i + 1..])))
}

//! A resolved scenario as text: every value said, in one order, in one notation.
//!
//! Invariant: the text resolves to the same scenario and the same hash, whatever presets say later.

use std::collections::BTreeMap;

use super::document::Value;
use super::fields::{self, Field};
use super::files::InputFile;
use super::layers::{Layers, Leaf};
use super::read::join;
use super::value::{Typed, scalar};
use super::values::Values;
use super::{AiModel, GpuClass, ResolvedValue};

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Everything, with the origin of each value behind it.
    Commented,
    /// What decides a replicate: without name, question, seed and number of replicates.
    Hashed,
}

/// A map of maps, sorted by key.
enum Branch {
    Leaf {
        text: String,
        lines: Vec<String>,
        comment: String,
    },
    Map(BTreeMap<String, Branch>),
}

/// Writes the resolved scenario.
#[must_use]
pub fn write(
    v: &Values,
    layers: &Layers,
    models: &[AiModel],
    hardware: &[GpuClass],
    name: &str,
    files: &[InputFile],
    extent: Extent,
) -> String {
    let mut root = BTreeMap::new();
    for (path, typed) in v.iter() {
        let is_named = matches!(path, "name" | "question" | "seed" | "replicates" | "expect")
            || path.starts_with("attack.");
        if path == "files" || path == "name" || is_named && extent == Extent::Hashed {
            continue;
        }
        let field = fields::find(path).expect("values come from the table");
        let words: Vec<&str> = path.split('.').collect();
        insert(&mut root, &words, leaf(field, typed, layers.leaves.get(path)));
    }
    for ((table, entry), item) in &v.entries {
        if is_used(table, entry, models, hardware) {
            for (field, typed) in &item.0 {
                let path = join(&join(table, entry), field.path);
                insert(
                    &mut root,
                    &[table, entry.as_str(), field.path],
                    leaf(field, typed, layers.leaves.get(&path)),
                );
            }
        }
    }
    for file in files {
        let text = format!("\"{}\"", file.hash);
        insert(
            &mut root,
            &["files", &file.path],
            Branch::Leaf {
                text,
                lines: Vec::new(),
                comment: String::new(),
            },
        );
    }
    if extent == Extent::Commented {
        insert(
            &mut root,
            &["name"],
            Branch::Leaf {
                text: scalar(name),
                lines: Vec::new(),
                comment: String::new(),
            },
        );
    }
    let mut text = String::new();
    write_map(&root, 0, extent, &mut text);
    text
}

/// Every value in use with the place it came from, sorted by path.
#[must_use]
pub fn origins(v: &Values, layers: &Layers, models: &[AiModel], hardware: &[GpuClass]) -> Vec<ResolvedValue> {
    let mut rows = Vec::new();
    for (path, typed) in v.iter() {
        let field = fields::find(path).expect("values come from the table");
        match typed {
            Typed::Items(items) if !items.is_empty() => {
                for (i, item) in items.iter().enumerate() {
                    for (below, value) in &item.0 {
                        let leaf = layers.leaves.get(path).filter(|leaf| says(leaf, i, below.path));
                        rows.push(row(&format!("{path}[{i}].{}", below.path), below, value, leaf));
                    }
                }
            }
            _ => rows.push(row(path, field, typed, layers.leaves.get(path))),
        }
    }
    for ((table, entry), item) in &v.entries {
        if is_used(table, entry, models, hardware) {
            for (field, typed) in &item.0 {
                let path = join(&join(table, entry), field.path);
                rows.push(row(&path, field, typed, layers.leaves.get(&path)));
            }
        }
    }
    rows.sort_by(|a, b| natural(&a.path).cmp(&natural(&b.path)));
    rows
}

/// Whether an item of a list says a field itself.
fn says(leaf: &Leaf, item: usize, field: &str) -> bool {
    match &leaf.node.value {
        Value::List(items) => items.get(item).is_some_and(|item| item.get(field).is_some()),
        _ => false,
    }
}

/// Sorts `population[10]` behind `population[9]`.
fn natural(path: &str) -> (&str, usize, &str) {
    match path
        .split_once('[')
        .and_then(|(head, rest)| rest.split_once(']').map(|(n, tail)| (head, n, tail)))
    {
        Some((head, number, tail)) => (head, number.parse().unwrap_or(0), tail),
        None => (path, 0, ""),
    }
}

fn row(path: &str, field: &Field, typed: &Typed, leaf: Option<&Leaf>) -> ResolvedValue {
    ResolvedValue {
        path: path.to_owned(),
        value: typed.write(&field.kind),
        origin: leaf.map_or_else(|| "default".to_owned(), |leaf| leaf.origin.clone()),
        source: leaf.and_then(|leaf| leaf.source.clone()),
    }
}

fn is_used(table: &str, entry: &str, models: &[AiModel], hardware: &[GpuClass]) -> bool {
    match table {
        "models" => models.iter().any(|model| model.name == entry),
        _ => hardware.iter().any(|class| class.name == entry),
    }
}

fn leaf(field: &Field, typed: &Typed, origin: Option<&Leaf>) -> Branch {
    let lines = match typed {
        Typed::Items(items) if !matches!(field.kind, fields::Kind::Absence) => {
            items.iter().map(super::value::Item::write).collect()
        }
        _ => Vec::new(),
    };
    let origin_name = origin.map_or("default", |leaf| leaf.origin.as_str());
    let source = origin
        .and_then(|leaf| leaf.source.as_deref())
        .map_or_else(String::new, |text| format!("; {text}"));
    let comment: String = format!("{origin_name}{source}")
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    Branch::Leaf {
        text: typed.write(&field.kind),
        lines,
        comment,
    }
}

fn insert(map: &mut BTreeMap<String, Branch>, words: &[&str], value: Branch) {
    let (word, rest) = words.split_first().expect("a path has a word");
    if rest.is_empty() {
        map.insert((*word).to_owned(), value);
        return;
    }
    let below = map
        .entry((*word).to_owned())
        .or_insert_with(|| Branch::Map(BTreeMap::new()));
    match below {
        Branch::Map(below) => insert(below, rest, value),
        Branch::Leaf { .. } => unreachable!("no field is a section: the table's test"),
    }
}

fn write_map(map: &BTreeMap<String, Branch>, depth: usize, extent: Extent, text: &mut String) {
    let indent = "  ".repeat(depth);
    for (key, branch) in map {
        match branch {
            Branch::Map(below) => {
                text.push_str(&format!("{indent}{}:\n", scalar(key)));
                write_map(below, depth + 1, extent, text);
            }
            Branch::Leaf {
                text: value,
                lines,
                comment,
            } => {
                let comment = if extent == Extent::Commented && !comment.is_empty() {
                    format!("  # {comment}")
                } else {
                    String::new()
                };
                if lines.is_empty() {
                    text.push_str(&format!("{indent}{}: {value}{comment}\n", scalar(key)));
                } else {
                    text.push_str(&format!("{indent}{}:{comment}\n", scalar(key)));
                    lines
                        .iter()
                        .for_each(|line| text.push_str(&format!("{indent}  - {line}\n")));
                }
            }
        }
    }
}

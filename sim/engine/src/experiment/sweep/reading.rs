//! Small readers over a tree that remember what was wrong.

use std::path::Path;
use std::sync::Arc;

use super::SweepError;
use crate::scenario::Source;
use crate::scenario::document::{self, Entry, Node, Value};
use crate::scenario::error::{Problem, nearest, quoted};
use crate::scenario::files;
use crate::scenario::kind::find_misplaced;

/// Reads values and keeps every problem.
#[derive(Debug, Default)]
pub struct Reading {
    /// What was wrong so far.
    pub problems: Vec<Problem>,
}

/// Opens a file: its text as a source, and the folder to which its paths are relative.
///
/// # Errors
/// When it cannot be read.
pub fn open(path: &Path) -> Result<(Arc<Source>, &Path), SweepError> {
    let text = files::read_text(path).map_err(|error| SweepError::io(path, error))?;
    let source = Source::file(&path.display().to_string(), &text);
    Ok((source, path.parent().unwrap_or(Path::new(""))))
}

impl Reading {
    /// Begins to read a file that is a map with only these keys and gives all that are `required`, the first of which
    /// says what kind of file it is; `reason` says whose requirement that is.
    ///
    /// # Errors
    /// When it is no tree at all, or a file for another command.
    pub fn begin(
        source: &Arc<Source>,
        keys: &[&str],
        required: &[&str],
        reason: &str,
    ) -> Result<(Node, Self), SweepError> {
        let tree = document::parse(source).map_err(SweepError::File)?;
        if let Some(problem) = find_misplaced(&tree, &required[..required.len().min(1)]) {
            return Err(SweepError::File(vec![problem]));
        }
        let mut reading = Self::default();
        reading.entries(&tree, "", keys);
        for key in required.iter().filter(|key| tree.get(key).is_none()) {
            reading.miss(source, key, reason);
        }
        Ok((tree, reading))
    }

    /// Remembers that a key is missing.
    pub fn miss(&mut self, source: &Arc<Source>, key: &str, reason: &str) {
        let problem = Problem::new(&source.start(), key, "missing");
        self.problems.push(problem.allowed(reason));
    }

    /// What was read, if nothing was wrong with it.
    ///
    /// # Errors
    /// Everything that was wrong.
    pub fn finish<T>(self, read: T) -> Result<T, SweepError> {
        if self.problems.is_empty() {
            Ok(read)
        } else {
            Err(SweepError::File(self.problems))
        }
    }

    /// Remembers a problem at a node.
    pub fn refuse(&mut self, node: &Node, path: &str, found: impl Into<String>, allowed: &str) {
        self.problems
            .push(Problem::new(&node.place, path, found).allowed(allowed));
    }

    /// The entries of a map that may have only these keys.
    pub fn entries<'a>(&mut self, node: &'a Node, path: &str, keys: &[&str]) -> &'a [Entry] {
        let Value::Map(entries) = &node.value else {
            self.refuse(
                node,
                path,
                format!("found {}", node.describe()),
                &format!("a map with {}", keys.join(", ")),
            );
            return &[];
        };
        for (i, entry) in entries.iter().enumerate() {
            if !keys.contains(&entry.key.as_str()) {
                let problem = Problem::new(&entry.place, path, format!("unknown key {}", quoted(&entry.key)));
                self.problems.push(
                    problem
                        .allowed(keys.join(", "))
                        .hint(nearest(&entry.key, keys.iter().copied())),
                );
            }
            if entries[..i].iter().any(|other| other.key == entry.key) {
                self.problems
                    .push(Problem::new(&entry.place, path, "the same key twice"));
            }
        }
        entries
    }

    /// The items of a list; a single value is a list of one.
    pub fn items<'a>(&mut self, node: &'a Node) -> Vec<&'a Node> {
        match &node.value {
            Value::List(items) => items.iter().collect(),
            _ => vec![node],
        }
    }

    /// Text.
    pub fn text(&mut self, node: &Node, path: &str) -> String {
        match node.text() {
            Some(text) if !text.is_empty() => text.to_owned(),
            _ => {
                self.refuse(node, path, format!("found {}", node.describe()), "a text");
                String::new()
            }
        }
    }

    /// One of these words.
    pub fn one_of(&mut self, node: &Node, path: &str, words: &[&'static str]) -> Option<&'static str> {
        let text = self.text(node, path);
        let found = words.iter().find(|word| **word == text).copied();
        if found.is_none() && !text.is_empty() {
            let problem = Problem::new(&node.place, path, format!("found {}", quoted(&text)));
            self.problems.push(
                problem
                    .allowed(words.join(", "))
                    .hint(nearest(&text, words.iter().copied())),
            );
        }
        found
    }

    /// A whole number within limits.
    pub fn count(&mut self, node: &Node, path: &str, min: u64, max: u64) -> u64 {
        let parsed = node.text().and_then(|text| text.parse::<u64>().ok());
        match parsed.filter(|value| (min..=max).contains(value)) {
            Some(value) => value,
            None => {
                self.refuse(
                    node,
                    path,
                    format!("found {}", node.describe()),
                    &format!("a whole number from {min} to {max}"),
                );
                min
            }
        }
    }

    /// A finite number with the unit behind it, if any: `5 %` is 5 and ` %`.
    pub fn measured(&mut self, node: &Node, path: &str) -> (f64, String) {
        let text = node.text().unwrap_or_default().trim();
        let end = text
            .find(|c: char| !(c.is_ascii_digit() || "+-.".contains(c)))
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        match number.parse::<f64>().ok().filter(|value| value.is_finite()) {
            Some(value) => (value, unit.to_owned()),
            None => {
                self.refuse(
                    node,
                    path,
                    format!("found {}", node.describe()),
                    "a number, with its unit if it has one",
                );
                (0.0, String::new())
            }
        }
    }

    /// A share above zero, with `%` or bare.
    pub fn share(&mut self, node: &Node, path: &str) -> f64 {
        let (value, unit) = self.measured(node, path);
        let share = match unit.trim() {
            "%" => value / 100.0,
            "" => value,
            _ => -1.0,
        };
        if !(share > 0.0 && share < 1.0) {
            self.refuse(
                node,
                path,
                format!("found {}", node.describe()),
                "a share between 0 and 100 %",
            );
            return 0.5;
        }
        share
    }

    /// `true` or `false`.
    pub fn switch(&mut self, node: &Node, path: &str) -> bool {
        self.one_of(node, path, &["true", "false"]) == Some("true")
    }
}

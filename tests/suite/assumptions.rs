//! Every assumption that is cited is stated, once and in full.

use std::collections::BTreeMap;

use crate::support::files::{files, root, shown, text};

/// Ids of the form `A-07` in a text: a capital A, a dash, two or three digits, and no letter or digit around.
fn cited(text: &str) -> Vec<String> {
    let bytes = text.as_bytes();
    let mut ids = Vec::new();
    for (at, _) in text.match_indices("A-") {
        let free = at == 0 || !(bytes[at - 1].is_ascii_alphanumeric() || b"-_".contains(&bytes[at - 1]));
        let digits = bytes[at + 2..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let after = bytes.get(at + 2 + digits);
        let ends = !after.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte));
        if free && ends && (2..=3).contains(&digits) {
            ids.push(text[at..at + 2 + digits].to_string());
        }
    }
    ids
}

/// The rows of ASSUMPTIONS.md by id.
fn stated() -> BTreeMap<String, Vec<String>> {
    let page = text(&root().join("ASSUMPTIONS.md"));
    let mut rows = BTreeMap::new();
    for line in page.lines().filter(|line| line.starts_with("| A-")) {
        let cells: Vec<String> = line
            .trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().to_string())
            .collect();
        let id = cells[0].clone();
        assert!(rows.insert(id.clone(), cells).is_none(), "{id} has two rows");
    }
    rows
}

#[test]
fn an_id_is_recognised_and_what_looks_like_one_is_not() {
    assert_eq!(
        cited("(A-07), A-123; SHA-256 A-1 A-1234 A-7x X-A-12"),
        ["A-07", "A-123"]
    );
}

#[test]
fn every_assumption_cited_anywhere_has_a_row() {
    let stated = stated();
    assert!(!stated.is_empty(), "ASSUMPTIONS.md states nothing");
    let mut unknown = Vec::new();
    for path in files(root(), &[".rs", ".md", ".yaml", ".json", ".csv"]) {
        // This file's own examples are no citations.
        if path == root().join("tests/suite/assumptions.rs") {
            continue;
        }
        let ids = cited(&text(&path))
            .into_iter()
            .filter(|id| !stated.contains_key(id));
        unknown.extend(ids.map(|id| format!("{} cites {id}", shown(&path))));
    }
    assert!(
        unknown.is_empty(),
        "ASSUMPTIONS.md does not state:\n{}",
        unknown.join("\n")
    );
}

#[test]
fn every_row_is_full() {
    for (id, cells) in stated() {
        assert_eq!(
            cells.len(),
            6,
            "{id}: id, statement, value, scenario key, source, effect"
        );
        assert!(
            cells.iter().all(|cell| !cell.is_empty()),
            "{id} has an empty cell"
        );
    }
}

//! The conformance vectors: every file under `tests/vectors/` of the repository, read and held to.
//!
//! One binary, and one module per family of rules. A file that no module reads fails the test, and so
//! does a family without files. The format is described in `tests/vectors/README.md`.

mod artifact;
mod bandwidth;
mod claims;
mod collateral;
mod devshard;
mod dispute;
mod escrow;
mod geometry;
mod hash_draw;
mod markets;
mod missed_work;
mod poc;
mod power_cap;
mod pricing;
mod read;
mod reputation;
mod sampling;
mod schedules;
mod settlement;
mod sharing;
mod sprt;
mod status;
mod support;
mod vesting;

use serde_json::Value;
use std::path::{Path, PathBuf};

/// Checks the cases of a file, given its name without extension.
type Check = fn(&str, &Value);

/// Families that other crates read: `event_log` is read by `sim/engine/tests/world/audit.rs`.
const READ_ELSEWHERE: &[&str] = &["event_log"];

/// Each family is a folder of that name.
const FAMILIES: &[(&str, Check)] = &[
    ("artifact", artifact::check),
    ("bandwidth", bandwidth::check),
    ("claims", claims::check),
    ("collateral", collateral::check),
    ("devshard", devshard::check),
    ("dispute", dispute::check),
    ("escrow", escrow::check),
    ("geometry", geometry::check),
    ("hash_draw", hash_draw::check),
    ("markets", markets::check),
    ("missed_work", missed_work::check),
    ("poc", poc::check),
    ("power_cap", power_cap::check),
    ("pricing", pricing::check),
    ("reputation", reputation::check),
    ("sampling", sampling::check),
    ("schedules", schedules::check),
    ("settlement", settlement::check),
    ("sharing", sharing::check),
    ("sprt", sprt::check),
    ("status", status::check),
    ("vesting", vesting::check),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors")
}

/// What a folder holds, in order of name.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let listing = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = listing
        .map(|entry| entry.expect("a readable entry").path())
        .collect();
    paths.sort();
    paths
}

fn stem(path: &Path) -> &str {
    path.file_stem()
        .and_then(|stem| stem.to_str())
        .expect("a name in plain letters")
}

fn check_file(check: Check, path: &Path) {
    let text = std::fs::read_to_string(path).expect("a readable file");
    let document: Value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(
        document.get("source").is_some_and(Value::is_string),
        "{} names no source",
        path.display()
    );
    check(stem(path), &document);
}

#[test]
fn every_file_is_read_and_every_case_holds() {
    for folder in entries(&root()).into_iter().filter(|path| path.is_dir()) {
        let family = stem(&folder);
        if READ_ELSEWHERE.contains(&family) {
            continue;
        }
        let Some((_, check)) = FAMILIES.iter().find(|(name, _)| *name == family) else {
            panic!("tests/vectors/{family}/ is read by nobody");
        };
        for file in entries(&folder) {
            assert_eq!(
                file.extension().and_then(|text| text.to_str()),
                Some("json"),
                "{}",
                file.display()
            );
            check_file(*check, &file);
        }
    }
}

#[test]
fn every_family_has_files() {
    for (family, _) in FAMILIES {
        assert!(
            !entries(&root().join(family)).is_empty(),
            "tests/vectors/{family}/ is empty"
        );
    }
}

#[test]
fn only_folders_and_the_readme_lie_at_the_top() {
    for path in entries(&root()).into_iter().filter(|path| !path.is_dir()) {
        assert_eq!(path.file_name().and_then(|name| name.to_str()), Some("README.md"));
    }
}

//! The house stands as ARCHITECTURE.md draws it.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use crate::support::files::{files, root, shown, text};

/// Rows of the first Markdown table below a heading, cell by cell, without header and rule.
fn table(page: &str, heading: &str) -> Vec<Vec<String>> {
    let (_, below) = page
        .split_once(heading)
        .unwrap_or_else(|| panic!("no heading `{heading}`"));
    below
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| {
            line.trim_matches('|')
                .split('|')
                .map(|cell| cell.trim().to_string())
                .collect()
        })
        .collect()
}

/// The words in backticks of a cell.
fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_string).collect()
}

fn metadata() -> serde_json::Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("cargo speaks JSON")
}

/// Each member of the workspace with the members it is built from.
fn arrows() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("a list of packages");
    let name = |value: &serde_json::Value| value["name"].as_str().expect("a name").to_string();
    let members: BTreeSet<String> = packages.iter().map(name).collect();
    // What a crate's own tests use is no arrow of the house.
    let is_built = |dependency: &&serde_json::Value| dependency["kind"].as_str() != Some("dev");
    let uses = |package: &serde_json::Value| -> BTreeSet<String> {
        let dependencies = package["dependencies"]
            .as_array()
            .expect("a list of dependencies");
        dependencies
            .iter()
            .filter(is_built)
            .map(name)
            .filter(|used| members.contains(used))
            .collect()
    };
    packages
        .iter()
        .map(|package| (name(package), uses(package)))
        .collect()
}

#[test]
fn no_crate_uses_another_that_the_table_of_arrows_does_not_grant() {
    let page = text(&root().join("ARCHITECTURE.md"));
    let granted: BTreeMap<String, BTreeSet<String>> = table(&page, "## Arrows")
        .iter()
        .map(|row| (quoted(&row[0]).remove(0), quoted(&row[1]).into_iter().collect()))
        .collect();
    for (member, uses) in arrows() {
        let granted = granted
            .get(&member)
            .unwrap_or_else(|| panic!("ARCHITECTURE.md has no arrows for {member}"));
        let extra: Vec<_> = uses.difference(granted).collect();
        assert!(
            extra.is_empty(),
            "{member} uses {extra:?}, which the table of arrows does not grant"
        );
    }
}

#[test]
fn kernel_and_rules_do_not_know_each_other() {
    let arrows = arrows();
    assert!(arrows["stakeout-kernel"].is_empty());
    assert!(arrows["stakeout-protocol"].is_empty());
    assert!(arrows["stakeout-calibration"].is_empty());
}

#[test]
fn the_code_map_names_every_crate_and_no_folder_that_is_missing() {
    let page = text(&root().join("ARCHITECTURE.md"));
    let rows = table(&page, "## Code map");
    let mapped: BTreeSet<String> = rows
        .iter()
        .map(|row| quoted(&row[0]).remove(0).trim_end_matches('/').to_string())
        .collect();
    for folder in &mapped {
        assert!(
            root().join(folder).is_dir(),
            "the code map names {folder}/, which does not exist"
        );
    }
    for manifest in files(root(), &["Cargo.toml"]) {
        let folder = shown(manifest.parent().expect("a manifest lies in a folder"));
        let folder = if manifest.parent() == Some(root()) {
            "src".to_string()
        } else {
            folder
        };
        assert!(mapped.contains(&folder), "the code map leaves out {folder}/");
    }
}

#[test]
fn the_rules_repeat_every_ban_of_the_root_and_ban_floats() {
    let banned = |path: &str| -> BTreeSet<String> {
        let text = text(&root().join(path));
        let paths = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("{ path = \""));
        paths
            .map(|rest| rest.split('"').next().unwrap_or_default().to_string())
            .collect()
    };
    let (everywhere, rules) = (banned("clippy.toml"), banned("sim/protocol/clippy.toml"));
    assert!(everywhere.len() > 50, "the root's bans could not be read");
    let missing: Vec<_> = everywhere.difference(&rules).collect();
    assert!(missing.is_empty(), "sim/protocol/clippy.toml lacks {missing:?}");
    assert!(rules.contains("f32") && rules.contains("f64"));
    // A third such file would silently replace the root's.
    let others: Vec<_> = files(root(), &["clippy.toml"])
        .iter()
        .map(|path| shown(path))
        .collect();
    assert_eq!(others, ["clippy.toml", "sim/protocol/clippy.toml"]);
}

#[test]
fn every_dependency_has_a_line_that_says_why() {
    let manifest = text(&root().join("Cargo.toml"));
    let (_, section) = manifest
        .split_once("[workspace.dependencies]")
        .expect("the shared dependencies");
    let section = section.split("\n[").next().unwrap_or_default();
    let page = text(&root().join("docs/dependencies.md"));
    for line in section.lines().filter(|line| !line.starts_with('#')) {
        let Some((name, _)) = line.split_once(" = ") else {
            continue;
        };
        if !name.starts_with("stakeout-") {
            assert!(
                page.contains(&format!("| `{name}` |")),
                "docs/dependencies.md has no line for {name}"
            );
        }
    }
}

#[test]
fn every_rule_family_has_a_page_and_every_page_the_same_headings() {
    let headings = [
        "Purpose",
        "Notation",
        "Parameters",
        "Predicates",
        "Computations",
        "Transitions",
        "Invariants",
        "Worked example",
        "References",
    ];
    let pages = files(&root().join("docs/spec"), &[".md"]);
    assert!(pages.len() >= 12, "{} pages of the spec", pages.len());
    for page in &pages {
        if page.ends_with("README.md") {
            continue;
        }
        let text = text(page);
        let found: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("## "))
            .map(str::trim)
            .collect();
        let expected: Vec<&&str> = headings
            .iter()
            .filter(|heading| found.contains(heading))
            .collect();
        assert_eq!(
            expected.len(),
            headings.len(),
            "{}: has {found:?}, wants {headings:?}",
            shown(page)
        );
    }
    let all: String = pages.iter().map(|page| text(page)).collect();
    let declared = text(&root().join("sim/protocol/src/lib.rs"));
    // Not rules of the network: quantities, bookkeeping and arithmetic that the rules share.
    let helpers = ["units", "ledger", "hash_draw"];
    for line in declared.lines() {
        let Some(module) = line
            .strip_prefix("pub mod ")
            .and_then(|rest| rest.strip_suffix(';'))
        else {
            continue;
        };
        if !helpers.contains(&module) {
            let named = all.contains(&format!("src/{module}.rs"))
                || all.contains(&format!("`{module}`"))
                || all.contains(&format!("src/{module}/"))
                || root()
                    .join(format!("docs/spec/{}.md", module.replace('_', "-")))
                    .exists();
            assert!(
                named,
                "no page under docs/spec/ is about sim/protocol/src/{module}.rs"
            );
        }
    }
}

#[test]
fn no_source_file_holds_more_than_six_hundred_lines() {
    let mut long = Vec::new();
    for path in files(root(), &[".rs"]) {
        let lines = text(&path).lines().count();
        if lines > 600 {
            long.push(format!("{} has {lines} lines; two nouns share it", shown(&path)));
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

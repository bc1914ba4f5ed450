//! What the workspace is built from: licences, sources, and crates that come in two versions.
//!
//! Works offline on what cargo has fetched for this platform; advisories need a database and are not looked up here
//! (what is known to be broken is banned below, and by version in `tests/suite/supply.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::step::{Outcome, root, timed};

/// Licences under which a crate may come in; of a choice, one has to be here, of a sum, all.
const ALLOWED: [&str; 14] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
    "MPL-2.0",
];

/// Crates that are not to come back, with the reason.
const BANNED: [(&str, &str); 11] = [
    ("serde_yml", "RUSTSEC-2025-0068: unsound, archived"),
    ("bincode", "RUSTSEC-2025-0141: unmaintained"),
    ("yaml-rust", "RUSTSEC-2024-0320: unmaintained"),
    ("unsafe-libyaml", "minutes for a small file of brackets"),
    ("atty", "RUSTSEC-2021-0145: unmaintained"),
    ("failure", "RUSTSEC-2020-0036: unmaintained"),
    ("openssl-sys", "the program never speaks to a network"),
    ("rustls", "the program never speaks to a network"),
    ("reqwest", "the program never speaks to a network"),
    ("hyper", "the program never speaks to a network"),
    ("curl-sys", "the program never speaks to a network"),
];

/// Crates of the command line that may come in two versions, with the reason.
const TWICE: [(&str, &str); 4] = [
    (
        "miniz_oxide",
        "two readers of compressed bytes are a version apart",
    ),
    (
        "rand_core",
        "samplers of the bench and of the readers are a version apart",
    ),
    ("syn", "macros of two generations, at compile time alone"),
    ("getrandom", "temporary names of two libraries"),
];

/// Checks licences and sources of everything, and duplicates of the command line.
pub fn supply() -> Outcome {
    timed("supply chain", || {
        let metadata = metadata()?;
        let packages = list(&metadata["packages"]);
        let (mut problems, mut licences) = (Vec::new(), BTreeMap::<&str, u32>::new());
        for package in packages {
            let name = format!("{} {}", word(&package["name"]), word(&package["version"]));
            let source = package["source"].as_str();
            if source.is_some_and(|source| {
                !source.starts_with("registry+https://github.com/rust-lang/crates.io-index")
            }) {
                problems.push(format!("{name} comes from {}", source.unwrap_or_default()));
            }
            let licence = word(&package["license"]);
            *licences.entry(licence).or_default() += 1;
            if !is_allowed(licence) {
                problems.push(format!("{name} has the licence `{licence}`"));
            }
        }
        // cargo's metadata lists optional crates that nothing turns on; its tree shows what is built.
        let tree = [
            "tree",
            "--workspace",
            "--offline",
            "--locked",
            "-e",
            "normal,build",
            "--prefix",
            "none",
        ];
        let tree = String::from_utf8_lossy(&told("cargo", &tree)?).into_owned();
        let built: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
        for (name, reason) in BANNED.iter().filter(|(name, _)| built.contains(name)) {
            problems.push(format!("{name} is banned: {reason}"));
        }
        let twice = duplicates(&metadata);
        for (name, versions) in &twice {
            if !TWICE.iter().any(|(known, _)| known == name) {
                problems.push(format!(
                    "the command line is built with {name} in {}",
                    versions.join(" and ")
                ));
            }
        }
        eprintln!(
            "   {} crates, {} of them built; {} forms of licence; {} twice in the command line",
            packages.len(),
            built.len(),
            licences.len(),
            twice.len()
        );
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems.join("\n"))
        }
    })
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// What a program prints, run in the root.
fn told(program: &str, arguments: &[&str]) -> Outcome<Vec<u8>> {
    let output = Command::new(program).args(arguments).current_dir(root()).output();
    let output = output.map_err(|error| format!("cannot start `{program}`: {error}"))?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// Everything that may be compiled on this platform, as cargo tells it.
fn metadata() -> Outcome<Value> {
    let version = String::from_utf8_lossy(&told("rustc", &["-vV"])?).into_owned();
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.ok_or("rustc names no host")?;
    let arguments = [
        "metadata",
        "--offline",
        "--locked",
        "--format-version",
        "1",
        "--filter-platform",
        host,
    ];
    serde_json::from_slice(&told("cargo", &arguments)?).map_err(|error| error.to_string())
}

/// Whether an expression of licences can be met: `OR` and `/` choose, `AND` adds.
fn is_allowed(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ");
    let flat = expression.replace(['(', ')'], " ");
    let has_groups = expression.contains('(');
    let meets =
        |part: &str| ALLOWED.contains(&part.split_whitespace().collect::<Vec<_>>().join(" ").as_str());
    if has_groups {
        // A sum of choices, as they are written in practice: each word on its own has to be allowed.
        return flat.split(" AND ").all(|sum| sum.split(" OR ").any(meets));
    }
    expression
        .split(" OR ")
        .any(|choice| choice.split(" AND ").all(meets))
}

/// Crates that the command line is built with in several versions.
fn duplicates(metadata: &Value) -> BTreeMap<String, Vec<String>> {
    let nodes: BTreeMap<&str, &Value> = list(&metadata["resolve"]["nodes"])
        .iter()
        .map(|node| (word(&node["id"]), node))
        .collect();
    let packages: BTreeMap<&str, &Value> = list(&metadata["packages"])
        .iter()
        .map(|package| (word(&package["id"]), package))
        .collect();
    let start = packages
        .iter()
        .find(|(_, package)| package["name"] == "stakeout")
        .map(|(id, _)| *id);
    let (mut open, mut seen): (Vec<&str>, BTreeSet<&str>) = (start.into_iter().collect(), BTreeSet::new());
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        for dependency in nodes.get(id).map_or(&[][..], |node| list(&node["deps"])) {
            let is_built = list(&dependency["dep_kinds"])
                .iter()
                .any(|kind| kind["kind"] != "dev");
            if is_built {
                open.push(word(&dependency["pkg"]));
            }
        }
    }
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in seen.iter().filter_map(|id| packages.get(id)) {
        let known = versions.entry(word(&package["name"]).to_string()).or_default();
        known.push(word(&package["version"]).to_string());
    }
    versions.retain(|_, versions| versions.len() > 1);
    versions
}

#[cfg(test)]
mod tests {
    use super::is_allowed;

    #[test]
    fn a_choice_needs_one_licence_and_a_sum_all() {
        for licence in [
            "MIT",
            "MIT OR GPL-3.0",
            "Apache-2.0/MIT",
            "Apache-2.0 / MIT",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 AND ISC",
        ] {
            assert!(is_allowed(licence), "{licence}");
        }
        for licence in [
            "",
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "AGPL-3.0-only",
            "(MIT OR Apache-2.0) AND SSPL-1.0",
        ] {
            assert!(!is_allowed(licence), "{licence}");
        }
    }
}

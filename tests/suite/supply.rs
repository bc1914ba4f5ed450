//! What the program is made of: where its crates come from, and who may write `unsafe`.
//!
//! Licences and bans concern what is built, not what is locked; they need every crate's own manifest and are checked by
//! `cargo xtask supply`.

use crate::support::files::{files, root, shown, text};

/// The one place that crates may come from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Least versions, below which a crate is known to be broken.
const LEAST: [(&str, [u64; 3], &str); 2] = [
    ("rand", [0, 9, 3], "RUSTSEC-2026-0097"),
    ("pyo3", [0, 29, 0], "RUSTSEC-2026-0176, -0177 and -0013"),
];

/// Folders of crates that may write `unsafe`, with the reason. Everybody else inherits the workspace's `forbid`.
const MAY_BE_UNSAFE: [(&str, &str); 2] = [
    (
        "gpu-replay/cuda",
        "a card's driver is called through its C interface",
    ),
    (
        "fuzz",
        "outside the workspace; the fuzzer's entry point is a C function",
    ),
];

/// A package of the lock file: name, version, source.
fn locked() -> Vec<(String, String, Option<String>)> {
    let lock = text(&root().join("Cargo.lock"));
    let field = |package: &str, name: &str| {
        let line = package
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{name} = \"")));
        line.map(|rest| rest.trim_end_matches('"').to_string())
    };
    let packages = lock.split("[[package]]").skip(1).map(|package| {
        let name = field(package, "name").expect("a package has a name");
        let version = field(package, "version").expect("a package has a version");
        let source = field(package, "source");
        assert!(
            source.is_none() || package.contains("checksum = "),
            "{name} has no checksum"
        );
        (name, version, source)
    });
    packages.collect()
}

#[test]
fn every_crate_comes_from_the_registry_with_its_checksum_or_from_this_workspace() {
    let (mut own, mut foreign) = (0, 0);
    for (name, version, source) in locked() {
        match source.as_deref() {
            None => {
                own += 1;
                assert!(
                    name.starts_with("stakeout") || name == "xtask",
                    "{name} {version} comes from a path outside the workspace"
                );
            }
            Some(source) => {
                foreign += 1;
                assert_eq!(source, REGISTRY, "{name} {version}");
            }
        }
    }
    assert!(own >= 12 && foreign >= 100, "{own} own crates, {foreign} others");
}

#[test]
fn no_broken_version_is_locked() {
    for (name, version, _) in locked() {
        if let Some((_, least, reason)) = LEAST.iter().find(|(known, ..)| *known == name) {
            let parts = version
                .split(['.', '+', '-'])
                .take(3)
                .map(|part| part.parse::<u64>());
            let parts: Vec<u64> = parts
                .map(|part| part.expect("a version is three numbers"))
                .collect();
            assert!(parts.as_slice() >= least.as_slice(), "{name} {version}: {reason}");
        }
    }
}

#[test]
fn unsafe_is_forbidden_everywhere_but_in_the_crates_that_have_a_reason() {
    let workspace = text(&root().join("Cargo.toml"));
    assert!(workspace.contains("unsafe_code = \"forbid\""));
    let mut strict = 0;
    for manifest in files(root(), &["Cargo.toml"]) {
        let folder = shown(manifest.parent().expect("a manifest lies in a folder"));
        let own = text(&manifest);
        let inherits =
            own.contains("[lints]\nworkspace = true") || own.contains("\nunsafe_code = \"forbid\"");
        if MAY_BE_UNSAFE.iter().any(|(excepted, _)| *excepted == folder) {
            continue;
        }
        assert!(
            inherits,
            "{folder}/Cargo.toml neither inherits the workspace's lints nor forbids unsafe code"
        );
        strict += 1;
    }
    assert!(strict >= 11, "only {strict} crates forbid unsafe code");
    // An exception says so at its one place.
    for path in files(root(), &[".rs"]) {
        let shown = shown(&path);
        let is_excepted = MAY_BE_UNSAFE
            .iter()
            .any(|(folder, _)| shown.starts_with(&format!("{folder}/")));
        let allowance = ["allow(", "unsafe_code)"].concat();
        assert!(
            is_excepted || !text(&path).contains(&allowance),
            "{shown} allows unsafe code"
        );
    }
}

#[test]
fn nothing_that_is_built_can_speak_to_a_network() {
    // No socket in what we write; `cargo xtask supply` keeps the usual clients out of what we use.
    for path in files(root(), &[".rs"]) {
        let shown = shown(&path);
        // A test may speak to a browser on the same machine; what is shipped speaks to nobody.
        if shown.contains("tests/") {
            continue;
        }
        for word in ["std::net", "TcpStream", "UdpSocket", "ToSocketAddrs"] {
            assert!(!text(&path).contains(word), "{shown} names {word}");
        }
    }
}

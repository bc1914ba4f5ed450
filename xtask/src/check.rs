//! Everything that must hold before a change is merged, cheapest first.

use crate::step::{Outcome, run, timed};
use crate::{golden, pair, shipped};

/// Runs every check and stops at the first failure; `all` adds the crate with tensors.
pub fn check(all: bool) -> Outcome {
    let members: &[&str] = if all {
        &["--workspace"]
    } else {
        &["--workspace", "--exclude", "stakeout-replay"]
    };
    let cargo = |title: &str, head: &[&str], tail: &[&str], environment: &[(&str, &str)]| {
        let arguments: Vec<&str> = head.iter().chain(members).chain(tail).copied().collect();
        timed(title, || run("cargo", &arguments, environment))
    };
    timed("formatting", || run("cargo", &["fmt", "--all", "--check"], &[]))?;
    cargo(
        "clippy",
        &["clippy", "--release", "--all-targets"],
        &["--", "-D", "warnings"],
        &[],
    )?;
    if all {
        let head = [
            "clippy",
            "--release",
            "--package",
            "stakeout-replay",
            "--features",
            "gpu",
        ];
        let arguments = [&head[..], &["--all-targets", "--", "-D", "warnings"]].concat();
        timed("clippy with the card", || run("cargo", &arguments, &[]))?;
    }
    cargo("tests", &["test", "--release"], &[], &[])?;
    cargo(
        "documentation",
        &["doc", "--release", "--no-deps"],
        &[],
        &[("RUSTDOCFLAGS", "-D warnings")],
    )?;
    shipped::check_scenarios()?;
    golden::compare()?;
    pair::pair()
}

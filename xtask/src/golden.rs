//! Golden runs: what each smoke scenario gives, kept under version control.
//!
//! A golden file holds the digest and the headline figures of replicate 0, so that a reader of the diff sees
//! what moved. It changes on purpose only: `--accept`, with a line in the changelog. The same files hold on every
//! platform: `--aarch64` runs them on an emulated one.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::shipped::{smoke, stem};
use crate::step::{Outcome, build_stakeout, build_stakeout_with, read, root, scratch, timed, write};

const AARCH64: &str = "aarch64-unknown-linux-gnu";
/// The compiler driver that links for it, of Debian's `gcc-aarch64-linux-gnu`.
const AARCH64_LINKER: &str = "aarch64-linux-gnu-gcc";
/// What runs it here, of Debian's `qemu-user-static`, with the C library of `libc6-dev-arm64-cross`.
const AARCH64_RUNNER: [&str; 3] = ["qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu"];

/// Compares every smoke scenario with its golden file.
pub fn compare() -> Outcome {
    timed("golden runs", || compare_with(&build_stakeout()?, &[]))
}

/// The same by a processor of another architecture, under emulation.
pub fn compare_on_aarch64() -> Outcome {
    timed("golden runs on aarch64", || {
        let linker = ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", AARCH64_LINKER);
        let compiler = ("CC_aarch64_unknown_linux_gnu", AARCH64_LINKER);
        let binary = build_stakeout_with(&["--target", AARCH64], &[linker, compiler])?;
        compare_with(&binary, &AARCH64_RUNNER)
    })
}

/// Compares what `binary`, started by `runner`, gives.
fn compare_with(binary: &Path, runner: &[&str]) -> Outcome {
    let mut moved = Vec::new();
    for scenario in smoke()? {
        let golden = golden_path(&scenario);
        let expected: Value = serde_json::from_slice(&read(&golden)?)
            .map_err(|error| format!("{}: {error}", golden.display()))?;
        let found = summarise(binary, runner, &scenario)?;
        if expected != found {
            moved.push(format!(
                "{}: digest {} is now {}",
                stem(&scenario),
                expected["digest"],
                found["digest"]
            ));
        }
    }
    if moved.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{}\nif that is meant: cargo xtask golden --accept",
        moved.join("\n")
    ))
}

/// Writes what the smoke scenarios give now into the golden files.
pub fn accept() -> Outcome {
    timed("accepting golden runs", || {
        let binary = build_stakeout()?;
        for scenario in smoke()? {
            let found = summarise(&binary, &[], &scenario)?;
            let text = serde_json::to_string_pretty(&found).expect("a JSON value is printable");
            write(&golden_path(&scenario), &format!("{text}\n"))?;
            eprintln!("   {}: {}", stem(&scenario), found["digest"]);
        }
        Ok(())
    })
}

fn golden_path(scenario: &Path) -> PathBuf {
    root()
        .join("tests/golden")
        .join(format!("{}.json", stem(scenario)))
}

/// Digest and headline figures of one scenario, from the command line's own JSON.
fn summarise(binary: &Path, runner: &[&str], scenario: &Path) -> Outcome<Value> {
    let out = scratch(binary, &format!("golden-{}", stem(scenario)))?;
    let mut command = match runner {
        [] => Command::new(binary),
        [program, arguments @ ..] => {
            let mut command = Command::new(program);
            command.args(arguments).arg(binary);
            command
        }
    };
    let output = command
        .args(["run", "--format", "json", "--replicates", "1"])
        .arg("--out")
        .arg(&out)
        .arg(scenario)
        .stderr(Stdio::inherit())
        .current_dir(root())
        .output()
        .map_err(|error| format!("cannot start `{}`: {error}", binary.display()))?;
    if !output.status.success() {
        return Err(format!("{} failed: {}", scenario.display(), output.status));
    }
    let result: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("{}: the output is not JSON: {error}", scenario.display()))?;
    Ok(json!({ "digest": result["digest"], "figures": result["network"]["figures"] }))
}

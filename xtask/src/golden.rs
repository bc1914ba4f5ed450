//! Golden runs: what each smoke scenario gives, kept under version control.
//!
//! A golden file holds the digest and the headline figures of replicate 0, so that a reader of the diff sees
//! what moved. It changes on purpose only: `--accept`, with a line in the changelog.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::shipped::{smoke, stem};
use crate::step::{Outcome, build_stakeout, read, root, scratch, timed, write};

/// Compares every smoke scenario with its golden file.
pub fn compare() -> Outcome {
    timed("golden runs", || {
        let binary = build_stakeout()?;
        let mut moved = Vec::new();
        for scenario in smoke()? {
            let golden = golden_path(&scenario);
            let expected: Value = serde_json::from_slice(&read(&golden)?)
                .map_err(|error| format!("{}: {error}", golden.display()))?;
            let found = summarise(&binary, &scenario)?;
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
    })
}

/// Writes what the smoke scenarios give now into the golden files.
pub fn accept() -> Outcome {
    timed("accepting golden runs", || {
        let binary = build_stakeout()?;
        for scenario in smoke()? {
            let found = summarise(&binary, &scenario)?;
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
fn summarise(binary: &Path, scenario: &Path) -> Outcome<Value> {
    let out = scratch(binary, &format!("golden-{}", stem(scenario)))?;
    let output = Command::new(binary)
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

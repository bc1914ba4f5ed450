//! The books of every shipped scenario, kept a second time: each is run with an event log, and every balance is derived
//! from the log alone, by `stakeout audit verify` and, where Python has pyarrow and blake3, by `tools/verify_log.py`.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::shipped::{scenarios, stem};
use crate::step::{Outcome, build_stakeout, read, root, run_directory, scratch, timed};

/// How far a scenario is run: some epochs of the small networks, some minutes of the large ones.
const UNTIL: &str = "until=700 blocks";

/// Runs, verifies and counts.
pub fn books() -> Outcome {
    timed("books of every shipped scenario", || {
        let binary = build_stakeout()?;
        let has_python = has_python();
        if !has_python {
            eprintln!("   Python with pyarrow and blake3 is not here: only the program's own second books");
        }
        let (mut checked, mut events, mut problems) = (0, 0, Vec::new());
        for scenario in scenarios()? {
            // The service fidelity has no coins.
            if String::from_utf8_lossy(&read(&scenario)?).contains("fidelity: service") {
                continue;
            }
            match verify(&binary, &scenario, has_python) {
                Ok(count) => (checked, events) = (checked + 1, events + count),
                Err(problem) => problems.push(format!("{}: {problem}", scenario.display())),
            }
        }
        let second = if has_python {
            "two verifiers"
        } else {
            "one verifier"
        };
        eprintln!("   {checked} scenarios, {events} events: every balance is the one of {second}");
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems.join("\n"))
        }
    })
}

fn has_python() -> bool {
    let status = Command::new("python3")
        .args(["-c", "import pyarrow, blake3"])
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

/// Runs one scenario and verifies its log; the number of its events.
fn verify(binary: &Path, scenario: &Path, has_python: bool) -> Outcome<u64> {
    let out = scratch(binary, &format!("books-{}", stem(scenario)))?;
    let run = Command::new(binary)
        .args([
            "run",
            "--event-log",
            "--no-twins",
            "--replicates",
            "1",
            "--set",
            UNTIL,
            "--out",
        ])
        .arg(&out)
        .arg(scenario)
        .current_dir(root())
        .output();
    expect(run)?;
    let directory = run_directory(&out)?;
    let verified = Command::new(binary)
        .args(["audit", "verify", "--no-rerun", "--format", "json", "--files"])
        .arg(scenario.parent().unwrap_or(Path::new(".")))
        .arg(&directory)
        .output();
    let findings = String::from_utf8_lossy(&expect(verified)?.stdout).into_owned();
    if !findings.contains("\"balances\"") {
        return Err("the balances were not looked at".to_string());
    }
    if has_python {
        let again = Command::new("python3")
            .arg(root().join("tools/verify_log.py"))
            .arg(&directory)
            .output();
        expect(again)?;
    }
    let manifest: serde_json::Value = serde_json::from_slice(&read(&directory.join("manifest.json"))?)
        .map_err(|error| error.to_string())?;
    let count = manifest["event_logs"][0]["events"].as_u64().unwrap_or(0);
    std::fs::remove_dir_all(&out).map_err(|error| error.to_string())?;
    Ok(count)
}

fn expect(output: std::io::Result<Output>) -> Outcome<Output> {
    let output = output.map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(output);
    }
    let said = [output.stdout, output.stderr].concat();
    Err(format!("{}\n{}", output.status, String::from_utf8_lossy(&said)))
}

//! The determinism pair: every smoke scenario in two processes that differ in all that must not matter.
//!
//! Threads, working directory, locale, time zone, environment and the event log differ; the digest and every
//! result file but the manifest must be the same, byte for byte. One more run takes its seed from the commit, so
//! that the explored space grows with the history and a failure can be replayed from the commit alone.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::shipped::{smoke, stem};
use crate::step::{Outcome, build_stakeout, read, root, run_directory, scratch, timed};

/// Files of a run directory that two equal runs share.
const SAME: [&str; 4] = [
    "scenario.yaml",
    "summary.json",
    "epochs.parquet",
    "participants.parquet",
];

/// Runs the pairs.
pub fn pair() -> Outcome {
    timed("determinism pair", || {
        let binary = build_stakeout()?;
        let seed = commit_seed();
        for scenario in smoke()? {
            compare(&binary, &scenario, None)?;
            compare(&binary, &scenario, Some(seed))?;
        }
        Ok(())
    })
}

/// The first 12 hex digits of the commit's name as a seed; 1 outside a repository.
fn commit_seed() -> u64 {
    let output = Command::new("git")
        .args(["rev-parse", "HEAD"])
        .current_dir(root())
        .output();
    let name = output
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    name.get(..12)
        .and_then(|head| u64::from_str_radix(head, 16).ok())
        .unwrap_or(1)
}

fn compare(binary: &Path, scenario: &Path, seed: Option<u64>) -> Outcome {
    let name = stem(scenario);
    // The service fidelity has no events to log.
    let has_events = !String::from_utf8_lossy(&read(scenario)?).contains("fidelity: service");
    let first = Arm {
        threads: "1",
        locale: "C",
        zone: "UTC",
        elsewhere: false,
        event_log: false,
    };
    let second = Arm {
        threads: "4",
        locale: "tr_TR.UTF-8",
        zone: "Pacific/Chatham",
        elsewhere: true,
        event_log: has_events,
    };
    let (left, left_files) = first.run(
        binary,
        scenario,
        seed,
        &scratch(binary, &format!("pair-{name}-a"))?,
    )?;
    let (right, right_files) = second.run(
        binary,
        scenario,
        seed,
        &scratch(binary, &format!("pair-{name}-b"))?,
    )?;
    let replay = seed
        .map(|seed| format!(" with --seed {seed}"))
        .unwrap_or_default();
    if left != right {
        return Err(format!("{name}{replay}: digest {left} and digest {right}"));
    }
    for file in SAME {
        if read(&left_files.join(file))? != read(&right_files.join(file))? {
            return Err(format!("{name}{replay}: same digest, but {file} differs"));
        }
    }
    eprintln!("   {name}{replay}: {left}");
    Ok(())
}

/// One side of a pair.
struct Arm {
    threads: &'static str,
    locale: &'static str,
    zone: &'static str,
    elsewhere: bool,
    event_log: bool,
}

impl Arm {
    /// Digest and run directory.
    fn run(
        &self,
        binary: &Path,
        scenario: &Path,
        seed: Option<u64>,
        out: &Path,
    ) -> Outcome<(String, PathBuf)> {
        let mut command = Command::new(binary);
        command.args([
            "run",
            "--format",
            "json",
            "--replicates",
            "1",
            "--threads",
            self.threads,
        ]);
        command.arg("--out").arg(out).arg(scenario);
        command
            .env("LC_ALL", self.locale)
            .env("TZ", self.zone)
            .stderr(Stdio::inherit());
        command.current_dir(if self.elsewhere { out.to_path_buf() } else { root() });
        if self.event_log {
            command.arg("--event-log");
        }
        if self.elsewhere {
            command.env("STAKEOUT_NOISE", "1").env("HOME", out);
        }
        if let Some(seed) = seed {
            command.args(["--seed", &seed.to_string()]);
        }
        let output = command
            .output()
            .map_err(|error| format!("cannot start `{}`: {error}", binary.display()))?;
        if !output.status.success() {
            return Err(format!("{} failed: {}", scenario.display(), output.status));
        }
        let result: Value = serde_json::from_slice(&output.stdout)
            .map_err(|error| format!("{}: the output is not JSON: {error}", scenario.display()))?;
        let digest = result["digest"]
            .as_str()
            .ok_or("the result holds no digest")?
            .to_string();
        Ok((digest, run_directory(out)?))
    }
}

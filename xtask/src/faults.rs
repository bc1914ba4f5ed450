//! System calls that fail: the n-th write, sync, rename or new folder of a run and of a sweep returns "no space left",
//! for every n until the command needs no more of them.
//!
//! The faults are put in by `strace`, so that what is tried is the program as it is, libraries included. After each
//! fault no part of a run may be visible, and the same command ends with the bytes of an undisturbed one.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::step::{Outcome, build_stakeout, root, scratch, timed, write};

/// Calls that are made to fail.
const CALLS: [&str; 4] = ["write", "fsync", "rename", "mkdir"];
/// More faults than either command has calls.
const MOST: u32 = 5_000;

/// Tries every fault and counts.
pub fn faults() -> Outcome {
    timed("faults of the disk", || {
        if Command::new("strace").arg("-V").output().is_err() {
            return Err("this chore needs strace".to_string());
        }
        let binary = build_stakeout()?;
        let folder = scratch(&binary, "faults")?;
        let scenario = root()
            .join("scenarios/smoke/two-swappers.yaml")
            .display()
            .to_string();
        let sweep = format!(
            "sweep: faults\nscenario: '{scenario}'\nset: {{ until: 20 blocks }}\nreplicates: 2\n\
             factors:\n  - {{ path: protocol.sampling.flat_rate, values: [5 %, 50 %] }}\n"
        );
        let file = folder.join("sweep.yaml");
        write(&file, &sweep)?;
        let file = file.display().to_string();
        let run = [
            "run",
            &scenario,
            "--set",
            "until=20 blocks",
            "--event-log",
            "--no-twins",
            "--threads",
            "1",
        ];
        let sweep = ["sweep", &file, "--threads", "1"];
        for (what, words) in [("run", &run[..]), ("sweep", &sweep)] {
            let trial = Trial {
                binary: &binary,
                folder: &folder,
                what,
                words,
            };
            trial.every_fault()?;
        }
        Ok(())
    })
}

struct Trial<'a> {
    binary: &'a Path,
    folder: &'a Path,
    what: &'a str,
    words: &'a [&'a str],
}

impl Trial<'_> {
    fn every_fault(&self) -> Outcome {
        let whole = self.folder.join(format!("{}-whole", self.what));
        let plain = self
            .command(None, &whole)
            .output()
            .map_err(|error| error.to_string())?;
        if !plain.status.success() {
            return Err(String::from_utf8_lossy(&plain.stderr).into_owned());
        }
        let place = self.folder.join(format!("{}-place", self.what));
        for call in CALLS {
            let mut harmless = 0;
            let mut tried = 0;
            for number in 1..MOST {
                let output = self.command(Some((call, number)), &place).output();
                let output = output.map_err(|error| error.to_string())?;
                self.judge(call, number, &output, &place)?;
                // strace marks the call that it made fail; without a mark the command has no n-th one.
                let trace = crate::step::read(&self.folder.join("trace"))?;
                if !String::from_utf8_lossy(&trace).contains("(INJECTED)") {
                    break;
                }
                tried += 1;
                harmless += u32::from(output.status.success());
                self.recover(call, number, &place, &whole)?;
            }
            // The last attempt met no fault, and is in nobody's way.
            std::fs::remove_dir_all(&place).map_err(|error| error.to_string())?;
            eprintln!(
                "   {}: the n-th {call} fails, n = 1..{tried}: {harmless} done all the same, the rest when asked again",
                self.what
            );
        }
        Ok(())
    }

    /// The same command without a fault ends with the bytes of an undisturbed one, whatever the fault left behind.
    fn recover(&self, call: &str, number: u32, place: &Path, whole: &Path) -> Outcome {
        let again = self.command(None, place).args(self.again()).output();
        let again = again.map_err(|error| error.to_string())?;
        if !again.status.success() || results(place)? != results(whole)? {
            return Err(format!(
                "{} after {call} {number} failed: other results",
                self.what
            ));
        }
        std::fs::remove_dir_all(place).map_err(|error| error.to_string())
    }

    /// What makes the command take what is there.
    fn again(&self) -> &[&str] {
        if self.what == "run" { &["--replace"] } else { &[] }
    }

    fn command(&self, fault: Option<(&str, u32)>, out: &Path) -> Command {
        let mut command;
        if let Some((call, number)) = fault {
            command = Command::new("strace");
            let inject = format!("inject={call}:error=ENOSPC:when={number}");
            command.args(["-f", "-qq", "-o"]).arg(self.folder.join("trace"));
            command
                .args(["-e", &format!("trace={call}"), "-e", &inject])
                .arg(self.binary);
        } else {
            command = Command::new(self.binary);
        }
        command.args(self.words).arg("--out").arg(out);
        command
    }

    /// An answer with an exit code, and no part of a run in sight.
    fn judge(&self, call: &str, number: u32, output: &Output, place: &Path) -> Outcome {
        let what = format!("{}, {call} {number}", self.what);
        let code = output.status.code();
        if !matches!(code, Some(0 | 4)) {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("{what}: {code:?}\n{said}"));
        }
        for manifest in find(place, "manifest.json")? {
            let run = manifest.parent().unwrap_or(place);
            let mut verified = Command::new(self.binary);
            verified
                .args(["audit", "verify", "--no-rerun", "--files"])
                .arg(root().join("scenarios/smoke"))
                .arg(run);
            let verified = verified.output().map_err(|error| error.to_string())?;
            if !verified.status.success() {
                return Err(format!(
                    "{what}: part of a run is in sight\n{}",
                    String::from_utf8_lossy(&verified.stderr)
                ));
            }
        }
        Ok(())
    }
}

/// Result files with their bytes, the manifest apart, which holds the time.
fn results(place: &Path) -> Outcome<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    for name in ["summary.json", "epochs.parquet", "results.csv", "responses.csv"] {
        for path in find(place, name)? {
            found.push(crate::step::read(&path)?);
        }
    }
    Ok(found)
}

/// Files of a name in folders that are not hidden.
fn find(place: &Path, name: &str) -> Outcome<Vec<PathBuf>> {
    let (mut found, mut folders) = (Vec::new(), vec![place.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            let is_hidden = path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with('.'));
            if path.is_dir() && !is_hidden {
                folders.push(path);
            } else if path.file_name().is_some_and(|found| found == name) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

//! Steps: a named command whose time is printed and whose failure ends the chore.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// What a chore returns: nothing, or a sentence for the terminal.
pub type Outcome<T = ()> = Result<T, String>;

/// The root of the repository: the folder above this crate's.
pub fn root() -> PathBuf {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_folder
        .parent()
        .expect("xtask lies in the repository's root")
        .to_path_buf()
}

/// Runs `work` under a title and prints how long it took.
#[allow(
    clippy::disallowed_methods,
    reason = "a chore's duration is for the reader and reaches no result"
)]
pub fn timed<T>(title: &str, work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    eprintln!("== {title}");
    let start = Instant::now();
    let outcome = work();
    let word = if outcome.is_ok() { "done" } else { "FAILED" };
    eprintln!("== {title}: {word} in {:.1} s", start.elapsed().as_secs_f64());
    outcome
}

/// Runs a program in the root, its output going to the terminal.
pub fn run(program: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Outcome {
    let status = Command::new(program)
        .args(arguments)
        .envs(environment.iter().copied())
        .current_dir(root())
        .status()
        .map_err(|error| format!("cannot start `{program}`: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{program} {}` failed: {status}", arguments.join(" ")))
    }
}

/// Builds the command line and returns the path of its binary.
///
/// The path is read from cargo's own messages, so that any target folder works.
pub fn build_stakeout() -> Outcome<PathBuf> {
    build_stakeout_with(&[], &[])
}

/// The same with further arguments and environment of cargo, such as another target.
pub fn build_stakeout_with(arguments: &[&str], environment: &[(&str, &str)]) -> Outcome<PathBuf> {
    let output = Command::new("cargo")
        .args([
            "build",
            "--release",
            "--quiet",
            "--bin",
            "stakeout",
            "--message-format",
            "json",
        ])
        .args(arguments)
        .envs(environment.iter().copied())
        .current_dir(root())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cannot start cargo: {error}"))?;
    if !output.status.success() {
        return Err("the command line does not build".to_string());
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == "stakeout")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or_else(|| "cargo named no binary `stakeout`".to_string())
}

/// An empty folder below the target folder, for what a chore writes.
pub fn scratch(binary: &Path, name: &str) -> Outcome<PathBuf> {
    let folder = binary
        .parent()
        .expect("a binary lies in a folder")
        .join("xtask-scratch")
        .join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder)
}

/// Reads a file, with its path in the error.
pub fn read(path: &Path) -> Outcome<Vec<u8>> {
    std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// Writes a file and its folders, with its path in the error.
pub fn write(path: &Path, text: &str) -> Outcome {
    let folder = path.parent().expect("a file lies in a folder");
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

/// The one folder below `out` that holds a manifest.
pub fn run_directory(out: &Path) -> Outcome<PathBuf> {
    let mut folders = vec![out.to_path_buf()];
    while let Some(folder) = folders.pop() {
        if folder.join("manifest.json").exists() {
            return Ok(folder);
        }
        let entries = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        folders.extend(
            entries
                .flatten()
                .map(|entry| entry.path())
                .filter(|path| path.is_dir()),
        );
    }
    Err(format!("no run directory below {}", out.display()))
}

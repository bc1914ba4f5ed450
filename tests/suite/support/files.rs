//! The files of the repository, as a reader of a clone would see them.

use std::path::{Path, PathBuf};

/// Folders that are built or written, not read.
const SKIPPED: [&str; 5] = ["target", "runs", ".git", ".venv", "__pycache__"];

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `folder` whose name ends in one of `extensions` (with the dot), sorted by path.
pub fn files(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries =
            std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for entry in entries {
            let path = entry.expect("a folder's entry is readable").path();
            let name = path
                .file_name()
                .expect("an entry has a name")
                .to_string_lossy()
                .into_owned();
            if path.is_dir() {
                if !SKIPPED.contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if extensions.iter().any(|extension| name.ends_with(extension)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The text of a file.
pub fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A path as written from the root, with forward slashes.
pub fn shown(path: &Path) -> String {
    path.strip_prefix(root())
        .unwrap_or(path)
        .to_string_lossy()
        .replace('\\', "/")
}

/// Every shipped scenario, sorted: `scenarios/` without the folders that hold parts of scenarios, or
/// worlds.
pub fn scenarios() -> Vec<PathBuf> {
    let is_part = |path: &PathBuf| {
        [
            "scenarios/presets/",
            "scenarios/calibration/",
            "scenarios/worlds/",
            "scenarios/schedules/",
            "scenarios/markets/",
            "scenarios/sweeps/",
        ]
        .iter()
        .any(|part| shown(path).starts_with(part))
    };
    let found: Vec<PathBuf> = files(&root().join("scenarios"), &[".yaml"])
        .into_iter()
        .filter(|path| !is_part(path))
        .collect();
    assert!(!found.is_empty(), "no scenario is shipped");
    found
}

/// The smoke scenarios: each under ten seconds.
pub fn smoke() -> Vec<PathBuf> {
    let found: Vec<PathBuf> = scenarios()
        .into_iter()
        .filter(|path| shown(path).starts_with("scenarios/smoke/"))
        .collect();
    assert!(!found.is_empty(), "no smoke scenario is shipped");
    found
}

//! The scenarios that the repository ships.

use std::path::{Path, PathBuf};

use crate::step::{Outcome, build_stakeout, root, run, timed};

/// Folders below `scenarios/` that hold parts of scenarios, worlds or experiments, and not scenarios of a network.
const PARTS: [&str; 6] = [
    "presets",
    "calibration",
    "worlds",
    "schedules",
    "markets",
    "sweeps",
];

/// Every scenario file, sorted by path.
pub fn scenarios() -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    collect(&root().join("scenarios"), &mut found)?;
    found.sort();
    if found.is_empty() {
        Err("no scenario found under scenarios/".to_string())
    } else {
        Ok(found)
    }
}

/// The smoke scenarios, each under ten seconds.
pub fn smoke() -> Outcome<Vec<PathBuf>> {
    let folder = root().join("scenarios/smoke");
    let smoke: Vec<PathBuf> = scenarios()?
        .into_iter()
        .filter(|path| path.starts_with(&folder))
        .collect();
    if smoke.is_empty() {
        Err("no scenario found under scenarios/smoke/".to_string())
    } else {
        Ok(smoke)
    }
}

/// The name of a scenario file without its extension.
pub fn stem(path: &Path) -> String {
    path.file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// Checks every shipped scenario with the built command line.
pub fn check_scenarios() -> Outcome {
    timed("every shipped scenario", || {
        let binary = build_stakeout()?;
        let files = scenarios()?;
        let mut arguments = vec!["scenario".to_string(), "check".to_string()];
        arguments.extend(files.iter().map(|path| path.display().to_string()));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        run(&binary.display().to_string(), &arguments, &[])
    })
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> Outcome {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries {
        let path = entry
            .map_err(|error| format!("{}: {error}", folder.display()))?
            .path();
        if path.is_dir() {
            if !PARTS.contains(&stem(&path).as_str()) {
                collect(&path, found)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            found.push(path);
        }
    }
    Ok(())
}

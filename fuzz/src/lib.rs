//! The doors by which files come in, and what mutates inputs on a compiler without a fuzzer.

pub mod doors;
#[cfg(feature = "models")]
pub mod models;
pub mod mutate;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A folder of this process alone: fuzzers run side by side.
pub fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = std::env::temp_dir().join(format!("stakeout-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        folder
    })
}

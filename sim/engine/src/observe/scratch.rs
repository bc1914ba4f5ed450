//! A folder that is gone after the test.

use std::path::{Path, PathBuf};

/// Removes its folder when dropped.
pub struct Scratch(PathBuf);

impl Scratch {
    /// A new, empty folder; `name` keeps tests of one process apart.
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("stakeout-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

//! Files that a scenario refers to.
//!
//! Invariant: nothing outside the scenario's own folder is opened, not by `..`, not by an absolute path
//! and not through a symbolic link, and nothing larger than its limit is read.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use super::document::MAX_FILE_BYTES;

/// Largest CSV or Parquet file that a scenario may refer to, in bytes.
pub const MAX_DATA_BYTES: u64 = 256 << 20;

/// A file that the scenario was resolved with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFile {
    /// Path as the scenario has it.
    pub path: String,
    /// First 16 hex digits of the blake3 hash of its bytes.
    pub hash: String,
}

/// Whether a text is a relative path that stays in its folder by its words alone.
#[must_use]
pub fn is_safe_relative(text: &str) -> bool {
    let path = Path::new(text);
    !text.is_empty()
        && text.len() <= 255
        && !text.contains(['\0', '\\', ':'])
        && !text.chars().any(char::is_control)
        && path.components().all(|part| matches!(part, Component::Normal(_)))
}

/// Reads a whole file below a folder.
///
/// # Errors
/// A sentence that says what was refused or what failed.
pub fn read_below(folder: &Path, relative: &str, max_bytes: u64) -> Result<Vec<u8>, String> {
    if !is_safe_relative(relative) {
        return Err("the path leaves the scenario's folder".to_owned());
    }
    let root = folder
        .canonicalize()
        .map_err(|e| format!("the scenario's folder cannot be read: {e}"))?;
    let path: PathBuf = root
        .join(relative)
        .canonicalize()
        .map_err(|e| format!("cannot be opened: {e}"))?;
    if !path.starts_with(&root) {
        return Err("a symbolic link leads out of the scenario's folder".to_owned());
    }
    read_bounded(&path, max_bytes)
}

/// Reads a whole regular file up to a limit.
///
/// # Errors
/// A sentence that says what was refused or what failed.
pub fn read_bounded(path: &Path, max_bytes: u64) -> Result<Vec<u8>, String> {
    let metadata = std::fs::metadata(path).map_err(|e| format!("cannot be opened: {e}"))?;
    if !metadata.is_file() {
        return Err("is no regular file".to_owned());
    }
    if metadata.len() > max_bytes {
        return Err(format!(
            "has {} bytes; at most {max_bytes} are read",
            metadata.len()
        ));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|e| format!("cannot be opened: {e}"))?;
    // A file that grows while it is read is still refused at its limit.
    file.take(max_bytes + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| format!("cannot be read: {e}"))?;
    if bytes.len() as u64 > max_bytes {
        return Err(format!("has more than {max_bytes} bytes"));
    }
    Ok(bytes)
}

/// Reads a text file that a person writes: one mebibyte at most, as a scenario.
///
/// # Errors
/// What was refused or what failed.
pub fn read_text(path: &Path) -> io::Result<String> {
    let bytes = read_bounded(path, MAX_FILE_BYTES).map_err(io::Error::other)?;
    String::from_utf8(bytes).map_err(|_| io::Error::other("is no UTF-8 text"))
}

/// First 16 hex digits of the blake3 hash.
#[must_use]
pub fn short_hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex()[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_leaves_its_folder_is_refused_by_its_words() {
        for path in [
            "",
            "/etc/passwd",
            "../a",
            "a/../../b",
            "./../a",
            "a\0b",
            "C:x",
            "a\\b",
            "a\nb",
        ] {
            assert!(!is_safe_relative(path), "{path:?}");
        }
        assert!(is_safe_relative("gonka-mainnet-epoch56/trace.csv"));
    }

    #[cfg(unix)]
    #[test]
    fn a_symbolic_link_that_leaves_the_folder_is_refused() {
        let base = std::env::temp_dir().join(format!("stakeout-link-{}", std::process::id()));
        std::fs::create_dir_all(base.join("inside")).unwrap();
        std::fs::write(base.join("secret.csv"), "x").unwrap();
        let link = base.join("inside/link.csv");
        let _ = std::fs::remove_file(&link);
        std::os::unix::fs::symlink(base.join("secret.csv"), &link).unwrap();
        let refused = read_below(&base.join("inside"), "link.csv", 100).unwrap_err();
        assert!(refused.contains("symbolic link"), "{refused}");
        assert!(
            read_below(&base.join("inside"), "missing.csv", 100)
                .unwrap_err()
                .contains("cannot be opened")
        );
        assert!(
            read_below(&base, "secret.csv", 0)
                .unwrap_err()
                .contains("at most 0")
        );
        std::fs::remove_dir_all(&base).unwrap();
    }
}

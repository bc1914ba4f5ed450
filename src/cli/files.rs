//! Files that a command writes for the user.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use super::failure::{Failure, Reason};

/// Writes a file that did not exist, with its folders; an existing one is left as it is.
pub fn create_new(path: &Path, text: &str) -> Result<(), Failure> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(|error| Failure::io(folder, &error))?;
    }
    let opened = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = opened.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Failure::new(
            Reason::Io,
            format!("{} exists already and was left as it is", path.display()),
        ),
        _ => Failure::io(path, &error),
    })?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(|error| Failure::io(path, &error))
}

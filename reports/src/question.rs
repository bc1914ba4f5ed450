//! What was asked of an experiment, as a file beside its tables states it.

use std::path::Path;

use serde::de::DeserializeOwned;

use crate::error::ReportError;

/// The question in a file; the default where there is none.
///
/// # Errors
/// A file that cannot be read, or that holds no such question.
pub(crate) fn read<T: DeserializeOwned + Default>(file: &Path) -> Result<T, ReportError> {
    if !file.exists() {
        return Ok(T::default());
    }
    let text = stakeout_engine::scenario::files::read_text(file)
        .map_err(|error| ReportError::io("read", file, error))?;
    serde_json::from_str(&text).map_err(|error| ReportError::broken(file, error))
}

/// The name that a question has for want of one: that of its folder.
pub(crate) fn folder_name(path: &Path, otherwise: &str) -> String {
    let folder = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    folder
        .file_name()
        .map_or_else(|| otherwise.into(), |name| name.to_string_lossy().into_owned())
}

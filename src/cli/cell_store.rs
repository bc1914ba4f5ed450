//! Where the cells of an experiment are kept.

use std::path::{Path, PathBuf};

use stakeout_engine::experiment::sweep::store::Store;

use super::failure::Failure;

/// Opens the folder that was asked for, or `sweeps/NAME`.
///
/// # Errors
/// When it cannot be made or holds something else.
pub fn open(asked: Option<&Path>, name: &str) -> Result<(PathBuf, Store), Failure> {
    let folder = asked.map_or_else(|| Path::new("sweeps").join(name), Path::to_path_buf);
    let store = Store::open(&folder)?;
    Ok((folder, store))
}

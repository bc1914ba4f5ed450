//! Where cells are kept: a file each, under its key, written whole or not at all.
//!
//! **Invariant.** A cell under its final name is complete: it is written under a name of its own, forced onto the disk
//! and renamed. A process that is killed loses the cells in flight and nothing else. A cell's second line is the hash
//! of its first, so that one that a disk has changed counts as missing.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::SweepError;
use super::cell::Cell;
use super::plan::{Plan, SWEEP_FORMAT};
use crate::observe::manifest::MODEL_VERSION;
use crate::scenario::files;

/// Bytes of a plan at most: a million points with some factors each.
const PLAN_MAX: u64 = 1 << 30;
/// Bytes of a cell at most.
const CELL_MAX: u64 = 64 << 20;
/// Beginning of the names of files being written.
const UNFINISHED: &str = ".tmp-";

/// A folder with a plan and cells.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    _lock: File,
}

impl Store {
    /// Opens a folder, or makes it. What a killed process left behind is cleared when nobody else is at work here.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn open(folder: &Path) -> Result<Self, SweepError> {
        let cells = folder.join("cells");
        fs::create_dir_all(&cells).map_err(|error| SweepError::io(&cells, error))?;
        let path = folder.join(".lock");
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|error| SweepError::io(&path, error))?;
        if lock.try_lock().is_ok() {
            clear(folder, false).map_err(|error| SweepError::io(folder, error))?;
            clear(&cells, true).map_err(|error| SweepError::io(&cells, error))?;
            // Shards share the folder from here on.
            lock.unlock().map_err(|error| SweepError::io(&path, error))?;
        }
        match lock.lock_shared() {
            Err(error) if error.kind() != io::ErrorKind::Unsupported => Err(SweepError::io(&path, error)),
            _ => Ok(Self {
                folder: folder.to_path_buf(),
                _lock: lock,
            }),
        }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Puts the plan into the folder. Another plan that is there is kept unless `is_extending`.
    ///
    /// # Errors
    /// [`SweepError::OtherPlan`], or what the operating system says.
    pub fn adopt(&self, plan: &Plan, is_extending: bool) -> Result<(), SweepError> {
        self.adopt_text(&plan.to_json(), is_extending)
    }

    /// As [`Store::adopt`] for an experiment that decides as it goes: its plan is what was asked, and of which network.
    ///
    /// # Errors
    /// As there.
    pub fn adopt_question(
        &self,
        asked: &str,
        scenario: Option<&str>,
        is_extending: bool,
    ) -> Result<(), SweepError> {
        let plan = serde_json::json!({
            "format": SWEEP_FORMAT,
            "model_version": MODEL_VERSION,
            "asked": asked,
            "scenario": scenario,
        });
        self.adopt_text(&format!("{plan:#}\n"), is_extending)
    }

    fn adopt_text(&self, text: &str, is_extending: bool) -> Result<(), SweepError> {
        let path = self.folder.join("plan.json");
        match fs::read_to_string(&path) {
            Ok(there) if there == text => return Ok(()),
            Ok(_) if !is_extending => {
                return Err(SweepError::OtherPlan {
                    folder: self.folder.clone(),
                });
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(SweepError::io(&path, error));
            }
            _ => {}
        }
        self.write(&path, text.as_bytes())
    }

    /// The plan of a folder.
    ///
    /// # Errors
    /// What the operating system says, or a plan of another release.
    pub fn plan(folder: &Path) -> Result<Plan, SweepError> {
        let path = folder.join("plan.json");
        let text = files::read_bounded(&path, PLAN_MAX);
        let text = text.map_err(|error| SweepError::io(&path, io::Error::other(error)))?;
        serde_json::from_slice(&text)
            .map_err(|error| SweepError::io(&path, io::Error::other(error.to_string())))
    }

    /// A cell that is there; one that cannot be read, or is not what was written, counts as missing and is run again.
    pub fn get(&self, key: &str) -> Option<Cell> {
        let bytes = files::read_bounded(&self.path(key), CELL_MAX).ok()?;
        let (line, seal) = std::str::from_utf8(&bytes).ok()?.split_once('\n')?;
        if seal != seal_of(line) {
            return None;
        }
        let cell: Cell = serde_json::from_str(line).ok()?;
        (cell.key == key && cell.format == SWEEP_FORMAT).then_some(cell)
    }

    /// Keeps a cell.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn put(&self, cell: &Cell) -> Result<(), SweepError> {
        let path = self.path(&cell.key);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| SweepError::io(folder, error))?;
        }
        let line = serde_json::to_string(cell).expect("a cell is printable");
        let text = format!("{line}\n{}", seal_of(&line));
        self.write(&path, text.as_bytes())
    }

    /// Writes a file of results whole.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn write_result(&self, name: &str, text: &str) -> Result<PathBuf, SweepError> {
        let path = self.folder.join(name);
        self.write(&path, text.as_bytes())?;
        Ok(path)
    }

    fn path(&self, key: &str) -> PathBuf {
        let (shelf, _) = key.split_at(2.min(key.len()));
        self.folder.join("cells").join(shelf).join(format!("{key}.json"))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), SweepError> {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        // Two that write the same cell, processes or threads, must not write into the same file: a point may be in a plan
        // twice. The name reaches no result.
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let (process, number) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let unfinished = path.with_file_name(format!("{UNFINISHED}{process}-{number}-{name}"));
        let work = || -> io::Result<()> {
            let mut file = File::create(&unfinished)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            drop(file);
            fs::rename(&unfinished, path)
        };
        work().map_err(|error| {
            // The first error is the one to tell; what cannot be removed is cleared by the next who opens the folder.
            let _ = fs::remove_file(&unfinished);
            SweepError::io(path, error)
        })
    }
}

/// The second line of a cell.
fn seal_of(line: &str) -> String {
    blake3::hash(line.as_bytes()).to_hex().to_string() + "\n"
}

/// Removes files that were being written, below a folder or in it alone.
fn clear(folder: &Path, is_deep: bool) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_unfinished = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with(UNFINISHED));
        if path.is_dir() {
            if is_deep {
                clear(&path, is_deep)?;
            }
        } else if is_unfinished {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

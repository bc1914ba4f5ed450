//! Finished runs, read back.
//!
//! **Invariant.** What is read is bounded: a manifest larger than [`MANIFEST_MAX`] or a summary larger than
//! [`SUMMARY_MAX`] is refused before it is loaded.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::manifest::{Manifest, RESULTS_FORMAT};
use super::results_error::ResultsError;

/// Largest manifest that is read, bytes.
pub const MANIFEST_MAX: u64 = 1 << 20;
/// Largest summary that is read, bytes.
pub const SUMMARY_MAX: u64 = 64 << 20;

/// A finished run on disk.
#[derive(Clone, Debug, PartialEq)]
pub struct RunDirectory {
    path: PathBuf,
    manifest: Manifest,
}

/// One entry of a results folder: a run, or what is wrong with it.
#[derive(Debug)]
pub struct ListedRun {
    /// The run directory.
    pub path: PathBuf,
    /// The run, if it can be read.
    pub run: Result<RunDirectory, ResultsError>,
}

impl RunDirectory {
    pub(crate) fn new(path: PathBuf, manifest: Manifest) -> Self {
        Self { path, manifest }
    }

    /// Opens a run directory by reading its manifest.
    ///
    /// # Errors
    /// A manifest that is missing, too large, malformed or of a format this release does not know.
    pub fn open(path: &Path) -> Result<Self, ResultsError> {
        let file = path.join("manifest.json");
        let text = read_bounded(&file, MANIFEST_MAX)?;
        let broken = |reason: String| ResultsError::Broken {
            path: file.clone(),
            reason,
        };
        let manifest: Manifest = serde_json::from_slice(&text).map_err(|e| broken(e.to_string()))?;
        if manifest.format != RESULTS_FORMAT {
            let (found, known) = (manifest.format, RESULTS_FORMAT);
            return Err(broken(format!(
                "results format {found}; this release reads format {known}"
            )));
        }
        Ok(Self {
            path: path.to_path_buf(),
            manifest,
        })
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Its headline numbers as JSON (docs/results.md describes them).
    ///
    /// # Errors
    /// A summary that is missing, too large or malformed.
    pub fn summary(&self) -> Result<serde_json::Value, ResultsError> {
        let file = self.path.join("summary.json");
        let text = read_bounded(&file, SUMMARY_MAX)?;
        serde_json::from_slice(&text).map_err(|error| ResultsError::Broken {
            path: file,
            reason: error.to_string(),
        })
    }

    /// The resolved scenario in canonical YAML.
    ///
    /// # Errors
    /// A scenario that is missing, too large or not text.
    pub fn scenario(&self) -> Result<String, ResultsError> {
        let file = self.path.join("scenario.yaml");
        String::from_utf8(read_bounded(&file, SUMMARY_MAX)?).map_err(|error| ResultsError::Broken {
            path: file,
            reason: error.to_string(),
        })
    }

    /// The bytes of one of its files.
    ///
    /// # Errors
    /// A file that is missing or larger than `most` bytes.
    pub(crate) fn read_file(&self, name: &str, most: u64) -> Result<Vec<u8>, ResultsError> {
        read_bounded(&self.path.join(name), most)
    }

    /// Files that are gone or no longer what the manifest says, in the manifest's order.
    ///
    /// # Errors
    /// A file that exists and cannot be read, or a file name that leads elsewhere.
    pub fn changed_files(&self) -> Result<Vec<String>, ResultsError> {
        let mut changed = Vec::new();
        for entry in &self.manifest.files {
            if entry.name.contains(['/', '\\']) || entry.name.starts_with('.') {
                let reason = format!("names a file elsewhere: {}", entry.name.escape_default());
                return Err(ResultsError::Broken {
                    path: self.path.join("manifest.json"),
                    reason,
                });
            }
            let path = self.path.join(&entry.name);
            let hash = match File::open(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                opened => Some(ResultsError::wrap("read", &path, opened.and_then(hash_of))?),
            };
            if hash.is_none_or(|hash| hash != entry.blake3) {
                changed.push(entry.name.clone());
            }
        }
        Ok(changed)
    }
}

/// All runs under a results folder, by scenario, hash and seed; hidden entries are unfinished and left out.
///
/// # Errors
/// A folder that cannot be read; a single broken run is listed with its error instead.
pub fn list_runs(root: &Path) -> Result<Vec<ListedRun>, ResultsError> {
    let mut runs = Vec::new();
    for group in subdirectories(root)? {
        let mut seeds: Vec<(u64, PathBuf)> = subdirectories(&group)?
            .into_iter()
            .filter_map(|path| {
                let seed = path.file_name()?.to_str()?.strip_prefix("seed-")?.parse().ok()?;
                Some((seed, path))
            })
            .collect();
        seeds.sort();
        runs.extend(seeds.into_iter().map(|(_, path)| ListedRun {
            run: RunDirectory::open(&path),
            path,
        }));
    }
    Ok(runs)
}

/// The word that stands for the run that was written last.
pub const LATEST: &str = "latest";

/// The run directory that a path means: itself, or for [`LATEST`] the run in `runs/` that was written last, and for
/// `FOLDER/latest` that in another results folder. A file of that name is what it is.
///
/// # Errors
/// The folder cannot be listed, or holds no finished run.
pub fn named_run(path: PathBuf) -> Result<PathBuf, ResultsError> {
    if path.file_name().is_none_or(|name| name != LATEST) || path.exists() {
        return Ok(path);
    }
    let root = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("runs"),
    };
    let written = |run: ListedRun| {
        let manifest = fs::metadata(run.path.join("manifest.json")).ok()?;
        Some((manifest.modified().ok()?, run.path))
    };
    let none = || ResultsError::Broken {
        path: root.to_path_buf(),
        reason: "there is no finished run in it".to_owned(),
    };
    let newest = list_runs(root)?.into_iter().filter_map(written).max();
    newest.map(|(_, path)| path).ok_or_else(none)
}

fn subdirectories(path: &Path) -> Result<Vec<PathBuf>, ResultsError> {
    let listed = || -> io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() && !entry.file_name().to_string_lossy().starts_with('.') {
                found.push(entry.path());
            }
        }
        found.sort();
        Ok(found)
    };
    ResultsError::wrap("list", path, listed())
}

fn read_bounded(path: &Path, most: u64) -> Result<Vec<u8>, ResultsError> {
    let mut content = Vec::new();
    let read = File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut content));
    ResultsError::wrap("read", path, read)?;
    if content.len() as u64 > most {
        let reason = format!("larger than {most} bytes");
        return Err(ResultsError::Broken {
            path: path.to_path_buf(),
            reason,
        });
    }
    Ok(content)
}

fn hash_of(mut file: File) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finalize().to_hex().to_string()),
            taken => hasher.update(&buffer[..taken]),
        };
    }
}

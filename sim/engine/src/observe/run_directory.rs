//! Run directories: `<root>/<scenario>-<hash>/seed-<n>/`, written whole or not at all.
//!
//! **Invariant.** A directory named `seed-<n>` is complete: its files were written to a hidden sibling,
//! forced onto the disk and only then renamed. A run that exists is touched only by [`IfExists::Replace`]
//! or when it is extended, and even then it stays until its successor is complete.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::cast::Cast;
use super::columns::Column;
use super::event_spool::{FinishedLog, Spool};
use super::frame::RunOutput;
use super::hashed_writer::HashedWriter;
use super::manifest::{FileEntry, MODEL_VERSION, Manifest, Platform, RESULTS_FORMAT, Timing};
use super::parquet_writer::{ParquetWriter, ROWS_PER_GROUP};
use super::replicate_state::{HISTOGRAMS_FILE, REPLICATES_FILE, ReplicateState, cell_columns, cell_rows};
use super::results_error::ResultsError;
use super::rows;
use super::run_archive::RunDirectory;
use super::storage::{Entry, Storage};
use super::summary::{Summary, combined_digest};

/// Name of the manifest in a run directory.
pub const MANIFEST_FILE: &str = "manifest.json";

/// What to do when the run exists already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfExists {
    /// Say so and stop.
    Refuse,
    /// Keep what is finished and do only what is missing.
    Resume,
    /// Run again and put the new results in place of the old ones.
    Replace,
}

/// What is to be done about a run, decided before any time is spent on it.
#[derive(Debug)]
pub enum Plan {
    /// Simulate, then [`RunPlace::write`].
    Run,
    /// It is there: nothing to do.
    Finished(Box<RunDirectory>),
    /// Some of its replicates are there: simulate those that are missing, then [`RunPlace::write`] all of
    /// them with [`IfExists::Replace`].
    Extend(Box<RunDirectory>),
}

/// Everything that goes into a run directory.
#[derive(Clone, Copy, Debug)]
pub struct Contents<'a> {
    /// Names and identity.
    pub cast: &'a Cast,
    /// Replicates in ascending order.
    pub outputs: &'a [RunOutput],
    /// Headline numbers of these replicates.
    pub summary: &'a Summary,
    /// Release of the program.
    pub version: &'a str,
    /// Where it ran.
    pub platform: &'a Platform,
    /// How long it took.
    pub timing: &'a Timing,
    /// Event logs that [`RunPlace::spool`] took in, by replicate; empty where none was asked for.
    pub logs: &'a [FinishedLog],
}

/// Where one run of one scenario and seed goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunPlace {
    group: PathBuf,
    seed: u64,
}

impl RunPlace {
    /// The place of a run under `root`.
    ///
    /// # Errors
    /// [`ResultsError::UnsafeName`] if the scenario's name or hash could lead out of `root`.
    pub fn new(root: &Path, cast: &Cast) -> Result<Self, ResultsError> {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        for (text, longest) in [(&cast.scenario, 64), (&cast.hash, 64)] {
            let starts_well = text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
            if !starts_well || text.len() > longest || !text.chars().all(is_plain) {
                return Err(ResultsError::UnsafeName(text.clone()));
            }
        }
        Ok(Self {
            group: root.join(format!("{}-{}", cast.scenario, cast.hash)),
            seed: cast.seed,
        })
    }

    /// The run directory, whether it exists or not.
    pub fn directory(&self) -> PathBuf {
        self.group.join(format!("seed-{}", self.seed))
    }

    fn unfinished(&self) -> PathBuf {
        self.group.join(format!(".seed-{}.tmp", self.seed))
    }

    /// A place for event logs until the run is written.
    ///
    /// # Errors
    /// What the disk reports, and an odd entry in place of a folder.
    pub fn spool(&self, storage: &dyn Storage) -> Result<Spool, ResultsError> {
        self.refuse_odd_entries(storage)?;
        let created = storage.create_directories(&self.group);
        ResultsError::wrap("create", &self.group, created)?;
        Spool::create(self.spooled(), storage)
    }

    fn spooled(&self) -> PathBuf {
        self.group.join(format!(".seed-{}.events", self.seed))
    }

    fn outgoing(&self) -> PathBuf {
        self.group.join(format!(".seed-{}.old", self.seed))
    }

    /// Decides what is to be done, without changing anything.
    ///
    /// # Errors
    /// [`ResultsError::Exists`] for [`IfExists::Refuse`]; [`ResultsError::Differs`] where a run to be resumed
    /// has more replicates than asked for or comes from another model version; a broken or unreadable run.
    pub fn plan(
        &self,
        if_exists: IfExists,
        replicates: u32,
        storage: &dyn Storage,
    ) -> Result<Plan, ResultsError> {
        let directory = self.directory();
        if !self.is_present(storage)? || if_exists == IfExists::Replace {
            return Ok(Plan::Run);
        }
        if if_exists == IfExists::Refuse {
            return Err(ResultsError::Exists { path: directory });
        }
        let found = RunDirectory::open(&directory)?;
        let manifest = found.manifest();
        let (there, version) = (manifest.replicates, manifest.model_version);
        for (what, there, asked, is_fit) in [
            ("model version", version, MODEL_VERSION, version == MODEL_VERSION),
            ("replicates", there, replicates, there <= replicates),
        ] {
            if !is_fit {
                return Err(ResultsError::Differs {
                    path: directory,
                    what,
                    there,
                    asked,
                });
            }
        }
        if there < replicates {
            return Ok(Plan::Extend(Box::new(found)));
        }
        Ok(Plan::Finished(Box::new(found)))
    }

    /// Writes the run.
    ///
    /// # Errors
    /// [`ResultsError::Exists`] if the run is there and is not to be replaced; otherwise what the disk
    /// reports, with the path. After an error the run that was there before is there still, and no
    /// directory of the run's name holds part of a run.
    pub fn write(
        &self,
        if_exists: IfExists,
        contents: &Contents<'_>,
        storage: &dyn Storage,
    ) -> Result<RunDirectory, ResultsError> {
        self.refuse_odd_entries(storage)?;
        let create = |path: &Path| storage.create_directories(path);
        ResultsError::wrap("create", &self.group, create(&self.group))?;
        let _lock = ResultsError::wrap("lock", &self.group, storage.lock(&self.group))?;
        self.recover(storage)?;
        let is_present = self.is_present(storage)?;
        if is_present && if_exists != IfExists::Replace {
            return Err(ResultsError::Exists {
                path: self.directory(),
            });
        }
        let unfinished = self.unfinished();
        ResultsError::wrap("create", &unfinished, create(&unfinished))?;
        let outcome = write_files(&unfinished, contents, storage)
            .and_then(|manifest| self.publish(is_present, storage).map(|()| manifest));
        match outcome {
            Ok(manifest) => Ok(RunDirectory::new(self.directory(), manifest)),
            Err(error) => {
                // The first error is the one to report; what stays behind is cleared by the next writer.
                let _ = storage.remove_directory(&unfinished);
                Err(error)
            }
        }
    }

    /// Adds a JSON file to a run that was written, and to its manifest.
    ///
    /// # Errors
    /// What the disk reports, with the path. After an error the run is there and complete, with the file or
    /// without it.
    pub fn add(
        &self,
        run: &RunDirectory,
        name: &str,
        value: &impl serde::Serialize,
        storage: &dyn Storage,
    ) -> Result<RunDirectory, ResultsError> {
        let _lock = ResultsError::wrap("lock", &self.group, storage.lock(&self.group))?;
        self.recover(storage)?;
        let (directory, unfinished) = (self.directory(), self.unfinished());
        ResultsError::wrap("create", &unfinished, storage.create_directories(&unfinished))?;
        let mut manifest = run.manifest().clone();
        manifest.files.retain(|file| file.name != name);
        let mut files = Files {
            directory: &unfinished,
            storage,
            entries: Vec::new(),
        };
        files.write(name, |sink| write_json(sink, value))?;
        manifest.files.append(&mut files.entries);
        files.write(MANIFEST_FILE, |sink| {
            sink.write_all(manifest.sealed()?.as_bytes())
        })?;
        // The manifest last: until then the new file is one that nobody asks for.
        for name in [name, MANIFEST_FILE] {
            let moved = storage.rename(&unfinished.join(name), &directory.join(name));
            ResultsError::wrap("rename", &directory.join(name), moved)?;
        }
        let synced = storage.sync_directory(&directory);
        ResultsError::wrap("force onto the disk", &directory, synced)?;
        let _ = storage.remove_directory(&unfinished);
        Ok(RunDirectory::new(directory, manifest))
    }

    fn publish(&self, is_present: bool, storage: &dyn Storage) -> Result<(), ResultsError> {
        let (directory, unfinished, outgoing) = (self.directory(), self.unfinished(), self.outgoing());
        if is_present {
            ResultsError::wrap("rename", &directory, storage.rename(&directory, &outgoing))?;
        }
        if let Err(error) = ResultsError::wrap("rename", &unfinished, storage.rename(&unfinished, &directory))
        {
            if is_present {
                // If this fails too, the next writer finds the old run and puts it back.
                let _ = storage.rename(&outgoing, &directory);
            }
            return Err(error);
        }
        ResultsError::wrap(
            "force onto the disk",
            &self.group,
            storage.sync_directory(&self.group),
        )?;
        if is_present {
            // The new run is in place: a leftover is no reason to call it failed.
            let _ = storage.remove_directory(&outgoing);
        }
        Ok(())
    }

    /// Undoes what a writer that was killed left behind.
    fn recover(&self, storage: &dyn Storage) -> Result<(), ResultsError> {
        let (directory, unfinished, outgoing) = (self.directory(), self.unfinished(), self.outgoing());
        if look(storage, &outgoing)? == Entry::Directory {
            match look(storage, &directory)? {
                Entry::Missing => {
                    ResultsError::wrap("rename", &outgoing, storage.rename(&outgoing, &directory))?;
                }
                _ => ResultsError::wrap("remove", &outgoing, storage.remove_directory(&outgoing))?,
            }
        }
        if look(storage, &unfinished)? == Entry::Directory {
            ResultsError::wrap("remove", &unfinished, storage.remove_directory(&unfinished))?;
        }
        Ok(())
    }

    /// A symbolic link in place of one of our directories would lead the writer elsewhere.
    fn refuse_odd_entries(&self, storage: &dyn Storage) -> Result<(), ResultsError> {
        for path in [
            self.group.clone(),
            self.directory(),
            self.unfinished(),
            self.outgoing(),
            self.spooled(),
        ] {
            if look(storage, &path)? == Entry::Other {
                return Err(ResultsError::NotADirectory { path });
            }
        }
        Ok(())
    }

    fn is_present(&self, storage: &dyn Storage) -> Result<bool, ResultsError> {
        match look(storage, &self.directory())? {
            Entry::Missing => Ok(false),
            Entry::Directory => Ok(true),
            Entry::Other => Err(ResultsError::NotADirectory {
                path: self.directory(),
            }),
        }
    }
}

fn look(storage: &dyn Storage, path: &Path) -> Result<Entry, ResultsError> {
    ResultsError::wrap("look at", path, storage.entry(path))
}

/// Writes the files of a run into a directory that exists.
pub(crate) fn write_files(
    directory: &Path,
    contents: &Contents<'_>,
    storage: &dyn Storage,
) -> Result<Manifest, ResultsError> {
    let Contents {
        cast,
        outputs,
        summary,
        ..
    } = *contents;
    let mut files = Files {
        directory,
        storage,
        entries: Vec::new(),
    };
    files.write("scenario.yaml", |sink| sink.write_all(cast.canonical.as_bytes()))?;
    files.write("summary.json", |sink| write_json(sink, summary))?;
    files.write_table(
        "epochs.parquet",
        outputs,
        |o| o.epochs.iter().cloned(),
        rows::epoch_columns,
    )?;
    files.write_table(
        "participants.parquet",
        outputs,
        |o| o.participants.iter(),
        |replicate, part| rows::participant_columns(cast, replicate, part),
    )?;
    files.write_table(
        "convictions.parquet",
        outputs,
        |o| o.convictions.iter().cloned(),
        |replicate, part| rows::conviction_columns(cast, replicate, part),
    )?;
    let states: Vec<ReplicateState> = outputs.iter().map(ReplicateState::of).collect();
    files.write(REPLICATES_FILE, |sink| {
        serde_json::to_writer(&mut *sink, &states)?;
        sink.write_all(b"\n")
    })?;
    files.write(HISTOGRAMS_FILE, |sink| {
        let mut table = ParquetWriter::create(sink, &cell_columns(0, &[]))?;
        for output in outputs {
            for part in cell_rows(output).chunks(ROWS_PER_GROUP) {
                table.write(&cell_columns(output.replicate, part))?;
            }
        }
        table.close()?.flush()
    })?;
    for log in contents.logs {
        let path = directory.join(&log.file.name);
        ResultsError::wrap("rename", &log.path, storage.rename(&log.path, &path))?;
        files.entries.push(log.file.clone());
    }
    let mut manifest = describe(contents, files.entries.clone());
    files.write(MANIFEST_FILE, |sink| {
        sink.write_all(manifest.sealed()?.as_bytes())
    })?;
    ResultsError::wrap(
        "force onto the disk",
        directory,
        storage.sync_directory(directory),
    )?;
    Ok(manifest)
}

fn describe(contents: &Contents<'_>, files: Vec<FileEntry>) -> Manifest {
    Manifest {
        format: RESULTS_FORMAT,
        version: contents.version.to_string(),
        model_version: MODEL_VERSION,
        scenario: contents.cast.scenario.clone(),
        scenario_hash: contents.cast.hash.clone(),
        seed: contents.cast.seed,
        replicates: u32::try_from(contents.outputs.len()).unwrap_or(u32::MAX),
        digest: combined_digest(contents.outputs),
        event_logs: contents.logs.iter().map(|log| log.log.clone()).collect(),
        files,
        platform: contents.platform.clone(),
        timing: contents.timing.clone(),
        seal: String::new(),
    }
}

fn write_json<T: serde::Serialize>(sink: &mut (dyn Write + Send), value: &T) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *sink, value)?;
    sink.write_all(b"\n")
}

/// The files of one directory while it is being written.
struct Files<'a> {
    directory: &'a Path,
    storage: &'a dyn Storage,
    entries: Vec<FileEntry>,
}

impl Files<'_> {
    fn write(
        &mut self,
        name: &str,
        content: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>,
    ) -> Result<(), ResultsError> {
        let path = self.directory.join(name);
        let entry = self.written(&path, name, content);
        self.entries.push(ResultsError::wrap("write", &path, entry)?);
        Ok(())
    }

    fn written(
        &self,
        path: &Path,
        name: &str,
        content: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>,
    ) -> io::Result<FileEntry> {
        let mut writer = HashedWriter::new(self.storage.create_file(path)?);
        content(&mut writer)?;
        let (mut sink, bytes, blake3) = writer.finish()?;
        sink.flush()?;
        sink.sync()?;
        Ok(FileEntry {
            name: name.to_string(),
            bytes,
            blake3,
        })
    }

    /// One table, replicate after replicate, in row groups of bounded size.
    fn write_table<'c, 'o, T, I: Iterator<Item = T>>(
        &mut self,
        name: &str,
        outputs: &'o [RunOutput],
        rows: impl Fn(&'o RunOutput) -> I,
        columns: impl Fn(u32, &[T]) -> Vec<Column<'c>>,
    ) -> Result<(), ResultsError> {
        self.write(name, |sink| {
            let mut table = ParquetWriter::create(sink, &columns(0, &[]))?;
            for output in outputs {
                let mut rows = rows(output);
                loop {
                    let part: Vec<T> = rows.by_ref().take(ROWS_PER_GROUP).collect();
                    if part.is_empty() {
                        break;
                    }
                    table.write(&columns(output.replicate, &part))?;
                }
            }
            table.close()?.flush()
        })
    }
}

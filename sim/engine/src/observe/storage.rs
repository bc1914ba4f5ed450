//! The few things that results ask of a file system, behind a trait so that each can be made to fail.
//!
//! **Invariant.** Nothing here retries, and no error is dropped: what a disk refuses reaches the user with
//! the path it concerns.

use std::any::Any;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::disk_file::DiskFile;

/// What lies at a path; a symbolic link is never followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Nothing.
    Missing,
    /// A directory.
    Directory,
    /// A file, a symbolic link or anything else.
    Other,
}

/// A file being written.
pub trait Sink: Write + Send {
    /// Forces what was written onto the disk.
    ///
    /// # Errors
    /// What the operating system reports.
    fn sync(&mut self) -> io::Result<()>;
}

/// Where a run directory is written.
pub trait Storage {
    /// Creates a directory and its parents; one that exists is fine.
    ///
    /// # Errors
    /// What the operating system reports.
    fn create_directories(&self, path: &Path) -> io::Result<()>;
    /// Creates a file that must not exist yet.
    ///
    /// # Errors
    /// What the operating system reports.
    fn create_file(&self, path: &Path) -> io::Result<Box<dyn Sink>>;
    /// Moves a file or directory within one file system; a target that exists is an error or is
    /// replaced if it is an empty directory.
    ///
    /// # Errors
    /// What the operating system reports.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Forces a directory's entries onto the disk.
    ///
    /// # Errors
    /// What the operating system reports.
    fn sync_directory(&self, path: &Path) -> io::Result<()>;
    /// Removes a directory and what is in it.
    ///
    /// # Errors
    /// What the operating system reports.
    fn remove_directory(&self, path: &Path) -> io::Result<()>;
    /// What lies at the path.
    ///
    /// # Errors
    /// What the operating system reports, absence excepted.
    fn entry(&self, path: &Path) -> io::Result<Entry>;
    /// Waits until nobody else holds the directory's lock and holds it until the guard is dropped.
    ///
    /// # Errors
    /// What the operating system reports.
    fn lock(&self, directory: &Path) -> io::Result<Box<dyn Any>>;
}

/// The file system of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Storage for Disk {
    fn create_directories(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    fn create_file(&self, path: &Path) -> io::Result<Box<dyn Sink>> {
        let file = OpenOptions::new().write(true).create_new(true).open(path)?;
        Ok(Box::new(DiskFile::new(file)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        // Only Unix can open a directory as a file; elsewhere the rename alone has to do.
        if cfg!(unix) {
            File::open(path)?.sync_all()
        } else {
            Ok(())
        }
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir_all(path)
    }

    fn entry(&self, path: &Path) -> io::Result<Entry> {
        match fs::symlink_metadata(path) {
            Ok(found) if found.is_dir() => Ok(Entry::Directory),
            Ok(_) => Ok(Entry::Other),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Entry::Missing),
            Err(error) => Err(error),
        }
    }

    fn lock(&self, directory: &Path) -> io::Result<Box<dyn Any>> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(directory.join(".lock"))?;
        match file.lock() {
            // Some network file systems know no locks; two writers of one run are then the user's affair.
            Err(error) if error.kind() != io::ErrorKind::Unsupported => Err(error),
            _ => Ok(Box::new(file)),
        }
    }
}

//! A file that goes to the disk while it grows.
//!
//! **Invariant.** After [`sync`](DiskFile::sync) every byte is on the disk, and an error that the operating system
//! reported at any time has come back: a system tells each failed write to whoever asks first, and only once.
//!
//! A system keeps gigabytes in memory before it begins to write. A log of half a gigabyte would then be waited for at
//! the end of its run, for as long as a third of the run took.

use std::fs::File;
use std::io::{self, Write};
use std::thread::{self, JoinHandle};

use super::storage::Sink;

/// Bytes after which the disk is told to begin. Smaller files never are before their end.
const STRETCH: u64 = 32 << 20;

/// A file being written.
#[derive(Debug)]
pub struct DiskFile {
    file: File,
    unsynced: u64,
    syncing: Option<JoinHandle<io::Result<()>>>,
}

impl DiskFile {
    /// A file that nothing has been written to.
    pub fn new(file: File) -> Self {
        Self {
            file,
            unsynced: 0,
            syncing: None,
        }
    }

    /// Has what was written so far go to the disk, on a thread that does nothing but wait for it.
    fn begin_sync(&mut self) -> io::Result<()> {
        if self.syncing.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return Ok(());
        }
        self.finish_sync()?;
        let file = self.file.try_clone()?;
        let thread = thread::Builder::new().name("disk".to_string());
        self.syncing = Some(thread.spawn(move || file.sync_data())?);
        self.unsynced = 0;
        Ok(())
    }

    fn finish_sync(&mut self) -> io::Result<()> {
        match self.syncing.take().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(synced)) => synced,
            Some(Err(payload)) => std::panic::resume_unwind(payload),
        }
    }
}

impl Write for DiskFile {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let taken = self.file.write(data)?;
        self.unsynced += taken as u64;
        if self.unsynced >= STRETCH {
            self.begin_sync()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Sink for DiskFile {
    fn sync(&mut self) -> io::Result<()> {
        self.finish_sync()?;
        self.file.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::scratch::Scratch;

    #[test]
    fn a_file_of_several_stretches_is_whole_on_the_disk() {
        let scratch = Scratch::new("disk-file");
        let path = scratch.path().join("large");
        let mut file = DiskFile::new(File::create_new(&path).unwrap());
        let piece: Vec<u8> = (0..1 << 20).map(|byte: u32| byte as u8).collect();
        for _ in 0..70 {
            file.write_all(&piece).unwrap();
        }
        assert!(file.syncing.is_some());
        file.sync().unwrap();
        assert!(file.syncing.is_none());
        assert_eq!(std::fs::read(&path).unwrap(), piece.repeat(70));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_an_error_of_the_write() {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let error = DiskFile::new(full).write_all(b"x").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}

//! A thread that writes finished cells, so that those who compute them do not wait for the disk. Where it falls behind,
//! they write, too: a disk forces many files at once in the time of one.
//!
//! **Invariant.** Every cell that was handed over has been written, or its refusal told, when [`keeping`] returns; only
//! a few wait at a time, so that who is killed loses no more than these and those that were being computed.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;

use super::SweepError;
use super::campaign::Monitor;
use super::cell::Cell;
use super::store::Store;

/// Cells that may wait for the disk.
const WAITING_MAX: usize = 4;

/// Takes cells from any thread.
pub(in crate::experiment) struct Keeper<'a> {
    waiting: SyncSender<Cell>,
    desk: &'a Desk<'a>,
}

impl Keeper<'_> {
    /// Has a cell written: by the thread that writes, or by this one where too many wait already.
    pub fn keep(&self, cell: &Cell) {
        match self.waiting.try_send(cell.clone()) {
            Ok(()) => {}
            Err(TrySendError::Full(cell) | TrySendError::Disconnected(cell)) => self.desk.write(&cell),
        }
    }

    /// Notes why the whole cannot go on; the first reason counts.
    pub fn refuse(&self, error: SweepError) {
        self.desk.refuse(error);
    }

    /// Whether the whole cannot go on, so that no further cell is worth computing.
    pub fn has_refused(&self) -> bool {
        self.desk.has_refused.load(Ordering::Relaxed)
    }
}

/// Does some work whose cells are written meanwhile, and tells `monitor` of each that has been.
///
/// # Errors
/// The first cell that could not be written, or what the work [refused](Keeper::refuse).
pub(in crate::experiment) fn keeping<T>(
    store: &Store,
    monitor: &dyn Monitor,
    work: impl FnOnce(&Keeper<'_>) -> T,
) -> Result<T, SweepError> {
    let desk = Desk {
        store,
        monitor,
        refused: Mutex::new(None),
        has_refused: AtomicBool::new(false),
    };
    let (waiting, cells): (_, Receiver<Cell>) = sync_channel(WAITING_MAX);
    let done = thread::scope(|scope| {
        scope.spawn(|| cells.into_iter().for_each(|cell| desk.write(&cell)));
        // Dropped with the end of the work, which ends the thread once it has written what it has.
        let keeper = Keeper { waiting, desk: &desk };
        work(&keeper)
    });
    match desk.refused.into_inner().expect("no thread panics with the lock") {
        Some(error) => Err(error),
        None => Ok(done),
    }
}

/// Where cells are written, by whichever thread.
struct Desk<'a> {
    store: &'a Store,
    monitor: &'a dyn Monitor,
    refused: Mutex<Option<SweepError>>,
    has_refused: AtomicBool,
}

impl Desk<'_> {
    fn write(&self, cell: &Cell) {
        match self.store.put(cell) {
            Ok(()) => self.monitor.tell(cell),
            Err(error) => self.refuse(error),
        }
    }

    fn refuse(&self, error: SweepError) {
        let mut refused = self.refused.lock().expect("no thread panics with the lock");
        refused.get_or_insert(error);
        self.has_refused.store(true, Ordering::Relaxed);
    }
}

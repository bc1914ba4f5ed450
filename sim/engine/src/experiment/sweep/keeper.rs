//! A thread that writes finished cells, so that those who compute them do not wait for the disk.
//!
//! **Invariant.** Every cell that was handed over has been written, or its refusal told, when [`keeping`] returns; only
//! a few wait at a time, so that who is killed loses no more than these and those that were being computed.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::SweepError;
use super::campaign::Monitor;
use super::cell::Cell;
use super::store::Store;

/// Cells that may wait for the disk.
const WAITING_MAX: usize = 4;

/// Takes cells from any thread.
#[derive(Debug)]
pub(in crate::experiment) struct Keeper<'a> {
    cells: SyncSender<Cell>,
    refused: &'a Mutex<Option<SweepError>>,
}

impl Keeper<'_> {
    /// Hands a cell over, and waits where too many wait already.
    pub fn keep(&self, cell: &Cell) {
        // The receiver lives as long as there is anybody to send.
        let _ = self.cells.send(cell.clone());
    }

    /// Notes why the whole cannot go on; the first reason counts.
    pub fn refuse(&self, error: SweepError) {
        note(self.refused, error);
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
    let refused = Mutex::new(None);
    let (sender, receiver) = sync_channel(WAITING_MAX);
    let done = thread::scope(|scope| {
        scope.spawn(|| write_all(receiver, store, monitor, &refused));
        // Dropped with the end of the work, which ends the thread once it has written what it has.
        let keeper = Keeper {
            cells: sender,
            refused: &refused,
        };
        work(&keeper)
    });
    match refused.into_inner().expect("no thread panics with the lock") {
        Some(error) => Err(error),
        None => Ok(done),
    }
}

fn write_all(
    cells: Receiver<Cell>,
    store: &Store,
    monitor: &dyn Monitor,
    refused: &Mutex<Option<SweepError>>,
) {
    for cell in cells {
        match store.put(&cell) {
            Ok(()) => monitor.tell(&cell),
            Err(error) => note(refused, error),
        }
    }
}

fn note(refused: &Mutex<Option<SweepError>>, error: SweepError) {
    refused
        .lock()
        .expect("no thread panics with the lock")
        .get_or_insert(error);
}

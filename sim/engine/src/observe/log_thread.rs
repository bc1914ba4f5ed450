//! A log's writer on a thread of its own, so that the simulation does not wait for hashes and encodings.
//!
//! **Invariant.** The bytes are those that the writer alone would write: batches arrive in order, through a queue that
//! holds a few of them and then makes the simulation wait. An error of the writer comes back at the next batch, or at
//! the end.

use std::io::{self, Write};
use std::panic;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use super::event_spool::as_io;
use super::events_in_order::EventsInOrder;
use crate::audit::log_writer::{LogHead, LogWriter};

/// Events that are handed over at once; fewer are collected first, since waking a thread costs more than they do.
const BATCH: usize = 16_384;
/// Batches that may wait.
const WAITING: usize = 4;

/// A writer at work.
pub struct LogThread<W: Write + Send> {
    batch: EventsInOrder,
    /// Nothing once the thread has been told that no more comes.
    full: Option<SyncSender<EventsInOrder>>,
    /// Batches that were written, whose room is used again.
    empty: Receiver<EventsInOrder>,
    /// Such room, the last one on top: it is the nearest.
    rooms: Vec<EventsInOrder>,
    thread: Option<JoinHandle<io::Result<LogWriter<W>>>>,
}

impl<W: Write + Send + 'static> LogThread<W> {
    /// Gives the writer its thread.
    ///
    /// # Errors
    /// A thread that cannot be started.
    pub fn start(mut writer: LogWriter<W>) -> io::Result<Self> {
        let (full, batches) = sync_channel::<EventsInOrder>(WAITING);
        let (written, empty) = sync_channel(WAITING + 2);
        let write = move || {
            for mut batch in batches {
                writer.accept(&batch).map_err(as_io)?;
                batch.clear();
                // Where nobody waits for the room, it is freed.
                let _ = written.try_send(batch);
            }
            Ok(writer)
        };
        Ok(Self {
            batch: EventsInOrder::default(),
            full: Some(full),
            empty,
            rooms: Vec::new(),
            thread: Some(
                thread::Builder::new()
                    .name("event log".to_string())
                    .spawn(write)?,
            ),
        })
    }
}

impl<W: Write + Send> LogThread<W> {
    /// Takes events out of `events`.
    ///
    /// # Errors
    /// What the writer met.
    pub fn accept(&mut self, events: &mut EventsInOrder) -> io::Result<()> {
        if self.batch.is_empty() {
            std::mem::swap(&mut self.batch, events);
        } else {
            self.batch.append(events);
        }
        if self.batch.len() < BATCH {
            return Ok(());
        }
        self.send()
    }

    /// Waits until everything is with the sink; returns it and what the log is known by.
    ///
    /// # Errors
    /// What the writer met.
    pub fn finish(mut self) -> io::Result<(W, LogHead)> {
        self.send()?;
        self.join()?
            .ok_or_else(|| io::Error::other("the log was closed before"))?
            .finish()
            .map_err(as_io)
    }

    fn send(&mut self) -> io::Result<()> {
        self.rooms.extend(self.empty.try_iter());
        let room = self.rooms.pop().unwrap_or_default();
        let batch = std::mem::replace(&mut self.batch, room);
        let sent = match &self.full {
            Some(full) => full.send(batch).is_ok(),
            None => false,
        };
        if sent {
            return Ok(());
        }
        // Nobody takes batches any more: the thread has ended, with the reason.
        self.join()?;
        Err(io::Error::other("the log was closed before"))
    }

    fn join(&mut self) -> io::Result<Option<LogWriter<W>>> {
        self.full = None;
        let Some(thread) = self.thread.take() else {
            return Ok(None);
        };
        match thread.join() {
            Ok(writer) => writer.map(Some),
            Err(payload) => panic::resume_unwind(payload),
        }
    }
}

impl<W: Write + Send> Drop for LogThread<W> {
    /// A run that was interrupted leaves its log: the thread is waited for, so that nothing writes afterwards.
    fn drop(&mut self) {
        self.full = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

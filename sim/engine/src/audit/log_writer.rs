//! The log of one replicate, written as the run goes.
//!
//! Invariant: what is kept in memory is one segment of events and what [`Causes`] remembers, however long the
//! run. The bytes depend on the events alone.

use std::io::Write;

use parquet::errors::Result;

use super::causes::Causes;
use super::chain::{Chain, EVENTS_PER_SEGMENT};
use super::log_columns::{LOG_COLUMNS, LogColumns};
use super::log_step::{LogStep, STEP};
use crate::observe::events_in_order::{EventsInOrder, Places};
use crate::observe::hashed_writer::HashedWriter;
use crate::observe::packed_writer::PackedWriter;

/// Key of the checkpoints in a log file's footer: the head after each segment, hex, separated by commas.
pub const CHECKPOINTS_KEY: &str = "stakeout.checkpoints";

const _: () = assert!(EVENTS_PER_SEGMENT.is_multiple_of(STEP));

/// Which log this is: what its chain begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogIdentity {
    /// First 16 hex digits of the scenario's hash.
    pub scenario_hash: String,
    /// Root seed.
    pub seed: u64,
    /// Replicate.
    pub replicate: u32,
}

/// What a finished log is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogHead {
    /// Number of events.
    pub events: u64,
    /// Last head of the chain, lower-case hex.
    pub head: String,
    /// Length of the file.
    pub bytes: u64,
    /// Its hash, lower-case hex.
    pub blake3: String,
}

/// Writes a log.
pub struct LogWriter<W: Write + Send> {
    table: PackedWriter<HashedWriter<W>>,
    replicate: u32,
    chain: Chain,
    causes: Causes,
    segment: LogColumns,
    events: u64,
    checkpoints: Vec<String>,
    /// Events that are about to be written.
    near: Box<LogStep>,
    places: Places,
}

impl<W: Write + Send> LogWriter<W> {
    /// An empty log on `sink`.
    ///
    /// # Errors
    /// What the sink reports.
    pub fn create(sink: W, identity: &LogIdentity) -> Result<Self> {
        Ok(Self {
            table: PackedWriter::create(HashedWriter::new(sink), &LOG_COLUMNS)?,
            replicate: identity.replicate,
            chain: Chain::new(&identity.scenario_hash, identity.seed, identity.replicate),
            causes: Causes::new(),
            segment: LogColumns::default(),
            events: 0,
            checkpoints: Vec::new(),
            near: Box::new(LogStep::new()),
            places: Places::default(),
        })
    }

    /// Appends events, whole blocks at a time.
    ///
    /// # Errors
    /// What the sink reports.
    pub fn accept(&mut self, events: &EventsInOrder) -> Result<()> {
        let mut places = std::mem::take(&mut self.places);
        let taken = events.try_each(&mut places, |event| {
            if self.near.push(event) {
                self.append()
            } else {
                Ok(())
            }
        });
        self.places = places;
        taken
    }

    /// Appends what is near. A segment holds a whole number of steps, so it is full after one or not at all.
    #[inline(never)]
    fn append(&mut self) -> Result<()> {
        self.causes.name(&mut self.near, self.events);
        self.events += self.near.len() as u64;
        self.segment.extend(&self.near);
        self.near.clear();
        if self.segment.len() == EVENTS_PER_SEGMENT {
            self.write_segment()?;
        }
        Ok(())
    }

    fn write_segment(&mut self) -> Result<()> {
        let rows = self.segment.len();
        let pages = self.segment.take(self.replicate, self.events - rows as u64);
        let stored = self.table.write(rows, pages)?.hash();
        let head = self.chain.close_segment(stored);
        self.checkpoints.push(head.to_hex().to_string());
        Ok(())
    }

    /// Writes what is left and the checkpoints; returns the sink and what the log is known by.
    ///
    /// # Errors
    /// What the sink reports.
    pub fn finish(mut self) -> Result<(W, LogHead)> {
        self.append()?;
        if !self.segment.is_empty() {
            self.write_segment()?;
        }
        let head = self.chain.head().to_hex().to_string();
        self.table.note(CHECKPOINTS_KEY, self.checkpoints.join(","));
        let events = self.events;
        let (sink, bytes, blake3) = self.table.close()?.finish()?;
        let head = LogHead {
            events,
            head,
            bytes,
            blake3,
        };
        Ok((sink, head))
    }
}

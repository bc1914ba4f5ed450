//! The log of one replicate, written as the run goes.
//!
//! Invariant: what is kept in memory is one segment of events and what [`Causes`] remembers, however long the
//! run. The bytes depend on the events alone.

use std::io::Write;
use std::sync::Arc;

use parquet::basic::{Compression, Encoding};
use parquet::errors::Result;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::schema::types::ColumnPath;

use super::causes::Causes;
use super::chain::{Chain, EVENTS_PER_SEGMENT};
use super::encoding::{LogEntry, NO_CAUSE};
use super::log_columns::LogColumns;
use crate::observe::columns::{Column, Values};
use crate::observe::event::Event;
use crate::observe::parquet_writer::ParquetWriter;

/// Key of the checkpoints in a log file's footer: the head after each segment, hex, separated by commas.
pub const CHECKPOINTS_KEY: &str = "stakeout.checkpoints";

/// Events that are worked on together: they stay in a core's nearest cache.
const STEP: usize = 256;

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
}

/// Writes a log.
pub struct LogWriter<W: Write + Send> {
    table: ParquetWriter<W>,
    replicate: u32,
    chain: Chain,
    causes: Causes,
    segment: LogColumns,
    events: u64,
    checkpoints: Vec<String>,
    /// Scratch of [`accept_few`](Self::accept_few).
    near: Vec<LogEntry>,
}

impl<W: Write + Send> LogWriter<W> {
    /// An empty log on `sink`.
    ///
    /// # Errors
    /// What the sink reports.
    pub fn create(sink: W, identity: &LogIdentity) -> Result<Self> {
        let shape = LogColumns::with_capacity(0).into_columns(identity.replicate, 0);
        Ok(Self {
            table: ParquetWriter::create_with(sink, &shape, properties(&shape))?,
            replicate: identity.replicate,
            chain: Chain::new(&identity.scenario_hash, identity.seed, identity.replicate),
            causes: Causes::new(),
            segment: LogColumns::with_capacity(EVENTS_PER_SEGMENT),
            events: 0,
            checkpoints: Vec::new(),
            near: Vec::with_capacity(STEP),
        })
    }

    /// Appends events, whole blocks at a time.
    ///
    /// # Errors
    /// What the sink reports.
    pub fn accept(&mut self, events: &[Event]) -> Result<()> {
        let mut left = events;
        while !left.is_empty() {
            let room = EVENTS_PER_SEGMENT - self.segment.len();
            let (next, rest) = left.split_at(left.len().min(room).min(STEP));
            left = rest;
            self.accept_few(next)?;
        }
        Ok(())
    }

    /// Appends events of one segment.
    fn accept_few(&mut self, events: &[Event]) -> Result<()> {
        // The simulation has just written them on another core: copied at once, their lines come together.
        let mut near = std::mem::take(&mut self.near);
        near.clear();
        near.extend(events.iter().map(|&event| LogEntry {
            event,
            cause: NO_CAUSE,
        }));
        for entry in &mut near {
            entry.cause = self.causes.next(&entry.event, self.events);
            self.events += 1;
        }
        self.segment.extend(&near);
        let head = near.iter().filter_map(|entry| self.chain.push(entry)).last();
        self.near = near;
        if let Some(head) = head {
            self.checkpoints.push(head.to_hex().to_string());
            self.write_segment()?;
        }
        Ok(())
    }

    fn write_segment(&mut self) -> Result<()> {
        let first = self.events - self.segment.len() as u64;
        let full = std::mem::replace(&mut self.segment, LogColumns::with_capacity(EVENTS_PER_SEGMENT));
        self.table.write(&full.into_columns(self.replicate, first))
    }

    /// Writes what is left and the checkpoints; returns the sink and what the log is known by.
    ///
    /// # Errors
    /// What the sink reports.
    pub fn finish(mut self) -> Result<(W, LogHead)> {
        let head = self.chain.finish().to_hex().to_string();
        if !self.segment.is_empty() {
            self.checkpoints.push(head.clone());
            self.write_segment()?;
        }
        self.table.note(CHECKPOINTS_KEY, self.checkpoints.join(","));
        let events = self.events;
        Ok((self.table.close()?, LogHead { events, head }))
    }
}

/// Differences of neighbours are small: they are packed, which leaves a compressor little to do, and no dictionary
/// is built where none would help.
fn properties(shape: &[Column<'_>]) -> WriterPropertiesPtr {
    let mut builder = WriterProperties::builder()
        .set_created_by("stakeout".to_string())
        .set_compression(Compression::UNCOMPRESSED)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_max_row_group_row_count(Some(EVENTS_PER_SEGMENT))
        .set_dictionary_enabled(false);
    for column in shape {
        let path = ColumnPath::from(column.name);
        builder = match column.values {
            Values::Words(_) => builder.set_column_dictionary_enabled(path, true),
            _ => builder.set_column_encoding(path, Encoding::DELTA_BINARY_PACKED),
        };
    }
    Arc::new(builder.build())
}

//! A log, read back a segment at a time.
//!
//! Invariant: memory is bounded by one segment, whatever a broken file claims; what is read is exactly what the
//! columns say, and a row that is not the next event of its replicate is an error.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader, Length, RowGroupReader};

use super::chain::EVENTS_PER_SEGMENT;
use super::log_columns::LOG_COLUMNS;
use super::log_entry::{LogEntry, NO_CAUSE};
use super::log_writer::CHECKPOINTS_KEY;
use crate::observe::event::{Event, EventKind, NO_INFERENCE, NOBODY};
use crate::observe::parquet_source::{self, ParquetFile};
use crate::observe::results_error::ResultsError;

/// Reads one replicate's log.
pub struct LogReader {
    path: PathBuf,
    /// The same file, for its bytes as they are stored.
    stored: File,
    /// Of the bytes that have been hashed, and their number.
    hasher: blake3::Hasher,
    hashed: u64,
    file: ParquetFile<File>,
    replicate: u32,
    kinds: BTreeMap<&'static [u8], EventKind>,
    next_segment: usize,
    next_event: u64,
    segment: std::vec::IntoIter<LogEntry>,
}

impl LogReader {
    /// Opens the log of a replicate.
    ///
    /// # Errors
    /// A file that cannot be read or is no log of this release.
    pub fn open(path: &Path, replicate: u32) -> Result<Self, ResultsError> {
        let file = ResultsError::wrap("read", path, File::open(path))?;
        let stored = ResultsError::wrap("read", path, file.try_clone())?;
        let reader = ResultsError::decode(path, || parquet_source::open(file, u64::MAX))?;
        let columns = reader
            .metadata()
            .file_metadata()
            .schema_descr()
            .columns()
            .to_vec();
        let expected = LOG_COLUMNS.iter().map(|column| column.name);
        if !columns.iter().map(|column| column.name()).eq(expected) {
            return Err(broken(
                path,
                "its columns are not those of an event log".to_string(),
            ));
        }
        Ok(Self {
            path: path.to_path_buf(),
            stored,
            hasher: blake3::Hasher::new(),
            hashed: 0,
            file: reader,
            replicate,
            kinds: EventKind::ALL
                .iter()
                .map(|kind| (kind.name().as_bytes(), *kind))
                .collect(),
            next_segment: 0,
            next_event: 0,
            segment: Vec::new().into_iter(),
        })
    }

    /// Number of segments.
    pub fn segments(&self) -> usize {
        self.file.num_row_groups()
    }

    /// The head that the file states after each segment.
    pub fn checkpoints(&self) -> Vec<String> {
        let notes = self.file.metadata().file_metadata().key_value_metadata();
        let note = notes.and_then(|notes| notes.iter().find(|note| note.key == CHECKPOINTS_KEY));
        let text = note.and_then(|note| note.value.as_deref()).unwrap_or("");
        text.split(',')
            .filter(|head| !head.is_empty())
            .map(str::to_string)
            .collect()
    }

    /// The next segment; `None` after the last one.
    ///
    /// # Errors
    /// A segment that cannot be decoded, or rows that are not the next events.
    pub fn next_segment(&mut self) -> Result<Option<Vec<LogEntry>>, ResultsError> {
        if self.next_segment == self.segments() {
            return Ok(None);
        }
        let (index, first) = (self.next_segment, self.next_event);
        let place = |error: ResultsError| match error {
            ResultsError::Broken { path, reason } => {
                let reason = format!("segment {index}, from event {first} on: {reason}");
                ResultsError::Broken { path, reason }
            }
            other => other,
        };
        let entries = ResultsError::decode(&self.path, || {
            let group = self.file.get_row_group(index)?;
            self.decode(&*group)
        });
        let entries = entries.map_err(place)?;
        self.next_segment += 1;
        self.next_event += entries.len() as u64;
        Ok(Some(entries))
    }

    /// The hash of the file up to the end of the next segment.
    ///
    /// # Errors
    /// A segment that ends before others do, or behind the end of the file.
    pub fn hash_stored(&mut self) -> Result<blake3::Hash, ResultsError> {
        let segment = self.next_segment;
        ResultsError::decode(&self.path, || {
            let wrong =
                || ParquetError::General(format!("segment {segment} does not lie behind the one before"));
            let mut end = self.hashed;
            for column in self.file.metadata().row_group(segment).columns() {
                let first = column
                    .dictionary_page_offset()
                    .unwrap_or(column.data_page_offset());
                let last = first.checked_add(column.compressed_size()).ok_or_else(wrong)?;
                end = end.max(u64::try_from(last).map_err(|_| wrong())?);
            }
            // What is read is then no more than there is, whatever a file claims.
            if end == self.hashed || end > self.stored.len() {
                return Err(wrong());
            }
            let segment = self.stored.get_read(self.hashed)?.take(end - self.hashed);
            self.hasher.update_reader(segment)?;
            self.hashed = end;
            Ok(self.hasher.finalize())
        })
    }

    /// One event by its number, decoding its segment alone.
    ///
    /// # Errors
    /// A segment that cannot be decoded.
    pub fn entry(mut self, number: u64) -> Result<Option<LogEntry>, ResultsError> {
        let segment = number / EVENTS_PER_SEGMENT as u64;
        (self.next_event, self.next_segment) = (segment * EVENTS_PER_SEGMENT as u64, segment as usize);
        if self.next_segment >= self.segments() {
            return Ok(None);
        }
        let place = (number - self.next_event) as usize;
        Ok(self
            .next_segment()?
            .and_then(|entries| entries.get(place).copied()))
    }

    fn decode(&self, group: &dyn RowGroupReader) -> Result<Vec<LogEntry>, ParquetError> {
        let wrong = |what: String| ParquetError::General(what);
        let rows = usize::try_from(group.metadata().num_rows()).unwrap_or(usize::MAX);
        if rows > EVENTS_PER_SEGMENT {
            return Err(wrong(format!("{rows} rows, more than a segment has")));
        }
        let wide = |column| read_int64(group, column, rows);
        let small = |column| read_int32(group, column, rows);
        let (replicates, numbers, causes) = (small(0)?, wide(1)?, wide(2)?);
        let (heights, times) = (wide(3)?, wide(4)?);
        let kinds = self.read_kinds(group, rows)?;
        let (inferences, participants, others) = (wide(6)?, small(7)?, small(8)?);
        let (values, seconds) = (wide(9)?, wide(10)?);
        for row in 0..rows {
            let number = self.next_event + row as u64;
            if numbers[row] != Some(number.cast_signed())
                || replicates[row] != Some(self.replicate.cast_signed())
            {
                return Err(wrong(format!(
                    "row {row} is not event {number} of replicate {}",
                    self.replicate
                )));
            }
        }
        let word = |value: Option<i64>| value.map_or(NO_INFERENCE, i64::cast_unsigned);
        let index = |value: Option<i32>| value.map_or(NOBODY, i32::cast_unsigned);
        let entry = |row: usize| LogEntry {
            event: Event {
                height: word(heights[row]),
                time_ns: word(times[row]),
                kind: kinds[row],
                inference: word(inferences[row]),
                participant: index(participants[row]),
                other: index(others[row]),
                value: values[row].unwrap_or(0),
                second: seconds[row].unwrap_or(0),
            },
            cause: causes[row].map_or(NO_CAUSE, i64::cast_unsigned),
        };
        Ok((0..rows).map(entry).collect())
    }

    fn read_kinds(&self, group: &dyn RowGroupReader, rows: usize) -> Result<Vec<EventKind>, ParquetError> {
        let ColumnReader::ByteArrayColumnReader(mut reader) = group.get_column_reader(5)? else {
            return Err(ParquetError::General("column 5 is not text".to_string()));
        };
        let names = read_column::<ByteArrayType>(&mut reader, rows)?;
        let kind = |name: Option<parquet::data_type::ByteArray>| {
            let name = name.ok_or_else(|| ParquetError::General("a kind is missing".to_string()))?;
            self.kinds.get(name.data()).copied().ok_or_else(|| {
                let name = String::from_utf8_lossy(name.data()).escape_default().to_string();
                ParquetError::General(format!("there is no kind of event '{name}'"))
            })
        };
        names.into_iter().map(kind).collect()
    }
}

impl Iterator for LogReader {
    type Item = Result<LogEntry, ResultsError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(entry) = self.segment.next() {
                return Some(Ok(entry));
            }
            match self.next_segment() {
                Ok(Some(entries)) => self.segment = entries.into_iter(),
                Ok(None) => return None,
                Err(error) => {
                    self.next_segment = self.segments();
                    return Some(Err(error));
                }
            }
        }
    }
}

fn broken(path: &Path, reason: String) -> ResultsError {
    ResultsError::Broken {
        path: path.to_path_buf(),
        reason,
    }
}

fn read_int64(
    group: &dyn RowGroupReader,
    column: usize,
    rows: usize,
) -> Result<Vec<Option<i64>>, ParquetError> {
    match group.get_column_reader(column)? {
        ColumnReader::Int64ColumnReader(mut reader) => read_column::<Int64Type>(&mut reader, rows),
        _ => Err(ParquetError::General(format!(
            "column {column} does not hold 64-bit integers"
        ))),
    }
}

fn read_int32(
    group: &dyn RowGroupReader,
    column: usize,
    rows: usize,
) -> Result<Vec<Option<i32>>, ParquetError> {
    match group.get_column_reader(column)? {
        ColumnReader::Int32ColumnReader(mut reader) => read_column::<Int32Type>(&mut reader, rows),
        _ => Err(ParquetError::General(format!(
            "column {column} does not hold 32-bit integers"
        ))),
    }
}

fn read_column<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    rows: usize,
) -> Result<Vec<Option<T::T>>, ParquetError> {
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    let mut taken = 0;
    while taken < rows {
        let (records, _, _) = reader.read_records(rows - taken, Some(&mut levels), None, &mut values)?;
        if records == 0 {
            return Err(ParquetError::General(format!("{taken} values of {rows}")));
        }
        taken += records;
    }
    if levels.is_empty() {
        return Ok(values.into_iter().map(Some).collect());
    }
    let mut values = values.into_iter();
    Ok(levels
        .iter()
        .map(|&level| if level > 0 { values.next() } else { None })
        .collect())
}

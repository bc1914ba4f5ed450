//! The columns of one Parquet file of a run, read whole and put in the order of their keys.
//!
//! **Invariant.** A file gives the same columns whatever order its rows are in; a value is never rounded.

use std::fs::File;
use std::path::{Path, PathBuf};

use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{AsBytes, DataType};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, RowGroupReader};

use stakeout_engine::observe::parquet_source;

use crate::error::ReportError;

/// Rows of a file at most: beyond them a report would not fit into memory.
const ROWS_MAX: i64 = 100_000_000;

/// One column.
#[derive(Clone, Debug)]
enum Values {
    Narrow(Vec<u32>),
    Long(Vec<u64>),
    Wide(Vec<i128>),
    Words(Vec<String>),
}

impl Values {
    fn len(&self) -> usize {
        match self {
            Self::Narrow(v) => v.len(),
            Self::Long(v) => v.len(),
            Self::Wide(v) => v.len(),
            Self::Words(v) => v.len(),
        }
    }

    /// The value as a key to sort by; words keep the order of the rows.
    fn key(&self, row: usize) -> u64 {
        match self {
            Self::Narrow(v) => u64::from(v[row]),
            Self::Long(v) => v[row],
            Self::Wide(_) | Self::Words(_) => 0,
        }
    }

    fn permuted(self, order: &[usize]) -> Self {
        match self {
            Self::Narrow(v) => Self::Narrow(order.iter().map(|&row| v[row]).collect()),
            Self::Long(v) => Self::Long(order.iter().map(|&row| v[row]).collect()),
            Self::Wide(v) => Self::Wide(order.iter().map(|&row| v[row]).collect()),
            Self::Words(v) => Self::Words(order.iter().map(|&row| v[row].clone()).collect()),
        }
    }
}

/// One file in memory.
#[derive(Debug)]
pub struct Columns {
    path: PathBuf,
    columns: Vec<(String, Values)>,
}

impl Columns {
    /// Reads keys and columns of a file and sorts its rows by the keys.
    ///
    /// # Errors
    /// A file that is missing, unreadable, too long, or lacks a column.
    pub fn read(directory: &Path, name: &str, keys: &[&str], columns: &[&str]) -> Result<Self, ReportError> {
        let path = directory.join(name);
        let file = File::open(&path).map_err(|error| ReportError::io("read", &path, error))?;
        let wanted: Vec<&str> = keys.iter().chain(columns).copied().collect();
        let read = read(file, &wanted).map_err(|error| ReportError::broken(&path, error))?;
        let rows = read.first().map_or(0, Values::len);
        if read.iter().any(|values| values.len() != rows) {
            return Err(ReportError::broken(&path, "columns of unequal length"));
        }
        let key = |row: &usize| -> Vec<u64> { (0..keys.len()).map(|at| read[at].key(*row)).collect() };
        let mut order: Vec<usize> = (0..rows).collect();
        let is_sorted = order.is_sorted_by_key(key);
        if !is_sorted {
            order.sort_by_cached_key(key);
        }
        let sorted = |values: Values| {
            if is_sorted {
                values
            } else {
                values.permuted(&order)
            }
        };
        let columns = wanted
            .iter()
            .zip(read)
            .map(|(name, values)| (name.to_string(), sorted(values)))
            .collect();
        Ok(Self { path, columns })
    }

    fn column(&self, name: &str) -> Option<&Values> {
        self.columns
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, values)| values)
    }

    fn other_kind(&self, name: &str) -> ReportError {
        ReportError::broken(&self.path, format!("column {name} is of another kind"))
    }

    /// A column of 32-bit numbers.
    ///
    /// # Errors
    /// A column of another kind.
    pub fn narrow(&self, name: &str) -> Result<Vec<u32>, ReportError> {
        match self.column(name) {
            Some(Values::Narrow(values)) => Ok(values.clone()),
            _ => Err(self.other_kind(name)),
        }
    }

    /// A column of 64-bit numbers.
    ///
    /// # Errors
    /// A column of another kind.
    pub fn long(&self, name: &str) -> Result<Vec<u64>, ReportError> {
        match self.column(name) {
            Some(Values::Long(values)) => Ok(values.clone()),
            _ => Err(self.other_kind(name)),
        }
    }

    /// A column of money or of other wide integers.
    ///
    /// # Errors
    /// A column of another kind.
    pub fn wide(&self, name: &str) -> Result<Vec<i128>, ReportError> {
        match self.column(name) {
            Some(Values::Wide(values)) => Ok(values.clone()),
            _ => Err(self.other_kind(name)),
        }
    }

    /// Indices into the distinct words of a column, in the order in which they first occur.
    ///
    /// # Errors
    /// A column of another kind.
    pub fn names(&self, name: &str) -> Result<(Vec<usize>, Vec<String>), ReportError> {
        let Some(Values::Words(words)) = self.column(name) else {
            return Err(self.other_kind(name));
        };
        let mut distinct: Vec<String> = Vec::new();
        let mut places = std::collections::BTreeMap::new();
        let place = |word: &String| {
            *places.entry(word.clone()).or_insert_with(|| {
                distinct.push(word.clone());
                distinct.len() - 1
            })
        };
        let indices = words.iter().map(place).collect();
        Ok((indices, distinct))
    }
}

fn read(file: File, wanted: &[&str]) -> Result<Vec<Values>, ParquetError> {
    let reader = parquet_source::open(file, u64::MAX)?;
    let metadata = reader.metadata();
    let rows = metadata.file_metadata().num_rows();
    if !(0..=ROWS_MAX).contains(&rows) {
        return Err(ParquetError::General(format!(
            "{rows} rows; a report reads {ROWS_MAX}"
        )));
    }
    let schema = metadata.file_metadata().schema_descr();
    let place = |name: &&str| {
        let is_it = |at: &usize| schema.column(*at).name() == *name;
        (0..schema.num_columns())
            .find(is_it)
            .ok_or_else(|| ParquetError::General(format!("there is no column {name}")))
    };
    let places: Vec<usize> = wanted.iter().map(place).collect::<Result<_, _>>()?;
    let mut all: Vec<Option<Values>> = places.iter().map(|_| None).collect();
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group)?;
        for (values, &place) in all.iter_mut().zip(&places) {
            read_column(group.as_ref(), place, values)?;
        }
    }
    // A file without a row group still has columns, of the kinds that its schema says.
    let finished = all.into_iter().zip(&places).map(|(values, &place)| match values {
        Some(values) => values,
        None => empty(schema.column(place).physical_type()),
    });
    Ok(finished.collect())
}

fn empty(kind: parquet::basic::Type) -> Values {
    use parquet::basic::Type;
    match kind {
        Type::INT32 => Values::Narrow(Vec::new()),
        Type::INT64 => Values::Long(Vec::new()),
        Type::FIXED_LEN_BYTE_ARRAY => Values::Wide(Vec::new()),
        _ => Values::Words(Vec::new()),
    }
}

fn read_column(
    group: &dyn RowGroupReader,
    place: usize,
    values: &mut Option<Values>,
) -> Result<(), ParquetError> {
    let rows = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
    let mixed = || ParquetError::General("a column changes its kind".to_string());
    match group.get_column_reader(place)? {
        ColumnReader::Int32ColumnReader(reader) => {
            let read = take(reader, rows)?;
            let Values::Narrow(all) = values.get_or_insert(Values::Narrow(Vec::new())) else {
                return Err(mixed());
            };
            // Unsigned numbers lie in the bits of signed ones.
            all.extend(read.into_iter().map(i32::cast_unsigned));
        }
        ColumnReader::Int64ColumnReader(reader) => {
            let read = take(reader, rows)?;
            let Values::Long(all) = values.get_or_insert(Values::Long(Vec::new())) else {
                return Err(mixed());
            };
            all.extend(read.into_iter().map(i64::cast_unsigned));
        }
        ColumnReader::FixedLenByteArrayColumnReader(reader) => {
            let read = take(reader, rows)?;
            let Values::Wide(all) = values.get_or_insert(Values::Wide(Vec::new())) else {
                return Err(mixed());
            };
            for cell in read {
                let bytes = <[u8; 16]>::try_from(cell.as_bytes());
                let wide = bytes.map_err(|_| ParquetError::General("a decimal is not of 16 bytes".into()))?;
                all.push(i128::from_be_bytes(wide));
            }
        }
        ColumnReader::ByteArrayColumnReader(reader) => {
            let read = take(reader, rows)?;
            let Values::Words(all) = values.get_or_insert(Values::Words(Vec::new())) else {
                return Err(mixed());
            };
            for cell in read {
                let word = std::str::from_utf8(cell.as_bytes());
                all.push(
                    word.map_err(|_| ParquetError::General("a word is not UTF-8".into()))?
                        .to_string(),
                );
            }
        }
        _ => return Err(ParquetError::General("a column of a kind that no run has".into())),
    }
    Ok(())
}

/// The values of a column of one row group; every column of a run is filled in every row.
fn take<T: DataType>(mut reader: ColumnReaderImpl<T>, rows: usize) -> Result<Vec<T::T>, ParquetError> {
    let mut values = Vec::new();
    loop {
        let (read, filled, _) = reader.read_records(rows.max(1), None, None, &mut values)?;
        if filled != read {
            return Err(ParquetError::General("a cell is empty".into()));
        }
        if read == 0 {
            return Ok(values);
        }
    }
}

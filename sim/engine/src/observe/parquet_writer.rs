//! Columns to Parquet, without arrow: a writer small enough for the command line to carry.
//!
//! **Invariant.** The bytes depend on the rows alone: no clock, no version of a tool, no random hash. What
//! goes wrong while writing comes back as an error; nothing is buffered past [`ParquetWriter::close`].
//!
//! Encodings (Apache Parquet format, LogicalTypes.md): counts are `INT(32, unsigned)` or
//! `INT(64, unsigned)`, signed figures `INT(64, signed)`, names `STRING`, money `DECIMAL(38, 0)` in sixteen
//! bytes, big-endian two's complement. A decimal of scale 0 is an integer to every reader (polars keeps it
//! as a 128-bit integer), and unlike a pair of 64-bit halves it can be added up in a query.

use std::io::Write;
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, LogicalType, Repetition, Type as PhysicalType};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, FixedLenByteArray, FixedLenByteArrayType};
use parquet::data_type::{Int32Type, Int64Type};
use parquet::errors::{ParquetError, Result};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{Type, TypePtr};

use super::columns::{Column, Values};

/// Rows a row group; the last group of a file may hold fewer.
pub const ROWS_PER_GROUP: usize = 65_536;

const WIDE_DIGITS: i32 = 38;
const WIDE_BYTES: i32 = 16;
/// Largest magnitude that 38 decimal digits hold.
const WIDE_MAX: i128 = 99_999_999_999_999_999_999_999_999_999_999_999_999;

/// Writes tables of one shape, a row group at a time.
pub struct ParquetWriter<W: Write + Send> {
    file: SerializedFileWriter<W>,
}

impl<W: Write + Send> ParquetWriter<W> {
    /// Opens a file whose columns are those of `shape` (its rows are not written).
    ///
    /// # Errors
    /// What the sink reports.
    pub fn create(sink: W, shape: &[Column<'_>]) -> Result<Self> {
        let file = SerializedFileWriter::new(sink, schema(shape)?, Arc::new(properties()))?;
        Ok(Self { file })
    }

    /// Writes one row group; columns must be those of the shape, in its order.
    ///
    /// # Errors
    /// What the sink reports; a value beyond 38 digits; columns that differ in number, kind or length.
    pub fn write(&mut self, columns: &[Column<'_>]) -> Result<()> {
        check_rectangular(columns)?;
        let mut group = self.file.next_row_group()?;
        for column in columns {
            write_column(&mut group, column)?;
        }
        group.close().map(|_| ())
    }

    /// Writes the footer and returns the sink with every byte in it.
    ///
    /// # Errors
    /// What the sink reports.
    pub fn close(self) -> Result<W> {
        self.file.into_inner()
    }
}

fn properties() -> WriterProperties {
    WriterProperties::builder()
        .set_created_by("stakeout".to_string())
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_max_row_group_row_count(Some(ROWS_PER_GROUP))
        .build()
}

fn schema(shape: &[Column<'_>]) -> Result<TypePtr> {
    let fields = shape.iter().map(field).collect::<Result<Vec<_>>>()?;
    Ok(Arc::new(
        Type::group_type_builder("rows").with_fields(fields).build()?,
    ))
}

fn field(column: &Column<'_>) -> Result<TypePtr> {
    let int = LogicalType::integer;
    let (physical, logical) = match column.values {
        Values::U32(_) => (PhysicalType::INT32, int(32, false)),
        Values::U64(_) => (PhysicalType::INT64, int(64, false)),
        Values::I64(_) => (PhysicalType::INT64, int(64, true)),
        Values::Wide(_) => (
            PhysicalType::FIXED_LEN_BYTE_ARRAY,
            LogicalType::decimal(0, WIDE_DIGITS),
        ),
        Values::Text(_) => (PhysicalType::BYTE_ARRAY, LogicalType::String),
    };
    let mut builder = Type::primitive_type_builder(column.name, physical)
        .with_repetition(Repetition::REQUIRED)
        .with_logical_type(Some(logical));
    if physical == PhysicalType::FIXED_LEN_BYTE_ARRAY {
        builder = builder
            .with_length(WIDE_BYTES)
            .with_precision(WIDE_DIGITS)
            .with_scale(0);
    }
    builder.build().map(Arc::new)
}

fn check_rectangular(columns: &[Column<'_>]) -> Result<()> {
    let rows = columns.first().map_or(0, |c| c.values.len());
    match columns.iter().find(|c| c.values.len() != rows) {
        None => Ok(()),
        Some(odd) => Err(ParquetError::General(format!(
            "column {} has {} rows of {rows}",
            odd.name,
            odd.values.len()
        ))),
    }
}

fn write_column<W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    column: &Column<'_>,
) -> Result<()> {
    // Parquet stores unsigned numbers in the bits of signed ones; the logical type says how to read them.
    match &column.values {
        Values::U32(v) => put::<Int32Type, W>(group, bytemuck::cast_slice(v)),
        Values::U64(v) => put::<Int64Type, W>(group, bytemuck::cast_slice(v)),
        Values::I64(v) => put::<Int64Type, W>(group, v),
        Values::Wide(v) => put::<FixedLenByteArrayType, W>(group, &as_decimals(column.name, v)?),
        Values::Text(v) => put::<ByteArrayType, W>(group, &as_texts(v)),
    }
}

fn put<T: DataType, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: &[T::T],
) -> Result<()> {
    let mut writer = group
        .next_column()?
        .ok_or_else(|| ParquetError::General("too many columns".into()))?;
    writer.typed::<T>().write_batch(values, None, None)?;
    writer.close()
}

/// All texts lie in one buffer, of which each value is a part: a value of its own would be an allocation.
fn as_texts(values: &[&str]) -> Vec<ByteArray> {
    let all = Bytes::from(values.concat().into_bytes());
    let mut from = 0;
    values
        .iter()
        .map(|text| {
            let part = all.slice(from..from + text.len());
            from += text.len();
            ByteArray::from(part)
        })
        .collect()
}

/// As [`as_texts`], in one buffer.
fn as_decimals(name: &str, values: &[i128]) -> Result<Vec<FixedLenByteArray>> {
    const WIDTH: usize = WIDE_BYTES as usize;
    if let Some(v) = values.iter().find(|v| v.unsigned_abs() > WIDE_MAX.unsigned_abs()) {
        return Err(ParquetError::General(format!(
            "{name}: {v} has more than {WIDE_DIGITS} digits"
        )));
    }
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_be_bytes()).collect();
    let all = Bytes::from(bytes);
    let part = |at: usize| all.slice(at * WIDTH..(at + 1) * WIDTH);
    Ok((0..values.len())
        .map(|at| FixedLenByteArray::from(ByteArray::from(part(at))))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::columns::column;
    use crate::observe::scratch::Scratch;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;

    fn table() -> Vec<Column<'static>> {
        vec![
            column("epoch", Values::U32(vec![56, u32::MAX])),
            column("busy_ns", Values::U64(vec![0, u64::MAX])),
            column("value", Values::I64(vec![-5, i64::MAX])),
            column(
                "reward_base_units",
                Values::Wide(vec![38_627_452_617_213, -WIDE_MAX]),
            ),
            column("host", Values::Text(vec!["h03", "naïve </script>"])),
        ]
    }

    fn reader(test: &str, bytes: Vec<u8>) -> SerializedFileReader<std::fs::File> {
        let scratch = Scratch::new(test);
        let path = scratch.path().join("rows.parquet");
        std::fs::write(&path, bytes).unwrap();
        SerializedFileReader::new(std::fs::File::open(path).unwrap()).unwrap()
    }

    fn written(columns: &[Column<'_>]) -> Vec<u8> {
        let mut writer = ParquetWriter::create(Vec::new(), columns).unwrap();
        writer.write(columns).unwrap();
        writer.close().unwrap()
    }

    #[test]
    fn extreme_values_read_back_as_they_were() {
        let reader = reader("extremes", written(&table()));
        let rows: Vec<Vec<Field>> = reader
            .get_row_iter(None)
            .unwrap()
            .map(|row| {
                row.unwrap()
                    .get_column_iter()
                    .map(|(_, field)| field.clone())
                    .collect()
            })
            .collect();
        assert_eq!(rows[0][0], Field::UInt(56));
        assert_eq!(rows[1][0], Field::UInt(u32::MAX));
        assert_eq!(rows[1][1], Field::ULong(u64::MAX));
        assert_eq!(rows[0][2], Field::Long(-5));
        assert_eq!(rows[1][4], Field::Str("naïve </script>".into()));
        for (row, expected) in rows.iter().zip([38_627_452_617_213_i128, -WIDE_MAX]) {
            let Field::Decimal(decimal) = &row[3] else {
                panic!("not a decimal: {:?}", row[5])
            };
            assert_eq!((decimal.precision(), decimal.scale()), (38, 0));
            assert_eq!(i128::from_be_bytes(decimal.data().try_into().unwrap()), expected);
        }
    }

    #[test]
    fn the_same_rows_give_the_same_bytes() {
        assert_eq!(written(&table()), written(&table()));
    }

    #[test]
    fn a_number_of_39_digits_is_refused_by_the_name_of_its_column() {
        let columns = [column("reward_base_units", Values::Wide(vec![WIDE_MAX + 1]))];
        let mut writer = ParquetWriter::create(Vec::new(), &columns).unwrap();
        let error = writer.write(&columns).unwrap_err().to_string();
        assert!(
            error.contains("reward_base_units") && error.contains("38 digits"),
            "{error}"
        );
    }

    #[test]
    fn columns_of_unequal_length_are_refused() {
        let columns = [
            column("a", Values::U32(vec![1])),
            column("b", Values::U32(vec![])),
        ];
        let mut writer = ParquetWriter::create(Vec::new(), &columns).unwrap();
        assert!(
            writer
                .write(&columns)
                .unwrap_err()
                .to_string()
                .contains("column b has 0 rows of 1")
        );
    }

    #[test]
    fn a_file_without_rows_still_names_its_columns() {
        let writer = ParquetWriter::create(Vec::new(), &table()).unwrap();
        let reader = reader("no-rows", writer.close().unwrap());
        let schema = reader.metadata().file_metadata().schema_descr();
        assert_eq!(schema.num_columns(), 5);
        assert_eq!(schema.column(3).name(), "reward_base_units");
    }
}

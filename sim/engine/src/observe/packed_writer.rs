//! A Parquet file whose columns come packed.
//!
//! **Invariant.** The package writes everything around the pages (headers, footer, offsets), so that a reader sees
//! nothing special; a row group is one page a column. Pages are not copied on their way: they go from where they were
//! packed to the sink.

use std::io::{self, Chain, Read, Write};
use std::sync::Arc;

use bytes::buf::Reader;
use bytes::{Buf, Bytes};
use parquet::basic::{Compression, Encoding, LogicalType, Repetition, Type as PhysicalType};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ColumnChunkMetaData, KeyValue};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::writer::{SerializedFileWriter, SerializedPageWriter, TrackedWrite};
use parquet::schema::types::{ColumnDescPtr, Type};

/// What a packed column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Unsigned numbers of 32 bits.
    Small,
    /// Unsigned numbers of 64 bits.
    Large,
    /// Signed numbers of 64 bits.
    Signed,
    /// Names.
    Names,
}

/// A column of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackedColumn {
    /// Name, ending in its unit.
    pub name: &'static str,
    /// Values.
    pub holds: Holds,
    /// Whether a row may be without one.
    pub is_optional: bool,
}

/// The rows of one column in one row group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedPage {
    /// Names that the rows stand for, where they are [`Holds::Names`].
    pub dictionary: Option<&'static [&'static str]>,
    /// Levels, where it is optional, and values.
    pub page: Bytes,
}

/// Writes a file of packed columns.
pub struct PackedWriter<W: Write + Send> {
    file: SerializedFileWriter<W>,
}

impl<W: Write + Send> PackedWriter<W> {
    /// A file of such columns on `sink`.
    ///
    /// # Errors
    /// What the sink reports.
    pub fn create(sink: W, shape: &[PackedColumn]) -> Result<Self> {
        let fields = shape.iter().map(field).collect::<Result<Vec<_>>>()?;
        let schema = Type::group_type_builder("rows").with_fields(fields).build()?;
        let properties = WriterProperties::builder()
            .set_created_by("stakeout".to_string())
            .set_compression(Compression::UNCOMPRESSED)
            .set_statistics_enabled(EnabledStatistics::None)
            .build();
        let file = SerializedFileWriter::new(sink, Arc::new(schema), Arc::new(properties))?;
        Ok(Self { file })
    }

    /// Adds a note to the footer.
    pub fn note(&mut self, key: &str, text: String) {
        self.file
            .append_key_value_metadata(KeyValue::new(key.to_string(), text));
    }

    /// Writes one row group of `rows` rows; pages in the order of the shape. All of it has then come to the sink, which is
    /// shown.
    ///
    /// # Errors
    /// What the sink reports; a number of pages that is not that of the columns.
    pub fn write(&mut self, rows: usize, pages: Vec<PackedPage>) -> Result<&W> {
        let columns = self.file.schema_descr().columns().to_vec();
        let mut group = self.file.next_row_group()?;
        for (column, page) in columns.into_iter().zip(pages) {
            let (chunk, close) = Chunk::of(column, rows, page)?;
            group.append_column(&chunk, close)?;
        }
        group.close()?;
        self.file.flush()?;
        Ok(self.file.inner())
    }

    /// Writes the footer and returns the sink with every byte in it.
    ///
    /// # Errors
    /// What the sink reports.
    pub fn close(self) -> Result<W> {
        self.file.into_inner()
    }
}

fn field(column: &PackedColumn) -> Result<Arc<Type>> {
    let (physical, logical) = match column.holds {
        Holds::Small => (PhysicalType::INT32, LogicalType::integer(32, false)),
        Holds::Large => (PhysicalType::INT64, LogicalType::integer(64, false)),
        Holds::Signed => (PhysicalType::INT64, LogicalType::integer(64, true)),
        Holds::Names => (PhysicalType::BYTE_ARRAY, LogicalType::String),
    };
    let repetition = match column.is_optional {
        true => Repetition::OPTIONAL,
        false => Repetition::REQUIRED,
    };
    Type::primitive_type_builder(column.name, physical)
        .with_repetition(repetition)
        .with_logical_type(Some(logical))
        .build()
        .map(Arc::new)
}

/// A column of a row group, as it stands in the file: what the package wrote, and the page where that was not copied.
struct Chunk {
    written: Vec<u8>,
    page: Bytes,
}

impl Chunk {
    /// The column and what the footer says of it.
    fn of(column: ColumnDescPtr, rows: usize, packed: PackedPage) -> Result<(Self, ColumnCloseResult)> {
        let many = |length: usize| {
            u32::try_from(length).map_err(|_| ParquetError::General(format!("{length} rows in a row group")))
        };
        let mut sink = TrackedWrite::new(PageSink {
            chunk: Self {
                written: Vec::new(),
                page: Bytes::new(),
            },
            page: packed.page.clone(),
        });
        let mut pages = SerializedPageWriter::new(&mut sink);
        let (mut encodings, mut size) = (vec![Encoding::RLE], 0);
        let mut data_page_offset = 0;
        let is_named = packed.dictionary.is_some();
        if let Some(names) = packed.dictionary {
            let written = pages.write_page(uncompressed(Page::DictionaryPage {
                buf: plain_names(names).into(),
                num_values: many(names.len())?,
                encoding: Encoding::PLAIN,
                is_sorted: false,
            }))?;
            size += written.uncompressed_size;
            data_page_offset = written.bytes_written;
            encodings.push(Encoding::PLAIN);
        }
        let encoding = match is_named {
            true => Encoding::RLE_DICTIONARY,
            false => Encoding::DELTA_BINARY_PACKED,
        };
        encodings.push(encoding);
        let written = pages.write_page(uncompressed(Page::DataPage {
            buf: packed.page,
            num_values: many(rows)?,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        }))?;
        size += written.uncompressed_size;
        let chunk = sink.into_inner()?.chunk;
        let metadata = ColumnChunkMetaData::builder(column)
            .set_compression(Compression::UNCOMPRESSED)
            .set_encodings(encodings)
            .set_total_compressed_size(size as i64)
            .set_total_uncompressed_size(size as i64)
            .set_num_values(rows as i64)
            .set_data_page_offset(data_page_offset as i64)
            .set_dictionary_page_offset(is_named.then_some(0))
            .build()?;
        let close = ColumnCloseResult {
            bytes_written: size as u64,
            rows_written: rows as u64,
            metadata,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        };
        Ok((chunk, close))
    }
}

/// Takes a column from the package.
struct PageSink {
    chunk: Chunk,
    page: Bytes,
}

impl Write for PageSink {
    /// A page of some length comes in one piece and from where it lies; it is the last thing to come.
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if std::ptr::eq(data, &*self.page) {
            self.chunk.page = self.page.clone();
        } else {
            self.chunk.written.extend_from_slice(data);
        }
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Length for Chunk {
    fn len(&self) -> u64 {
        (self.written.len() + self.page.len()) as u64
    }
}

impl ChunkReader for Chunk {
    type T = Chain<Reader<Bytes>, Reader<Bytes>>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        let start = (start as usize).min(self.written.len());
        let written = Bytes::copy_from_slice(&self.written[start..]);
        Ok(written.reader().chain(self.page.clone().reader()))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let mut bytes = Vec::with_capacity(length);
        self.get_read(start)?
            .take(length as u64)
            .read_to_end(&mut bytes)?;
        Ok(bytes.into())
    }
}

fn uncompressed(page: Page) -> CompressedPage {
    let size = page.buffer().len();
    CompressedPage::new(page, size)
}

/// Names with their lengths before them.
fn plain_names(names: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for name in names {
        bytes.extend_from_slice(&(name.len() as u32).to_le_bytes());
        bytes.extend_from_slice(name.as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::packing::{Differences, Presence, pack_places};
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;

    const SHAPE: [PackedColumn; 4] = [
        PackedColumn {
            name: "large",
            holds: Holds::Signed,
            is_optional: false,
        },
        PackedColumn {
            name: "small",
            holds: Holds::Small,
            is_optional: true,
        },
        PackedColumn {
            name: "unsigned",
            holds: Holds::Large,
            is_optional: true,
        },
        PackedColumn {
            name: "kind",
            holds: Holds::Names,
            is_optional: false,
        },
    ];
    const NAMES: [&str; 5] = ["started", "served", "finished", "naïve </script>", ""];

    /// A row as the test draws it.
    type Drawn = (i64, Option<u32>, Option<u64>, usize);

    /// Numbers of every width, among them the extremes; a third of the optional ones are absent.
    fn drawn(rows: usize) -> Vec<Drawn> {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        (0..rows)
            .map(|row| {
                // Widths change every few blocks, so that each of them fills some.
                let width = (row / 200 % 65) as u32;
                let number = next().checked_shr(64 - width).unwrap_or(0);
                let extreme = [i64::MIN, i64::MAX, 0, -1][row % 4];
                let large = if width == 64 {
                    extreme
                } else {
                    number.cast_signed()
                };
                let small = (!row.is_multiple_of(3)).then_some(number as u32);
                (
                    large,
                    small,
                    (row % 3 != 1).then_some(number),
                    next() as usize % NAMES.len(),
                )
            })
            .collect()
    }

    fn written(groups: &[Vec<Drawn>]) -> Vec<u8> {
        let mut writer = PackedWriter::create(Vec::new(), &SHAPE).unwrap();
        for rows in groups {
            let (mut large, mut small, mut unsigned) = (
                Differences::<false>::default(),
                Differences::<true>::default(),
                Differences::<false>::default(),
            );
            let (mut is_small, mut is_unsigned) = (Presence::default(), Presence::default());
            let mut places = Vec::new();
            for row in rows {
                large.extend(&[row.0]);
                is_small.extend(&[row.1.is_some()]);
                small.extend(row.1.map(i64::from).as_slice());
                is_unsigned.extend(&[row.2.is_some()]);
                unsigned.extend(row.2.map(u64::cast_signed).as_slice());
                places.push(row.3 as u8);
            }
            let plain = |page| PackedPage {
                dictionary: None,
                page,
            };
            let mut pages = vec![
                plain(large.finish()),
                plain(small.finish_behind(&is_small.finish())),
                plain(unsigned.finish_behind(&is_unsigned.finish())),
            ];
            pages.push(PackedPage {
                dictionary: Some(&NAMES),
                page: pack_places(&places).into(),
            });
            writer.write(rows.len(), pages).unwrap();
        }
        writer.note("key", "text".to_string());
        writer.close().unwrap()
    }

    #[test]
    fn the_package_s_reader_finds_every_number_that_was_packed() {
        let groups: Vec<_> = [1, 2, 127, 128, 129, 130, 15_000].map(drawn).to_vec();
        let reader = SerializedFileReader::new(Bytes::from(written(&groups))).unwrap();
        assert_eq!(reader.num_row_groups(), groups.len());
        let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        let expected = groups.concat();
        assert_eq!(rows.len(), expected.len());
        for (row, (large, small, unsigned, name)) in rows.iter().zip(expected) {
            let fields: Vec<_> = row.get_column_iter().map(|(_, field)| field.clone()).collect();
            let expected = [
                Field::Long(large),
                small.map_or(Field::Null, Field::UInt),
                unsigned.map_or(Field::Null, Field::ULong),
                Field::Str(NAMES[name].to_string()),
            ];
            assert_eq!(fields, expected);
        }
    }

    #[test]
    fn a_column_in_which_nothing_is_there_and_a_file_without_rows_can_be_read() {
        let rows = vec![(5, None, None, 4); 9];
        let reader = SerializedFileReader::new(Bytes::from(written(&[rows]))).unwrap();
        let row = reader.get_row_iter(None).unwrap().last().unwrap().unwrap();
        let fields: Vec<_> = row.get_column_iter().map(|(_, field)| field.clone()).collect();
        assert_eq!(
            fields,
            [
                Field::Long(5),
                Field::Null,
                Field::Null,
                Field::Str(String::new())
            ]
        );
        let empty = SerializedFileReader::new(Bytes::from(written(&[]))).unwrap();
        assert_eq!(empty.metadata().file_metadata().schema_descr().num_columns(), 4);
    }
}

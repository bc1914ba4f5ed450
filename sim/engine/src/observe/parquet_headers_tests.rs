//! Files made by hand, honest ones and ones that lie in a single place.

use bytes::Bytes;
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::reader::FileReader;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use crate::observe::parquet_source::open;
use crate::observe::plain_varint::plain_varint;

/// A structure under construction: its bytes, and the field that was written last.
#[derive(Clone, Default)]
struct Header(Vec<u8>, i16);

fn int(number: i64) -> Vec<u8> {
    plain_varint((number << 1 ^ number >> 63).cast_unsigned())
}

fn text(word: &str) -> Vec<u8> {
    [plain_varint(word.len() as u64), word.as_bytes().to_vec()].concat()
}

impl Header {
    fn field(mut self, field: i16, kind: u8, value: &[u8]) -> Self {
        self.0.push(((field - self.1) as u8) << 4 | kind);
        self.0.extend_from_slice(value);
        self.1 = field;
        self
    }

    fn int(self, field: i16, number: i64) -> Self {
        self.field(field, 5, &int(number))
    }

    fn long(self, field: i16, number: i64) -> Self {
        self.field(field, 6, &int(number))
    }

    fn text(self, field: i16, word: &str) -> Self {
        self.field(field, 8, &text(word))
    }

    fn within(self, field: i16, inner: Header) -> Self {
        self.field(field, 12, &inner.end())
    }

    fn list(self, field: i16, kind: u8, items: &[Vec<u8>]) -> Self {
        let head = [vec![0xf0 | kind], plain_varint(items.len() as u64)].concat();
        self.field(field, 9, &[head, items.concat()].concat())
    }

    fn end(mut self) -> Vec<u8> {
        self.0.push(0);
        self.0
    }
}

/// A file of one column of one row, which is 7: a dictionary of one value and a page that points at it.
struct File {
    columns: Vec<Vec<u8>>,
    dictionary: Header,
    data: Header,
    /// How many columns share the bytes of the one that is there.
    chunks: usize,
    codec: i64,
}

fn honest() -> File {
    let root = Header::default().text(4, "root").int(5, 1);
    let column = Header::default().int(1, 1).int(3, 0).text(4, "a");
    let page = |kind, size| Header::default().int(1, kind).int(2, size).int(3, size);
    let values = Header::default().int(1, 1).int(2, 0);
    let points = Header::default().int(1, 1).int(2, 8).int(3, 3).int(4, 3);
    File {
        columns: vec![root.end(), column.end()],
        dictionary: page(2, 4).within(7, values),
        data: page(0, 3).within(5, points),
        chunks: 1,
        codec: 0,
    }
}

impl File {
    fn bytes(&self) -> Vec<u8> {
        let mut file = b"PAR1".to_vec();
        file.extend(self.dictionary.clone().end());
        file.extend([7, 0, 0, 0]);
        let data = file.len() as i64;
        file.extend(self.data.clone().end());
        file.extend([1, 2, 0]);
        let size = file.len() as i64 - 4;
        let column = Header::default()
            .int(1, 1)
            .list(2, 5, &[int(8)])
            .list(3, 8, &[text("a")])
            .int(4, self.codec)
            .long(5, 1)
            .long(6, size)
            .long(7, size)
            .long(9, data)
            .long(11, 4);
        let chunk = Header::default().long(2, 0).within(3, column).end();
        let group = Header::default()
            .list(1, 12, &vec![chunk; self.chunks])
            .long(2, size)
            .long(3, 1);
        let footer = Header::default()
            .int(1, 2)
            .list(2, 12, &self.columns)
            .long(3, 1)
            .list(4, 12, &[group.end()])
            .end();
        file.extend(&footer);
        file.extend((footer.len() as u32).to_le_bytes());
        file.extend(b"PAR1");
        file
    }

    /// Why it is refused.
    fn refusal(&self) -> String {
        let opened = open(Bytes::from(self.bytes()), u64::MAX);
        opened.map(|_| ()).expect_err("accepted").to_string()
    }
}

fn rows(bytes: Vec<u8>) -> Vec<String> {
    let file = open(Bytes::from(bytes), u64::MAX).expect("accepted");
    let rows = file
        .get_row_iter(None)
        .unwrap()
        .map(|row| row.unwrap().to_string());
    rows.collect()
}

#[test]
fn an_honest_file_is_read() {
    assert_eq!(rows(honest().bytes()), ["{a: 7}"]);
}

#[test]
fn what_writers_write_passes() {
    let schema = "message root { required int64 n; optional binary word (STRING); required double share; \
                  optional int64 at (TIMESTAMP(NANOS, true)); optional group list (LIST) { repeated group list { \
                  optional int32 element; } } required fixed_len_byte_array(16) wide (DECIMAL(38, 0)); }";
    let words: Vec<ByteArray> = (0..5_000)
        .map(|n| format!("word {}", n % 40).into_bytes().into())
        .collect();
    for (version, compression) in [
        (
            WriterVersion::PARQUET_1_0,
            parquet::basic::Compression::UNCOMPRESSED,
        ),
        (WriterVersion::PARQUET_1_0, parquet::basic::Compression::SNAPPY),
        (WriterVersion::PARQUET_2_0, parquet::basic::Compression::SNAPPY),
    ] {
        let properties = WriterProperties::builder()
            .set_writer_version(version)
            .set_compression(compression)
            .set_data_page_row_count_limit(700)
            .build();
        let mut bytes = Vec::new();
        let schema = parse_message_type(schema).unwrap().into();
        let mut writer = SerializedFileWriter::new(&mut bytes, schema, properties.into()).unwrap();
        let mut group = writer.next_row_group().unwrap();
        while let Some(mut column) = group.next_column().unwrap() {
            let (levels, none) = (vec![1; 5_000], vec![0; 5_000]);
            match column.untyped() {
                // Zeros, which Snappy packs as far as it can.
                ColumnWriter::Int64ColumnWriter(w) => {
                    w.write_batch(&[0; 5_000], Some(&levels), None).unwrap()
                }
                ColumnWriter::ByteArrayColumnWriter(w) => w.write_batch(&words, Some(&levels), None).unwrap(),
                ColumnWriter::DoubleColumnWriter(w) => w.write_batch(&[0.5; 5_000], None, None).unwrap(),
                ColumnWriter::Int32ColumnWriter(w) => w.write_batch(&[], Some(&none), Some(&none)).unwrap(),
                ColumnWriter::FixedLenByteArrayColumnWriter(w) => {
                    let zeros = vec![parquet::data_type::FixedLenByteArray::from(vec![0; 16]); 5_000];
                    w.write_batch(&zeros, None, None).unwrap()
                }
                _ => unreachable!(),
            };
            column.close().unwrap();
        }
        group.close().unwrap();
        writer.close().unwrap();
        assert_eq!(rows(bytes).len(), 5_000);
    }
}

#[test]
fn a_group_of_more_columns_than_there_are_is_refused() {
    for children in [2, 865_870_277, i64::from(i32::MAX), -1] {
        let mut file = honest();
        file.columns[0] = Header::default().text(4, "root").int(5, children).end();
        let told = file.refusal();
        assert!(
            told.contains(&format!("a group of {children} columns among 2")),
            "{told}"
        );
    }
}

#[test]
fn columns_nested_deeper_than_the_stack_are_refused() {
    let mut file = honest();
    let group = Header::default().int(3, 0).text(4, "g").int(5, 1).end();
    file.columns.splice(1..1, vec![group.clone(); 200_000]);
    assert!(file.refusal().contains("nested more than 32 deep"));
    let mut file = honest();
    file.columns.splice(1..1, vec![group; 20]);
    let opened = open(Bytes::from(file.bytes()), u64::MAX);
    assert!(
        !opened
            .map(|_| String::new())
            .unwrap_or_else(|e| e.to_string())
            .contains("deep")
    );
}

#[test]
fn a_dictionary_of_more_values_than_bytes_is_refused() {
    let mut file = honest();
    let values = Header::default().int(1, 2_000_000_000).int(2, 0);
    file.dictionary = Header::default().int(1, 2).int(2, 4).int(3, 4).within(7, values);
    assert!(
        file.refusal()
            .contains("a dictionary of 4 bytes claims 2000000000 values")
    );
}

#[test]
fn a_page_that_expands_further_than_its_packing_can_is_refused() {
    let mut file = honest();
    file.codec = 1;
    let values = Header::default().int(1, 1).int(2, 0);
    file.dictionary = Header::default()
        .int(1, 2)
        .int(2, 2_000_000_000)
        .int(3, 4)
        .within(7, values);
    assert!(
        file.refusal()
            .contains("a page of 4 bytes claims to expand to 2000000000")
    );
    let whole = open(Bytes::from(honest().bytes()), 6).map(|_| ());
    assert!(
        whole
            .unwrap_err()
            .to_string()
            .contains("expands to more than 6 bytes")
    );
}

#[test]
fn lengths_that_a_page_tells_a_second_time_are_refused() {
    for encoding in [6, 7] {
        let mut file = honest();
        let points = Header::default().int(1, 1).int(2, encoding).int(3, 3).int(4, 3);
        file.data = Header::default().int(1, 0).int(2, 3).int(3, 3).within(5, points);
        assert!(file.refusal().contains("lengths are stored apart"));
    }
}

#[test]
fn columns_that_share_their_bytes_are_refused() {
    let mut file = honest();
    file.chunks = 1_000;
    let column = file.columns[1].clone();
    file.columns[0] = Header::default().text(4, "root").int(5, 1_000).end();
    file.columns.extend(vec![column; 999]);
    // A footer is longer than its columns' pages, so that a few share before the file's length is reached.
    assert!(
        file.refusal().contains("larger than the file"),
        "{}",
        file.refusal()
    );
}

#[test]
fn a_list_of_two_billion_that_nobody_reads_is_refused_at_once() {
    for kind in [1, 2, 3, 12] {
        let mut file = honest();
        let list = [vec![0xf0 | kind], plain_varint(2_000_000_000)].concat();
        file.data = file.data.field(9, 9, &list);
        assert!(file.refusal().contains("claims a list of 2000000000"));
    }
}

#[test]
fn a_header_that_can_be_read_in_two_ways_is_refused() {
    // The library reads a number there whatever is said of its kind; who believes the kind passes over other bytes.
    let mut file = honest();
    file.columns[0] = Header::default()
        .text(4, "root")
        .field(5, 8, &text("longer"))
        .end();
    assert!(file.refusal().contains("field 5 of a header is of another kind"));
    let mut file = honest();
    file.columns[0] = [Header::default().text(4, "root").0, vec![0x05, 10, 2, 0]].concat();
    assert!(file.refusal().contains("fields out of order"));
    let mut file = honest();
    file.data = file.data.field(9, 12, &[0x1c; 70]);
    assert!(file.refusal().contains("nested too deep"));
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let whole = honest().bytes();
    for end in 0..whole.len() {
        assert!(
            open(Bytes::copy_from_slice(&whole[..end]), u64::MAX).is_err(),
            "{end}"
        );
    }
}

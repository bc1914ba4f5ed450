//! What the headers of a Parquet file claim, checked before the library believes it.
//!
//! Invariant: of a file that passes, every claim that the library takes memory or stack for is backed by bytes of the
//! file: the children of a group of columns, how deep groups nest, the size of a page, the values of a dictionary.
//! Each header is read by the same steps as the library reads it, and one that could be read in two ways is refused.

use std::io::{self, Read};

use parquet::basic::Compression;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::reader::ChunkReader;

/// Groups of columns within each other.
const DEPTH_MAX: usize = 32;
/// Largest page, bytes. Writers make pages of a megabyte or so.
const PAGE_MAX: i64 = 64 << 20;
/// What a byte may expand to. Snappy's longest copy is 64 bytes and takes three.
const EXPANSION_MAX: i64 = 22;
/// Items of a list in a part of a header that nobody reads.
const PASSED_MAX: u64 = 1 << 20;
/// Nesting of a part of a header that nobody reads; the library's own limit.
const PASSED_DEPTH_MAX: u32 = 64;
/// Bytes at the end of a file: how long the footer is, and the word that says so.
const END: u64 = 8;

/// How a field of a header is written.
enum Form {
    Int,
    Byte,
    Truth,
    Text,
    Fields(&'static [(i16, Form)]),
}

const ENCODING: i16 = 2;
const EMPTY: Form = Form::Fields(&[]);
const TIME: Form = Form::Fields(&[
    (1, Form::Truth),
    (2, Form::Fields(&[(1, EMPTY), (2, EMPTY), (3, EMPTY)])),
]);

/// What a column's values mean; none of it is of use here but where it ends.
const MEANING: Form = Form::Fields(&[
    (1, EMPTY),
    (2, EMPTY),
    (3, EMPTY),
    (4, EMPTY),
    (5, Form::Fields(&[(1, Form::Int), (2, Form::Int)])),
    (6, EMPTY),
    (7, TIME),
    (8, TIME),
    (10, Form::Fields(&[(1, Form::Byte), (2, Form::Truth)])),
    (11, EMPTY),
    (12, EMPTY),
    (13, EMPTY),
    (14, EMPTY),
    (15, EMPTY),
    (16, Form::Fields(&[(1, Form::Byte)])),
    (17, Form::Fields(&[(1, Form::Text)])),
    (18, Form::Fields(&[(1, Form::Text), (2, Form::Int)])),
]);

/// A column, or a group of them.
const COLUMN: &[(i16, Form)] = &[
    (1, Form::Int),
    (2, Form::Int),
    (3, Form::Int),
    (4, Form::Text),
    (CHILDREN, Form::Int),
    (6, Form::Int),
    (7, Form::Int),
    (8, Form::Int),
    (9, Form::Int),
    (10, MEANING),
];
const CHILDREN: i16 = 5;

const PAGE: &[(i16, Form)] = &[
    (1, Form::Int),
    (SIZE, Form::Int),
    (STORED, Form::Int),
    (4, Form::Int),
    (
        DATA,
        Form::Fields(&[
            (1, Form::Int),
            (ENCODING, Form::Int),
            (3, Form::Int),
            (4, Form::Int),
        ]),
    ),
    (6, EMPTY),
    (
        DICTIONARY,
        Form::Fields(&[(VALUES, Form::Int), (2, Form::Int), (3, Form::Truth)]),
    ),
    (
        DATA_V2,
        Form::Fields(&[
            (1, Form::Int),
            (2, Form::Int),
            (3, Form::Int),
            (ENCODING_V2, Form::Int),
            (5, Form::Int),
            (6, Form::Int),
            (7, Form::Truth),
        ]),
    ),
];
const SIZE: i16 = 2;
const STORED: i16 = 3;
const DATA: i16 = 5;
const DICTIONARY: i16 = 7;
const VALUES: i16 = 1;
const DATA_V2: i16 = 8;
const ENCODING_V2: i16 = 4;
/// Encodings whose pages say a second time, within, how many values they have, and are believed.
const LENGTHS_APART: [i64; 2] = [6, 7];

fn refuse<T>(reason: impl Into<String>) -> Result<T> {
    Err(ParquetError::General(reason.into()))
}

/// Checks the columns that a footer describes. What is no footer is left to the library's own refusal.
///
/// # Errors
/// A footer that claims what is not there.
pub fn check_columns<R: ChunkReader>(source: &R) -> Result<()> {
    let Some(end) = source.len().checked_sub(END) else {
        return Ok(());
    };
    let tail = source.get_bytes(end, END as usize)?;
    let size = u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]));
    let Some(start) = end.checked_sub(size).filter(|_| tail[4..] == *b"PAR1") else {
        return Ok(());
    };
    let mut footer = Compact::new(source.get_read(start)?.take(size));
    // A version, and then a list of structures.
    if footer.byte()? != 0x15 {
        return refuse("its footer begins with no version");
    }
    footer.varint()?;
    let (field, list) = (footer.byte()?, footer.byte()?);
    if field != 0x19 || list & 0x0f != 12 {
        return refuse("no columns follow its version");
    }
    let columns = match list >> 4 {
        15 => footer.varint()?,
        few => u64::from(few),
    };
    if columns > size {
        return refuse(format!("claims {columns} columns in {size} bytes"));
    }
    let (mut open, mut claimed): (Vec<i64>, u64) = (Vec::new(), 0);
    for _ in 0..columns {
        while open.last() == Some(&0) {
            open.pop();
        }
        if let Some(left) = open.last_mut() {
            *left -= 1;
        }
        let children = footer.fields(COLUMN)?.of(CHILDREN).unwrap_or(0);
        claimed = claimed.saturating_add(u64::try_from(children).unwrap_or(u64::MAX));
        if claimed >= columns.max(1) {
            return refuse(format!("a group of {children} columns among {columns} in all"));
        }
        if children > 0 {
            open.push(children);
        }
        if open.len() > DEPTH_MAX {
            return refuse(format!("columns nested more than {DEPTH_MAX} deep"));
        }
    }
    Ok(())
}

/// Checks every page of every column: that its size and its dictionary are those of the bytes that are there, and that
/// all of them together expand to no more than `most` bytes.
///
/// # Errors
/// A page that claims what is not there.
pub fn check_pages<R: ChunkReader>(source: &R, metadata: &ParquetMetaData, most: u64) -> Result<()> {
    let (mut left, mut expanded) = (source.len(), 0_u64);
    let groups = metadata.row_groups().iter();
    for column in groups.flat_map(|group| group.columns()) {
        let start = column
            .dictionary_page_offset()
            .unwrap_or(column.data_page_offset());
        let (Ok(start), Ok(size)) = (u64::try_from(start), u64::try_from(column.compressed_size())) else {
            return refuse("a column begins before the file");
        };
        // Columns that share their bytes would be read over and over.
        left = match left.checked_sub(size) {
            Some(left) => left,
            None => return refuse("its columns are larger than the file"),
        };
        expanded = expanded.saturating_add(check_column(source, column, start, size)?);
        if expanded > most {
            return refuse(format!("expands to more than {most} bytes"));
        }
    }
    Ok(())
}

/// Checks the pages of a column; what they expand to, bytes.
fn check_column<R: ChunkReader>(
    source: &R,
    column: &ColumnChunkMetaData,
    mut at: u64,
    mut left: u64,
) -> Result<u64> {
    let is_packed = column.compression() != Compression::UNCOMPRESSED;
    let mut expanded = 0;
    while left > 0 {
        let mut header = Compact::new(source.get_read(at)?.take(left));
        let page = header.fields(PAGE)?;
        let (size, stored) = (page.of(SIZE).unwrap_or(0), page.of(STORED).unwrap_or(0));
        let taken = header.taken + u64::try_from(stored).unwrap_or(u64::MAX - header.taken);
        if size < 0 || taken > left {
            return refuse("a page is larger than its column");
        }
        (at, left) = (at + taken, left - taken);
        let held = if is_packed { size } else { stored };
        if held
            > PAGE_MAX.min(if is_packed {
                stored * EXPANSION_MAX + 1_024
            } else {
                stored
            })
        {
            return refuse(format!("a page of {stored} bytes claims to expand to {held}"));
        }
        if let Some(values) = page.within(DICTIONARY, VALUES).filter(|values| *values > held) {
            return refuse(format!("a dictionary of {held} bytes claims {values} values"));
        }
        let encodings = [page.within(DATA, ENCODING), page.within(DATA_V2, ENCODING_V2)];
        if encodings
            .iter()
            .flatten()
            .any(|encoding| LENGTHS_APART.contains(encoding))
        {
            return refuse(
                "texts whose lengths are stored apart; write them as they are, or with a dictionary",
            );
        }
        expanded += held as u64;
    }
    Ok(expanded)
}

/// The numbers of a structure, by the field and the field around it.
struct Numbers(Vec<(i16, i16, i64)>);

impl Numbers {
    fn of(&self, field: i16) -> Option<i64> {
        self.within(0, field)
    }

    fn within(&self, around: i16, field: i16) -> Option<i64> {
        let found = self
            .0
            .iter()
            .find(|(outer, inner, _)| (*outer, *inner) == (around, field));
        found.map(|(_, _, number)| *number)
    }
}

/// A reader of Thrift's compact protocol, in which the headers are written.
struct Compact<R> {
    inner: R,
    taken: u64,
}

impl<R: Read> Compact<R> {
    fn new(inner: R) -> Self {
        Self { inner, taken: 0 }
    }

    fn byte(&mut self) -> Result<u8> {
        let mut byte = [0];
        self.inner.read_exact(&mut byte)?;
        self.taken += 1;
        Ok(byte[0])
    }

    fn varint(&mut self) -> Result<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        refuse("a number of more than ten bytes")
    }

    /// A number with its sign in the last bit, which is held in 32 bits later.
    fn int(&mut self) -> Result<i64> {
        let word = self.varint()?;
        let number = (word >> 1).cast_signed() ^ -(word & 1).cast_signed();
        match i32::try_from(number) {
            Ok(_) => Ok(number),
            Err(_) => refuse(format!("the number {number}")),
        }
    }

    fn pass(&mut self, bytes: u64) -> Result<()> {
        let passed = io::copy(&mut self.inner.by_ref().take(bytes), &mut io::sink())?;
        self.taken += passed;
        if passed == bytes {
            Ok(())
        } else {
            refuse("ends within a header")
        }
    }

    /// Reads a structure; its numbers.
    fn fields(&mut self, known: &'static [(i16, Form)]) -> Result<Numbers> {
        let mut numbers = Numbers(Vec::new());
        self.take_fields(known, 0, &mut numbers)?;
        Ok(numbers)
    }

    fn take_fields(
        &mut self,
        known: &'static [(i16, Form)],
        around: i16,
        numbers: &mut Numbers,
    ) -> Result<()> {
        let mut field = 0_i16;
        loop {
            let head = self.byte()?;
            let (step, kind) = (i16::from(head >> 4), head & 0x0f);
            if kind == 0 {
                return Ok(());
            }
            // Fields that go back could say a thing twice.
            field = match field.checked_add(step).filter(|_| step > 0) {
                Some(field) => field,
                None => return refuse("fields out of order in a header"),
            };
            match known
                .iter()
                .find(|(number, _)| *number == field)
                .map(|(_, form)| (form, kind))
            {
                None => self.pass_value(kind, PASSED_DEPTH_MAX)?,
                Some((Form::Int, 5)) => numbers.0.push((around, field, self.int()?)),
                Some((Form::Byte, 3)) => drop(self.byte()?),
                Some((Form::Truth, 1 | 2)) => {}
                Some((Form::Text, 8)) => {
                    let length = self.varint()?;
                    self.pass(length)?;
                }
                Some((Form::Fields(known), 12)) => self.take_fields(known, field, numbers)?,
                Some(_) => return refuse(format!("field {field} of a header is of another kind")),
            }
        }
    }

    /// Passes over a value that nobody reads, in the library's steps.
    fn pass_value(&mut self, kind: u8, depth: u32) -> Result<()> {
        let Some(below) = depth.checked_sub(1) else {
            return refuse("a header nested too deep");
        };
        match kind {
            1 | 2 => Ok(()),
            3 => self.pass(1),
            4..=6 => self.varint().map(drop),
            7 => self.pass(8),
            8 => {
                let length = self.varint()?;
                self.pass(length)
            }
            9 | 10 => {
                let head = self.byte()?;
                let items = match head >> 4 {
                    15 => self.varint()?,
                    few => u64::from(few),
                };
                self.pass_items(&[head & 0x0f], items, below)
            }
            11 => {
                let items = self.varint()?;
                let kinds = if items > 0 { self.byte()? } else { 0 };
                self.pass_items(&[kinds >> 4, kinds & 0x0f], items, below)
            }
            12 => loop {
                let head = self.byte()?;
                match (head & 0x0f, head >> 4) {
                    (0, _) => return Ok(()),
                    (_, 0) => return refuse("fields out of order in a header"),
                    (kind, _) => self.pass_value(kind, below)?,
                }
            },
            13 => self.pass(16),
            other => refuse(format!("a value of kind {other} in a header")),
        }
    }

    fn pass_items(&mut self, kinds: &[u8], items: u64, depth: u32) -> Result<()> {
        if items > PASSED_MAX {
            return refuse(format!("claims a list of {items} in a header"));
        }
        for _ in 0..items {
            for kind in kinds {
                self.pass_value(*kind, depth)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "parquet_headers_tests.rs"]
mod tests;

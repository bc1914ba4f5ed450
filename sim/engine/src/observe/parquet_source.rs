//! What Parquet files are read from, and the one door by which they are opened.
//!
//! Invariant: a file's headers are checked before the library reads any of its pages, and whoever goes on reading at the
//! end of a file is stopped. The library skips what it does not know of a page's header without asking whether anything is
//! left, so that four kilobytes which claim a list of two billion numbers there would be read at their end two billion
//! times.

use std::io::{self, Read};
use std::sync::Arc;

use bytes::Bytes;
use parquet::errors::Result;
use parquet::file::reader::{ChunkReader, FileReader, Length, SerializedFileReader};

use super::parquet_headers::{check_columns, check_pages};

/// How often one reader may come to the end.
const ENDS_MAX: u32 = 64;

/// A source whose readers come to its end a few times only.
#[derive(Debug)]
pub struct ParquetSource<R>(Arc<R>);

/// A Parquet file whose headers were checked.
pub type ParquetFile<R> = SerializedFileReader<ParquetSource<R>>;

/// Opens a file whose pages may expand to `most` bytes in all.
///
/// # Errors
/// A file that is no Parquet, or claims more than it holds.
pub fn open<R: ChunkReader + 'static>(source: R, most: u64) -> Result<ParquetFile<R>> {
    let source = ParquetSource(Arc::new(source));
    check_columns(&source)?;
    let file = SerializedFileReader::new(ParquetSource(Arc::clone(&source.0)))?;
    check_pages(&source, file.metadata(), most)?;
    Ok(file)
}

/// A reader of it.
#[derive(Debug)]
pub struct EndsSoon<R> {
    inner: R,
    ends: u32,
}

impl<R: Length> Length for ParquetSource<R> {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl<R: ChunkReader> ChunkReader for ParquetSource<R> {
    type T = EndsSoon<R::T>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        let inner = self.0.get_read(start)?;
        Ok(EndsSoon { inner, ends: 0 })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        self.0.get_bytes(start, length)
    }
}

impl<R: Read> Read for EndsSoon<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(room)?;
        if read == 0 && !room.is_empty() {
            self.ends += 1;
            if self.ends > ENDS_MAX {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_reads_what_is_there_and_is_stopped_at_its_end() {
        let source = ParquetSource(Arc::new(Bytes::from_static(b"0123456789")));
        let mut reader = source.get_read(4).unwrap();
        let mut text = String::new();
        assert_eq!(reader.read_to_string(&mut text).unwrap(), 6);
        assert_eq!((text.as_str(), source.len()), ("456789", 10));
        assert_eq!(source.get_bytes(1, 3).unwrap(), Bytes::from_static(b"123"));
        let ends = (0..1_000)
            .take_while(|_| reader.read(&mut [0; 8]).is_ok())
            .count();
        assert!(ends > 1 && ends <= ENDS_MAX as usize, "{ends}");
        // Who asks for nothing is not at the end.
        let mut reader = source.get_read(10).unwrap();
        assert!((0..1_000).all(|_| reader.read(&mut []).is_ok()));
    }
}

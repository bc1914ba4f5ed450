//! Integers as Parquet packs them, a few at a time.
//!
//! **Invariant.** What the format's specification calls DELTA_BINARY_PACKED (blocks of 128 differences in four parts of
//! 32, each part as wide as its largest, in whole bytes) and the bit-packed run of its RLE hybrid. The bytes depend on the numbers
//! alone, not on how many came at once.
//!
//! Bytes and not bits: shifting numbers together would take a third of the log's time to save a seventh of its size.
//!
//! The Parquet package packs finished columns; an event log would write and read four megabytes a segment again for it.
//! Here a column is packed while its numbers are still in a core's nearest cache.
//!
//! Source: Apache Parquet format, Encodings.md.

/// Differences in a block.
const BLOCK: usize = 128;
/// Differences that share a width.
const PART: usize = 32;

/// A column of integers as differences of neighbours. `NARROW` columns hold 32 bits, others 64.
#[derive(Clone, Debug)]
pub struct Differences<const NARROW: bool> {
    first: i64,
    last: i64,
    count: u64,
    waiting: usize,
    block: Box<[i64; BLOCK]>,
    packed: Vec<u8>,
}

impl<const NARROW: bool> Default for Differences<NARROW> {
    /// No number yet.
    fn default() -> Self {
        Self {
            first: 0,
            last: 0,
            count: 0,
            waiting: 0,
            block: Box::new([0; BLOCK]),
            packed: Vec::new(),
        }
    }
}

impl<const NARROW: bool> Differences<NARROW> {
    /// Adds numbers; of a narrow column their lower 32 bits, as signed numbers.
    #[inline]
    pub fn extend(&mut self, numbers: impl ExactSizeIterator<Item = i64>) {
        let mut numbers = numbers.map(|number| if NARROW { i64::from(number as i32) } else { number });
        if self.count == 0
            && let Some(first) = numbers.next()
        {
            (self.first, self.last, self.count) = (first, first, 1);
        }
        // A run to the end of the block has one loop without a question in it.
        while numbers.len() > 0 {
            let run = numbers.len().min(BLOCK - self.waiting);
            let mut last = self.last;
            let room = &mut self.block[self.waiting..self.waiting + run];
            for (place, number) in room.iter_mut().zip(numbers.by_ref()) {
                *place = difference::<NARROW>(number, last);
                last = number;
            }
            self.last = last;
            self.count += run as u64;
            self.waiting += run;
            if self.waiting == BLOCK {
                self.pack_block();
            }
        }
    }

    /// Appends the packed column to `page` and begins the next one.
    pub fn finish_into(&mut self, page: &mut Vec<u8>) {
        self.pack_block();
        put_varint(page, BLOCK as u64);
        put_varint(page, (BLOCK / PART) as u64);
        put_varint(page, self.count);
        put_varint(page, zigzag(if self.count == 0 { 0 } else { self.first }));
        page.append(&mut self.packed);
        self.count = 0;
    }

    fn pack_block(&mut self) {
        let block = &mut self.block[..];
        let Some(&least) = block[..self.waiting].iter().min() else {
            return;
        };
        // What no difference fills is packed as nothing above the least.
        block[self.waiting..].fill(least);
        put_varint(&mut self.packed, zigzag(least));
        let widths = self.packed.len();
        self.packed.extend_from_slice(&[0; BLOCK / PART]);
        for (index, part) in self.block.as_chunks::<PART>().0.iter().enumerate() {
            let (mut numbers, mut bits) = ([0; PART], 0);
            for (number, &value) in numbers.iter_mut().zip(part) {
                *number = above::<NARROW>(value, least);
                bits |= *number;
            }
            if bits > 0 {
                let width = (u64::BITS - bits.leading_zeros()).div_ceil(u8::BITS);
                self.packed[widths + index] = (width * u8::BITS) as u8;
                pack_bytes(&mut self.packed, width as usize, &numbers);
            }
        }
        self.waiting = 0;
    }
}

/// Differences wrap as wide as the column is.
#[inline]
fn difference<const NARROW: bool>(number: i64, last: i64) -> i64 {
    let wide = number.wrapping_sub(last);
    if NARROW { i64::from(wide as i32) } else { wide }
}

#[inline]
fn above<const NARROW: bool>(value: i64, least: i64) -> u64 {
    let wide = value.wrapping_sub(least).cast_unsigned();
    if NARROW { u64::from(wide as u32) } else { wide }
}

/// Which rows hold something: Parquet's definition levels of a column that may be absent.
#[derive(Clone, Debug, Default)]
pub struct Presence {
    /// Full bytes.
    bits: Vec<u8>,
    /// The byte that is being filled.
    byte: u8,
    filled: u32,
}

impl Presence {
    /// Adds rows.
    #[inline]
    pub fn extend<T>(&mut self, rows: &[T], is_there: impl Fn(&T) -> bool) {
        // Rows come in whole bytes nearly always, and then no bit waits for the one before.
        let (bytes, rest) = match self.filled {
            0 => rows.as_chunks::<8>(),
            _ => (&[][..], rows),
        };
        for byte in bytes {
            let bits = byte.iter().enumerate();
            let byte = bits.fold(0, |byte, (bit, row)| byte | u8::from(is_there(row)) << bit);
            self.bits.push(byte);
        }
        for row in rest {
            self.byte |= u8::from(is_there(row)) << self.filled;
            self.filled += 1;
            if self.filled == u8::BITS {
                self.bits.push(self.byte);
                (self.byte, self.filled) = (0, 0);
            }
        }
    }

    /// Appends the levels with their length to `page` and begins the next column.
    pub fn finish_into(&mut self, page: &mut Vec<u8>) {
        if self.filled > 0 {
            self.bits.push(self.byte);
        }
        let mut run = Vec::with_capacity(self.bits.len() + 5);
        put_varint(&mut run, (self.bits.len() as u64) << 1 | 1);
        run.append(&mut self.bits);
        page.extend_from_slice(&(run.len() as u32).to_le_bytes());
        page.append(&mut run);
        (self.byte, self.filled) = (0, 0);
    }
}

/// Places in a dictionary of at most 256 names, as the values of a page.
pub fn pack_places(places: &[u8]) -> Vec<u8> {
    let groups = places.len().div_ceil(8);
    let mut page = vec![u8::BITS as u8];
    put_varint(&mut page, (groups as u64) << 1 | 1);
    page.extend_from_slice(places);
    page.resize(page.len() + groups * 8 - places.len(), 0);
    page
}

/// Appends numbers of `width` whole bytes each, the lowest first.
fn pack_bytes(out: &mut Vec<u8>, width: usize, numbers: &[u64; PART]) {
    const WORD: usize = size_of::<u64>();
    // Each number is written whole, and the next one over what it does not need.
    let mut bytes = [0; PART * WORD];
    for (place, number) in numbers.iter().enumerate() {
        let at = (place * width).min(bytes.len() - WORD);
        bytes[at..at + WORD].copy_from_slice(&number.to_le_bytes());
    }
    out.extend_from_slice(&bytes[..PART * width]);
}

/// Seven bits a byte, the lowest first.
fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Small numbers of either sign as small numbers.
fn zigzag(number: i64) -> u64 {
    (number << 1 ^ number >> 63).cast_unsigned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The second example of the format's specification, with blocks of today's size and a width of whole bytes.
    #[test]
    fn the_specification_s_example_packs_as_it_says() {
        let mut column = Differences::<false>::default();
        column.extend([7].into_iter());
        column.extend([5, 3, 1, 2].into_iter());
        column.extend([3, 4, 5].into_iter());
        let mut page = Vec::new();
        column.finish_into(&mut page);
        // Block, parts, count, first (zigzag); least difference -2 (zigzag); widths; 0 0 0 3 3 3 3 and what pads.
        let mut expected = vec![0x80, 0x01, 4, 8, 14, 3, 8, 0, 0, 0, 0, 0, 0, 3, 3, 3, 3];
        expected.resize(expected.len() + PART - 7, 0);
        assert_eq!(page, expected);
    }

    #[test]
    fn places_and_presence_are_one_run_of_bits() {
        assert_eq!(pack_places(&[4, 0, 2]), [8, 3, 4, 0, 2, 0, 0, 0, 0, 0]);
        let mut presence = Presence::default();
        let rows: Vec<_> = (0..27).collect();
        let is_there = |row: &u32| row.is_multiple_of(3);
        presence.extend(&rows[..3], is_there);
        presence.extend(&[], is_there);
        presence.extend(&rows[3..8], is_there);
        presence.extend(&rows[8..], is_there);
        let mut page = Vec::new();
        presence.finish_into(&mut page);
        let expected = [5, 0, 0, 0, 9, 0b0100_1001, 0b1001_0010, 0b0010_0100, 0b001];
        assert_eq!(page, expected);
    }
}

//! Integers as Parquet packs them, a few at a time.
//!
//! **Invariant.** What the format's specification calls DELTA_BINARY_PACKED (blocks of 128 differences in four parts of
//! 32, each part as wide as its largest, in whole bytes) and its RLE hybrid. The bytes depend on the numbers alone, not on how
//! many came at once.
//!
//! Bytes and not bits: shifting numbers together would take a third of the log's time to save a seventh of its size.
//!
//! The Parquet package packs finished columns; an event log would write and read four megabytes a segment again for it.
//! Here a column is packed while its numbers are still in a core's nearest cache.
//!
//! Source: Apache Parquet format, Encodings.md.

use bytes::Bytes;
use multiversion::multiversion;

/// Differences in a block.
const BLOCK: usize = 128;
/// Differences that share a width.
const PART: usize = 32;

/// So many equal groups of eight in a row are kept as one, in a run of their own.
const GROUPS_MIN: usize = 4;
/// Bytes of a number.
const WORD: usize = size_of::<i64>();
/// Bytes of a part at most.
const PART_ROOM: usize = PART * WORD;
/// Bytes of a block at most: its least difference, the widths of its parts, and the parts.
const BLOCK_ROOM: usize = 10 + BLOCK / PART + BLOCK * WORD;
/// Bytes that the head of a column takes at most: four numbers of which the last two have up to 64 bits.
const HEAD: usize = 24;

/// A column of integers as differences of neighbours. `NARROW` columns hold 32 bits, others 64.
#[derive(Clone, Debug)]
pub struct Differences<const NARROW: bool> {
    first: i64,
    last: i64,
    count: u64,
    waiting: usize,
    block: Box<[i64; BLOCK]>,
    spread: Spread,
    page: Page,
}

/// A number of a column.
pub trait Number: Copy {
    /// In the bits of a signed one, from which a column's own are the lower ones.
    fn word(self) -> i64;
}

impl Number for i64 {
    #[inline(always)]
    fn word(self) -> i64 {
        self
    }
}

impl Number for u64 {
    #[inline(always)]
    fn word(self) -> i64 {
        self.cast_signed()
    }
}

impl Number for u32 {
    #[inline(always)]
    fn word(self) -> i64 {
        i64::from(self)
    }
}

/// Bytes of a column that grows: room for what stands before the blocks and is known after them, then the blocks.
#[derive(Clone, Debug)]
struct Page {
    /// All that there is room for: what was written once is not cleared again.
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// The page before this one, whose memory is used again once nobody reads it.
    lent: Bytes,
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
            spread: Spread::default(),
            page: Page {
                bytes: Vec::new(),
                start: HEAD,
                end: HEAD,
                lent: Bytes::new(),
            },
        }
    }
}

impl<const NARROW: bool> Differences<NARROW> {
    /// Adds numbers; of a narrow column their lower 32 bits, as signed numbers.
    #[inline]
    pub fn extend<N: Number>(&mut self, numbers: &[N]) {
        extend_each(self, numbers);
    }

    /// The same by what every processor has.
    #[inline(always)]
    fn extend_plainly<N: Number>(&mut self, mut numbers: &[N]) {
        if self.count == 0
            && let Some((first, others)) = numbers.split_first()
        {
            let first = first.word();
            let first = if NARROW { i64::from(first as i32) } else { first };
            (self.first, self.last, self.count) = (first, first, 1);
            numbers = others;
        }
        self.count += numbers.len() as u64;
        while !numbers.is_empty() {
            // A run to the end of the block has one loop without a question in it, and no number waits for the one
            // before.
            let run = numbers.len().min(BLOCK - self.waiting);
            let (now, later) = numbers.split_at(run);
            let (block, waiting) = (&mut *self.block, self.waiting);
            let room = &mut block[waiting..waiting + run];
            room[0] = difference::<NARROW>(now[0].word(), self.last);
            for (place, pair) in room[1..].iter_mut().zip(now.windows(2)) {
                *place = difference::<NARROW>(pair[1].word(), pair[0].word());
            }
            self.spread
                .take::<NARROW>(&block[waiting..waiting + run], block[0]);
            self.last = now[run - 1].word();
            self.waiting += run;
            numbers = later;
            if self.waiting == BLOCK {
                self.pack_block();
            }
        }
    }

    /// The column as the values of a page; the next one begins.
    pub fn finish(&mut self) -> Bytes {
        self.finish_behind(&[])
    }

    /// The column behind its `levels`; the next one begins.
    pub fn finish_behind(&mut self, levels: &[u8]) -> Bytes {
        self.pack_block();
        let mut head = Vec::with_capacity(levels.len() + HEAD);
        head.extend_from_slice(levels);
        put_head(&mut head, self.count, self.first);
        self.count = 0;
        self.page.lend(&head)
    }

    #[inline(always)]
    fn pack_block(&mut self) {
        if self.waiting == 0 {
            return;
        }
        let block = &mut *self.block;
        // What no difference fills is packed as nothing above the least.
        let rows = std::mem::take(&mut self.waiting);
        let any = block[0];
        block[rows..].fill(any);
        let (room, end) = self.page.room_for_a_block();
        *end += match std::mem::take(&mut self.spread) {
            Spread { unequal: 0, .. } => pack_equal(room, any),
            Spread { beyond: 0, .. } => pack_small(room, block, rows),
            _ => pack_large(room, block, rows),
        };
    }
}

/// Adds numbers, by the instructions that the processor has: newer ones take four or eight numbers at a time.
#[multiversion(targets("x86_64+avx2+bmi1+bmi2+lzcnt"))]
fn extend_each<const NARROW: bool, N: Number>(column: &mut Differences<NARROW>, numbers: &[N]) {
    column.extend_plainly(numbers);
}

/// How far the numbers of a block are apart.
#[derive(Clone, Copy, Debug, Default)]
struct Spread {
    /// Bits in which some differ from the first.
    unequal: i64,
    /// Something where one has more than 32 bits.
    beyond: u64,
}

impl Spread {
    /// Takes numbers of a block that begins with `first`; narrow ones have 32 bits anyway.
    #[inline]
    fn take<const NARROW: bool>(&mut self, numbers: &[i64], first: i64) {
        for &number in numbers {
            self.unequal |= number ^ first;
            if !NARROW {
                self.beyond |= number.wrapping_add(1 << 31).cast_unsigned() >> u32::BITS;
            }
        }
    }
}

/// Packs a block of equal numbers: that one, and parts of no width.
#[inline]
fn pack_equal(room: &mut [u8; BLOCK_ROOM], number: i64) -> usize {
    let at = put_varint_at(room, 0, zigzag(number));
    room[at..at + BLOCK / PART].fill(0);
    at + BLOCK / PART
}

/// Packs a block of numbers of 32 bits, of which the first `rows` count: twice as many fit into a register.
#[inline(always)]
fn pack_small(room: &mut [u8; BLOCK_ROOM], block: &[i64; BLOCK], rows: usize) -> usize {
    let mut numbers = block.map(|number| number as i32);
    let least = compute_least::<_, 16>(&numbers, i32::MAX);
    numbers[rows..].fill(least);
    let above = numbers.map(|number| number.wrapping_sub(least).cast_unsigned());
    let widths = put_varint_at(room, 0, zigzag(i64::from(least)));
    let mut at = widths + BLOCK / PART;
    for (index, part) in above.as_chunks::<PART>().0.iter().enumerate() {
        let bits = part.iter().fold(0, |bits, number| bits | number);
        let width = (u32::BITS - bits.leading_zeros()).div_ceil(u8::BITS);
        room[widths + index] = (width * u8::BITS) as u8;
        if let Some(room) = room[at..].first_chunk_mut() {
            pack_small_bytes(room, width, part);
        }
        at += PART * width as usize;
    }
    at
}

/// Packs any block.
#[inline(never)]
fn pack_large(room: &mut [u8; BLOCK_ROOM], block: &mut [i64; BLOCK], rows: usize) -> usize {
    let least = compute_least::<_, 8>(block, i64::MAX);
    block[rows..].fill(least);
    for value in block.iter_mut() {
        *value = value.wrapping_sub(least);
    }
    let widths = put_varint_at(room, 0, zigzag(least));
    let mut at = widths + BLOCK / PART;
    for (index, part) in block.as_chunks::<PART>().0.iter().enumerate() {
        let bits = part.iter().fold(0, |bits, number| bits | number).cast_unsigned();
        let width = (u64::BITS - bits.leading_zeros()).div_ceil(u8::BITS);
        room[widths + index] = (width * u8::BITS) as u8;
        if let Some(room) = room[at..].first_chunk_mut() {
            pack_bytes(room, width, part);
        }
        at += PART * width as usize;
    }
    at
}

/// What stands before the blocks of a column of `count` numbers.
fn put_head(out: &mut Vec<u8>, count: u64, first: i64) {
    put_varint(out, BLOCK as u64);
    put_varint(out, (BLOCK / PART) as u64);
    put_varint(out, count);
    put_varint(out, zigzag(if count == 0 { 0 } else { first }));
}

/// A column of `count` numbers, of which each is `step` above the one before, as the values of a page.
pub fn pack_steps(first: i64, step: i64, count: usize) -> Bytes {
    let mut page = Vec::new();
    put_head(&mut page, count as u64, first);
    let mut block = [0; BLOCK_ROOM];
    let length = pack_equal(&mut block, step);
    for _ in 0..count.saturating_sub(1).div_ceil(BLOCK) {
        page.extend_from_slice(&block[..length]);
    }
    page.into()
}

impl Page {
    /// Room behind what is there, and how far that reaches.
    #[inline]
    fn room_for_a_block(&mut self) -> (&mut [u8; BLOCK_ROOM], &mut usize) {
        if self.bytes.len() < self.end + BLOCK_ROOM {
            self.grow();
        }
        let room = self.bytes[self.end..].first_chunk_mut();
        (room.expect("room was made"), &mut self.end)
    }

    #[cold]
    fn grow(&mut self) {
        if self.bytes.is_empty() {
            self.bytes = Vec::from(std::mem::take(&mut self.lent));
        }
        let needed = self.end + BLOCK_ROOM;
        if self.bytes.len() < needed {
            self.bytes.resize(needed.max(self.bytes.len() * 2), 0);
        }
    }

    /// The page behind its head; the next one begins.
    fn lend(&mut self, head: &[u8]) -> Bytes {
        if self.bytes.is_empty() {
            self.grow();
        }
        // Columns of one file have heads of one length, nearly: this moves the blocks once.
        if let Some(more) = head.len().checked_sub(self.start) {
            self.bytes.splice(..0, std::iter::repeat_n(0, more));
            (self.start, self.end) = (self.start + more, self.end + more);
        }
        let start = self.start - head.len();
        self.bytes[start..self.start].copy_from_slice(head);
        self.lent = Bytes::from(std::mem::take(&mut self.bytes));
        let end = std::mem::replace(&mut self.end, self.start);
        self.lent.slice(start..end)
    }
}

/// The least of a block, by several at once: each comparison waits for the one before.
#[inline]
fn compute_least<T: Copy + Ord, const AT_ONCE: usize>(numbers: &[T; BLOCK], most: T) -> T {
    let mut least = [most; AT_ONCE];
    for numbers in numbers.as_chunks::<AT_ONCE>().0 {
        for (least, &number) in least.iter_mut().zip(numbers) {
            *least = number.min(*least);
        }
    }
    least.into_iter().fold(most, T::min)
}

/// Differences wrap as wide as the column is.
#[inline]
fn difference<const NARROW: bool>(number: i64, last: i64) -> i64 {
    let wide = number.wrapping_sub(last);
    if NARROW { i64::from(wide as i32) } else { wide }
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
    pub fn extend(&mut self, is_there: &[bool]) {
        // Rows come in whole bytes nearly always, and then no bit waits for the one before.
        let (bytes, rest) = match self.filled {
            0 => is_there.as_chunks::<8>(),
            _ => (&[][..], is_there),
        };
        self.bits.extend(bytes.iter().map(|&byte| gather_bits(byte)));
        for &is_there in rest {
            self.byte |= u8::from(is_there) << self.filled;
            self.filled += 1;
            if self.filled == u8::BITS {
                self.bits.push(self.byte);
                (self.byte, self.filled) = (0, 0);
            }
        }
    }

    /// Adds so many rows that are all there, or all absent.
    #[inline]
    pub fn extend_equal(&mut self, is_there: bool, rows: usize) {
        if self.filled == 0 && rows.is_multiple_of(8) {
            let byte = if is_there { u8::MAX } else { 0 };
            self.bits.resize(self.bits.len() + rows / 8, byte);
        } else {
            (0..rows).for_each(|_| self.extend(&[is_there]));
        }
    }

    /// The levels behind their length; the next column begins.
    pub fn finish(&mut self) -> Vec<u8> {
        let mut runs = vec![0; size_of::<u32>()];
        let rest = (self.filled > 0).then_some([self.byte]);
        put_runs(&mut runs, self.bits.as_chunks().0, rest, |&[byte]| match byte {
            0 => Some(0),
            u8::MAX => Some(1),
            _ => None,
        });
        self.bits.clear();
        let length = (runs.len() - size_of::<u32>()) as u32;
        runs[..size_of::<u32>()].copy_from_slice(&length.to_le_bytes());
        (self.byte, self.filled) = (0, 0);
        runs
    }
}

/// Places in a dictionary of at most 256 names, as the values of a page.
pub fn pack_places(places: &[u8]) -> Vec<u8> {
    let mut page = vec![u8::BITS as u8];
    let (groups, rest) = places.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let last = (!rest.is_empty()).then_some(last);
    put_runs(&mut page, groups, last, |group| {
        (*group == [group[0]; 8]).then_some(group[0])
    });
    page
}

/// Groups of eight values of `BITS` bits, and perhaps a last one that is not full: many equal values as one, others as they
/// are. `value` says what a group consists of if all eight are equal.
fn put_runs<const BITS: usize>(
    out: &mut Vec<u8>,
    groups: &[[u8; BITS]],
    last: Option<[u8; BITS]>,
    value: impl Fn(&[u8; BITS]) -> Option<u8>,
) {
    let put_literally = |out: &mut Vec<u8>, groups: &[[u8; BITS]], last: Option<[u8; BITS]>| {
        let count = groups.len() + usize::from(last.is_some());
        if count > 0 {
            put_varint(out, (count as u64) << 1 | 1);
            out.extend_from_slice(groups.as_flattened());
            out.extend_from_slice(last.as_slice().as_flattened());
        }
    };
    let (mut told, mut at) = (0, 0);
    while at < groups.len() {
        let equal = groups[at..]
            .iter()
            .take_while(|&group| *group == groups[at])
            .count();
        if equal >= GROUPS_MIN
            && let Some(value) = value(&groups[at])
        {
            put_literally(out, &groups[told..at], None);
            put_varint(out, (equal as u64 * 8) << 1);
            out.push(value);
            told = at + equal;
        }
        at += equal;
    }
    put_literally(out, &groups[told..], last);
}

/// Writes numbers of `width` whole bytes each, the lowest first, and anything behind them.
#[inline]
fn pack_bytes(room: &mut [u8; PART_ROOM], width: u32, numbers: &[i64; PART]) {
    // The width is known in each loop, which then has no question in it.
    match width {
        0 => {}
        1 => room[..PART].copy_from_slice(&numbers.map(|number| number as u8)),
        2 => room[..2 * PART]
            .copy_from_slice(numbers.map(|number| (number as u16).to_le_bytes()).as_flattened()),
        3 => pack_odd::<3>(room, numbers),
        4 => room[..4 * PART]
            .copy_from_slice(numbers.map(|number| (number as u32).to_le_bytes()).as_flattened()),
        5 => pack_odd::<5>(room, numbers),
        6 => pack_odd::<6>(room, numbers),
        7 => pack_odd::<7>(room, numbers),
        _ => room.copy_from_slice(numbers.map(i64::to_le_bytes).as_flattened()),
    }
}

/// The same for numbers of 32 bits.
#[inline]
fn pack_small_bytes(room: &mut [u8; PART_ROOM], width: u32, numbers: &[u32; PART]) {
    match width {
        0 => {}
        1 => room[..PART].copy_from_slice(&numbers.map(|number| number as u8)),
        2 => room[..2 * PART]
            .copy_from_slice(numbers.map(|number| (number as u16).to_le_bytes()).as_flattened()),
        3 => {
            for (place, number) in numbers.iter().enumerate() {
                room[place * 3..place * 3 + size_of::<u32>()].copy_from_slice(&number.to_le_bytes());
            }
        }
        _ => room[..4 * PART].copy_from_slice(numbers.map(u32::to_le_bytes).as_flattened()),
    }
}

/// Each number is written whole, and the next one over what it does not need.
#[inline]
fn pack_odd<const WIDTH: usize>(room: &mut [u8; PART_ROOM], numbers: &[i64; PART]) {
    for (place, number) in numbers.iter().enumerate() {
        room[place * WIDTH..place * WIDTH + WORD].copy_from_slice(&number.to_le_bytes());
    }
}

/// Eight answers as the bits of a byte, the first one lowest.
#[inline]
fn gather_bits(answers: [bool; 8]) -> u8 {
    // The product adds up the bytes, each moved to a bit of its own in the highest byte, and no two meet.
    let bytes = u64::from_le_bytes(answers.map(u8::from));
    (bytes.wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8
}

/// Seven bits a byte, the lowest first.
fn put_varint(out: &mut Vec<u8>, number: u64) {
    let mut bytes = [0; 10];
    let end = put_varint_at(&mut bytes, 0, number);
    out.extend_from_slice(&bytes[..end]);
}

/// The same into `room` from `at` on; returns where it ends.
fn put_varint_at(room: &mut [u8], mut at: usize, mut number: u64) -> usize {
    while number >= 0x80 {
        room[at] = number as u8 | 0x80;
        number >>= 7;
        at += 1;
    }
    room[at] = number as u8;
    at + 1
}

/// Small numbers of either sign as small numbers.
fn zigzag(number: i64) -> u64 {
    (number << 1 ^ number >> 63).cast_unsigned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_instructions_pack_the_same_bytes() {
        let numbers: Vec<i64> = (0..5_000_i64)
            .map(|i| (i * i * 7_919) >> (i % 40) << (i / 1_000 * 9))
            .collect();
        for step in [1, 100, 256, 5_000] {
            let (mut wide, mut plain) = (Differences::<false>::default(), Differences::<false>::default());
            let (mut narrow, mut plain_narrow) =
                (Differences::<true>::default(), Differences::<true>::default());
            for numbers in numbers.chunks(step) {
                wide.extend(numbers);
                plain.extend_plainly(numbers);
                narrow.extend(numbers);
                plain_narrow.extend_plainly(numbers);
            }
            assert_eq!(wide.finish(), plain.finish());
            assert_eq!(narrow.finish(), plain_narrow.finish());
        }
    }

    /// The second example of the format's specification, with blocks of today's size and a width of whole bytes.
    #[test]
    fn the_specification_s_example_packs_as_it_says() {
        let mut column = Differences::<false>::default();
        column.extend(&[7_i64]);
        column.extend(&[5_i64, 3, 1, 2]);
        column.extend(&[3_i64, 4, 5]);
        let page = column.finish();
        // Block, parts, count, first (zigzag); least difference -2 (zigzag); widths; 0 0 0 3 3 3 3 and what pads.
        let mut expected = vec![0x80, 0x01, 4, 8, 14, 3, 8, 0, 0, 0, 0, 0, 0, 3, 3, 3, 3];
        expected.resize(expected.len() + PART - 7, 0);
        assert_eq!(page, expected);
        // The memory of a page is used again, and not while somebody holds it.
        column.extend(&[1_i64, 2]);
        let again = column.finish_behind(&[9; 100]);
        assert_eq!(&again[..100], &[9; 100]);
        assert_eq!(again[100..107], [0x80, 0x01, 4, 2, 2, 2, 0]);
        assert_eq!(page, expected);
    }

    #[test]
    fn places_and_presence_are_one_run_of_bits() {
        assert_eq!(pack_places(&[4, 0, 2]), [8, 3, 4, 0, 2, 0, 0, 0, 0, 0]);
        let mut presence = Presence::default();
        let rows: Vec<_> = (0..27_u32).map(|row| row.is_multiple_of(3)).collect();
        presence.extend(&rows[..3]);
        presence.extend(&[]);
        presence.extend(&rows[3..8]);
        presence.extend(&rows[8..]);
        let page = presence.finish();
        let expected = [5, 0, 0, 0, 9, 0b0100_1001, 0b1001_0010, 0b0010_0100, 0b001];
        assert_eq!(page, expected);
    }
}

//! Participants' rows in an eighth of their size or less.
//!
//! A row of twenty figures is 208 bytes in memory. Most of its figures are small, and many are those of the row before:
//! hosts of one kind have one weight, one standing, one reward. Here a row says which of its figures differ from the last
//! row's, and each of these takes as many bytes as it needs: about fifteen bytes a row among many hosts of few kinds.
//!
//! **Invariant.** Rows come out as they went in, in the same order, whatever their figures are.

use stakeout_protocol::status::{Status, StatusReason};

use super::frame::ParticipantRow;

/// Bytes after which a new piece begins: a table grows without copying what it has.
const PIECE: usize = 1 << 18;
/// No row is longer: what differs, epoch and participant, eleven figures of 64 bits, five of 128.
const ROW_MAX: usize = 3 + 2 * 10 + 11 * 10 + 5 * 19;

/// Figures of a row, and the amounts of coins among them, which come first.
const FIGURES: usize = 16;
const COINS: usize = 5;
/// The bit behind those of the figures: epoch and participant are not the last row's and the next.
const ELSEWHERE: u64 = 1 << FIGURES;

/// Bits of a figure that eight bytes hold.
const SHORT_BITS: u32 = 56;
/// The bit of each of eight bytes that says that more follow.
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// Spreads 56 bits over eight bytes, seven in each.
fn spread(value: u64) -> u64 {
    let halves = value & 0x0fff_ffff | (value & 0x00ff_ffff_f000_0000) << 4;
    let quarters = halves & 0x0000_3fff_0000_3fff | (halves & 0x0fff_c000_0fff_c000) << 2;
    quarters & 0x007f_007f_007f_007f | (quarters & 0x3f80_3f80_3f80_3f80) << 1
}

/// Gathers what [`spread`] has spread.
fn gathered(bytes: u64) -> u64 {
    let quarters = bytes & 0x007f_007f_007f_007f | (bytes & 0x7f00_7f00_7f00_7f00) >> 1;
    let halves = quarters & 0x0000_3fff_0000_3fff | (quarters & 0x3fff_0000_3fff_0000) >> 2;
    halves & 0x0fff_ffff | (halves & 0x0fff_ffff_0000_0000) >> 4
}

/// A row's figures, in the order in which they are compared: what often differs first, since its bits are then few.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Figures {
    coins: [i128; COINS],
    counts: [u64; FIGURES - COINS],
}

impl Figures {
    fn of(row: &ParticipantRow) -> Self {
        let standing = (row.status as u64) << 4 | row.reason as u64;
        Self {
            coins: [row.work_coins, row.cost, row.reward, row.forfeited, row.slashed],
            counts: [
                row.busy_ns,
                row.inferences,
                row.missed,
                row.validated,
                row.checked,
                row.validations_required,
                row.validations_done,
                row.cheated,
                row.invalidated,
                row.weight,
                u64::from(row.reputation) << 8 | standing,
            ],
        }
    }

    fn row(&self, epoch: u32, participant: u32) -> ParticipantRow {
        let [work_coins, cost, reward, forfeited, slashed] = self.coins;
        let [
            busy_ns,
            inferences,
            missed,
            validated,
            checked,
            required,
            done,
            cheated,
            invalidated,
            weight,
            standing,
        ] = self.counts;
        ParticipantRow {
            epoch,
            participant,
            weight,
            reputation: (standing >> 8) as u8,
            status: Status::ALL[(standing >> 4 & 15) as usize],
            reason: StatusReason::ALL[(standing & 15) as usize],
            inferences,
            missed,
            validated,
            invalidated,
            checked,
            cheated,
            validations_required: required,
            validations_done: done,
            work_coins,
            reward,
            forfeited,
            slashed,
            cost,
            busy_ns,
        }
    }
}

/// What the next row is told from: nothing at the beginning of a piece.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Last {
    epoch: u32,
    participant: u32,
    figures: Figures,
}

/// Rows of participants, packed.
#[derive(Clone, Debug, Default)]
pub struct ParticipantTable {
    pieces: Vec<Vec<u8>>,
    rows: usize,
    /// The last row of the last piece.
    last: Last,
}

impl ParticipantTable {
    /// Number of rows.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is no row.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The rows in order.
    #[must_use]
    pub fn iter(&self) -> ParticipantRows<'_> {
        ParticipantRows {
            pieces: self.pieces.iter(),
            piece: Piece::default(),
        }
    }

    /// Appends a row.
    pub fn push(&mut self, row: &ParticipantRow) {
        match self.pieces.last() {
            Some(piece) if piece.len() < PIECE => {}
            full => {
                // A small table does not reserve what only a large one needs.
                let room = if full.is_some() { PIECE + ROW_MAX } else { 0 };
                self.pieces.push(Vec::with_capacity(room));
                self.last = Last::default();
            }
        }
        let figures = Figures::of(row);
        let mut packed = Packed::default();
        packed.put_row(row, &figures, &self.last);
        if let Some(piece) = self.pieces.last_mut() {
            piece.extend_from_slice(&packed.bytes[..packed.used]);
        }
        self.last = Last {
            epoch: row.epoch,
            participant: row.participant,
            figures,
        };
        self.rows += 1;
    }

    /// Appends another table's rows, without a copy.
    pub(crate) fn append(&mut self, mut other: Self) {
        if other.rows > 0 {
            self.pieces.append(&mut other.pieces);
            (self.rows, self.last) = (self.rows + other.rows, other.last);
        }
    }

    /// Changes every row, in order. There is never a second table: what has been read is gone.
    pub(crate) fn change(&mut self, mut change: impl FnMut(&mut ParticipantRow)) {
        let pieces = std::mem::take(self).pieces;
        for bytes in pieces {
            let mut piece = Piece {
                bytes: &bytes,
                last: Last::default(),
            };
            while !piece.bytes.is_empty() {
                let mut row = piece.next_row();
                change(&mut row);
                self.push(&row);
            }
        }
    }
}

/// A row being packed, with room for a figure that is written eight bytes at once.
struct Packed {
    bytes: [u8; ROW_MAX + 8],
    used: usize,
}

impl Default for Packed {
    fn default() -> Self {
        Self {
            bytes: [0; ROW_MAX + 8],
            used: 0,
        }
    }
}

impl Packed {
    fn put_row(&mut self, row: &ParticipantRow, figures: &Figures, last: &Last) {
        let mut differs = 0;
        for (bit, (now, before)) in figures.coins.iter().zip(&last.figures.coins).enumerate() {
            differs |= u64::from(now != before) << bit;
        }
        for (bit, (now, before)) in figures.counts.iter().zip(&last.figures.counts).enumerate() {
            differs |= u64::from(now != before) << (COINS + bit);
        }
        let is_next = (row.epoch, row.participant) == (last.epoch, last.participant.wrapping_add(1));
        self.put(differs | if is_next { 0 } else { ELSEWHERE });
        if !is_next {
            self.put(u64::from(row.epoch));
            self.put(u64::from(row.participant));
        }
        for (bit, &coins) in figures.coins.iter().enumerate() {
            if differs >> bit & 1 == 1 {
                self.put_signed(coins);
            }
        }
        for (bit, &count) in figures.counts.iter().enumerate() {
            if differs >> (COINS + bit) & 1 == 1 {
                self.put(count);
            }
        }
    }

    fn put_byte(&mut self, byte: u8) {
        self.bytes[self.used] = byte;
        self.used += 1;
    }

    /// Seven bits a byte, the least first; the high bit says that more follow.
    fn put(&mut self, mut value: u64) {
        if value < 0x80 {
            // Most figures: counts of what seldom happens.
            return self.put_byte(value as u8);
        }
        if value < 1 << SHORT_BITS {
            let bytes = (64 - (value | 1).leading_zeros()).div_ceil(7) as usize;
            let more = HIGH_BITS & !(u64::MAX << (8 * (bytes - 1)));
            let end = self.used + 8;
            self.bytes[self.used..end].copy_from_slice(&(spread(value) | more).to_le_bytes());
            self.used += bytes;
            return;
        }
        while value >= 0x80 {
            self.put_byte(value as u8 | 0x80);
            value >>= 7;
        }
        self.put_byte(value as u8);
    }

    /// Zigzag: small figures of either sign stay short.
    fn put_signed(&mut self, value: i128) {
        if let Ok(value) = i64::try_from(value) {
            return self.put(((value << 1) ^ (value >> 63)).cast_unsigned());
        }
        let mut value = ((value << 1) ^ (value >> 127)).cast_unsigned();
        while value > u128::from(u64::MAX) {
            self.put_byte(value as u8 | 0x80);
            value >>= 7;
        }
        self.put(value as u64);
    }
}

/// Rows of a [`ParticipantTable`], one after another.
#[derive(Clone, Debug)]
pub struct ParticipantRows<'a> {
    pieces: std::slice::Iter<'a, Vec<u8>>,
    piece: Piece<'a>,
}

/// What has not been read of a piece.
#[derive(Clone, Debug, Default)]
struct Piece<'a> {
    bytes: &'a [u8],
    last: Last,
}

impl Piece<'_> {
    fn next_row(&mut self) -> ParticipantRow {
        let differs = self.figure();
        if differs & ELSEWHERE == 0 {
            self.last.participant = self.last.participant.wrapping_add(1);
        } else {
            (self.last.epoch, self.last.participant) = (self.figure() as u32, self.figure() as u32);
        }
        for bit in 0..COINS {
            if differs >> bit & 1 == 1 {
                self.last.figures.coins[bit] = self.signed();
            }
        }
        for bit in COINS..FIGURES {
            if differs >> bit & 1 == 1 {
                self.last.figures.counts[bit - COINS] = self.figure();
            }
        }
        self.last.figures.row(self.last.epoch, self.last.participant)
    }

    fn byte(&mut self) -> u8 {
        let (first, rest) = self.bytes.split_first().expect("a row ends with its piece");
        self.bytes = rest;
        *first
    }

    /// A figure of eight bytes or fewer, read at once, unless its piece ends before.
    fn short(&mut self) -> Option<u64> {
        let (eight, _) = self.bytes.split_first_chunk::<8>()?;
        let word = u64::from_le_bytes(*eight);
        let ends = !word & HIGH_BITS;
        if ends == 0 {
            return None;
        }
        self.bytes = &self.bytes[ends.trailing_zeros() as usize / 8 + 1..];
        Some(gathered(word & (ends ^ (ends - 1)) & !HIGH_BITS))
    }

    fn figure(&mut self) -> u64 {
        if let Some(value) = self.short() {
            return value;
        }
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = self.byte();
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return value;
            }
        }
    }

    fn signed(&mut self) -> i128 {
        if let Some(value) = self.short() {
            return i128::from((value >> 1).cast_signed() ^ -((value & 1).cast_signed()));
        }
        let (mut low, mut shift) = (0_u64, 0);
        while shift < 63 {
            let byte = self.byte();
            low |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return i128::from((low >> 1).cast_signed() ^ -((low & 1).cast_signed()));
            }
        }
        self.wide(low)
    }

    /// The rest of an amount whose first 63 bits have been read.
    #[cold]
    fn wide(&mut self, low: u64) -> i128 {
        let (mut value, mut shift) = (u128::from(low), 63);
        loop {
            let byte = self.byte();
            value |= u128::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return (value >> 1).cast_signed() ^ -((value & 1).cast_signed());
            }
        }
    }
}

impl Iterator for ParticipantRows<'_> {
    type Item = ParticipantRow;

    fn next(&mut self) -> Option<ParticipantRow> {
        if self.piece.bytes.is_empty() {
            self.piece = Piece {
                bytes: self.pieces.next()?,
                last: Last::default(),
            };
        }
        Some(self.piece.next_row())
    }
}

impl<'a> IntoIterator for &'a ParticipantTable {
    type Item = ParticipantRow;
    type IntoIter = ParticipantRows<'a>;

    fn into_iter(self) -> ParticipantRows<'a> {
        self.iter()
    }
}

impl FromIterator<ParticipantRow> for ParticipantTable {
    fn from_iter<I: IntoIterator<Item = ParticipantRow>>(rows: I) -> Self {
        let mut table = Self::default();
        rows.into_iter().for_each(|row| table.push(&row));
        table
    }
}

/// Tables are equal if their rows are, wherever their pieces begin.
impl PartialEq for ParticipantTable {
    fn eq(&self, other: &Self) -> bool {
        self.rows == other.rows && self.iter().eq(other)
    }
}

impl Eq for ParticipantTable {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::plain_varint::plain_varint;

    fn row(number: u32) -> ParticipantRow {
        // Multiples of an odd constant, cut to widths from 0 to 63 bits.
        let figure = |at: u32| {
            let word = u64::from(number * 31 + at).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            word >> ((number + at) % 64)
        };
        let coins = |at| {
            i128::from(figure(at))
                * if number.is_multiple_of(3) {
                    -i128::from(i64::MAX)
                } else {
                    1
                }
        };
        ParticipantRow {
            epoch: 170 + number / 1_000,
            participant: number % 1_000 * 7,
            weight: figure(1),
            reputation: (number % 101) as u8,
            status: Status::ALL[number as usize % 4],
            reason: StatusReason::ALL[number as usize % 8],
            inferences: figure(2),
            missed: figure(3),
            validated: figure(4),
            invalidated: figure(5),
            checked: figure(6),
            cheated: figure(7),
            validations_required: figure(8),
            validations_done: figure(9),
            work_coins: coins(10),
            reward: coins(11),
            forfeited: coins(12),
            slashed: [i128::MIN, i128::MAX, 0][number as usize % 3],
            cost: coins(14),
            busy_ns: u64::MAX - figure(15),
        }
    }

    /// Every length, its ends and what lies between, against the plain way of seven bits a byte.
    #[test]
    fn a_figure_takes_the_bytes_of_the_plain_way() {
        let ends = (0..64).flat_map(|bits| [(1_u64 << bits) - 1, 1 << bits, (1 << bits) | 0x55]);
        for value in ends.chain([0, u64::MAX, 0x0123_4567_89ab_cdef]) {
            let mut packed = Packed::default();
            packed.put(value);
            let bytes = &packed.bytes[..packed.used];
            assert_eq!(bytes, plain_varint(value), "{value:#x}");
            // With and without enough bytes behind it to be read at once.
            for behind in [0, 8] {
                let piece = [bytes, &[0xff; 8][..behind]].concat();
                let mut rows = Piece {
                    bytes: &piece,
                    last: Last::default(),
                };
                assert_eq!((rows.figure(), rows.bytes.len()), (value, behind), "{value:#x}");
            }
        }
    }

    /// A host that served a little and was checked, after one of its kind: its counts, its coins and what differs.
    #[test]
    fn a_row_like_the_last_takes_an_eighth_of_its_size() {
        let alike = |number: u32| ParticipantRow {
            participant: number,
            epoch: 170,
            weight: 1_000,
            reward: 314_670_897,
            forfeited: 0,
            slashed: 0,
            cost: 0,
            cheated: 0,
            invalidated: 0,
            missed: 0,
            work_coins: 7_654_321 + i128::from(number),
            busy_ns: 300_000_000_000 + u64::from(number),
            inferences: 40 + u64::from(number % 20),
            validated: u64::from(number % 4),
            checked: u64::from(number % 3),
            validations_required: u64::from(number % 5),
            validations_done: u64::from(number % 5),
            ..row(0)
        };
        let table: ParticipantTable = (0..10_000).map(alike).collect();
        let bytes: usize = table.pieces.iter().map(Vec::len).sum();
        assert!(bytes <= 10_000 * size_of::<ParticipantRow>() / 8, "{bytes}");
        assert!(table.iter().eq((0..10_000).map(alike)));
    }

    #[test]
    fn a_table_of_changed_and_joined_rows_is_that_of_the_rows() {
        let rows: Vec<_> = (0..9_000).map(row).collect();
        let changed = |mut row: ParticipantRow| {
            row.missed ^= u64::from(row.participant);
            row
        };
        let mut table: ParticipantTable = rows[..4_000].iter().cloned().collect();
        table.append(ParticipantTable::default());
        table.append(rows[4_000..8_000].iter().cloned().collect());
        table.push(&rows[8_000]);
        table.change(|row| *row = changed(row.clone()));
        rows[8_001..].iter().for_each(|row| table.push(row));
        let expected = rows[..=8_000].iter().cloned().map(changed);
        assert!(table.iter().eq(expected.chain(rows[8_001..].iter().cloned())));
        assert_eq!(table.len(), rows.len());
    }

    #[test]
    fn rows_come_out_as_they_went_in() {
        let rows: Vec<_> = (0..9_000).map(row).collect();
        let table: ParticipantTable = rows.iter().cloned().collect();
        assert!(table.pieces.len() > 2, "several pieces");
        assert_eq!(table.len(), rows.len());
        assert_eq!(table.iter().collect::<Vec<_>>(), rows);
        assert!(ParticipantTable::default().iter().next().is_none());
        let mut other = rows.clone();
        other[8_999].cost += 1;
        assert_ne!(table, other.into_iter().collect());
    }
}

//! Participants' rows in a fifth of their size.
//!
//! A row of twenty figures is 208 bytes in memory, and most of its figures are small: here each takes as many
//! bytes as it needs. A million participants' epoch takes about forty bytes each.
//!
//! **Invariant.** Rows come out as they went in, in the same order, whatever their figures are.

use stakeout_protocol::status::{Status, StatusReason};

use super::frame::ParticipantRow;

/// Bytes after which a new piece begins: a table grows without copying what it has.
const PIECE: usize = 1 << 18;
/// No row is longer: thirteen figures of 64 bits, five of 128, two bytes.
const ROW_MAX: usize = 13 * 10 + 5 * 19 + 2;

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

/// Rows of participants, packed.
#[derive(Clone, Debug, Default)]
pub struct ParticipantTable {
    pieces: Vec<Vec<u8>>,
    rows: usize,
    /// Epoch and participant of the last row of the last piece.
    last: (u32, u32),
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
            piece: &[],
            last: (0, 0),
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
                self.last = (0, 0);
            }
        }
        let mut packed = Packed::default();
        packed.put_signed(i128::from(row.epoch) - i128::from(self.last.0));
        packed.put_signed(i128::from(row.participant) - i128::from(self.last.1) - 1);
        packed.put_byte(row.reputation);
        packed.put_byte((row.status as u8) << 4 | row.reason as u8);
        for figure in figures(row) {
            packed.put(figure);
        }
        for coins in [row.work_coins, row.reward, row.forfeited, row.slashed, row.cost] {
            packed.put_signed(coins);
        }
        if let Some(piece) = self.pieces.last_mut() {
            piece.extend_from_slice(&packed.bytes[..packed.used]);
        }
        self.last = (row.epoch, row.participant);
        self.rows += 1;
    }
}

fn figures(row: &ParticipantRow) -> [u64; 10] {
    [
        row.weight,
        row.inferences,
        row.missed,
        row.validated,
        row.invalidated,
        row.checked,
        row.cheated,
        row.validations_required,
        row.validations_done,
        row.busy_ns,
    ]
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
    piece: &'a [u8],
    last: (u32, u32),
}

impl ParticipantRows<'_> {
    fn byte(&mut self) -> u8 {
        let (first, rest) = self.piece.split_first().expect("a row ends with its piece");
        self.piece = rest;
        *first
    }

    /// A figure of eight bytes or fewer, read at once, unless its piece ends before.
    fn short(&mut self) -> Option<u64> {
        let (eight, _) = self.piece.split_first_chunk::<8>()?;
        let word = u64::from_le_bytes(*eight);
        let ends = !word & HIGH_BITS;
        if ends == 0 {
            return None;
        }
        self.piece = &self.piece[ends.trailing_zeros() as usize / 8 + 1..];
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
        if self.piece.is_empty() {
            self.piece = self.pieces.next()?;
            self.last = (0, 0);
        }
        let epoch = (i128::from(self.last.0) + self.signed()) as u32;
        let participant = (i128::from(self.last.1) + self.signed() + 1) as u32;
        self.last = (epoch, participant);
        let (reputation, standing) = (self.byte(), self.byte());
        let [
            weight,
            inferences,
            missed,
            validated,
            invalidated,
            checked,
            cheated,
            required,
            done,
            busy_ns,
        ] = std::array::from_fn(|_| self.figure());
        let [work_coins, reward, forfeited, slashed, cost] = std::array::from_fn(|_| self.signed());
        Some(ParticipantRow {
            epoch,
            participant,
            weight,
            reputation,
            status: Status::ALL[usize::from(standing >> 4)],
            reason: StatusReason::ALL[usize::from(standing & 15)],
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
        })
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
        let plain = |mut value: u64| {
            let mut bytes = Vec::new();
            while value >= 0x80 {
                bytes.push(value as u8 | 0x80);
                value >>= 7;
            }
            bytes.push(value as u8);
            bytes
        };
        let ends = (0..64).flat_map(|bits| [(1_u64 << bits) - 1, 1 << bits, (1 << bits) | 0x55]);
        for value in ends.chain([0, u64::MAX, 0x0123_4567_89ab_cdef]) {
            let mut packed = Packed::default();
            packed.put(value);
            let bytes = &packed.bytes[..packed.used];
            assert_eq!(bytes, plain(value), "{value:#x}");
            // With and without enough bytes behind it to be read at once.
            for behind in [0, 8] {
                let piece = [bytes, &[0xff; 8][..behind]].concat();
                let mut rows = ParticipantRows {
                    pieces: [].iter(),
                    piece: &piece,
                    last: (0, 0),
                };
                assert_eq!((rows.figure(), rows.piece.len()), (value, behind), "{value:#x}");
            }
        }
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

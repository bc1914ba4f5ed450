//! Participants' rows of an epoch that waits for its claims.
//!
//! Invariant: rows come out as they went in and in the same order, whether they are packed or not.

use crate::observe::frame::ParticipantRow;
use crate::observe::participant_table::ParticipantTable;

/// Up to so many rows (14 MB) are kept as they are; more are packed, which takes time and an eighth of the memory.
const FEW: usize = 1 << 16;

/// Rows in order of participant.
#[derive(Debug)]
pub(crate) enum SettledRows {
    /// As they are.
    Few(Vec<ParticipantRow>),
    /// Packed.
    Many(ParticipantTable),
}

impl Default for SettledRows {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl SettledRows {
    /// Room for the rows of so many participants, in `buffer` if they are few.
    pub(super) fn new(participants: usize, buffer: Vec<ParticipantRow>) -> Self {
        if participants > FEW {
            return Self::Many(ParticipantTable::default());
        }
        debug_assert!(buffer.is_empty(), "the last epoch's rows have been taken");
        Self::Few(buffer)
    }

    /// Appends a row.
    pub(super) fn push(&mut self, row: ParticipantRow) {
        match self {
            Self::Few(rows) => rows.push(row),
            Self::Many(rows) => rows.push(&row),
        }
    }

    /// The rows in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = ParticipantRow> {
        let (few, many) = match self {
            Self::Few(rows) => (&rows[..], None),
            Self::Many(rows) => (&[][..], Some(rows)),
        };
        few.iter().cloned().chain(many.into_iter().flatten())
    }

    /// Changes every row, in order.
    pub(super) fn change(&mut self, change: impl FnMut(&mut ParticipantRow)) {
        match self {
            Self::Few(rows) => rows.iter_mut().for_each(change),
            Self::Many(rows) => rows.change(change),
        }
    }

    /// Appends the rows to a table; their memory is left.
    pub(super) fn move_to(self, table: &mut ParticipantTable) -> Vec<ParticipantRow> {
        match self {
            Self::Few(mut rows) => {
                rows.drain(..).for_each(|row| table.push(&row));
                rows
            }
            Self::Many(rows) => {
                table.append(rows);
                Vec::new()
            }
        }
    }
}

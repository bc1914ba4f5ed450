//! Where two runs part.
//!
//! Invariant: the events before the parting are equal in both logs; the chain that leads there is told from the
//! first side, and from the second where the first ends.

use std::path::Path;

use super::log_entry::{LogEntry, NO_CAUSE};
use super::log_reader::LogReader;
use crate::observe::results_error::ResultsError;

/// Links of a chain of causes that are followed back.
const LINKS_MAX: usize = 64;

/// The first event at which two logs differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parting {
    /// Its number.
    pub number: u64,
    /// What one log holds there, if it goes that far.
    pub left: Option<LogEntry>,
    /// What the other holds.
    pub right: Option<LogEntry>,
    /// What led there in each log: number and event, the oldest first.
    pub causes: [Vec<(u64, LogEntry)>; 2],
}

/// Finds where the logs of a replicate of two runs part; `None` if they are equal.
///
/// # Errors
/// A log that cannot be read.
pub fn find_parting(left: &Path, right: &Path, replicate: u32) -> Result<Option<Parting>, ResultsError> {
    let mut sides = [
        LogReader::open(left, replicate)?,
        LogReader::open(right, replicate)?,
    ];
    let mut number = 0;
    loop {
        let [first, second] = &mut sides;
        let (one, other) = (first.next().transpose()?, second.next().transpose()?);
        if one.is_none() && other.is_none() {
            return Ok(None);
        }
        if one != other {
            let causes = [follow(left, replicate, one)?, follow(right, replicate, other)?];
            return Ok(Some(Parting {
                number,
                left: one,
                right: other,
                causes,
            }));
        }
        number += 1;
    }
}

/// The events that one follows from, the oldest first.
fn follow(
    path: &Path,
    replicate: u32,
    entry: Option<LogEntry>,
) -> Result<Vec<(u64, LogEntry)>, ResultsError> {
    let mut chain = Vec::new();
    let mut cause = entry.map_or(NO_CAUSE, |entry| entry.cause);
    while cause != NO_CAUSE && chain.len() < LINKS_MAX {
        let Some(found) = LogReader::open(path, replicate)?.entry(cause)? else {
            break;
        };
        chain.push((cause, found));
        cause = found.cause;
    }
    chain.reverse();
    Ok(chain)
}

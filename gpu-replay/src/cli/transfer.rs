//! `transfer`: thresholds of one measurement tried on the honest answers of another, and back.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::derive::{Rulers, ScoreSheet, TransferRow, kept, transfer};
use crate::error::{ReplayError, Result};
use crate::model::read_small_bytes;
use crate::report::transfer_page;

/// Rate that thresholds are fixed for.
const ALPHA: f64 = 0.01;
/// The file of a measurement's honest scores.
pub const HONEST_SCORES: &str = "honest.scores";

/// Try the thresholds of each measurement on the others.
#[derive(Args, Debug)]
pub struct Transfer {
    /// Folders of finished measurements, two or more: what `run` or `demo` wrote, or gpu-replay/results/NAME
    #[arg(num_args = 2..=8, required = true)]
    folders: Vec<PathBuf>,
    /// File for the table; without it, it is printed
    #[arg(long)]
    out: Option<PathBuf>,
}

/// A measurement's name, sheet and rulers.
struct Side {
    name: String,
    sheet: ScoreSheet,
    rulers: Rulers,
}

impl Side {
    fn of(folder: &Path) -> Result<Side> {
        let path = folder.join(HONEST_SCORES);
        let place = path.display().to_string();
        let (name, mut sheet) = kept(&read_small_bytes(&path)?, &place)?;
        let rulers =
            Rulers::of(&mut sheet).ok_or_else(|| ReplayError::Usage(format!("{place}: no thresholds")))?;
        Ok(Side { name, sheet, rulers })
    }

    fn tried_on(&self, other: &Side) -> Vec<TransferRow> {
        transfer(
            (&self.name, &self.rulers, &self.sheet),
            (&other.name, &other.sheet),
            ALPHA,
        )
    }
}

/// The page of thresholds of each folder's measurement tried on each other's honest answers.
///
/// # Errors
/// A folder holds no honest scores, or no two have answers judged at the same length.
pub fn page(folders: &[PathBuf]) -> Result<String> {
    let sides = folders
        .iter()
        .map(|folder| Side::of(folder))
        .collect::<Result<Vec<_>>>()?;
    let mut rows = Vec::new();
    for (at, from) in sides.iter().enumerate() {
        let others = sides.iter().enumerate().filter(|(other, _)| *other != at);
        rows.extend(others.flat_map(|(_, to)| from.tried_on(to)));
    }
    if rows.is_empty() {
        return Err(ReplayError::Usage(
            "no two of them have answers judged at the same length".into(),
        ));
    }
    Ok(transfer_page(&rows))
}

impl Transfer {
    /// Prints or writes the table.
    ///
    /// # Errors
    /// A folder holds no finished measurement, or the file cannot be written.
    pub fn run(self) -> Result<()> {
        let page = page(&self.folders)?;
        match self.out {
            Some(path) => std::fs::write(&path, page).map_err(|error| ReplayError::io(&path, error)),
            None => {
                print!("{page}");
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_table_is_what_the_committed_scores_say() {
        let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/transfer");
        let folders = ["demo-large", "demo-small", "smollm2-135m"].map(|name| results.join(name));
        let committed = std::fs::read_to_string(results.join("report.md")).expect("committed");
        assert_eq!(page(&folders).expect("scores"), committed);
    }
}

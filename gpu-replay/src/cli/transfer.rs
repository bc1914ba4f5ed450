//! `transfer`: thresholds of one measurement tried on the honest answers of another, and back.

use std::path::PathBuf;

use clap::Args;

use crate::derive::{Rulers, ScoreSheet, TransferRow, transfer};
use crate::error::{ReplayError, Result};
use crate::measure::finished;
use crate::report::transfer_page;

/// Rate that thresholds are fixed for.
const ALPHA: f64 = 0.01;

/// Try the thresholds of one measurement on another model, and back.
#[derive(Args, Debug)]
pub struct Transfer {
    /// Folder of a finished measurement
    one: PathBuf,
    /// Folder of another
    other: PathBuf,
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
    fn of(folder: &std::path::Path) -> Result<Side> {
        let (plan, answers) = finished(folder)?;
        let mut sheet = ScoreSheet::of(&answers);
        let rulers = Rulers::of(&mut sheet)
            .ok_or_else(|| ReplayError::Usage(format!("{}: no honest answers", folder.display())))?;
        Ok(Side {
            name: plan.name,
            sheet,
            rulers,
        })
    }

    fn tried_on(&self, other: &Side) -> Vec<TransferRow> {
        transfer(
            (&self.name, &self.rulers, &self.sheet),
            (&other.name, &other.sheet),
            ALPHA,
        )
    }
}

impl Transfer {
    /// Prints or writes the table.
    ///
    /// # Errors
    /// A folder holds no finished measurement, or the file cannot be written.
    pub fn run(self) -> Result<()> {
        let (one, other) = (Side::of(&self.one)?, Side::of(&self.other)?);
        let mut rows = one.tried_on(&other);
        rows.extend(other.tried_on(&one));
        if rows.is_empty() {
            return Err(ReplayError::Usage(
                "the two have no length of answers in common".into(),
            ));
        }
        let page = transfer_page(&rows);
        match self.out {
            Some(path) => std::fs::write(&path, page).map_err(|error| ReplayError::io(&path, error)),
            None => {
                print!("{page}");
                Ok(())
            }
        }
    }
}

//! The columnar files of a run as plain vectors, read and sorted by polars.
//!
//! **Invariant.** Every frame is read whole, sorted by its keys and holds money as integers; polars adds
//! nothing up.

use std::fs::File;
use std::path::Path;

use polars::prelude::*;

use crate::error::ReportError;

/// `epochs.parquet`, as far as a report needs it; sorted by replicate and epoch.
#[derive(Clone, Debug, Default)]
pub struct EpochFrame {
    /// Replicate.
    pub replicate: Vec<u32>,
    /// Epoch number of the network.
    pub epoch: Vec<u32>,
    /// Finished inferences.
    pub finished: Vec<u64>,
    /// Finished inferences for which a validator was drawn.
    pub checked: Vec<u64>,
    /// Sum of target sampling rates, parts per 10^9.
    pub nominal_rate_sum_ppb: Vec<i128>,
}

/// `participants.parquet`, as far as a report needs it; sorted by replicate, epoch and participant.
#[derive(Clone, Debug, Default)]
pub struct ParticipantFrame {
    /// Replicate.
    pub replicate: Vec<u32>,
    /// Epoch number of the network.
    pub epoch: Vec<u32>,
    /// Index of the participant.
    pub participant: Vec<u32>,
    /// Strategy of each row, an index into `strategies`.
    pub strategy: Vec<usize>,
    /// Names of the strategies, in the order in which they first occur.
    pub strategies: Vec<String>,
    /// Effective weight.
    pub weight: Vec<u64>,
    /// Reputation, 0 to 100.
    pub reputation: Vec<u32>,
    /// Finished inferences.
    pub inferences: Vec<u64>,
    /// Answers served by a substitute.
    pub cheated: Vec<u64>,
    /// Work coins and reward less cost and slashing, base units.
    pub profit: Vec<i128>,
}

/// `convictions.parquet`, as far as a report needs it; sorted by replicate and participant.
#[derive(Clone, Debug, Default)]
pub struct ConvictionFrame {
    /// Replicate.
    pub replicate: Vec<u32>,
    /// Index of the participant.
    pub participant: Vec<u32>,
    /// Answers finished until the conviction.
    pub answers: Vec<u64>,
}

impl EpochFrame {
    /// Reads it from a run directory.
    ///
    /// # Errors
    /// A file that is missing, unreadable or lacks a column.
    pub fn read(directory: &Path) -> Result<Self, ReportError> {
        let keys = ["replicate", "epoch"];
        let table = Table::read(
            directory,
            "epochs.parquet",
            &keys,
            &["finished", "checked", "nominal_rate_sum_ppb"],
        )?;
        Ok(Self {
            replicate: table.u32("replicate")?,
            epoch: table.u32("epoch")?,
            finished: table.u64("finished")?,
            checked: table.u64("checked")?,
            nominal_rate_sum_ppb: table.wide("nominal_rate_sum_ppb")?,
        })
    }
}

impl ParticipantFrame {
    /// Reads it from a run directory.
    ///
    /// # Errors
    /// A file that is missing, unreadable or lacks a column.
    pub fn read(directory: &Path) -> Result<Self, ReportError> {
        let keys = ["replicate", "epoch", "participant"];
        let plain = ["strategy", "weight", "reputation", "inferences", "cheated"];
        let income = ["work_coins_base_units", "reward_base_units"];
        let expense = ["cost_base_units", "slashed_base_units"];
        let all = [&plain[..], &income, &expense].concat();
        let table = Table::read(directory, "participants.parquet", &keys, &all)?;
        let (strategy, strategies) = table.names("strategy")?;
        let mut profit = vec![0_i128; strategy.len()];
        for (columns, sign) in [(income, 1), (expense, -1)] {
            for column in columns {
                let values = table.wide(column)?;
                profit
                    .iter_mut()
                    .zip(values)
                    .for_each(|(sum, value)| *sum = sum.saturating_add(sign * value));
            }
        }
        Ok(Self {
            replicate: table.u32("replicate")?,
            epoch: table.u32("epoch")?,
            participant: table.u32("participant")?,
            strategy,
            strategies,
            weight: table.u64("weight")?,
            reputation: table.u32("reputation")?,
            inferences: table.u64("inferences")?,
            cheated: table.u64("cheated")?,
            profit,
        })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.epoch.len()
    }

    /// There is no row.
    pub fn is_empty(&self) -> bool {
        self.epoch.is_empty()
    }
}

impl ConvictionFrame {
    /// Reads it from a run directory.
    ///
    /// # Errors
    /// A file that is missing, unreadable or lacks a column.
    pub fn read(directory: &Path) -> Result<Self, ReportError> {
        let table = Table::read(
            directory,
            "convictions.parquet",
            &["replicate", "participant"],
            &["answers"],
        )?;
        Ok(Self {
            replicate: table.u32("replicate")?,
            participant: table.u32("participant")?,
            answers: table.u64("answers")?,
        })
    }
}

/// One file in memory.
struct Table {
    path: std::path::PathBuf,
    frame: DataFrame,
}

impl Table {
    fn read(directory: &Path, name: &str, keys: &[&str], columns: &[&str]) -> Result<Self, ReportError> {
        let path = directory.join(name);
        let file = File::open(&path).map_err(|error| ReportError::io("read", &path, error))?;
        let wanted = keys.iter().chain(columns).map(ToString::to_string).collect();
        let order = SortMultipleOptions::default().with_maintain_order(true);
        let frame = ParquetReader::new(file)
            .with_columns(Some(wanted))
            .finish()
            .and_then(|frame| frame.sort(keys.iter().copied(), order))
            .map_err(|error| ReportError::broken(&path, error))?;
        Ok(Self { path, frame })
    }

    fn whole<T>(&self, name: &str, values: PolarsResult<Vec<Option<T>>>) -> Result<Vec<T>, ReportError> {
        let values = values.map_err(|error| ReportError::broken(&self.path, error))?;
        let missing = || ReportError::broken(&self.path, format!("column {name} has an empty cell"));
        values
            .into_iter()
            .map(|value| value.ok_or_else(missing))
            .collect()
    }

    fn u32(&self, name: &str) -> Result<Vec<u32>, ReportError> {
        self.whole(
            name,
            self.frame
                .column(name)
                .and_then(|c| Ok(c.u32()?.iter().collect())),
        )
    }

    fn u64(&self, name: &str) -> Result<Vec<u64>, ReportError> {
        self.whole(
            name,
            self.frame
                .column(name)
                .and_then(|c| Ok(c.u64()?.iter().collect())),
        )
    }

    fn wide(&self, name: &str) -> Result<Vec<i128>, ReportError> {
        self.whole(
            name,
            self.frame
                .column(name)
                .and_then(|c| Ok(c.decimal()?.physical().iter().collect())),
        )
    }

    /// Indices into the distinct names, in the order in which they first occur.
    fn names(&self, name: &str) -> Result<(Vec<usize>, Vec<String>), ReportError> {
        let text = |c: &Column| Ok(c.str()?.iter().map(|cell| cell.map(str::to_string)).collect());
        let cells = self.whole(name, self.frame.column(name).and_then(text))?;
        let mut distinct: Vec<String> = Vec::new();
        let index_of = |cell: String| {
            distinct
                .iter()
                .position(|known| *known == cell)
                .unwrap_or_else(|| {
                    distinct.push(cell);
                    distinct.len() - 1
                })
        };
        let indices = cells.into_iter().map(index_of).collect();
        Ok((indices, distinct))
    }
}

//! The replicates of a finished run, read back from its directory.
//!
//! **Invariant.** Only files that the manifest describes are read, and only with the columns that this
//! release writes: what comes back is what was simulated, or an error.

use std::fs::File;

use parquet::errors::ParquetError;
use parquet::file::reader::FileReader;
use parquet::record::{Row, RowAccessor};
use stakeout_protocol::status::{Status, StatusReason};

use super::cast::Cast;
use super::columns::Column;
use super::frame::{Conviction, EpochRow, ParticipantRow, RunOutput};
use super::parquet_source;
use super::replicate_state::{HISTOGRAMS, HISTOGRAMS_FILE, REPLICATES_FILE, ReplicateState, cell_columns};
use super::results_error::ResultsError;
use super::rows::{self, reason_name, status_name};
use super::run_archive::RunDirectory;

/// Largest file of replicates that is read, bytes.
const REPLICATES_MAX: u64 = 1 << 30;

impl RunDirectory {
    /// Every replicate of the run, ascending, as it was simulated.
    ///
    /// # Errors
    /// A file that is missing, changed since it was written, or of another release; a run with an event log,
    /// which is not read back.
    pub fn outputs(&self) -> Result<Vec<RunOutput>, ResultsError> {
        let broken = |reason: String| ResultsError::Broken {
            path: self.path().to_path_buf(),
            reason,
        };
        if self.has_events() {
            return Err(ResultsError::NotExtendable {
                path: self.path().to_path_buf(),
                reason: "it keeps an event log",
            });
        }
        if !self
            .manifest()
            .files
            .iter()
            .any(|file| file.name == REPLICATES_FILE)
        {
            return Err(ResultsError::NotExtendable {
                path: self.path().to_path_buf(),
                reason: "the release that made it did not keep what that needs",
            });
        }
        let changed = self.changed_files()?;
        if !changed.is_empty() {
            return Err(broken(format!("changed since the run: {}", changed.join(", "))));
        }
        let text = self.read_file(REPLICATES_FILE, REPLICATES_MAX)?;
        let states: Vec<ReplicateState> =
            serde_json::from_slice(&text).map_err(|error| broken(format!("{REPLICATES_FILE}: {error}")))?;
        if !states.is_sorted_by(|a, b| a.replicate < b.replicate) {
            return Err(broken(format!("{REPLICATES_FILE}: replicates are not in order")));
        }
        let mut outputs = self.without_rows(&states)?;
        self.read_rows(
            "epochs.parquet",
            &rows::epoch_columns(0, &[]),
            &mut outputs,
            |o, cells| {
                o.epochs.push(epoch_row(cells)?);
                Ok(())
            },
        )?;
        let cast = Cast::default();
        let shape = rows::participant_columns(&cast, 0, &[]);
        self.read_rows("participants.parquet", &shape, &mut outputs, |o, cells| {
            o.participants.push(&participant_row(cells)?);
            Ok(())
        })?;
        let shape = rows::conviction_columns(&cast, 0, &[]);
        self.read_rows("convictions.parquet", &shape, &mut outputs, |o, cells| {
            o.convictions.push(conviction(cells)?);
            Ok(())
        })?;
        Ok(outputs)
    }

    /// The replicates with their histograms and no rows.
    fn without_rows(&self, states: &[ReplicateState]) -> Result<Vec<RunOutput>, ResultsError> {
        let mut cells = vec![<[Vec<(u64, u64)>; HISTOGRAMS.len()]>::default(); states.len()];
        self.each_row(HISTOGRAMS_FILE, &cell_columns(0, &[]), |replicate, row| {
            let figure = row.text()?;
            let at = found(
                replicate,
                states.binary_search_by_key(&replicate, |state| state.replicate),
            )?;
            let histogram = HISTOGRAMS
                .iter()
                .position(|&(name, _)| name == figure)
                .ok_or_else(|| ParquetError::General(format!("there is no histogram `{figure}`")))?;
            let (least, _width, count) = (row.number()?, row.number()?, row.number()?);
            cells[at][histogram].push((least, count));
            Ok(())
        })?;
        let restored = states
            .iter()
            .zip(&cells)
            .map(|(state, cells)| state.restore(cells));
        restored
            .collect::<Result<_, _>>()
            .map_err(|reason| ResultsError::Broken {
                path: self.path().join(REPLICATES_FILE),
                reason,
            })
    }

    /// Hands each row of a file to the replicate that it belongs to.
    fn read_rows(
        &self,
        name: &str,
        shape: &[Column<'_>],
        outputs: &mut [RunOutput],
        mut take: impl FnMut(&mut RunOutput, &mut Cells<'_>) -> Result<(), ParquetError>,
    ) -> Result<(), ResultsError> {
        self.each_row(name, shape, |replicate, cells| {
            let at = found(
                replicate,
                outputs.binary_search_by_key(&replicate, |output| output.replicate),
            )?;
            take(&mut outputs[at], cells)
        })
    }

    /// Hands the rows of one file to `take`, each with its replicate and the cells after it.
    fn each_row(
        &self,
        name: &str,
        shape: &[Column<'_>],
        mut take: impl FnMut(u32, &mut Cells<'_>) -> Result<(), ParquetError>,
    ) -> Result<(), ResultsError> {
        let path = self.path().join(name);
        let file = ResultsError::wrap("read", &path, File::open(&path))?;
        let read = || {
            let reader = parquet_source::open(file, u64::MAX)?;
            let schema = reader.metadata().file_metadata().schema_descr();
            let found: Vec<&str> = schema.columns().iter().map(|column| column.name()).collect();
            if found.iter().ne(shape.iter().map(|column| &column.name)) {
                let reason = format!("columns of another release: {}", found.join(", "));
                return Err(ParquetError::General(reason));
            }
            for row in reader.get_row_iter(None)? {
                let row = row?;
                let mut cells = Cells { row: &row, next: 0 };
                let replicate = cells.index()?;
                take(replicate, &mut cells)?;
            }
            Ok(())
        };
        ResultsError::decode(&path, read)
    }
}

fn found(replicate: u32, search: Result<usize, usize>) -> Result<usize, ParquetError> {
    search.map_err(|_| ParquetError::General(format!("there is no replicate {replicate}")))
}

/// The cells of a row, one after the other.
struct Cells<'a> {
    row: &'a Row,
    next: usize,
}

impl Cells<'_> {
    fn step(&mut self) -> usize {
        self.next += 1;
        self.next - 1
    }

    fn index(&mut self) -> Result<u32, ParquetError> {
        let at = self.step();
        self.row.get_uint(at)
    }

    fn number(&mut self) -> Result<u64, ParquetError> {
        let at = self.step();
        self.row.get_ulong(at)
    }

    fn text(&mut self) -> Result<&str, ParquetError> {
        let at = self.step();
        self.row.get_string(at).map(String::as_str)
    }

    fn wide(&mut self) -> Result<i128, ParquetError> {
        let at = self.step();
        let decimal = self.row.get_decimal(at)?;
        let bytes = <[u8; 16]>::try_from(decimal.data());
        bytes
            .map(i128::from_be_bytes)
            .map_err(|_| ParquetError::General("a decimal is not of 16 bytes".to_string()))
    }

    fn sum(&mut self) -> Result<u128, ParquetError> {
        let wide = self.wide()?;
        u128::try_from(wide).map_err(|_| ParquetError::General(format!("the sum {wide} is negative")))
    }

    /// Passes over what is a name of something else.
    fn skip(&mut self, cells: usize) {
        self.next += cells;
    }
}

/// The row as [`rows::epoch_columns`] wrote it; a struct literal evaluates its fields in the order written.
fn epoch_row(cells: &mut Cells<'_>) -> Result<EpochRow, ParquetError> {
    Ok(EpochRow {
        epoch: cells.index()?,
        requests: cells.number()?,
        refused: cells.number()?,
        unassigned: cells.number()?,
        finished: cells.number()?,
        expired: cells.number()?,
        nominal_rate_ppb_sum: cells.sum()?,
        checked: cells.number()?,
        validations_drawn: cells.number()?,
        passed: cells.number()?,
        failed: cells.number()?,
        disputes: cells.number()?,
        disputes_capped: cells.number()?,
        invalidated: cells.number()?,
        revalidated: cells.number()?,
        undecided: cells.number()?,
        cheated: cells.number()?,
        honest_invalidated: cells.number()?,
        convictions: cells.number()?,
        honest_convictions: cells.number()?,
        deactivations: cells.number()?,
        missed_work_failures: cells.number()?,
        claims_rejected: cells.number()?,
        power_capped: cells.number()?,
        clients_told: cells.number()?,
        work_coins: cells.wide()?,
        refunds: cells.wide()?,
        rewards: cells.wide()?,
        forfeited: cells.wide()?,
        governance: cells.wide()?,
        burned: cells.wide()?,
        slashed: cells.wide()?,
        debts_recovered: cells.wide()?,
        issued: cells.wide()?,
        service_ns: cells.sum()?,
        verification_ns: cells.sum()?,
        price_micro: cells.number()?,
    })
}

/// The row as [`rows::participant_columns`] wrote it.
fn participant_row(cells: &mut Cells<'_>) -> Result<ParticipantRow, ParquetError> {
    let (epoch, participant) = (cells.index()?, cells.index()?);
    cells.skip(3);
    Ok(ParticipantRow {
        epoch,
        participant,
        weight: cells.number()?,
        reputation: small(cells.index()?)?,
        status: status_of(cells.text()?)?,
        reason: reason_of(cells.text()?)?,
        inferences: cells.number()?,
        missed: cells.number()?,
        validated: cells.number()?,
        invalidated: cells.number()?,
        checked: cells.number()?,
        cheated: cells.number()?,
        validations_required: cells.number()?,
        validations_done: cells.number()?,
        work_coins: cells.wide()?,
        reward: cells.wide()?,
        forfeited: cells.wide()?,
        slashed: cells.wide()?,
        cost: cells.wide()?,
        busy_ns: cells.number()?,
    })
}

/// The row as [`rows::conviction_columns`] wrote it.
fn conviction(cells: &mut Cells<'_>) -> Result<Conviction, ParquetError> {
    let participant = cells.index()?;
    cells.skip(3);
    Ok(Conviction {
        participant,
        epoch: cells.index()?,
        height: cells.number()?,
        time_ns: cells.number()?,
        answers: cells.number()?,
        cheated: cells.number()?,
        reason: reason_of(cells.text()?)?,
    })
}

fn small(number: u32) -> Result<u8, ParquetError> {
    u8::try_from(number).map_err(|_| ParquetError::General(format!("{number} is no reputation")))
}

fn status_of(name: &str) -> Result<Status, ParquetError> {
    Status::ALL
        .into_iter()
        .find(|status| status_name(*status) == name)
        .ok_or_else(|| ParquetError::General(format!("there is no status `{name}`")))
}

fn reason_of(name: &str) -> Result<StatusReason, ParquetError> {
    StatusReason::ALL
        .into_iter()
        .find(|reason| reason_name(*reason) == name)
        .ok_or_else(|| ParquetError::General(format!("there is no reason `{name}`")))
}

//! What a run directory keeps of each replicate beside its rows, so that a finished run can be extended.
//!
//! **Invariant.** A replicate that was written and read back is the replicate that was simulated: rows,
//! digest, stages, balances and histograms are equal, so a run extended from 20 to 40 replicates has the
//! bytes of a run of 40.

use serde::{Deserialize, Serialize};
use stakeout_kernel::histogram::LogHistogram;

use super::columns::{Column, Values, column};
use super::frame::{ACCOUNTS, ParticipantTable, RunOutput, StageHeights};

/// Name of the file with one entry a replicate.
pub const REPLICATES_FILE: &str = "replicates.json";
/// Name of the file with the histograms' cells.
pub const HISTOGRAMS_FILE: &str = "histograms.parquet";

/// The histograms of a replicate: name, and how to reach it.
pub(super) const HISTOGRAMS: [(&str, fn(&mut RunOutput) -> &mut LogHistogram); 4] = [
    ("latency_ns", |o| &mut o.latency),
    ("sojourn_ns", |o| &mut o.sojourn),
    ("waiting_ns", |o| &mut o.waiting),
    ("answers_to_detection", |o| &mut o.answers_to_detection),
];

/// One replicate without its rows and its histograms' cells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplicateState {
    /// Replicate number.
    pub replicate: u32,
    /// Digest, lower-case hex.
    pub digest: String,
    /// Blocks simulated.
    pub blocks: u64,
    /// Simulated time, nanoseconds.
    pub time_ns: u64,
    /// Inferences still open at the end.
    pub open: u64,
    /// Heights of the stages, an epoch each: epoch, proof of compute, settlement, group, activation, claim.
    pub stages: Vec<[u64; 6]>,
    /// Balances at the end: kind of account and base units as text.
    pub balances: Vec<(String, String)>,
    /// Sum, minimum and maximum of each histogram, in the order of the histograms' file; the sum as text.
    pub extents: Vec<(String, u64, u64)>,
}

impl ReplicateState {
    /// What is written of a replicate.
    pub fn of(output: &RunOutput) -> Self {
        let stage = |s: &StageHeights| {
            let epoch = u64::from(s.epoch);
            [
                epoch,
                s.poc_start,
                s.settlement,
                s.group_created,
                s.activation,
                s.claim,
            ]
        };
        let extent = |h: &LogHistogram| (h.sum().to_string(), h.min().unwrap_or(0), h.max().unwrap_or(0));
        Self {
            replicate: output.replicate,
            digest: output.digest.clone(),
            blocks: output.blocks,
            time_ns: output.time_ns,
            open: output.open,
            stages: output.stages.iter().map(stage).collect(),
            balances: output
                .balances
                .iter()
                .map(|(kind, units)| ((*kind).to_string(), units.to_string()))
                .collect(),
            extents: histograms(output).map(extent).to_vec(),
        }
    }

    /// The replicate without rows, its histograms filled from `cells` (least value and count, by histogram).
    /// The error says what does not fit.
    pub(super) fn restore(&self, cells: &[Vec<(u64, u64)>; HISTOGRAMS.len()]) -> Result<RunOutput, String> {
        let mut output = RunOutput {
            replicate: self.replicate,
            digest: self.digest.clone(),
            blocks: self.blocks,
            time_ns: self.time_ns,
            epochs: Vec::new(),
            participants: ParticipantTable::default(),
            convictions: Vec::new(),
            stages: self.stages.iter().map(stage_of).collect::<Result<_, _>>()?,
            latency: LogHistogram::new(),
            sojourn: LogHistogram::new(),
            waiting: LogHistogram::new(),
            answers_to_detection: LogHistogram::new(),
            balances: self.balances.iter().map(balance_of).collect::<Result<_, _>>()?,
            open: self.open,
            events: None,
        };
        if self.extents.len() != HISTOGRAMS.len() {
            return Err(format!(
                "replicate {}: not {} histograms",
                self.replicate,
                HISTOGRAMS.len()
            ));
        }
        for (((_, of), cells), (sum, min, max)) in HISTOGRAMS.iter().zip(cells).zip(&self.extents) {
            let sum = sum
                .parse()
                .map_err(|_| format!("`{sum}` is no sum of a histogram"))?;
            let mut counted = LogHistogram::new();
            cells
                .iter()
                .for_each(|&(least, count)| counted.record_many(least, count));
            *of(&mut output) = LogHistogram::from_parts(counted.counts().to_vec(), sum, *min, *max);
        }
        Ok(output)
    }
}

fn histograms(output: &RunOutput) -> [&LogHistogram; HISTOGRAMS.len()] {
    [
        &output.latency,
        &output.sojourn,
        &output.waiting,
        &output.answers_to_detection,
    ]
}

fn stage_of(heights: &[u64; 6]) -> Result<StageHeights, String> {
    let [epoch, poc_start, settlement, group_created, activation, claim] = *heights;
    Ok(StageHeights {
        epoch: u32::try_from(epoch).map_err(|_| format!("there is no epoch {epoch}"))?,
        poc_start,
        settlement,
        group_created,
        activation,
        claim,
    })
}

fn balance_of((kind, units): &(String, String)) -> Result<(&'static str, i128), String> {
    let account = ACCOUNTS
        .into_iter()
        .find(|account| account == kind)
        .ok_or_else(|| format!("there is no kind of account `{kind}`"))?;
    let units = units.parse().map_err(|_| format!("`{units}` is no amount"))?;
    Ok((account, units))
}

/// One occupied cell of one histogram of one replicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CellRow {
    pub figure: &'static str,
    pub least: u64,
    pub width: u64,
    pub count: u64,
}

/// The occupied cells of a replicate's histograms.
pub(super) fn cell_rows(output: &RunOutput) -> Vec<CellRow> {
    let named = HISTOGRAMS
        .iter()
        .map(|(figure, _)| *figure)
        .zip(histograms(output));
    named
        .flat_map(|(figure, histogram)| {
            histogram.cells().map(move |(least, width, count)| CellRow {
                figure,
                least,
                width,
                count,
            })
        })
        .collect()
}

/// One cell a row; an empty cell has none.
pub(super) fn cell_columns(replicate: u32, rows: &[CellRow]) -> Vec<Column<'static>> {
    let counts = |f: fn(&CellRow) -> u64| Values::U64(rows.iter().map(f).collect());
    vec![
        column("replicate", Values::U32(vec![replicate; rows.len()])),
        column(
            "figure",
            Values::Text(rows.iter().map(|row| row.figure).collect()),
        ),
        column("least", counts(|row| row.least)),
        column("width", counts(|row| row.width)),
        column("count", counts(|row| row.count)),
    ]
}

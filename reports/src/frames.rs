//! The columnar files of a run as plain vectors.
//!
//! **Invariant.** Every frame is read whole, sorted by its keys and holds money as integers.

use std::path::Path;

use crate::columns::Columns;
use crate::error::ReportError;

/// Everything that is drawn of a run.
#[derive(Clone, Debug, Default)]
pub struct Frames {
    /// `epochs.parquet`.
    pub epochs: EpochFrame,
    /// `participants.parquet`.
    pub participants: ParticipantFrame,
    /// `convictions.parquet`.
    pub convictions: ConvictionFrame,
    /// `histograms.parquet`; empty where a run has none.
    pub histograms: HistogramFrame,
}

impl Frames {
    /// Reads them from a run directory.
    ///
    /// # Errors
    /// A file that is missing, unreadable or lacks a column.
    pub fn read(directory: &Path) -> Result<Self, ReportError> {
        Ok(Self {
            epochs: EpochFrame::read(directory)?,
            participants: ParticipantFrame::read(directory)?,
            convictions: ConvictionFrame::read(directory)?,
            histograms: match directory.join("histograms.parquet").exists() {
                true => HistogramFrame::read(directory)?,
                false => HistogramFrame::default(),
            },
        })
    }
}

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
    /// Finished inferences that a substitute served.
    pub cheated: Vec<u64>,
    /// Sum of target sampling rates, parts per 10^9.
    pub nominal_rate_sum_ppb: Vec<i128>,
    /// Paid to executors and validators, base units.
    pub work_coins: Vec<i128>,
    /// Refunded to clients, base units.
    pub refunds: Vec<i128>,
    /// Rewards paid, base units.
    pub rewards: Vec<i128>,
    /// Rewards forfeited, base units.
    pub forfeited: Vec<i128>,
    /// Part of the issue that went to governance, base units.
    pub governance: Vec<i128>,
    /// Burned, base units.
    pub burned: Vec<i128>,
    /// Issued, base units.
    pub issued: Vec<i128>,
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
    /// Host of each row, an index into `hosts`.
    pub host: Vec<usize>,
    /// Names of the hosts.
    pub hosts: Vec<String>,
    /// Owner of each row, an index into `owners`.
    pub owner: Vec<usize>,
    /// Names of the owners.
    pub owners: Vec<String>,
    /// Strategy of each row, an index into `strategies`.
    pub strategy: Vec<usize>,
    /// Names of the strategies, in the order in which they first occur.
    pub strategies: Vec<String>,
    /// Status of each row at settlement, an index into `statuses`.
    pub status: Vec<usize>,
    /// Names of the statuses.
    pub statuses: Vec<String>,
    /// Effective weight.
    pub weight: Vec<u64>,
    /// Reputation, 0 to 100.
    pub reputation: Vec<u32>,
    /// Finished inferences.
    pub inferences: Vec<u64>,
    /// Answers invalidated.
    pub invalidated: Vec<u64>,
    /// Answers served by a substitute.
    pub cheated: Vec<u64>,
    /// Work coins settled, base units.
    pub work_coins: Vec<i128>,
    /// Reward settled, base units.
    pub reward: Vec<i128>,
    /// Operating cost, base units.
    pub cost: Vec<i128>,
    /// Collateral slashed, base units.
    pub slashed: Vec<i128>,
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
    /// Epoch of the conviction.
    pub epoch: Vec<u32>,
    /// Answers finished until the conviction.
    pub answers: Vec<u64>,
}

/// `histograms.parquet`; sorted by replicate and value.
#[derive(Clone, Debug, Default)]
pub struct HistogramFrame {
    /// Replicate.
    pub replicate: Vec<u32>,
    /// Figure of each row, an index into `figures`.
    pub figure: Vec<usize>,
    /// Names of the figures.
    pub figures: Vec<String>,
    /// Least value of the cell.
    pub least: Vec<u64>,
    /// Width of the cell.
    pub width: Vec<u64>,
    /// How many values fell into it.
    pub count: Vec<u64>,
}

impl EpochFrame {
    /// Reads it from a run directory.
    ///
    /// # Errors
    /// A file that is missing, unreadable or lacks a column.
    pub fn read(directory: &Path) -> Result<Self, ReportError> {
        let money = [
            "work_coins_base_units",
            "refunds_base_units",
            "rewards_base_units",
            "forfeited_base_units",
            "governance_base_units",
            "burned_base_units",
            "issued_base_units",
        ];
        let counts = ["finished", "checked", "cheated", "nominal_rate_sum_ppb"];
        let all = [&counts[..], &money].concat();
        let table = Columns::read(directory, "epochs.parquet", &["replicate", "epoch"], &all)?;
        Ok(Self {
            replicate: table.narrow("replicate")?,
            epoch: table.narrow("epoch")?,
            finished: table.long("finished")?,
            checked: table.long("checked")?,
            cheated: table.long("cheated")?,
            nominal_rate_sum_ppb: table.wide("nominal_rate_sum_ppb")?,
            work_coins: table.wide(money[0])?,
            refunds: table.wide(money[1])?,
            rewards: table.wide(money[2])?,
            forfeited: table.wide(money[3])?,
            governance: table.wide(money[4])?,
            burned: table.wide(money[5])?,
            issued: table.wide(money[6])?,
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
        let words = ["host", "owner", "strategy", "status"];
        let counts = ["weight", "reputation", "inferences", "invalidated", "cheated"];
        let money = [
            "work_coins_base_units",
            "reward_base_units",
            "cost_base_units",
            "slashed_base_units",
        ];
        let all = [&words[..], &counts, &money].concat();
        let table = Columns::read(directory, "participants.parquet", &keys, &all)?;
        let (host, hosts) = table.names("host")?;
        let (owner, owners) = table.names("owner")?;
        let (strategy, strategies) = table.names("strategy")?;
        let (status, statuses) = table.names("status")?;
        let [work_coins, reward, cost, slashed] = [
            table.wide(money[0])?,
            table.wide(money[1])?,
            table.wide(money[2])?,
            table.wide(money[3])?,
        ];
        let profit = |row: usize| {
            let earned = work_coins[row].saturating_add(reward[row]);
            earned.saturating_sub(cost[row]).saturating_sub(slashed[row])
        };
        Ok(Self {
            replicate: table.narrow("replicate")?,
            epoch: table.narrow("epoch")?,
            participant: table.narrow("participant")?,
            weight: table.long("weight")?,
            reputation: table.narrow("reputation")?,
            inferences: table.long("inferences")?,
            invalidated: table.long("invalidated")?,
            cheated: table.long("cheated")?,
            profit: (0..cost.len()).map(profit).collect(),
            host,
            hosts,
            owner,
            owners,
            strategy,
            strategies,
            status,
            statuses,
            work_coins,
            reward,
            cost,
            slashed,
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

    /// Number of replicates that have a row.
    pub fn replicates(&self) -> usize {
        self.replicate
            .iter()
            .collect::<std::collections::BTreeSet<_>>()
            .len()
    }
}

impl ConvictionFrame {
    /// Reads it from a run directory.
    ///
    /// # Errors
    /// A file that is missing, unreadable or lacks a column.
    pub fn read(directory: &Path) -> Result<Self, ReportError> {
        let keys = ["replicate", "participant"];
        let table = Columns::read(directory, "convictions.parquet", &keys, &["epoch", "answers"])?;
        Ok(Self {
            replicate: table.narrow("replicate")?,
            participant: table.narrow("participant")?,
            epoch: table.narrow("epoch")?,
            answers: table.long("answers")?,
        })
    }
}

impl HistogramFrame {
    /// Reads it from a run directory.
    ///
    /// # Errors
    /// A file that is missing, unreadable or lacks a column.
    pub fn read(directory: &Path) -> Result<Self, ReportError> {
        let keys = ["replicate", "least"];
        let table = Columns::read(
            directory,
            "histograms.parquet",
            &keys,
            &["figure", "width", "count"],
        )?;
        let (figure, figures) = table.names("figure")?;
        Ok(Self {
            replicate: table.narrow("replicate")?,
            figure,
            figures,
            least: table.long("least")?,
            width: table.long("width")?,
            count: table.long("count")?,
        })
    }
}

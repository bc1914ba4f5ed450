//! `summary.json`: the headline numbers of a run, each with its number of replicates and its interval.
//!
//! **Invariant.** A function of the scenario, the seed and the replicates alone; keys come in a fixed
//! order; money is a string of base units.

use std::collections::BTreeMap;

use serde::Serialize;
use stakeout_kernel::histogram::LogHistogram;

use super::cast::Cast;
use super::detection::Detection;
use super::figure::{Figure, LEVEL};
use super::frame::{EpochRow, RunOutput};
use super::manifest::{MODEL_VERSION, RESULTS_FORMAT};
use super::profit::{OwnerLine, StrategyLine, owner_lines, strategy_lines};

/// Owners listed one by one; of a larger crowd the first cheating ones and then the first others.
pub const OWNERS_LISTED: usize = 1_000;

/// Headline numbers of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Layout, [`RESULTS_FORMAT`].
    pub format: u32,
    /// Version of the model, [`MODEL_VERSION`].
    pub model_version: u32,
    /// Scenario name.
    pub scenario: String,
    /// First 16 hex digits of the scenario's hash.
    pub scenario_hash: String,
    /// Root seed.
    pub seed: u64,
    /// Number of replicates.
    pub replicates: u32,
    /// Digest over all replicates.
    pub digest: String,
    /// Digest of each replicate.
    pub digests: Vec<String>,
    /// Settled epochs of the first replicate, first and last; none if nothing was settled.
    pub epochs: Option<[u32; 2]>,
    /// Blocks simulated, each replicate.
    pub blocks: Vec<u64>,
    /// Confidence level of the intervals.
    pub level: f64,
    /// Network-wide figures by name.
    pub figures: BTreeMap<&'static str, Figure>,
    /// How many cheaters were found, when, and how many honest participants were punished.
    pub detection: Detection,
    /// Profit by strategy, in the scenario's order.
    pub strategies: Vec<StrategyLine>,
    /// Profit by owner, cheating owners first, then the scenario's order.
    pub owners: Vec<OwnerLine>,
    /// Owners beyond [`OWNERS_LISTED`], left out of the list.
    pub owners_omitted: usize,
    /// Balances at the end by kind of account.
    pub balances: BTreeMap<&'static str, Figure>,
    /// Assumptions the scenario leans on.
    pub assumptions: Vec<String>,
}

impl Summary {
    /// Sums up the replicates of one run.
    pub fn compute(cast: &Cast, outputs: &[RunOutput]) -> Self {
        let mut owners = owner_lines(cast, outputs);
        let owners_omitted = owners.len().saturating_sub(OWNERS_LISTED);
        owners.truncate(OWNERS_LISTED);
        Self {
            format: RESULTS_FORMAT,
            model_version: MODEL_VERSION,
            scenario: cast.scenario.clone(),
            scenario_hash: cast.hash.clone(),
            seed: cast.seed,
            replicates: u32::try_from(outputs.len()).unwrap_or(u32::MAX),
            digest: combined_digest(outputs),
            digests: outputs.iter().map(|o| o.digest.clone()).collect(),
            epochs: epoch_range(outputs),
            blocks: outputs.iter().map(|o| o.blocks).collect(),
            level: LEVEL,
            figures: network_figures(outputs),
            detection: Detection::compute(cast, outputs),
            strategies: strategy_lines(cast, outputs),
            owners,
            owners_omitted,
            balances: balances(outputs),
            assumptions: cast.assumptions.clone(),
        }
    }
}

/// One digest for all replicates: that of a single one, or the blake3 hash of them all in order.
pub fn combined_digest(outputs: &[RunOutput]) -> String {
    match outputs {
        [only] => only.digest.clone(),
        several => {
            let mut hasher = blake3::Hasher::new();
            for output in several {
                hasher.update(output.digest.as_bytes());
                hasher.update(b"\n");
            }
            hasher.finalize().to_hex().to_string()
        }
    }
}

fn epoch_range(outputs: &[RunOutput]) -> Option<[u32; 2]> {
    let epochs = &outputs.first()?.epochs;
    Some([epochs.first()?.epoch, epochs.last()?.epoch])
}

fn total(epochs: &[EpochRow], of: fn(&EpochRow) -> u64) -> u64 {
    epochs.iter().map(of).sum()
}

fn wide_total(epochs: &[EpochRow], of: fn(&EpochRow) -> u128) -> u128 {
    epochs.iter().map(of).sum()
}

/// `None` where nothing could be counted.
pub(super) fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

const COUNTS: [(&str, fn(&EpochRow) -> u64); 21] = [
    ("requests", |r| r.requests),
    ("refused", |r| r.refused),
    ("unassigned", |r| r.unassigned),
    ("finished", |r| r.finished),
    ("expired", |r| r.expired),
    ("checked", |r| r.checked),
    ("validations_drawn", |r| r.validations_drawn),
    ("passed", |r| r.passed),
    ("failed", |r| r.failed),
    ("disputes", |r| r.disputes),
    ("disputes_capped", |r| r.disputes_capped),
    ("invalidated", |r| r.invalidated),
    ("revalidated", |r| r.revalidated),
    ("undecided", |r| r.undecided),
    ("cheated", |r| r.cheated),
    ("honest_invalidated", |r| r.honest_invalidated),
    ("convictions", |r| r.convictions),
    ("honest_convictions", |r| r.honest_convictions),
    ("deactivations", |r| r.deactivations),
    ("claims_rejected", |r| r.claims_rejected),
    ("clients_told", |r| r.clients_told),
];

const SUMS_OF_MONEY: [(&str, fn(&EpochRow) -> i128); 9] = [
    ("work_coins", |r| r.work_coins),
    ("refunds", |r| r.refunds),
    ("rewards", |r| r.rewards),
    ("forfeited", |r| r.forfeited),
    ("governance", |r| r.governance),
    ("burned", |r| r.burned),
    ("slashed", |r| r.slashed),
    ("debts_recovered", |r| r.debts_recovered),
    ("issued", |r| r.issued),
];

type Share = fn(&[EpochRow]) -> Option<f64>;

const SHARES: [(&str, Share); 6] = [
    // Mean target rate over finished inferences: what the rule asked for.
    ("nominal_sampling_share", |o| {
        ratio(
            wide_total(o, |r| r.nominal_rate_ppb_sum) as f64 / 1e9,
            total(o, |r| r.finished) as f64,
        )
    }),
    // Share with at least one validator drawn: what it came to.
    ("checked_share", |o| {
        ratio(total(o, |r| r.checked) as f64, total(o, |r| r.finished) as f64)
    }),
    ("missed_share", |o| {
        let (finished, expired) = (total(o, |r| r.finished) as f64, total(o, |r| r.expired) as f64);
        ratio(expired, finished + expired)
    }),
    ("invalidated_share", |o| {
        ratio(
            total(o, |r| r.invalidated) as f64,
            total(o, |r| r.finished) as f64,
        )
    }),
    ("honest_invalidated_share", |o| {
        let honest = total(o, |r| r.finished).saturating_sub(total(o, |r| r.cheated));
        ratio(total(o, |r| r.honest_invalidated) as f64, honest as f64)
    }),
    // Hardware time of validations and votes over that of requests.
    ("verification_overhead", |o| {
        ratio(
            wide_total(o, |r| r.verification_ns) as f64,
            wide_total(o, |r| r.service_ns) as f64,
        )
    }),
];

type Times = fn(&RunOutput) -> &LogHistogram;

const TIMES: [([&str; 4], Times); 3] = [
    (
        [
            "latency_mean_ns",
            "latency_p50_ns",
            "latency_p95_ns",
            "latency_p99_ns",
        ],
        |o| &o.latency,
    ),
    (
        [
            "sojourn_mean_ns",
            "sojourn_p50_ns",
            "sojourn_p95_ns",
            "sojourn_p99_ns",
        ],
        |o| &o.sojourn,
    ),
    (
        [
            "waiting_mean_ns",
            "waiting_p50_ns",
            "waiting_p95_ns",
            "waiting_p99_ns",
        ],
        |o| &o.waiting,
    ),
];

/// Names of the network-wide figures that each epoch has a value of: counts, sums of money and shares.
pub fn epoch_figures() -> impl Iterator<Item = &'static str> + Clone {
    let counts = COUNTS.iter().map(|(name, _)| *name);
    counts
        .chain(money_figure_names())
        .chain(SHARES.iter().map(|(name, _)| *name))
}

/// Names of the network-wide figures in base units.
pub fn money_figure_names() -> impl Iterator<Item = &'static str> + Clone {
    SUMS_OF_MONEY.iter().map(|(name, _)| *name)
}

/// Names of all network-wide figures: those of epochs, and times.
pub fn network_figure_names() -> impl Iterator<Item = &'static str> + Clone {
    epoch_figures().chain(TIMES.iter().flat_map(|(names, _)| *names))
}

/// A figure epoch by epoch, money in base units; none where an epoch has no value, and everywhere for a figure that is not
/// among [`epoch_figures`].
pub fn epoch_series(epochs: &[EpochRow], name: &str) -> Vec<Option<f64>> {
    let count = COUNTS.iter().find(|(known, _)| *known == name);
    let money = SUMS_OF_MONEY.iter().find(|(known, _)| *known == name);
    let share = SHARES.iter().find(|(known, _)| *known == name);
    let value = |row: &EpochRow| match (count, money, share) {
        (Some((_, of)), ..) => Some(of(row) as f64),
        (_, Some((_, of)), _) => Some(of(row) as f64),
        (.., Some((_, of))) => of(std::slice::from_ref(row)),
        _ => None,
    };
    epochs.iter().map(value).collect()
}

fn network_figures(outputs: &[RunOutput]) -> BTreeMap<&'static str, Figure> {
    let mut figures = BTreeMap::new();
    for (name, of) in COUNTS {
        figures.insert(
            name,
            Figure::counted("count", outputs.iter().map(|o| total(&o.epochs, of))),
        );
    }
    for (name, of) in SUMS_OF_MONEY {
        figures.insert(
            name,
            Figure::money(outputs.iter().map(|o| o.epochs.iter().map(of).sum())),
        );
    }
    for (name, share) in SHARES {
        figures.insert(
            name,
            Figure::plain("share", outputs.iter().map(|o| share(&o.epochs))),
        );
    }
    for (names, times) in TIMES {
        let mean = outputs.iter().map(|o| times(o).mean());
        figures.insert(names[0], Figure::plain("ns", mean));
        for (name, quantile) in names[1..].iter().zip([0.50, 0.95, 0.99]) {
            let values = outputs
                .iter()
                .map(|o| times(o).quantile(quantile).map(|ns| ns as f64));
            figures.insert(name, Figure::plain("ns", values));
        }
    }
    figures
}

fn balances(outputs: &[RunOutput]) -> BTreeMap<&'static str, Figure> {
    let Some(first) = outputs.first() else {
        return BTreeMap::new();
    };
    let of = |kind: &'static str| {
        let amounts = outputs.iter().map(move |o| {
            o.balances
                .iter()
                .filter(|(k, _)| *k == kind)
                .map(|(_, amount)| *amount)
                .sum::<i128>()
        });
        (kind, Figure::money(amounts))
    };
    first.balances.iter().map(|(kind, _)| of(kind)).collect()
}

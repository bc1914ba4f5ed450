//! The ladder: how far each substitute is from the promised model, beside what others published.
//!
//! **Invariant.** Ratios are to the median honest answer between unlike kernels; identical kernels repeat each
//! other to the bit and would make any ratio infinite.

use serde::Serialize;
use stakeout_statistics::sample_quantile;

use super::estimate::Estimate;
use super::sheet::{ScoreSheet, SheetRow};
use crate::AttackLevel;
use crate::statistics::{BootstrapSeed, bootstrap_by_cluster};

/// Draws of the bootstrap by prompt.
const DRAWS: u32 = 400;

/// A published rung.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct PublishedRung {
    /// What was measured.
    pub name: &'static str,
    /// Median of the mean absolute error, nats.
    pub mae_median: Option<f64>,
    /// Its ratio to the honest median.
    pub ratio: Option<f64>,
    /// Divergence, nats a token.
    pub kl: Option<f64>,
}

/// gonka-ai/gonka issue 1199 (RTX 4090, fp16, 64 to 128 positions), and llama.cpp's perplexity tables for
/// LLaMA-3-8B on Wikitext-2; the rung is looked up by the beginning of a substitute's name.
pub const LADDER_PUBLISHED: [(&str, PublishedRung); 12] = [
    (
        "none",
        rung(
            "honest, other batch shape; bf16 against fp16",
            Some((0.006, 1.0)),
            Some(2.515e-5),
        ),
    ),
    ("int8", rung("int8", Some((0.097, 16.0)), None)),
    ("nf4", rung("nf4", Some((0.364, 61.0)), None)),
    (
        "smaller",
        rung("3 times smaller model", Some((0.817, 136.0)), None),
    ),
    ("q8-0", rung("q8_0", None, Some(0.001355))),
    ("q6k", rung("q6_K", None, Some(0.005452))),
    ("q5k", rung("q5_K_S", None, Some(0.016595))),
    ("q5-0", rung("q5_0", None, Some(0.022239))),
    ("q4k", rung("q4_K_S", None, Some(0.043136))),
    ("q4-0", rung("q4_0", None, Some(0.071940))),
    ("q3k", rung("q3_K_S", None, Some(0.228217))),
    ("q2k", rung("q2_K", None, Some(0.445132))),
];

const fn rung(name: &'static str, mae: Option<(f64, f64)>, kl: Option<f64>) -> PublishedRung {
    let (mae_median, ratio) = match mae {
        Some((median, ratio)) => (Some(median), Some(ratio)),
        None => (None, None),
    };
    PublishedRung {
        name,
        mae_median,
        ratio,
        kl,
    }
}

/// A measured rung.
#[derive(Clone, Debug, Serialize)]
pub struct LadderRow {
    /// The substitute; `none` for honest answers between unlike kernels.
    pub substitute: String,
    /// Median over answers of the mean absolute error, nats, with a bootstrap interval by prompt.
    pub mae_median: Estimate,
    /// Its 95th percentile, nats.
    pub mae_p95: f64,
    /// The median over the honest one.
    pub ratio: f64,
    /// Mean divergence, nats a token.
    pub kl_mean: f64,
    /// The published rung of the same kind.
    pub published: Option<PublishedRung>,
}

/// The honest rung first, then the naive substitutes by rising divergence.
pub(super) fn ladder(sheet: &ScoreSheet) -> Vec<LadderRow> {
    let honest: Vec<&SheetRow> = sheet
        .rows
        .iter()
        .filter(|row| row.is_honest() && row.key.executor != row.key.validator)
        .collect();
    let Some(first) = rung_of("none", &honest, None) else {
        return Vec::new();
    };
    let base = first.mae_median.value;
    let mut rows: Vec<LadderRow> = sheet
        .disguises()
        .into_iter()
        .filter(|(_, attack)| *attack == AttackLevel::Naive)
        .filter_map(|(name, attack)| {
            let rows: Vec<&SheetRow> = sheet.substituted(&name, attack).collect();
            rung_of(&name, &rows, Some(base))
        })
        .collect();
    rows.sort_by(|a, b| a.kl_mean.total_cmp(&b.kl_mean));
    rows.insert(0, first);
    rows
}

fn rung_of(name: &str, rows: &[&SheetRow], base: Option<f64>) -> Option<LadderRow> {
    let mae: Vec<f64> = rows.iter().map(|row| row.mae).collect();
    let median = sample_quantile(&mae, 0.5)?;
    let interval = median_interval(rows);
    let kl_mean = rows.iter().map(|row| row.kl).sum::<f64>() / rows.len() as f64;
    let is_kind = |(prefix, _): &&(&str, PublishedRung)| name.starts_with(prefix);
    Some(LadderRow {
        substitute: name.to_string(),
        mae_median: Estimate {
            value: median,
            low: interval.map_or(median, |(low, _)| low.min(median)),
            high: interval.map_or(median, |(_, high)| high.max(median)),
            n: rows.len() as u64,
        },
        mae_p95: sample_quantile(&mae, 0.95)?,
        ratio: median / base.unwrap_or(median),
        kl_mean,
        published: LADDER_PUBLISHED.iter().find(is_kind).map(|(_, rung)| *rung),
    })
}

/// Bootstrap by prompt of a median: whole prompts are drawn.
fn median_interval(rows: &[&SheetRow]) -> Option<(f64, f64)> {
    let mut order: Vec<(f64, u32)> = rows.iter().map(|row| (row.mae, row.key.prompt)).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut prompts: Vec<u32> = order.iter().map(|(_, prompt)| *prompt).collect();
    prompts.sort_unstable();
    prompts.dedup();
    let places: Vec<usize> = order
        .iter()
        .map(|(_, prompt)| prompts.binary_search(prompt).unwrap_or_default())
        .collect();
    let median = |times: &[u32]| {
        let total: u32 = places.iter().map(|at| times[*at]).sum();
        let mut seen = 0;
        for ((value, _), at) in order.iter().zip(&places) {
            seen += times[*at];
            if 2 * seen >= total {
                return *value;
            }
        }
        f64::NAN
    };
    let interval = bootstrap_by_cluster(prompts.len(), DRAWS, BootstrapSeed(0x6c61), median)?;
    Some((interval.low, interval.high))
}

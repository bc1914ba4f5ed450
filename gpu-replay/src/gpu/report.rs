//! What a check of a card came to, as a page.

use serde::Serialize;

use crate::derive::ScoredAnswer;
use crate::scores::TokenScore;

use super::bandwidth::Speeds;
use super::conformance::Check;

/// Everything that a check found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Name of the card.
    pub card: String,
    /// Agreement with the processor.
    pub checks: Vec<Check>,
    /// Speeds, unless only the agreement was asked for.
    pub speeds: Option<Speeds>,
    /// The reduction of laws as a measurement does it.
    pub paths: Vec<Rates>,
    /// A small measurement on both devices.
    pub measurement: Option<Sides>,
}

/// Positions a second of the reduction of laws, from the host's memory and back.
#[derive(Clone, Debug, Serialize)]
pub struct Rates {
    /// Tokens of the vocabulary.
    pub vocabulary: usize,
    /// On one thread of the processor.
    pub cpu: f64,
    /// On the card.
    pub card: f64,
}

/// One measurement on both devices.
#[derive(Clone, Debug, Serialize)]
pub struct Sides {
    /// Answers that were scored.
    pub answers: usize,
    /// Positions of them.
    pub positions: usize,
    /// Whether both list the same answers in the same order.
    pub is_same_plan: bool,
    /// Largest difference of each score, with its name.
    pub gaps: Vec<(String, f64)>,
    /// Seconds on the processor and on the card; the forward passes, most of it, are the processor's in both.
    pub seconds: (f64, f64),
}

/// Lays the scores of two measurements of one plan beside each other.
pub fn measurement_gap(expected: &[ScoredAnswer], found: &[ScoredAnswer], seconds: (f64, f64)) -> Sides {
    let fields: [(&str, fn(&TokenScore) -> f64); 7] = [
        ("Jensen-Shannon divergence", |at| at.js),
        ("Kullback-Leibler divergence", |at| at.kl),
        ("mean absolute error", |at| at.mae),
        ("Gumbel margin", |at| at.margin),
        ("surprisal", |at| at.surprisal),
        ("entropy", |at| at.entropy),
        ("varentropy", |at| at.varentropy),
    ];
    let is_same_plan = expected.len() == found.len()
        && expected
            .iter()
            .zip(found)
            .all(|(a, b)| a.key == b.key && a.positions.len() == b.positions.len());
    let positions = || {
        expected
            .iter()
            .zip(found)
            .flat_map(|(a, b)| a.positions.iter().zip(&b.positions))
    };
    let gap = |value: fn(&TokenScore) -> f64| {
        positions()
            .map(|(a, b)| (value(a) - value(b)).abs())
            .fold(0.0, f64::max)
    };
    Sides {
        answers: found.len(),
        positions: positions().count(),
        is_same_plan,
        gaps: fields
            .into_iter()
            .map(|(name, value)| (name.to_string(), gap(value)))
            .collect(),
        seconds,
    }
}

/// The page.
pub fn page(report: &Report) -> String {
    let mut page = format!(
        "# Kernels on {}\n\nWritten by `gpu-replay/check-gpu.sh`; how to read it: docs/gpu.md.\n",
        report.card
    );
    page += &agreement(&report.checks);
    if let Some(speeds) = &report.speeds {
        page += &bandwidth(speeds);
    }
    if !report.paths.is_empty() {
        page += "\n## Positions a second\n\nLaws in the host's memory are reduced to lists of 20, entropy, varentropy \
                 and the drawn token. The card's figure holds the copies; the processor's is one thread.\n\n\
                 | vocabulary | CPU, positions/s | card, positions/s | ratio |\n|---|---|---|---|\n";
        for rates in &report.paths {
            page += &format!(
                "| {} | {:.0} | {:.0} | {:.1} |\n",
                rates.vocabulary,
                rates.cpu,
                rates.card,
                rates.card / rates.cpu
            );
        }
    }
    if let Some(sides) = &report.measurement {
        page += &both(sides);
    }
    page
}

fn agreement(checks: &[Check]) -> String {
    let met = checks.iter().filter(|check| check.is_met()).count();
    let mut text = format!(
        "\n## Agreement with the CPU\n\n{met} of {} comparisons are within their tolerance. A tolerance of 0 means \
         equal, and the difference then counts the values that are not.\n\n\
         | compared | values | largest difference | tolerance | |\n|---|---|---|---|---|\n",
        checks.len()
    );
    for check in checks {
        text += &format!(
            "| {} | {} | {:.1e} | {:.0e} | {} |\n",
            check.name,
            check.cases,
            check.worst,
            check.tolerance,
            if check.is_met() { "met" } else { "**not met**" }
        );
    }
    text
}

fn bandwidth(speeds: &Speeds) -> String {
    let peak = speeds.peak_bytes_per_second.map_or(String::new(), |peak| {
        format!(
            " The driver's clock and bus width make {:.2} TB/s.",
            peak as f64 / 1e12
        )
    });
    let mut text = format!(
        "\n## Bandwidth\n\nCompute capability {}, {} multiprocessors, {} MiB of cache. A copy inside the card, bytes \
         read and written, moves {:.2} TB/s.{peak} Shares are of the copy; bytes are those that must move. Times are \
         medians of 15, the card's own.\n\n\
         | kernel | input | ms | TB/s | of copy | a second |\n|---|---|---|---|---|---|\n",
        speeds.capability,
        speeds.multiprocessors,
        speeds.cache_bytes >> 20,
        speeds.copy_bytes_per_second / 1e12,
    );
    for line in &speeds.lines {
        text += &format!(
            "| {} | {} | {:.3} | {:.2} | {:.0} % | {:.3e} {} |\n",
            line.kernel,
            line.input,
            line.milliseconds[1],
            line.bytes_per_second / 1e12,
            100.0 * line.share_of_copy,
            line.items_per_second,
            line.item
        );
    }
    text
}

fn both(sides: &Sides) -> String {
    let mut text = format!(
        "\n## A measurement on both devices\n\nThe shipped small model, {} answers, {} positions; forward passes on the \
         CPU, positions reduced and scored on either ({:.1} s and {:.1} s). Same answers in the same order: {}.\n\n\
         | score | largest difference |\n|---|---|\n",
        sides.answers,
        sides.positions,
        sides.seconds.0,
        sides.seconds.1,
        if sides.is_same_plan { "yes" } else { "**no**" }
    );
    for (name, gap) in &sides.gaps {
        text += &format!("| {name} | {gap:.1e} |\n");
    }
    text
}

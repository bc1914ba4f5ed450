//! The calibration file of a measurement: what the simulator runs on.
//!
//! Two files come of one measurement. The combined one draws a calibrated p-value: similarity 1 - s/12 with s minus
//! the decimal logarithm of the smallest p-value of five statistics, so that a threshold means a false-positive rate
//! on every model. The deployed one draws the network's own similarity, 1 - D, for its own thresholds.
//!
//! **Invariant.** Attacks are substitutes of their own, since they have laws and costs of their own.

use stakeout_calibration::{
    Attack, Calibration, CalibrationDraft, CalibrationError, Kernel, Kind, OperatingPoint, Overdispersion,
    Substitute, Threshold,
};

use super::answer::{Measurement, SubstituteCost};
use super::deployed::IN_FORCE;
use super::estimate::Estimate;
use super::evidence::{ALPHA, Evidence};
use super::honest::{ALPHAS, HonestRow};
use super::laws::{Classes, Similarity, laws};
use super::rule::Rule;
use super::ruler::Rulers;
use super::sheet::{ScoreSheet, SheetRow};
use crate::scores::Statistic;
use crate::{AttackLevel, Stratum};

/// Decades of the p-value that the similarity's range spans.
const DECADES: f64 = 12.0;
/// Kernels that a file holds; those with the most honest answers are kept.
const KERNELS_MAX: usize = 4;

/// The file in which a threshold is a false-positive rate.
///
/// # Errors
/// Values out of the file's range: more substitutes than it holds, a name that is none.
pub fn calibration_draft(
    measurement: &Measurement,
    (evidence, sheet, rulers): (&Evidence, &ScoreSheet, &Rulers),
) -> Result<Calibration, CalibrationError> {
    let length = sheet.lengths[sheet.reference];
    let threshold = |alpha: f64| Threshold {
        name: rate_name(alpha),
        similarity_ppb: ppb(1.0 - score_at(rulers, sheet, alpha) / DECADES),
        source: format!(
            "fixed on the calibration prompts: one honest answer of {length} tokens in {:.0}",
            1.0 / alpha
        ),
    };
    let mut draft = draft(measurement, evidence, sheet, Rule::Combined, |score| {
        1.0 - score / DECADES
    });
    draft.statistic = format!(
        "1 - s/12, s = -log10 of the smallest p-value of S1 (mean, worst window), S2 (mean, worst window) and S3, \
         at {length} model tokens"
    );
    draft.thresholds = ALPHAS.iter().map(|alpha| threshold(*alpha)).collect();
    draft.operating_points = points(evidence, &draft, Rule::Combined, |length, alpha| {
        let index = sheet
            .lengths
            .iter()
            .position(|known| *known == length)
            .unwrap_or(sheet.reference);
        1.0 - rulers.at(Rule::Combined, index).limit(alpha) / DECADES
    });
    draft.overdispersion = overdispersion(evidence, Rule::Combined);
    draft.check()
}

/// The file of the network's own distance, with its own thresholds and one fixed here.
///
/// # Errors
/// As [`calibration_draft`].
pub fn deployed_draft(
    measurement: &Measurement,
    (evidence, sheet, rulers): (&Evidence, &ScoreSheet, &Rulers),
) -> Result<Calibration, CalibrationError> {
    let rule = Rule::Of(Statistic::Deployed);
    let fixed = |alpha: f64| rulers.at(rule, sheet.reference).limit(alpha);
    let mut draft = draft(measurement, evidence, sheet, rule, |score| 1.0 - score);
    draft.name = format!("{}-deployed", measurement.name);
    draft.statistic = format!(
        "1 - mean relative distance of the top-5 log-probabilities, divisor max(100, N), at {} model tokens",
        sheet.lengths[sheet.reference]
    );
    draft.thresholds = IN_FORCE
        .iter()
        .map(|(name, distance)| Threshold {
            name: name.to_lowercase().replace(", ", "-").replace(' ', "-"),
            similarity_ppb: ppb(1.0 - distance),
            source: "gonka-ai/gonka inference-chain/app/upgrades and genesis.json; made for another model"
                .into(),
        })
        .chain([ALPHA].map(|alpha| Threshold {
            name: rate_name(alpha),
            similarity_ppb: ppb(1.0 - fixed(alpha)),
            source: "fixed on the calibration prompts".into(),
        }))
        .collect();
    draft.operating_points = points(evidence, &draft, rule, |length, alpha| {
        let index = sheet
            .lengths
            .iter()
            .position(|known| *known == length)
            .unwrap_or(sheet.reference);
        1.0 - rulers.at(rule, index).limit(alpha)
    });
    draft.overdispersion = overdispersion(evidence, rule);
    draft.check()
}

/// What both files share.
fn draft(
    measurement: &Measurement,
    evidence: &Evidence,
    sheet: &ScoreSheet,
    rule: Rule,
    similarity: Similarity,
) -> CalibrationDraft {
    let kernels = kernels(sheet);
    let at = (rule, sheet.reference);
    let classes = Classes::of(sheet, rule, sheet.reference);
    let honest: Vec<&SheetRow> = sheet.rows.iter().filter(|row| row.is_honest()).collect();
    let mut file_laws = laws((0, &honest), at, &kernels, &classes, similarity);
    let mut substitutes = vec![promised()];
    for (name, attack) in disguises(measurement, sheet) {
        let rows: Vec<&SheetRow> = sheet.substituted(&name, attack).collect();
        let Some(cost) = measurement.substitutes.iter().find(|cost| cost.name == name) else {
            continue;
        };
        file_laws.extend(laws(
            (substitutes.len() as u8, &rows),
            at,
            &kernels,
            &classes,
            similarity,
        ));
        substitutes.push(substitute(cost, attack));
    }
    let mut provenance = measurement.provenance.clone();
    let samples = &evidence.samples;
    for (what, count) in [
        ("prompts", samples.prompts),
        ("prompts held out", samples.prompts_held_out),
        ("honest answers", samples.honest_answers),
        ("substituted answers", samples.substituted_answers),
        ("pairs of honest kernels", samples.strata),
    ] {
        provenance.samples.insert(what.into(), count);
    }
    CalibrationDraft {
        name: measurement.name.clone(),
        model: measurement.model.clone(),
        kind: Kind::Measured,
        statistic: String::new(),
        provenance,
        thresholds: Vec::new(),
        prompts: classes.rows,
        kernels: kernels
            .iter()
            .map(|kernel| Kernel {
                name: kernel.name().into(),
                note: kernel.note().into(),
            })
            .collect(),
        substitutes,
        laws: file_laws,
        operating_points: Vec::new(),
        overdispersion: Vec::new(),
        fit: Vec::new(),
    }
}

/// Kernels with the most honest answers on either side, in the order of reports.
fn kernels(sheet: &ScoreSheet) -> Vec<Stratum> {
    let count = |kernel: Stratum| {
        let is_there = |row: &&SheetRow| row.key.executor == kernel || row.key.validator == kernel;
        sheet
            .rows
            .iter()
            .filter(|row| row.is_honest())
            .filter(is_there)
            .count()
    };
    let mut kernels: Vec<(usize, Stratum)> = Stratum::ALL
        .into_iter()
        .map(|kernel| (count(kernel), kernel))
        .filter(|(count, _)| *count > 0)
        .collect();
    kernels.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    kernels.truncate(KERNELS_MAX);
    let mut kernels: Vec<Stratum> = kernels.into_iter().map(|(_, kernel)| kernel).collect();
    kernels.sort();
    kernels
}

/// Disguises in the order of the measurement's substitutes, naive first.
fn disguises(measurement: &Measurement, sheet: &ScoreSheet) -> Vec<(String, AttackLevel)> {
    let place = |name: &str| measurement.substitutes.iter().position(|cost| cost.name == name);
    let mut disguises = sheet.disguises();
    disguises.sort_by_key(|(name, attack)| (place(name), *attack));
    disguises
}

fn promised() -> Substitute {
    Substitute {
        name: "none".into(),
        decode_cost: 1.0,
        prefill_cost: 1.0,
        memory: 1.0,
        note: "the promised model".into(),
    }
}

/// A disguise with its costs: laundering takes one more prefill and holds both models.
fn substitute(cost: &SubstituteCost, attack: AttackLevel) -> Substitute {
    let (decode_cost, prefill_cost, memory) = match attack {
        AttackLevel::Laundered => (cost.decode, cost.prefill + 1.0, cost.memory + 1.0),
        AttackLevel::Mixed => (0.5 * (cost.decode + 1.0), cost.prefill + 1.0, cost.memory + 1.0),
        _ => (cost.decode, cost.prefill, cost.memory),
    };
    let name = disguise_name(&cost.name, attack);
    let note = match attack {
        AttackLevel::Naive => cost.note.clone(),
        other => format!("{}; {}", cost.note, other.name()),
    };
    Substitute {
        name,
        decode_cost,
        prefill_cost,
        memory,
        note,
    }
}

/// Name of a disguise in the file.
pub(super) fn disguise_name(substitute: &str, attack: AttackLevel) -> String {
    match attack {
        AttackLevel::Naive => substitute.to_string(),
        other => format!("{substitute}-{}", other.name()),
    }
}

fn points(
    evidence: &Evidence,
    draft: &CalibrationDraft,
    rule: Rule,
    threshold: impl Fn(usize, f64) -> f64,
) -> Vec<OperatingPoint> {
    let mut points = Vec::new();
    for row in evidence.power.iter().filter(|row| row.rule == rule) {
        let name = disguise_name(&row.substitute, row.attack);
        let Some(substitute) = draft.substitutes.iter().position(|known| known.name == name) else {
            continue;
        };
        for at in &row.curve {
            let honest = evidence.honest.iter().find(|honest| {
                honest.rule == rule && honest.length == at.length && honest.alpha == row.alpha
            });
            let Some(honest) = honest else { continue };
            points.push(OperatingPoint {
                label: format!(
                    "{} at a nominal {} %, held out, kernel unknown",
                    rule.name(),
                    100.0 * row.alpha
                ),
                substitute: substitute as u8,
                threshold_ppb: ppb(threshold(at.length, row.alpha)),
                attack: attack_in_file(row.attack),
                length: Some(at.length as u32),
                false_positive: rounded(honest.pooled).as_rate(),
                true_positive: rounded(at.power).as_rate(),
            });
        }
    }
    points
}

/// At 1 % or, where nothing failed there, at 10 %.
fn overdispersion(evidence: &Evidence, rule: Rule) -> Vec<Overdispersion> {
    let at = |alpha: f64| {
        let is_it = |row: &&HonestRow| {
            row.rule == rule && row.length == evidence.reference_length && row.alpha == alpha
        };
        let row = evidence.honest.iter().find(is_it)?;
        Some(Overdispersion {
            unit: "prompt".into(),
            correlation: round(row.correlation?),
            n: row.pooled.n,
            source: format!(
                "measured: held-out honest failures at a nominal {} %",
                100.0 * alpha
            ),
        })
    };
    at(ALPHA).or_else(|| at(ALPHAS[0])).into_iter().collect()
}

fn attack_in_file(attack: AttackLevel) -> Attack {
    match attack {
        AttackLevel::Honest | AttackLevel::Naive => Attack::Naive,
        AttackLevel::Laundered => Attack::Laundered,
        AttackLevel::Mixed => Attack::Mixed,
        AttackLevel::Forged | AttackLevel::Optimised | AttackLevel::Padded | AttackLevel::Truncated => {
            Attack::Optimised
        }
    }
}

fn score_at(rulers: &Rulers, sheet: &ScoreSheet, alpha: f64) -> f64 {
    rulers.at(Rule::Combined, sheet.reference).limit(alpha)
}

fn rate_name(alpha: f64) -> String {
    format!("fpr-1e-{:.0}", -libm::log10(alpha))
}

fn ppb(similarity: f64) -> u32 {
    (similarity.clamp(0.0, 1.0) * 1e9).round() as u32
}

fn rounded(estimate: Estimate) -> Estimate {
    Estimate {
        value: round(estimate.value),
        low: round(estimate.low),
        high: round(estimate.high),
        ..estimate
    }
}

fn round(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

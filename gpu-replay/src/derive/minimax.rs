//! The best split of one false-positive rate over the three windows, against the attack it serves worst.
//!
//! **Invariant.** The shares sum to one; an answer is rejected if any window's p-value is at most its share of the
//! rate, so that honest answers fail at the rate at most, however the windows hang together.

use serde::Serialize;

use super::rule::Rule;
use super::ruler::Rulers;
use super::sheet::{ScoreSheet, SheetRow};
use crate::AttackLevel;
use crate::scores::Statistic;

/// Steps into which the rate is divided.
const STEPS: usize = 10;
const WINDOWS: [Statistic; 3] = [Statistic::S1Mean, Statistic::S2Margin, Statistic::S3];

/// The robust choice.
#[derive(Clone, Debug, Serialize)]
pub struct Minimax {
    /// Shares of the rate for S1, S2 and S3.
    pub shares: [f64; 3],
    /// Power against the disguise that it serves worst.
    pub worst_power: f64,
    /// That disguise.
    pub worst: (String, AttackLevel),
    /// Power against the worst disguise of each window alone.
    pub alone: [f64; 3],
    /// Length in model tokens.
    pub length: usize,
    /// The rate.
    pub alpha: f64,
}

/// Chooses the shares against the given disguises at the reference length. `None` without a disguise.
pub(super) fn minimax(
    sheet: &ScoreSheet,
    rulers: &Rulers,
    disguises: &[(String, AttackLevel)],
    alpha: f64,
) -> Option<Minimax> {
    let index = sheet.reference;
    let p_values = |row: &SheetRow| -> Option<[f64; 3]> {
        let mut p = [1.0; 3];
        for (p, statistic) in p.iter_mut().zip(WINDOWS) {
            let rule = Rule::Of(statistic);
            *p = rulers.at(rule, index).p_value(row.score(rule, index)?);
        }
        Some(p)
    };
    let attacks: Vec<(&(String, AttackLevel), Vec<[f64; 3]>)> = disguises
        .iter()
        .map(|disguise| {
            let rows = sheet
                .substituted(&disguise.0, disguise.1)
                .filter(|row| !row.is_calibration());
            (disguise, rows.filter_map(p_values).collect::<Vec<_>>())
        })
        .filter(|(_, answers)| !answers.is_empty())
        .collect();
    let worst = |shares: [f64; 3]| {
        let power = |answers: &[[f64; 3]]| {
            let is_rejected = |p: &&[f64; 3]| p.iter().zip(shares).any(|(p, share)| *p <= share * alpha);
            answers.iter().filter(is_rejected).count() as f64 / answers.len() as f64
        };
        attacks
            .iter()
            .map(|(disguise, answers)| (power(answers), *disguise))
            .min_by(|a, b| a.0.total_cmp(&b.0))
    };
    let mut best: Option<([f64; 3], f64, &(String, AttackLevel))> = None;
    for first in 0..=STEPS {
        for second in 0..=STEPS - first {
            let shares = [first, second, STEPS - first - second].map(|steps| steps as f64 / STEPS as f64);
            let (power, disguise) = worst(shares)?;
            if best.is_none_or(|(_, most, _)| power > most) {
                best = Some((shares, power, disguise));
            }
        }
    }
    let (shares, worst_power, disguise) = best?;
    let alone = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
        .map(|shares| worst(shares).map_or(0.0, |(power, _)| power));
    Some(Minimax {
        shares,
        worst_power,
        worst: disguise.clone(),
        alone,
        length: sheet.lengths[index],
        alpha,
    })
}

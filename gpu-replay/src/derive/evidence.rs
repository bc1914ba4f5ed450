//! Everything that a measurement shows, in one place.
//!
//! **Invariant.** A function of the answers alone: no time, no machine.

use serde::Serialize;

use super::answer::Measurement;
use super::dependence::{Dependence, dependence};
use super::deployed::{DeployedRow, deployed};
use super::honest::{HonestRow, StratumRow, ThresholdRow, honest, pairs, strata, thresholds};
use super::known::{KnownRow, known};
use super::ladder::{LadderRow, ladder};
use super::matrix::{MatrixRow, matrix};
use super::minimax::{Minimax, minimax};
use super::power::{PowerRow, power};
use super::rule::Rule;
use super::ruler::Rulers;
use super::sheet::ScoreSheet;
use crate::AttackLevel;
use crate::scores::Caps;

/// The rate of the headline.
pub(super) const ALPHA: f64 = 0.01;
/// A disguise is in the minimax menu if the combined rule rejects it this often at the reference length.
const MENU_POWER: f64 = 0.2;

/// How much was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Samples {
    /// Prompts.
    pub prompts: u64,
    /// Prompts that no threshold was fixed on.
    pub prompts_held_out: u64,
    /// Honest answers scored, over all strata.
    pub honest_answers: u64,
    /// Substituted answers scored.
    pub substituted_answers: u64,
    /// Pairs of honest kernels.
    pub strata: u64,
}

/// What a measurement shows.
#[derive(Clone, Debug, Serialize)]
pub struct Evidence {
    /// Name of the calibration.
    pub name: String,
    /// The promised model.
    pub model: String,
    /// How much was measured.
    pub samples: Samples,
    /// Lengths judged, in model tokens.
    pub lengths: Vec<usize>,
    /// The longest length that nine honest answers in ten reach.
    pub reference_length: usize,
    /// Caps of single positions.
    pub caps: Caps,
    /// Thresholds by rule, length and rate.
    pub thresholds: Vec<ThresholdRow>,
    /// Held-out honest failures.
    pub honest: Vec<HonestRow>,
    /// The same by kernel pair.
    pub strata: Vec<StratumRow>,
    /// Power against every disguise.
    pub power: Vec<PowerRow>,
    /// Power against naive substitutes where the kernel is known, by kernel pair.
    pub known: Vec<KnownRow>,
    /// Distances, beside the published ladder.
    pub ladder: Vec<LadderRow>,
    /// Which statistic sees which fault.
    pub matrix: Vec<MatrixRow>,
    /// The network's own rule.
    pub deployed: Vec<DeployedRow>,
    /// Dependence of honest scores.
    pub dependence: Dependence,
    /// The robust split of the rate.
    pub minimax: Option<Minimax>,
}

/// Derives evidence; also gives the sheet and rulers, for pictures, the calibration file and transfer to other models.
/// `None` without honest answers to calibration prompts.
pub fn derive(measurement: &Measurement) -> Option<(Evidence, ScoreSheet, Rulers)> {
    let mut sheet = ScoreSheet::of(&measurement.answers);
    let rulers = Rulers::of(&mut sheet)?;
    let power = power(&sheet, &rulers, ALPHA);
    let menu = menu(&sheet, &power);
    let evidence = Evidence {
        name: measurement.name.clone(),
        model: measurement.model.clone(),
        samples: samples(&sheet),
        reference_length: sheet.lengths[sheet.reference],
        lengths: sheet.lengths.clone(),
        caps: sheet.caps,
        thresholds: thresholds(&sheet, &rulers),
        honest: honest(&sheet, &rulers),
        strata: strata(&sheet, &rulers),
        known: known(&measurement.answers, &sheet, &rulers, ALPHA),
        ladder: ladder(&sheet),
        matrix: matrix(&sheet),
        deployed: deployed(&sheet),
        dependence: dependence(&measurement.answers, &sheet),
        minimax: minimax(&sheet, &rulers, &menu, ALPHA),
        power,
    };
    Some((evidence, sheet, rulers))
}

/// The disguises that some rule can see: against the others every split is equally blind.
fn menu(sheet: &ScoreSheet, power: &[PowerRow]) -> Vec<(String, AttackLevel)> {
    let length = sheet.lengths[sheet.reference];
    let is_seen = |row: &&PowerRow| {
        let at = row.curve.iter().find(|at| at.length == length);
        row.rule == Rule::Combined && at.is_some_and(|at| at.power.value >= MENU_POWER)
    };
    power
        .iter()
        .filter(is_seen)
        .map(|row| (row.substitute.clone(), row.attack))
        .collect()
}

fn samples(sheet: &ScoreSheet) -> Samples {
    let mut prompts: Vec<(u32, bool)> = sheet
        .rows
        .iter()
        .map(|row| (row.key.prompt, row.is_calibration()))
        .collect();
    prompts.sort_unstable();
    prompts.dedup();
    let honest = sheet.rows.iter().filter(|row| row.is_honest()).count() as u64;
    Samples {
        prompts: prompts.len() as u64,
        prompts_held_out: prompts
            .iter()
            .filter(|(_, is_calibration)| !is_calibration)
            .count() as u64,
        honest_answers: honest,
        substituted_answers: sheet.rows.len() as u64 - honest,
        strata: pairs(sheet).len() as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::super::synthetic::measurement;
    use super::super::{calibration_draft, deployed_draft, transfer};
    use super::*;
    use crate::scores::Statistic;

    /// 600 prompts, three honest answers each, and five disguises, whose truth is known by construction. The checks
    /// share one derivation, which is what takes the time.
    #[test]
    fn evidence_of_a_known_truth_comes_out() {
        let measurement = measurement(600, 64, 1);
        let (evidence, sheet, rulers) = derive(&measurement).expect("honest answers");
        let shown = (&evidence, &sheet, &rulers);
        assert_eq!(
            (evidence.reference_length, evidence.samples.honest_answers),
            (64, 1800)
        );
        held_out_rates_are_near_nominal(&evidence);
        each_window_sees_what_it_should(&evidence);
        the_ladder_is_in_order(&evidence);
        let file = calibration_draft(&measurement, shown).expect("in range");
        the_file_draws_what_was_measured(&evidence, &file);
        assert!(deployed_draft(&measurement, shown).is_ok());
        // The order of the answers, and who asks, change nothing.
        let mut shuffled = measurement.clone();
        shuffled.answers.reverse();
        let (again, sheet_again, rulers_again) = derive(&shuffled).expect("honest answers");
        let file_again =
            calibration_draft(&shuffled, (&again, &sheet_again, &rulers_again)).expect("in range");
        assert_eq!(file.to_yaml(), file_again.to_yaml());
        thresholds_travel_to_an_equal_model_and_not_to_a_noisier_one(&sheet, &rulers);
    }

    /// 900 held-out answers of some 300 prompts at 1 %: five standard errors of a clustered rate.
    fn held_out_rates_are_near_nominal(evidence: &Evidence) {
        for row in evidence
            .honest
            .iter()
            .filter(|row| row.length == 64 && row.alpha == 0.01)
        {
            assert!(row.pooled.value < 0.04, "{} {:?}", row.rule.name(), row.pooled);
            assert!(row.worst.value >= row.pooled.value);
        }
    }

    fn power(evidence: &Evidence, substitute: &str, attack: AttackLevel, rule: Rule) -> f64 {
        let is_it =
            |row: &&PowerRow| row.substitute == substitute && row.attack == attack && row.rule == rule;
        let row = evidence.power.iter().find(is_it).expect("measured");
        row.curve.last().expect("some length").power.value
    }

    fn each_window_sees_what_it_should(evidence: &Evidence) {
        let (s1, s2, s3) = (
            Rule::Of(Statistic::S1Mean),
            Rule::Of(Statistic::S2Margin),
            Rule::Of(Statistic::S3),
        );
        let laundered = |rule| power(evidence, "q4-0", AttackLevel::Laundered, rule);
        assert!(
            laundered(s1) < 0.05 && laundered(s2) > 0.9,
            "{} {}",
            laundered(s1),
            laundered(s2)
        );
        assert!(power(evidence, "q4-0", AttackLevel::Naive, s1) > 0.99);
        assert!(power(evidence, "hot", AttackLevel::Naive, s3) > 0.5);
        assert!(power(evidence, "hot", AttackLevel::Naive, s1) < 0.05);
        for (substitute, attack) in [("q4-0", AttackLevel::Laundered), ("smaller", AttackLevel::Naive)] {
            assert!(
                power(evidence, substitute, attack, Rule::Combined) > 0.9,
                "{substitute}"
            );
        }
        // S1 alone gives laundering away, so the robust split pays S2.
        let robust = evidence.minimax.as_ref().expect("disguises");
        assert!(
            robust.shares[1] > 0.0 && robust.worst_power >= robust.alone[0],
            "{robust:?}"
        );
        let z = &evidence.dependence;
        assert!(z.z_mean.abs() < 0.15 && (z.z_variance - 1.0).abs() < 0.2, "{z:?}");
    }

    fn the_ladder_is_in_order(evidence: &Evidence) {
        let names: Vec<&str> = evidence
            .ladder
            .iter()
            .map(|row| row.substitute.as_str())
            .collect();
        assert_eq!(names[0], "none");
        assert_eq!(names[names.len() - 1], "smaller");
        let smaller = &evidence.ladder[names.len() - 1];
        // Forty times the divergence is √40 times the error.
        assert!(
            (smaller.ratio / 40f64.sqrt() - 1.0).abs() < 0.1,
            "{}",
            smaller.ratio
        );
        assert!(smaller.mae_median.low < smaller.mae_median.value && smaller.published.is_some());
    }

    /// The compiled file fails as many answers as were counted, within the coarseness of its points.
    fn the_file_draws_what_was_measured(evidence: &Evidence, file: &stakeout_calibration::Calibration) {
        let table = file.compile();
        let threshold = file.threshold_ppb("fpr-1e-2").expect("named");
        let kernel = file.kernel_index("bf16-decode").expect("kept");
        let validator = file.kernel_index("bf16").expect("kept");
        let fail = |name: &str| {
            let substitute = file.substitute_index(name).expect("measured");
            1.0 - table.pass_probability(substitute, kernel, validator, threshold)
        };
        assert!(fail("none") < 0.04, "{}", fail("none"));
        for (name, attack) in [("q4-0", AttackLevel::Naive), ("q8-0", AttackLevel::Naive)] {
            let counted = power(evidence, name, attack, Rule::Combined);
            assert!(
                (fail(name) - counted).abs() < 0.1,
                "{name}: {} against {counted}",
                fail(name)
            );
        }
        assert!(fail("q4-0-laundered") > 0.9);
        let laundered = &file.substitutes()[file.substitute_index("q4-0-laundered").expect("named") as usize];
        assert_eq!((laundered.decode_cost, laundered.prefill_cost), (0.28, 2.0));
    }

    fn thresholds_travel_to_an_equal_model_and_not_to_a_noisier_one(sheet: &ScoreSheet, rulers: &Rulers) {
        let mut other = measurement(300, 64, 2);
        let tried = |other: &Measurement| {
            let sheet_of_other = ScoreSheet::of(&other.answers);
            transfer(("a", rulers, sheet), ("b", &sheet_of_other), 0.01)
        };
        assert!(tried(&other).iter().all(|row| row.false_positive.value < 0.04));
        for position in other.answers.iter_mut().flat_map(|answer| &mut answer.positions) {
            position.js *= 3.0;
        }
        let rows = tried(&other);
        let s1 = rows
            .iter()
            .find(|row| row.rule == Rule::Of(Statistic::S1Mean))
            .expect("compared");
        assert!(s1.is_model_specific);
    }
}

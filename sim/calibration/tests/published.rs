//! The committed file is what the fit gives, and the fit gives what was published.

#[path = "../examples/fit_published/fit.rs"]
mod fit;
#[path = "../examples/fit_published/law.rs"]
mod law;
#[path = "../examples/fit_published/targets.rs"]
#[allow(dead_code)]
mod targets;

use stakeout_calibration::{Calibration, Kind, OperatingPoint, ScoreTable};

const COMMITTED: &str = include_str!("../../../scenarios/calibration/published-gonka.yaml");

fn published() -> (Calibration, ScoreTable) {
    let calibration = Calibration::builtin("published-gonka").expect("built in");
    let table = calibration.compile();
    (calibration, table)
}

#[test]
fn the_committed_file_is_what_the_fit_gives() {
    assert_eq!(fit::published_gonka_text(), COMMITTED);
}

#[test]
fn a_calibration_reads_back_as_it_was_written() {
    let (calibration, _) = published();
    assert_eq!(
        Calibration::from_yaml(&calibration.to_yaml()).unwrap(),
        calibration
    );
}

#[test]
fn the_normal_quantile_agrees_with_its_tables() {
    for (p, z) in [
        (0.95, 1.6448536269514722),
        (0.975, 1.9599639845400545),
        (0.18, -0.915365087842814),
    ] {
        assert!((law::standard_quantile(p) - z).abs() < 1e-12, "{p}");
    }
}

#[test]
fn every_fitted_parameter_meets_its_target() {
    let (calibration, _) = published();
    assert_eq!(calibration.kind(), Kind::Derived);
    let fitted: Vec<_> = calibration
        .fit()
        .iter()
        .filter(|row| row.parameter != "-")
        .collect();
    assert_eq!(fitted.len(), 13);
    for row in fitted {
        assert!(
            row.residual().abs() <= 2e-9,
            "{}: {}",
            row.parameter,
            row.residual()
        );
    }
}

#[test]
fn honest_and_int4_answers_fail_as_published() {
    let (calibration, table) = published();
    let kernel = calibration.kernel_index("fp8-h100").unwrap();
    let int4 = calibration.substitute_index("int4").unwrap();
    let at = |name| calibration.threshold_ppb(name).unwrap();
    let fails = |substitute, name| 1.0 - table.pass_probability(substitute, kernel, kernel, at(name));
    // 26 of 26 + 0.684·6289 judged answers were invalid; 164 of 200 int4 answers were found by the study.
    assert!((fails(0, "launch") - 26.0 / (26.0 + 0.684 * 6289.0)).abs() < 1e-6);
    assert!((table.class_pass_probability(int4, kernel, kernel, 0, at("study")) - 0.18).abs() < 1e-6);
    assert!((table.class_pass_probability(int4, kernel, kernel, 0, at("vl-study")) - 0.013).abs() < 1e-6);
    // The second check has a statistic of its own; the laws of similarity say nothing about it.
    let of_similarity = |point: &&OperatingPoint| !point.label.starts_with("S2");
    for point in calibration.operating_points().iter().filter(of_similarity) {
        let found =
            1.0 - table.class_pass_probability(point.substitute, kernel, kernel, 0, point.threshold_ppb);
        let published = point.true_positive;
        assert!(
            (published.low..=published.high).contains(&found),
            "{}: {found}",
            point.label
        );
    }
    // A looser threshold finds less, and int8 is hard to tell from fp8 at the launch's.
    assert!(fails(int4, "launch") > fails(int4, "study") && fails(int4, "study") > fails(int4, "v0.2.10"));
    assert!(fails(calibration.substitute_index("int8").unwrap(), "launch") < 0.05);
    assert!(fails(calibration.substitute_index("smaller").unwrap(), "launch") > 0.999);
}

#[test]
fn honest_failures_come_from_the_prompt() {
    let (calibration, table) = published();
    let launch = calibration.threshold_ppb("launch").unwrap();
    let correlation = table.failure_correlation(0, 0, 0, launch).unwrap();
    let published = calibration.overdispersion()[0].correlation;
    assert!(
        (correlation - published).abs() < 1e-5,
        "{correlation} against {published}"
    );
}

#[test]
fn drawn_scores_have_the_law_that_closed_forms_use() {
    // 2^20 draws by a splitmix sequence; each share is compared at 6 standard errors: false alarm 2e-9 a
    // comparison, 8 comparisons.
    let (calibration, table) = published();
    let launch = calibration.threshold_ppb("launch").unwrap();
    let mut state = 0u64;
    let mut next = || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    };
    let draws = 1u32 << 20;
    for substitute in 0..4 {
        for validator in 0..2 {
            let passes = |(prompt, own)| table.similarity_ppb(substitute, 0, validator, prompt, own) > launch;
            let found = (0..draws).filter(|_| passes((next(), next()))).count() as f64 / f64::from(draws);
            let expected = table.pass_probability(substitute, 0, validator, launch);
            let error = (expected * (1.0 - expected) / f64::from(draws)).sqrt();
            assert!(
                (found - expected).abs() <= 6.0 * error,
                "{substitute} {validator}: {found} {expected}"
            );
        }
    }
}

//! What a calibration file may not be, and what its reader says.

use stakeout_calibration::{Calibration, CalibrationError, Problem};

const SMALL: &str = include_str!("small.yaml");

fn problems(from: &str, to: &str) -> Vec<Problem> {
    let changed = SMALL.replacen(from, to, 1);
    assert_ne!(changed, SMALL, "the test changes something");
    match Calibration::from_yaml(&changed) {
        Err(CalibrationError::Invalid(problems)) => problems,
        other => panic!("{to}: expected problems, got {other:?}"),
    }
}

fn syntax(text: &str) -> (u64, u64, String) {
    match Calibration::from_yaml(text) {
        Err(CalibrationError::Syntax {
            line,
            column,
            message,
        }) => (line, column, message),
        other => panic!("expected a syntax error, got {other:?}"),
    }
}

#[test]
fn a_file_without_a_correlation_reads_back_as_it_was_written() {
    let text = SMALL.replacen(
        "[{ unit: prompt, correlation: 0.5, n: 4, source: by hand }]",
        "[]",
        1,
    );
    let calibration = Calibration::from_yaml(&text).expect("valid");
    assert!(calibration.overdispersion().is_empty());
    assert_eq!(
        Calibration::from_yaml(&calibration.to_yaml()).expect("valid"),
        calibration
    );
}

#[test]
fn the_unchanged_file_is_read() {
    let calibration = Calibration::from_yaml(SMALL).expect("valid");
    assert_eq!(
        (calibration.name(), calibration.substitute_index("none")),
        ("small", Some(0))
    );
    assert_eq!(calibration.kernel_index("other"), None);
    assert_eq!(calibration.threshold_ppb("half"), Some(500_000_000));
}

#[test]
fn a_value_out_of_range_is_named_with_its_place() {
    let found = problems("share: 0.75", "share: 1.75");
    assert_eq!((found[0].line, found[0].column), (8, 35));
    assert_eq!(found[0].path, "prompts[0].share");
    assert!(found[0].message.contains("found 1.75, allowed is 0..1"));
}

#[test]
fn numbers_that_are_none_are_refused() {
    for number in [".nan", ".inf", "-.inf", "-0.1", "1e308"] {
        assert!(
            !problems("similarity: 0.5", &format!("similarity: {number}")).is_empty(),
            "{number}"
        );
        assert!(
            !problems("memory: 1", &format!("memory: {number}")).is_empty(),
            "{number}"
        );
        assert!(
            !problems("[1, 1.0]", &format!("[1, {number}]")).is_empty(),
            "{number}"
        );
    }
    assert!(!problems("decode_cost: 1", "decode_cost: 0").is_empty());
}

#[test]
fn a_quantile_function_rises_from_zero_to_one() {
    for (from, to, said) in [
        ("[[0, 0.9], [1, 1.0]]", "[[0, 0.9], [1, 0.8]]", "similarity falls"),
        ("[[0, 0.9], [1, 1.0]]", "[[0, 0.9], [0.9, 1.0]]", "reaches from"),
        ("[[0, 0.9], [1, 1.0]]", "[[0.1, 0.9], [1, 1.0]]", "reaches from"),
        ("[0.5, 0.2]", "[0.0000000001, 0.2]", "rises by"),
        ("[[0, 0.9], [1, 1.0]]", "[[0, 0.9]]", "1 entries"),
    ] {
        let found = problems(from, to);
        assert!(
            found.iter().any(|problem| problem.message.contains(said)),
            "{to}: {found:?}"
        );
    }
}

#[test]
fn every_law_is_given_exactly_once() {
    let regular = "prompt: regular, q";
    assert!(
        problems(regular, "prompt: degenerate, q")
            .iter()
            .any(|found| found.message.contains("twice"))
    );
    let second = "\nkernels: [{ name: other, note: another }, ";
    let found = problems("\nkernels: [", second);
    assert_eq!(
        found[0].message,
        "no law for substitute none, executor other, validator other, prompt regular"
    );
    let found = problems(regular, "prompt: odd, q");
    assert!(
        found[0]
            .message
            .contains("unknown name \"odd\"; known are degenerate, regular")
    );
}

#[test]
fn all_problems_of_a_file_are_told_at_once_in_its_order() {
    let changed = SMALL
        .replacen(
            "format: stakeout-calibration/1",
            "format: stakeout-calibration/2",
            1,
        )
        .replacen("name: small", "name: Not A Name", 1)
        .replacen("kind: measured", "kind: guessed", 1)
        .replacen("share: 0.25", "share: 0.5", 1)
        .replacen("correlation: 0.5", "correlation: 2", 1);
    let error = Calibration::from_yaml(&changed).unwrap_err();
    let CalibrationError::Invalid(found) = &error else {
        panic!("{error}")
    };
    let paths: Vec<&str> = found.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "format",
            "name",
            "kind",
            "overdispersion[0].correlation",
            "prompts"
        ]
    );
    assert!(error.to_string().starts_with("line 1, column 9: format: found"));
}

#[test]
fn a_derived_calibration_says_what_it_was_fitted_to() {
    assert_eq!(problems("kind: measured", "kind: derived")[0].path, "fit");
}

#[test]
fn what_is_not_the_expected_shape_is_refused_with_line_and_column() {
    let (line, _, message) = syntax(&SMALL.replacen("model: toy", "modle: toy", 1));
    assert_eq!(line, 3);
    assert!(message.contains("modle"), "{message}");
    assert_eq!(syntax(&SMALL.replacen("share: 0.75", "share: many", 1)).0, 8);
    assert!(syntax(&format!("{SMALL}name: again\n")).2.contains("name"));
    syntax("");
    syntax("[");
    syntax("\u{0}");
    syntax(&format!("{SMALL}---\n{SMALL}"));
}

#[test]
fn a_hostile_file_is_refused_before_it_costs() {
    let long = "#".repeat((1 << 20) + 1);
    assert_eq!(
        Calibration::from_yaml(&long),
        Err(CalibrationError::TooLarge {
            bytes: (1 << 20) + 1,
            limit: 1 << 20
        })
    );
    syntax(&"[".repeat(100_000));
    syntax("a: &a [1]\nb: *a\n");
    syntax("a: &a {x: 1}\nb: {<<: *a}\n");
    let rows = "{ name: a, note: n }, ".repeat(20_000);
    assert!(!problems("kernels: [", &format!("kernels: [{rows}")).is_empty());
}

#[test]
fn an_unknown_built_in_name_lists_what_there_is() {
    let error = Calibration::builtin("published").unwrap_err();
    assert_eq!(
        error.to_string(),
        "no built-in calibration \"published\"; there is published-gonka, demo-large, smollm2-135m"
    );
}

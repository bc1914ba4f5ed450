//! The closed forms hold, and the harness would notice if they did not.

use super::*;

/// Every figure of every oracle over twenty consecutive seeds, a tenth of the full size.
///
/// The rows together would fail by chance once in a hundred choices of seeds, and the seeds are fixed.
#[test]
fn every_closed_form_holds_over_twenty_seeds() {
    assert_all_hold(&ValidateOptions::quick());
}

/// The same at 1e7 inferences an oracle.
#[test]
#[cfg_attr(debug_assertions, ignore = "takes minutes without optimisation")]
fn every_closed_form_holds_at_ten_million_inferences() {
    assert_all_hold(&ValidateOptions::full());
}

fn assert_all_hold(options: &ValidateOptions) {
    let rows = validate(options).unwrap();
    assert!(rows.len() >= 25, "{}", rows.len());
    for row in &rows {
        println!(
            "{:18} {:60} {:.6} {:.6} z {:.2}",
            row.oracle, row.figure, row.expected, row.observed, row.z
        );
    }
    let failed: Vec<&Row> = rows.iter().filter(|row| row.verdict == Verdict::Fails).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

/// The queue observed at one load and judged by the formula of another 3 % away must fail.
#[test]
fn a_wrong_formula_is_noticed() {
    let options = ValidateOptions {
        only: vec![String::from("mm1")],
        ..ValidateOptions::quick()
    };
    let oracle = choose(&all(), &options.only).unwrap()[0];
    let right = Parameters::new(oracle, &[]).unwrap();
    let wrong = Parameters::new(oracle, &[(String::from("lambda"), 0.776)]).unwrap();
    let figure = oracle.expected(&wrong).unwrap().remove(0);
    let seen = |seed| {
        oracle
            .observe(&right, Observation { seed, size: 50_000 })
            .unwrap()[0]
    };
    let values: Vec<f64> = (1..21).map(seen).collect();
    let mut rows = [Row::new(oracle, &right, figure, &values, 50_000)];
    report::judge(&mut rows);
    assert_eq!(rows[0].verdict, Verdict::Fails);
}

#[test]
fn a_parameter_changes_what_is_expected_and_observed() {
    let options = ValidateOptions {
        only: vec![String::from("mmc")],
        set: vec![(String::from("c"), 7.0)],
        ..ValidateOptions::quick()
    };
    let rows = validate(&options).unwrap();
    assert!(rows.iter().all(|row| row.verdict == Verdict::Holds), "{rows:#?}");
    assert!((rows[1].expected - mmc::compute_erlang_c(7, 0.8)).abs() < 1e-12);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let with = |only: &str, name: &str, value: f64| {
        let set = if name.is_empty() {
            Vec::new()
        } else {
            vec![(String::from(name), value)]
        };
        validate(&ValidateOptions {
            only: vec![String::from(only)],
            set,
            size: 10,
            seeds: 1..3,
        })
    };
    assert!(matches!(with("mm2", "", 0.0), Err(OracleError::Unknown { .. })));
    assert!(matches!(
        with("mm1", "c", 7.0),
        Err(OracleError::UnknownParameter { .. })
    ));
    assert!(matches!(
        with("mm1", "lambda", -1.0),
        Err(OracleError::OutOfRange { .. })
    ));
    assert!(matches!(
        with("mm1", "lambda", f64::NAN),
        Err(OracleError::OutOfRange { .. })
    ));
    assert!(matches!(
        with("mm1", "lambda", 1.0),
        Err(OracleError::Overloaded { .. })
    ));
    assert!(matches!(
        with("mmc", "c", 2.5),
        Err(OracleError::OutOfRange { .. })
    ));
    let none = ValidateOptions {
        size: 0,
        ..ValidateOptions::quick()
    };
    assert_eq!(validate(&none), Err(OracleError::TooFew));
}

//! Every closed form of the registry holds, and the registry is in order.

use std::collections::BTreeSet;

use stakeout_engine::oracle::{Oracle, ValidateOptions, Verdict, validate_among};
use stakeout_worlds::rows;

fn registry() -> Vec<&'static dyn Oracle> {
    rows::all().map(|check| check as &'static dyn Oracle).collect()
}

/// Twenty seeds at a fifth of the quick size. All rows together fail by chance once in a hundred choices of seeds;
/// the seeds are fixed.
#[test]
fn every_closed_form_of_the_worlds_holds() {
    let options = ValidateOptions {
        size: 10_000,
        ..ValidateOptions::quick()
    };
    let rows = validate_among(&registry(), &options).unwrap();
    for row in &rows {
        println!(
            "{:22} {:48} {:>16.7} {:>16.7} z {:>6.2} {:?}",
            row.oracle, row.figure, row.expected, row.observed, row.z, row.verdict
        );
    }
    let failed: Vec<_> = rows.iter().filter(|row| row.verdict == Verdict::Fails).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

/// Rows that were constants once, at values that nobody chose to fit. Ten seeds; of those with chance in them, two, the
/// bounds are those of the whole report.
#[test]
fn closed_forms_hold_where_they_are_not_published() {
    let asked: [(&str, &[(&str, f64)]); 19] = [
        (
            "rate-by-traffic",
            &[
                ("requests", 7_000.0),
                ("start", 500.0),
                ("full", 20_000.0),
                ("halfway", 8.0),
                ("least", 2.0),
            ],
        ),
        ("rate-by-reputation", &[("reputation", 37.0), ("least", 5.0)]),
        ("confirmations", &[("risk", 0.01), ("q", 0.12)]),
        ("difficulty", &[("blocks", 500.0), ("seconds", 120.0)]),
        ("bitcoin-supply", &[("coins", 7.0), ("blocks", 1_000.0)]),
        (
            "price-blocks",
            &[
                ("utilisation", 90.0),
                ("low", 30.0),
                ("high", 70.0),
                ("elasticity", 4.0),
            ],
        ),
        (
            "helium-supply",
            &[("million", 10.0), ("years", 3.0), ("limit", 4.0)],
        ),
        (
            "io-net-emission",
            &[
                ("million", 100.0),
                ("percent", 5.0),
                ("decay", 2.5),
                ("years", 3.0),
            ],
        ),
        (
            "render-emission",
            &[("kept", 900.0), ("monthly", 1_000.0), ("cap", 50_000.0)],
        ),
        ("token-match", &[("part", 0.3)]),
        (
            "posp-grid",
            &[("cost", 0.5), ("ring", 0.4), ("reward", 2.0), ("stake", 7.0)],
        ),
        ("conservation", &[("holders", 3.0), ("amount", 10.0)]),
        ("concentration", &[("n", 9.0), ("owners", 7.0)]),
        ("power-cap", &[("cap", 28.0), ("large", 80.0)]),
        ("common-numbers", &[("rho", 0.7), ("other", 0.68), ("part", 0.2)]),
        ("g-function", &[("a1", 0.5), ("a2", 2.0), ("a3", 3.0)]),
        ("regret", &[("V", 4.0), ("C", 6.0), ("hawks", 0.3)]),
        (
            "permutation",
            &[("validators", 6.0), ("miners", 9.0), ("kappa", 40.0)],
        ),
        ("scale", &[("million", 7.0), ("providers", 11.0)]),
    ];
    for (name, set) in asked {
        let options = ValidateOptions {
            only: vec![name.to_owned()],
            set: set
                .iter()
                .map(|&(name, value)| (name.to_owned(), value))
                .collect(),
            size: 10_000,
            seeds: 1..11,
        };
        let rows = validate_among(&registry(), &options).unwrap();
        let failed: Vec<_> = rows.iter().filter(|row| row.verdict == Verdict::Fails).collect();
        assert!(failed.is_empty(), "{failed:#?}");
    }
}

#[test]
fn a_closed_form_takes_parameters_or_says_that_it_is_a_record() {
    for oracle in registry() {
        let is_record = oracle.title().ends_with("nothing to set");
        assert_eq!(oracle.parameters().is_empty(), is_record, "{}", oracle.id());
    }
}

#[test]
fn names_are_unique_across_the_registry() {
    let all = stakeout_worlds::registry();
    let names: BTreeSet<&str> = all.iter().map(|oracle| oracle.id()).collect();
    assert_eq!(names.len(), all.len());
}

/// The rows of the table on the page, each with the names in its last cell.
fn page() -> Vec<(u8, BTreeSet<String>)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/validation.md");
    let page = std::fs::read_to_string(path).expect("the page is there");
    let rows = page.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix("| ")?.split(" | ").collect();
        let number = cells[0].parse().ok()?;
        let names = cells[2]
            .split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect();
        Some((number, names))
    });
    rows.collect()
}

#[test]
fn all_eighty_two_rows_of_the_catalogue_are_answered_by_the_checks_the_page_names() {
    let page = page();
    assert_eq!(page.len(), 82);
    let all = stakeout_worlds::registry();
    for (row, (number, named)) in page.into_iter().enumerate() {
        assert_eq!(usize::from(number), row + 1);
        let answering: BTreeSet<String> = all
            .iter()
            .filter(|oracle| oracle.catalogue().contains(&number))
            .map(|oracle| oracle.id().to_owned())
            .collect();
        assert!(!answering.is_empty(), "nothing answers row {number}");
        assert_eq!(answering, named, "row {number}");
    }
}

/// Where an outage of ten minutes takes a third of all hosts out in every epoch. Sixty seeds; all figures together fail by
/// chance once in a hundred choices of seeds, which are fixed.
#[test]
fn both_fidelities_agree_where_outages_expel_hosts() {
    let options = ValidateOptions {
        only: vec![String::from("fidelity")],
        set: vec![
            (String::from("hours_up"), 2.0),
            (String::from("minutes_down"), 10.0),
        ],
        size: 10_000,
        seeds: 1..61,
    };
    let rows = validate_among(&stakeout_worlds::registry(), &options).unwrap();
    for row in &rows {
        println!("{:48} {:>12.6} z {:>6.2}", row.figure, row.observed, row.z);
    }
    assert!(rows.iter().all(|row| row.verdict == Verdict::Holds), "{rows:#?}");
}

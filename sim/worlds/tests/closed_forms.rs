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

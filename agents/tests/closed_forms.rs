//! The closed forms of the strategies, with a twelfth of their replicates.
//!
//! The full table holds each law to three standard errors (`stakeout attacks --closed-forms`). Here a row
//! fails below a chance of 2e-8 by Student's law, so that 41 rows of a right simulator fail with a chance below 1e-6
//! for new seeds; seeds are fixed, so the outcome never changes.

use stakeout_agents::registry;
use stakeout_agents::theory::{FORMS, POINTS_MAX};
use stakeout_statistics::student_p_value;

/// Part of the replicates that is run.
const PART: f64 = 1.0 / 12.0;
/// Chance below which a difference is none.
const CHANCE_MIN: f64 = 2e-8;

#[test]
fn every_strategy_does_what_its_closed_form_says() {
    let registry = registry();
    let mut failed = Vec::new();
    for form in FORMS {
        let line = form
            .compare(PART, &registry)
            .unwrap_or_else(|error| panic!("{}: {error}", form.name));
        println!(
            "{:18} {:18} expected {:.5} observed {:.5} error {:.5} z {:.2} units {}",
            line.name, line.strategy, line.expected, line.observed, line.error, line.z, line.units
        );
        let is_close = line.is_crossing && (line.observed - line.expected).abs() <= POINTS_MAX;
        let chance = student_p_value(line.z, (line.units - 1) as f64);
        if !is_close && (line.z.is_nan() || chance < CHANCE_MIN) {
            failed.push(line.figure);
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn every_closed_form_is_about_a_strategy_of_the_registry() {
    let registry = registry();
    for form in FORMS {
        assert!(
            registry.iter().any(|strategy| strategy.name == form.strategy),
            "{}",
            form.strategy
        );
    }
}

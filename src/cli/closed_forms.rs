//! `stakeout attacks --closed-forms`: what theory says of each strategy, held against the engine.
//!
//! Invariant: every row is printed before a row that does not hold ends the program with code 1.

use stakeout_agents::theory::{ClosedForm, FORMS, Line, TheoryError};
use stakeout_engine::strategy::registry::Registry;

use super::failure::{Failure, Reason};
use super::format::Format;
use super::table::{Cell, Table};
use super::terminal::print;

/// Part of the replicates that a quick look runs.
const QUICK: f64 = 1.0 / 12.0;

/// Compares and prints all closed forms, or those of the named strategies or scenarios.
pub(super) fn run(
    named: &[String],
    is_quick: bool,
    format: Format,
    registry: &Registry,
) -> Result<(), Failure> {
    let part = if is_quick { QUICK } else { 1.0 };
    let mut lines = Vec::new();
    for form in chosen(named)? {
        lines.push(form.compare(part, registry)?);
    }
    print(&table(&lines).render(format))?;
    let failed: Vec<&str> = lines
        .iter()
        .filter(|line| !line.holds)
        .map(|line| line.figure)
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    let message = format!("outside its bounds: {}", failed.join("; "));
    Err(Failure::new(Reason::Expectation, message))
}

fn chosen(named: &[String]) -> Result<Vec<&'static ClosedForm>, Failure> {
    let is_of = |form: &ClosedForm, name: &str| form.name == name || form.strategy == name;
    if let Some(unknown) = named
        .iter()
        .find(|name| !FORMS.iter().any(|form| is_of(form, name)))
    {
        let mut known: Vec<&str> = FORMS.iter().map(|form| form.strategy).collect();
        known.sort_unstable();
        known.dedup();
        return Err(Failure::usage(format!(
            "no closed form of `{unknown}`; there are some of {}",
            known.join(", ")
        )));
    }
    let is_wanted = |form: &&ClosedForm| named.is_empty() || named.iter().any(|name| is_of(form, name));
    Ok(FORMS.iter().filter(is_wanted).collect())
}

fn table(lines: &[Line]) -> Table {
    let columns = [
        "strategy", "scenario", "figure", "formula", "expected", "observed", "error", "z", "units", "bound",
        "verdict",
    ];
    let mut table = Table::new("Closed forms of the strategies", &columns);
    for line in lines {
        table.push(vec![
            Cell::text(line.strategy),
            Cell::text(line.name),
            Cell::text(line.figure),
            Cell::text(line.source),
            Cell::Real(line.expected, 5),
            Cell::Real(line.observed, 5),
            Cell::Real(line.error, 5),
            Cell::Real(line.z, 2),
            Cell::count(line.units),
            Cell::text(if line.is_crossing {
                "0.3 points"
            } else {
                "3 standard errors"
            }),
            Cell::text(if line.holds { "holds" } else { "FAILS" }),
        ]);
    }
    table
}

impl From<TheoryError> for Failure {
    fn from(error: TheoryError) -> Self {
        match error {
            TheoryError::Scenario(errors) => errors.into(),
            TheoryError::Run(error) => Failure::new(Reason::Invalid, error.to_string()),
        }
    }
}

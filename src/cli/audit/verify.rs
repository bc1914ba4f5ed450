//! `stakeout audit verify`: hashes, balances, and the run once more.

use std::path::PathBuf;

use clap::Args;
use stakeout_engine::audit::verify::{Finding, Outcome, verify_by_rerun, verify_files};
use stakeout_engine::observe::results_error::ResultsError;
use stakeout_engine::observe::run_archive::RunDirectory;
use stakeout_engine::run::LoggedRunError;

use super::super::failure::{Failure, Reason};
use super::super::format::FormatOption;
use super::super::run_path;
use super::super::simulate;
use super::super::table::{Cell, Table};
use super::super::terminal::print;
use super::load_scenario;

/// Arguments of `audit verify`.
#[derive(Args, Debug)]
#[command(before_help = "Examples:\n  stakeout audit verify latest\n  \
    stakeout audit verify latest --no-rerun --format json")]
pub struct Verify {
    /// The run directory
    #[arg(value_parser = run_path::parser())]
    run: PathBuf,
    /// Check hashes and balances only, without simulating the run again
    #[arg(long)]
    no_rerun: bool,
    /// Where the scenario's data files lie, if it has any
    #[arg(long, value_name = "FOLDER")]
    files: Option<PathBuf>,
    /// Threads; the results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    #[command(flatten)]
    format: FormatOption,
}

/// Verifies a run; fails with code 6 unless every check passes.
pub fn run(arguments: &Verify) -> Result<(), Failure> {
    simulate::set_threads(arguments.threads)?;
    let run = RunDirectory::open(&arguments.run)?;
    let scenario = load_scenario(&run, arguments.files.as_ref(), &[]);
    let mut failures = Vec::new();
    let mut findings = verify_files(&run, scenario.as_ref().ok())?;
    match scenario {
        Err(failure) if failure.reason == Reason::Usage && !arguments.no_rerun => return Err(failure),
        Err(failure) if failure.reason == Reason::Usage => findings.push(Finding {
            outcome: Outcome::Skipped,
            ..failed("scenario", "scenario.yaml", first_line(&failure.message))
        }),
        Err(failure) => {
            failures.push(failure.message.clone());
            findings.push(failed("scenario", "scenario.yaml", first_line(&failure.message)));
        }
        Ok(_) if arguments.no_rerun => {}
        Ok(scenario) => match verify_by_rerun(&run, &scenario, &stakeout_agents::registry()) {
            Ok(more) => findings.extend(more),
            Err(LoggedRunError::Log(error @ ResultsError::Io { .. })) => return Err(error.into()),
            Err(error) => findings.push(failed("re-run", "", error.to_string())),
        },
    }
    let mut table = Table::new("Verification", &["check", "file", "outcome", "finding"]);
    for finding in &findings {
        table.push(vec![
            Cell::text(finding.check),
            Cell::text(&finding.subject),
            Cell::text(outcome_name(finding.outcome)),
            Cell::text(&finding.detail),
        ]);
    }
    print(&table.render(arguments.format.format))?;
    let wrong: Vec<&Finding> = findings
        .iter()
        .filter(|finding| finding.outcome == Outcome::Failed)
        .collect();
    if wrong.is_empty() {
        return Ok(());
    }
    let told: Vec<String> = wrong
        .iter()
        .map(|finding| format!("{} {}: {}", finding.check, finding.subject, finding.detail))
        .chain(failures)
        .collect();
    let message = format!("{} does not verify\n{}", arguments.run.display(), told.join("\n"));
    Err(Failure::new(Reason::Verification, message))
}

/// What stands in a table of a message that goes over lines.
fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().to_owned()
}

fn failed(check: &'static str, subject: &str, detail: String) -> Finding {
    Finding {
        check,
        subject: subject.to_string(),
        outcome: Outcome::Failed,
        detail,
    }
}

const fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Failed => "FAILED",
        Outcome::Skipped => "skipped",
    }
}

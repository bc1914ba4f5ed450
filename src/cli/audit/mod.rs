//! `stakeout audit`: is a run what it claims to be, and why did it end as it did?
//!
//! Invariant: nothing here writes into a run directory; a failed verification ends in exit code 6.

mod diff;
mod explain;
mod replay;
mod trace;
mod verify;

use std::path::{Path, PathBuf};

use clap::Subcommand;
use stakeout_engine::audit::verify::scenario_of;
use stakeout_engine::observe::run_archive::RunDirectory;
use stakeout_engine::scenario::{self, Scenario};

use super::failure::{Failure, Reason};

/// What can be asked of a run.
#[derive(Subcommand, Debug)]
#[command(
    before_help = "Examples:\n  stakeout run first.yaml --event-log\n  stakeout audit verify latest\n  \
    stakeout audit explain latest --participant swapper-001"
)]
pub enum Audit {
    /// Recompute every hash and balance, simulate the run again and compare
    Verify(verify::Verify),
    /// Tell what changed a participant's standing and money, and why
    Explain(explain::Explain),
    /// Find the first event at which two runs part
    Diff(diff::Diff),
    /// Run the same requests under another rule and tell who gained
    Replay(replay::Replay),
    /// Write a window of the log for a trace viewer or for process mining
    Trace(trace::Trace),
}

/// Runs one of them.
pub fn run(command: &Audit) -> Result<(), Failure> {
    match command {
        Audit::Verify(arguments) => verify::run(arguments),
        Audit::Explain(arguments) => explain::run(arguments),
        Audit::Diff(arguments) => diff::run(arguments),
        Audit::Replay(arguments) => replay::run(arguments),
        Audit::Trace(arguments) => trace::run(arguments),
    }
}

/// Opens a run that kept a log.
fn open_logged(path: &Path) -> Result<RunDirectory, Failure> {
    let run = RunDirectory::open(path)?;
    if run.has_events() {
        return Ok(run);
    }
    Err(Failure::usage(format!(
        "{} has no event log; run the scenario again with --event-log",
        path.display()
    )))
}

/// The scenario that a run keeps, with changes; its data files lie in `files`.
fn load_scenario(
    run: &RunDirectory,
    files: Option<&PathBuf>,
    changes: &[scenario::layers::Override],
) -> Result<Scenario, Failure> {
    let registry = stakeout_agents::registry();
    let folder = files.map_or(run.path(), PathBuf::as_path);
    let read = if changes.is_empty() {
        scenario_of(run, folder, &registry).map_err(|error| Failure::new(Reason::Invalid, error))
    } else {
        let text = run.scenario()?;
        scenario::from_str_in(folder, "scenario.yaml", &text, changes, &registry).map_err(Failure::from)
    };
    read.map_err(|failure| match files {
        None if failure.message.contains(UNOPENED) => without_files(run, &failure.message),
        _ => failure,
    })
}

/// What a scenario says of a file that is not there.
const UNOPENED: &str = "cannot be opened";

/// The failure of a command that was not told where data files lie; a run directory does not keep them.
fn without_files(run: &RunDirectory, message: &str) -> Failure {
    let named = message
        .lines()
        .filter_map(|line| line.trim().strip_prefix("--> "));
    let mut names: Vec<&str> = named.collect();
    names.dedup();
    Failure::usage(format!(
        "the scenario of {} reads files that a run does not keep: {}\nname the folder that they are relative to with \
         --files FOLDER: it is that of the scenario file",
        run.path().display(),
        names.join(", ")
    ))
}

/// The index of a host that is named or numbered.
fn find_host(scenario: &Scenario, name: &str) -> Result<u32, Failure> {
    let place = scenario.hosts.iter().position(|host| host.id == name);
    let place = place.or_else(|| {
        name.parse()
            .ok()
            .filter(|&index: &usize| index < scenario.hosts.len())
    });
    if let Some(place) = place {
        return Ok(place as u32);
    }
    let known: Vec<&str> = scenario
        .hosts
        .iter()
        .take(8)
        .map(|host| host.id.as_str())
        .collect();
    let more = if scenario.hosts.len() > known.len() {
        ", …"
    } else {
        ""
    };
    Err(Failure::usage(format!(
        "no participant '{name}' in this run; its participants are {}{more}",
        known.join(", ")
    )))
}

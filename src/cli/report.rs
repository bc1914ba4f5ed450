//! `stakeout report` and `stakeout plot`: pages and pictures of what was run.

use std::path::PathBuf;

use stakeout_reports::ReportError;
use stakeout_reports::command::{self, Plot, Report};

use super::failure::{Failure, Reason};
use super::terminal::print;

/// Makes a page and prints where it is.
pub fn report(arguments: &Report) -> Result<(), Failure> {
    told(command::report(arguments))
}

/// Draws pictures and prints where they are.
pub fn plot(arguments: &Plot) -> Result<(), Failure> {
    told(command::plot(arguments))
}

fn told(outcome: Result<Vec<PathBuf>, ReportError>) -> Result<(), Failure> {
    let written = outcome.map_err(|error| {
        let reason = match error.exit_code() {
            2 => Reason::Usage,
            3 => Reason::Invalid,
            _ => Reason::Io,
        };
        Failure::new(reason, error.to_string())
    })?;
    print(
        &written
            .iter()
            .map(|path| format!("{}\n", path.display()))
            .collect::<String>(),
    )
}

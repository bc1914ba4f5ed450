//! `stakeout report` and `stakeout plot`: pages and pictures of what was run.

use std::path::PathBuf;

use stakeout_reports::command::{self, Plot, Report};

use super::failure::Failure;
use super::terminal::print;

/// Makes a page and prints where it is.
pub fn report(arguments: &Report) -> Result<(), Failure> {
    told(&command::report(arguments)?)
}

/// Draws pictures and prints where they are.
pub fn plot(arguments: &Plot) -> Result<(), Failure> {
    told(&command::plot(arguments)?)
}

fn told(written: &[PathBuf]) -> Result<(), Failure> {
    print(
        &written
            .iter()
            .map(|path| format!("{}\n", path.display()))
            .collect::<String>(),
    )
}

//! `stakeout report` and `stakeout plot`: pages and pictures of what was run.

use std::path::PathBuf;

use clap::Args;
use stakeout_reports::command::{self, Drawn, PLOT_EXAMPLES, Report};

use super::failure::Failure;
use super::format::Format;
use super::table::{Cell, Table};
use super::terminal::print;

/// Arguments of `plot`.
#[derive(Args, Debug)]
#[command(before_help = PLOT_EXAMPLES)]
pub struct Plot {
    #[command(flatten)]
    what: command::Plot,
    /// How to print the list
    #[arg(long, value_enum, default_value_t = Format::Table, value_name = "FORMAT", requires = "list")]
    format: Format,
}

/// Makes a page and prints where it is.
pub fn report(arguments: &Report) -> Result<(), Failure> {
    told(&command::report(arguments)?)
}

/// Draws pictures and prints where they are, or lists them.
pub fn plot(arguments: &Plot) -> Result<(), Failure> {
    let listed = match command::plot(&arguments.what)? {
        Drawn::Files(written) => return told(&written),
        Drawn::Listed(listed) => listed,
    };
    let mut table = Table::new("Pictures", &["name", "title"]);
    for picture in listed {
        table.push(vec![Cell::text(picture.name), Cell::text(picture.title)]);
    }
    print(&table.render(arguments.format))
}

fn told(written: &[PathBuf]) -> Result<(), Failure> {
    print(
        &written
            .iter()
            .map(|path| format!("{}\n", path.display()))
            .collect::<String>(),
    )
}

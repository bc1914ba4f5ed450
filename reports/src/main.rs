//! `stakeout-report`: the report half of the command line as a program of its own.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use stakeout_reports::command::{self, Drawn, Plot, Report};

/// Makes a page of a run, a sweep, a solved question or a calibration, or its pictures.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a self-contained page
    Report(Report),
    /// Draw pictures
    Plot(Plot),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Report(arguments) => command::report(&arguments).map(Drawn::Files),
        Command::Plot(arguments) => command::plot(&arguments),
    };
    match outcome {
        Ok(Drawn::Files(written)) => {
            written.iter().for_each(|path| println!("{}", path.display()));
            ExitCode::SUCCESS
        }
        Ok(Drawn::Listed(pictures)) => {
            pictures.iter().for_each(|picture| println!("{}", picture.name));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

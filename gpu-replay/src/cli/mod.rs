//! `stakeout-calibrate`: what can be asked, and which module answers.
//!
//! **Invariant.** Every command ends here; a failure becomes one message and an exit code of docs/exit-codes.md.

mod bench;
mod clock;
mod demo;
mod gpu;
mod interrupt;
mod measure;
mod models;
mod progress;
mod show;
mod threads;
mod transfer;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::Result;

/// Measure what a verifier can tell about a model, and write it as a calibration file.
#[derive(Parser, Debug)]
#[command(name = "stakeout-calibrate", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Measure the small model that comes with the program: minutes on a CPU, offline
    Demo(demo::Demo),
    /// Measure a model of yours
    Run(measure::Run),
    /// Explain a calibration: what was measured, what a threshold on it promises
    Show(show::Show),
    /// Try the thresholds of one measurement on another model, and back
    Transfer(transfer::Transfer),
    /// List, fetch or check models
    #[command(subcommand)]
    Models(models::Models),
    /// Tokens a second of prefill and decode, beside the machine's own limit
    Bench(bench::Bench),
    /// What a card gives: agreement with the CPU, speed against its memory
    #[command(subcommand)]
    Gpu(gpu::Gpu),
}

/// Runs the command line and gives the exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(count) = cli.command.product_threads() {
        threads::settle(count);
    }
    match answer(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

impl Command {
    /// Threads of one product; `None` where there is none. Measurements and trainings run many products side by side
    /// instead.
    fn product_threads(&self) -> Option<usize> {
        match self {
            Command::Bench(bench) => Some(bench.threads()),
            Command::Demo(_) | Command::Run(_) | Command::Gpu(gpu::Gpu::Check { .. }) => Some(1),
            Command::Show(_) | Command::Transfer(_) | Command::Models(_) | Command::Gpu(gpu::Gpu::Show) => {
                None
            }
        }
    }
}

fn answer(command: Command) -> Result<()> {
    match command {
        Command::Demo(demo) => demo.run(),
        Command::Run(run) => run.run(),
        Command::Show(show) => show.run(),
        Command::Transfer(transfer) => transfer.run(),
        Command::Models(models) => models.run(),
        Command::Bench(bench) => bench.run(),
        Command::Gpu(gpu) => gpu.run(),
    }
}

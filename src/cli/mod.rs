//! The command line: what can be asked, and which module answers.
//!
//! Invariant: every command ends in [`main`], which alone turns a failure into a message and an exit code of
//! `docs/exit-codes.md`.

mod attacks;
mod audit;
mod bug;
mod cell_store;
mod clock;
mod closed_forms;
mod coins;
mod compare;
mod completions;
mod estimate;
mod exact;
mod examples;
mod failure;
mod files;
mod fitted;
mod format;
mod game;
mod game_tables;
mod host_table;
mod init;
mod interrupt;
mod manual;
mod network_table;
mod no_number;
mod options;
mod progress;
mod rare;
mod record_table;
mod report;
mod run;
mod run_page;
mod run_path;
mod runs;
mod scenario;
mod sibling;
mod simulate;
mod solve;
mod solve_tables;
mod sweep;
mod sweep_estimate;
mod sweep_page;
mod sweep_progress;
mod table;
mod terminal;
mod trace;
mod twin_table;
mod validate;
mod worlds;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::Failure;

const FIRST_STEPS: &str = "\
Examples:
  stakeout init                                      write a first scenario, thirty lines
  stakeout run first.yaml                            run it
  stakeout run first.yaml --replicates 20 --resume   nineteen more: intervals, not points
  stakeout report latest                             a page of it with pictures, for any browser
  stakeout scenario explain first.yaml               every value, where it comes from, its public source
  stakeout validate                                  closed forms: expected, observed, verdict
  stakeout attacks --list                            the attacks that come with the program
  stakeout examples                                  what else can be run";

/// In a network that pays strangers to run AI, does cheating pay?
#[derive(Parser, Debug)]
#[command(name = "stakeout", version, before_help = FIRST_STEPS, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 done, 1 an expectation failed, 2 usage, 3 invalid file, 4 input or output, \
    5 a limit, 6 a verification failed, 70 our bug, 130 interrupted."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Write a first scenario into this folder
    Init(init::Init),
    /// Run a scenario and print what came of it
    Run(run::Run),
    /// Check, explain, describe or begin a scenario
    #[command(subcommand, visible_alias = "scenarios")]
    Scenario(scenario::Scenario),
    /// Tell the life of one inference of a run
    Trace(trace::Trace),
    /// Verify a run and explain it from its event log
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Compare the simulator with closed forms
    Validate(validate::Validate),
    /// Run attacks beside their honest twins: does it pay, is it found, what stops it?
    Attacks(attacks::Attacks),
    /// Ask the other systems: mining, ownership, markets, clouds, schedules
    Worlds(worlds::Worlds),
    /// List, show or copy the scenarios that come with the program
    Examples(examples::Examples),
    /// Run a scenario at many points, each several times
    Sweep(sweep::Sweep),
    /// Find the cheapest rule under which no attack of a menu pays
    Solve(solve::Solve),
    /// Simulate what each strategy earns among the others, and solve the game
    Game(game::Game),
    /// The probability of what is too rare to wait for
    Rare(rare::Rare),
    /// Error rates of sequential tests, exactly and without a simulation
    Exact(exact::Exact),
    /// Compare two mechanisms under the same random numbers
    Compare(compare::Compare),
    /// Put the shards of a sweep together
    Merge(sweep::Merge),
    /// List finished runs, or set two beside each other
    Runs(runs::Runs),
    /// Make a self-contained page of a run, a sweep, a solved question or a calibration
    Report(stakeout_reports::command::Report),
    /// Draw pictures of them, one or all
    Plot(report::Plot),
    /// Measure how well substitutes are told apart (needs stakeout-calibrate)
    #[command(disable_help_flag = true)]
    Calibrate(Passed),
    /// Print a completion script for a shell
    Completions(completions::Completions),
    /// Print a manual page, or write all of them
    #[command(visible_alias = "man")]
    Manual(manual::Manual),
}

/// Arguments that are handed to another binary as they are.
#[derive(clap::Args, Debug)]
struct Passed {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Reads the command line, runs the command and turns its end into an exit code.
pub fn main() -> ExitCode {
    let cli = Cli::try_parse().unwrap_or_else(|error| {
        let told = run_path::several_runs(&error).or_else(|| no_number::told(&error));
        match told {
            Some(message) => {
                terminal::remark(&format!("error: {message}"));
                std::process::exit(error.exit_code());
            }
            None => error.exit(),
        }
    });
    match bug::catch(|| dispatch(&cli.command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.message.is_empty() {
                terminal::remark(&format!("error: {failure}"));
            }
            if let Some(advice) = failure.advice() {
                terminal::remark(advice);
            }
            ExitCode::from(failure.reason as u8)
        }
    }
}

fn dispatch(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Init(arguments) => init::run(arguments),
        Command::Run(arguments) => run::run(arguments),
        Command::Scenario(arguments) => scenario::run(arguments),
        Command::Trace(arguments) => trace::run(arguments),
        Command::Audit(command) => audit::run(command),
        Command::Validate(arguments) => validate::run(arguments),
        Command::Attacks(arguments) => attacks::run(arguments),
        Command::Worlds(arguments) => worlds::run(arguments),
        Command::Examples(arguments) => examples::run(arguments),
        Command::Sweep(arguments) => sweep::run(arguments),
        Command::Solve(arguments) => solve::run(arguments),
        Command::Game(arguments) => game::run(arguments),
        Command::Rare(arguments) => rare::run(arguments),
        Command::Exact(arguments) => exact::run(arguments),
        Command::Compare(arguments) => compare::run(arguments),
        Command::Merge(arguments) => sweep::merge(arguments),
        Command::Runs(arguments) => runs::run(arguments),
        Command::Report(arguments) => report::report(arguments),
        Command::Plot(arguments) => report::plot(arguments),
        Command::Calibrate(passed) => sibling::run(&passed.arguments),
        Command::Completions(arguments) => completions::run(arguments),
        Command::Manual(arguments) => manual::run(arguments),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn the_definitions_of_commands_and_options_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }

    /// The commands below one that explain themselves without an example.
    fn without_example(command: &clap::Command, name: &str) -> Vec<String> {
        let mut found = Vec::new();
        for below in command.get_subcommands() {
            let name = format!("{name} {}", below.get_name());
            let told = below
                .get_before_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            // The help of `calibrate` is that of another program.
            if !told.contains(&name) && name != "stakeout calibrate" {
                found.push(name.clone());
            }
            found.extend(without_example(below, &name));
        }
        found
    }

    #[test]
    fn every_command_begins_its_help_with_an_example_of_itself() {
        assert_eq!(without_example(&Cli::command(), "stakeout"), [""; 0]);
    }
}

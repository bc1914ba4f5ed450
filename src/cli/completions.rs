//! `stakeout completions`: a script that completes commands and options in a shell.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Cli;
use super::failure::Failure;
use super::terminal::print;

/// Arguments of `completions`.
#[derive(Args, Debug)]
#[command(
    before_help = "Example:\n  stakeout completions bash > ~/.local/share/bash-completion/completions/stakeout"
)]
pub struct Completions {
    /// The shell to write for
    shell: Shell,
}

/// Prints the script.
pub fn run(arguments: &Completions) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "stakeout", &mut script);
    print(&String::from_utf8_lossy(&script))
}

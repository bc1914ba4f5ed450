//! Stakeout: in a network that pays strangers to run AI, does cheating pay?
//!
//! The command line reads scenarios, runs them and prints what came of it. It knows no rule of the network and does
//! no arithmetic on money; both live in the libraries under `sim/`.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}

//! `stakeout manual`: manual pages from the same definitions as the help.

use std::fs;
use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_mangen::Man;

use super::Cli;
use super::failure::{Failure, Reason};
use super::terminal::print;

/// Arguments of `manual`.
#[derive(Args, Debug)]
#[command(
    before_help = "Examples:\n  stakeout manual --out man\n  man man/stakeout-run.1\n  stakeout manual run | man -l -"
)]
pub struct Manual {
    /// Print the page of this command; of the program where none is named
    command: Option<String>,
    /// Write every page into this folder, created if absent
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    out: Option<PathBuf>,
}

/// Prints one page or writes all.
pub fn run(arguments: &Manual) -> Result<(), Failure> {
    let program = Cli::command().disable_help_subcommand(true);
    let page = |command: &clap::Command, name: &str| -> Result<Vec<u8>, Failure> {
        let mut text = Vec::new();
        let command = command
            .clone()
            .display_name(name.to_string())
            .bin_name(name.replace('-', " "));
        Man::new(command)
            .render(&mut text)
            .map_err(|error| Failure::new(Reason::Bug, error.to_string()))?;
        Ok(text)
    };
    let Some(folder) = &arguments.out else {
        let text = match &arguments.command {
            None => page(&program, "stakeout")?,
            Some(wanted) => match program.find_subcommand(wanted) {
                Some(command) => page(command, &format!("stakeout-{wanted}"))?,
                None => {
                    return Err(Failure::usage(format!(
                        "there is no command `{wanted}`; see stakeout --help"
                    )));
                }
            },
        };
        return print(&String::from_utf8_lossy(&text));
    };
    fs::create_dir_all(folder).map_err(|error| Failure::io(folder, &error))?;
    let mut pages = vec![("stakeout".to_string(), page(&program, "stakeout")?)];
    for command in program.get_subcommands() {
        let name = format!("stakeout-{}", command.get_name());
        let text = page(command, &name)?;
        pages.push((name, text));
    }
    let mut written = String::new();
    for (name, text) in pages {
        let path = folder.join(format!("{name}.1"));
        fs::write(&path, text).map_err(|error| Failure::io(&path, &error))?;
        written += &format!("{}\n", path.display());
    }
    print(&written)
}

//! `stakeout manual`: manual pages from the same definitions as the help.
//!
//! Invariant: every page that another page refers to is written with it.

use std::fs;
use std::io;
use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use super::Cli;
use super::failure::{Failure, Reason};
use super::terminal::print;

/// Arguments of `manual`.
#[derive(Args, Debug)]
#[command(
    before_help = "Examples:\n  stakeout manual --out man\n  man man/stakeout-run.1\n  stakeout manual audit explain | man -l -"
)]
pub struct Manual {
    /// Print the page of this command; of the program where none is named
    command: Vec<String>,
    /// Write every page into this folder, created if absent
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    out: Option<PathBuf>,
}

/// Prints one page or writes all.
pub fn run(arguments: &Manual) -> Result<(), Failure> {
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    let name = vec!["stakeout".to_string()];
    let Some(folder) = &arguments.out else {
        let (mut command, mut name) = (&program, name);
        for word in &arguments.command {
            command = command.find_subcommand(word).ok_or_else(|| {
                let name = name.join(" ");
                Failure::usage(format!("there is no command `{name} {word}`; see {name} --help"))
            })?;
            name.push(command.get_name().to_string());
        }
        return print(&page(command, &name)?);
    };
    fs::create_dir_all(folder).map_err(|error| Failure::io(folder, &error))?;
    let mut written = String::new();
    for (name, text) in pages(&program, &name)? {
        let path = folder.join(format!("{}.1", name.join("-")));
        fs::write(&path, text).map_err(|error| Failure::io(&path, &error))?;
        written += &format!("{}\n", path.display());
    }
    print(&written)
}

/// The page of a command and those of the commands below it, with the words of their names.
fn pages(command: &clap::Command, name: &[String]) -> Result<Vec<(Vec<String>, String)>, Failure> {
    let mut all = vec![(name.to_vec(), page(command, name)?)];
    for below in command.get_subcommands() {
        let name = [name, &[below.get_name().to_string()]].concat();
        all.extend(pages(below, &name)?);
    }
    Ok(all)
}

fn page(command: &clap::Command, name: &[String]) -> Result<String, Failure> {
    let text = sections(command, name);
    let text = text.map_err(|error| Failure::new(Reason::Bug, error.to_string()))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// The sections in their order. The synopsis is the line of the help, which names what each argument takes.
fn sections(command: &clap::Command, name: &[String]) -> io::Result<Vec<u8>> {
    let mut command = command
        .clone()
        .display_name(name.join("-"))
        .bin_name(name.join(" "))
        .version(env!("CARGO_PKG_VERSION"))
        .disable_help_subcommand(true);
    let usage = command.render_usage().to_string();
    let examples = command.get_before_help().map(ToString::to_string);
    let (has_commands, has_more) = (command.has_subcommands(), command.get_after_help().is_some());
    let man = Man::new(command).title(name.join("-")).source("stakeout");
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    let mut synopsis = Roff::new();
    synopsis.control("SH", ["SYNOPSIS"]);
    synopsis.text([roman(usage.trim_start_matches("Usage: "))]);
    synopsis.to_writer(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if has_commands {
        man.render_subcommands_section(&mut text)?;
    }
    if has_more {
        man.render_extra_section(&mut text)?;
    }
    if let Some(examples) = examples {
        let mut section = Roff::new();
        section.control("SH", ["EXAMPLES"]);
        section.control("nf", []);
        for line in examples.lines().filter(|line| line.starts_with(' ')) {
            section.text([roman(line.trim())]);
        }
        section.control("fi", []);
        section.to_writer(&mut text)?;
    }
    man.render_version_section(&mut text)?;
    Ok(text)
}

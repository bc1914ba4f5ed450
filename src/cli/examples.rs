//! `stakeout examples`: the scenarios that come with the program.
//!
//! Invariant: the text is the shipped file, embedded when the program was built.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use stakeout_engine::scenario::error::unknown_name;

use super::failure::Failure;
use super::files::create_new;
use super::format::FormatOption;
use super::table::{Cell, Table};
use super::terminal::print;

/// Arguments of `examples`.
#[derive(Args, Debug)]
#[command(
    before_help = "Examples:\n  stakeout examples\n  stakeout examples show gonka-sprt\n  stakeout examples copy gonka-sprt\n  stakeout run gonka-sprt.yaml --replicates 20"
)]
pub struct Examples {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    format: FormatOption,
}

#[derive(Subcommand, Debug)]
enum Action {
    /// Print an example
    #[command(
        before_help = "Examples:\n  stakeout examples show gonka-sprt\n  stakeout examples show first > mine.yaml"
    )]
    Show {
        /// Name, as listed
        name: String,
    },
    /// Write an example, and the data it reads, into a folder
    #[command(
        before_help = "Examples:\n  stakeout examples copy gonka-sprt\n  stakeout examples copy gonka-mainnet-epoch56 mainnet"
    )]
    Copy {
        /// Name, as listed
        name: String,
        /// Where to
        #[arg(default_value = ".")]
        folder: PathBuf,
    },
}

/// A scenario and the files it reads, by path below its own folder.
pub struct Example {
    /// Name, the file's without its extension.
    pub name: &'static str,
    /// The shipped file.
    pub text: &'static str,
    data: &'static [(&'static str, &'static str)],
}

macro_rules! shipped {
    ($folder:literal, $name:literal $(, $data:literal)*) => {
        Example {
            name: $name,
            text: include_str!(concat!("../../scenarios/", $folder, "/", $name, ".yaml")),
            data: &[$(($data, include_str!(concat!("../../scenarios/", $folder, "/", $data)))),*],
        }
    };
}

/// Every example, the simplest first.
pub const EXAMPLES: &[Example] = &[
    shipped!(".", "first"),
    shipped!("smoke", "launch"),
    shipped!("smoke", "sprt"),
    shipped!("smoke", "service"),
    shipped!(
        "networks",
        "gonka-mainnet-epoch56",
        "gonka-mainnet-epoch56/hosts.csv",
        "gonka-mainnet-epoch56/trace.csv"
    ),
    shipped!("networks", "gonka-launch"),
    shipped!("networks", "gonka-sprt"),
    shipped!("networks", "reputation-decay"),
];

impl Example {
    /// The question of the file's head, without the comment sign.
    fn question(&self) -> String {
        let head = self
            .text
            .lines()
            .map_while(|line| line.strip_prefix('#'))
            .map(str::trim);
        let asked = head.skip_while(|line| !line.starts_with("Question:"));
        let lines = asked.take_while(|line| !line.is_empty() && !line.starts_with("Expect"));
        let joined = lines.collect::<Vec<_>>().join(" ");
        joined.trim_start_matches("Question:").trim().to_string()
    }
}

/// Lists, shows or copies.
pub fn run(arguments: &Examples) -> Result<(), Failure> {
    match &arguments.action {
        None => list(arguments.format),
        Some(Action::Show { name }) => print(find(name)?.text),
        Some(Action::Copy { name, folder }) => copy(find(name)?, folder),
    }
}

fn list(format: FormatOption) -> Result<(), Failure> {
    let mut table = Table::new("Examples", &["name", "question"]);
    for example in EXAMPLES {
        table.push(vec![Cell::text(example.name), Cell::text(example.question())]);
    }
    print(&table.render(format.format))
}

fn find(name: &str) -> Result<&'static Example, Failure> {
    EXAMPLES
        .iter()
        .find(|example| example.name == name)
        .ok_or_else(|| {
            let names: Vec<&str> = EXAMPLES.iter().map(|example| example.name).collect();
            Failure::usage(unknown_name(
                "example",
                name,
                &names,
                "`stakeout examples` lists them",
            ))
        })
}

fn copy(example: &Example, folder: &Path) -> Result<(), Failure> {
    let path = folder.join(format!("{}.yaml", example.name));
    create_new(&path, example.text)?;
    for (name, text) in example.data {
        create_new(&folder.join(name), text)?;
    }
    print(&format!("{}\n", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_has_its_own_name_and_asks_a_question() {
        for (at, example) in EXAMPLES.iter().enumerate() {
            assert!(!example.question().is_empty(), "{}", example.name);
            assert!(EXAMPLES[..at].iter().all(|other| other.name != example.name));
        }
    }
}

//! `stakeout worlds`: the other systems, each asked its question.

use std::path::{Path, PathBuf};

use clap::Args;
use stakeout_engine::scenario::error::unknown_name;
use stakeout_engine::scenario::files;
use stakeout_worlds::shipped::SHIPPED;
use stakeout_worlds::world::{Line, World, WorldError, judge};

use super::failure::{Failure, Reason};
use super::format::FormatOption;
use super::simulate::set_threads;
use super::table::{Cell, Table};
use super::terminal::{print, remark};

const EXAMPLES: &str = "\
Examples:
  stakeout worlds                          every system: question, expected, observed, verdict
  stakeout worlds bitcoin pluralis-ownership
  stakeout worlds my-world.yaml --size 500000
  stakeout worlds --list";

/// Draws a seed where none are asked for: seconds for all worlds together.
const SIZE: u64 = 20_000;

/// Arguments of `worlds`.
#[derive(Args, Debug)]
#[command(before_help = EXAMPLES)]
pub struct Worlds {
    /// Names, as listed, or files; all that come with the program where none is given
    names: Vec<String>,
    /// Draws a seed of what has chance in it
    #[arg(long, value_name = "N", default_value_t = SIZE, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    size: u64,
    /// Independent seeds
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(2..=100_000))]
    seeds: u64,
    /// Threads; the results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// List the worlds with their questions, and stop
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    format: FormatOption,
}

/// Runs worlds and prints a line a figure; fails with code 1 where one does not hold.
pub fn run(arguments: &Worlds) -> Result<(), Failure> {
    let worlds = read(&arguments.names)?;
    if arguments.list {
        return print(&list(&worlds).render(arguments.format.format));
    }
    set_threads(arguments.threads)?;
    remark(&format!(
        "worlds to ask: {}, with {} seeds of {} draws each",
        worlds.len(),
        arguments.seeds,
        arguments.size
    ));
    let mut lines = Vec::new();
    for (name, world) in &worlds {
        lines.extend(world.run(name, arguments.size, 1..arguments.seeds + 1)?);
    }
    judge(&mut lines);
    print(&table(&worlds, &lines).render(arguments.format.format))?;
    let failed: Vec<String> = lines
        .iter()
        .filter(|line| !line.holds)
        .map(|line| format!("{}: {} ({})", line.world, line.source, line.figure))
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        Reason::Expectation,
        format!("not as expected: {}", failed.join(", ")),
    ))
}

fn read(names: &[String]) -> Result<Vec<(String, World)>, Failure> {
    let shipped = |name: &str| SHIPPED.iter().find(|shipped| shipped.name == name);
    if names.is_empty() {
        return SHIPPED
            .iter()
            .map(|shipped| Ok((shipped.name.to_string(), World::read(shipped.name, shipped.text)?)))
            .collect();
    }
    names
        .iter()
        .map(|name| {
            if let Some(shipped) = shipped(name) {
                return Ok((name.clone(), World::read(name, shipped.text)?));
            }
            let path = Path::new(name);
            if !path.exists() {
                let known: Vec<&str> = SHIPPED.iter().map(|shipped| shipped.name).collect();
                let list = "`stakeout worlds --list` names them, and a file may be given";
                return Err(Failure::usage(unknown_name("world or file", name, &known, list)));
            }
            let text = files::read_text(path).map_err(|error| Failure::io(path, &error))?;
            let stem = PathBuf::from(name)
                .file_stem()
                .map(|stem| stem.to_string_lossy().into_owned());
            Ok((stem.unwrap_or_else(|| name.clone()), World::read(name, &text)?))
        })
        .collect()
}

fn list(worlds: &[(String, World)]) -> Table {
    let mut table = Table::new(
        "Worlds",
        &["name", "system", "question", "outcome", "claim", "holds if"],
    );
    for (name, world) in worlds {
        let claim = |part: fn(&stakeout_worlds::world::Claim) -> &String| {
            Cell::or_empty(world.claim.as_ref(), |claim| Cell::text(part(claim).clone()))
        };
        table.push(vec![
            Cell::text(name.clone()),
            Cell::text(world.system.clone()),
            Cell::text(world.question.clone()),
            Cell::text(world.outcome.clone()),
            claim(|claim| &claim.says),
            claim(|claim| &claim.holds_if),
        ]);
    }
    table
}

fn table(worlds: &[(String, World)], lines: &[Line]) -> Table {
    let columns = [
        "world",
        "question",
        "closed form",
        "figure",
        "stated",
        "expected",
        "observed",
        "from",
        "to",
        "verdict",
    ];
    let mut table = Table::new("Worlds", &columns);
    for line in lines {
        let question = worlds
            .iter()
            .find(|(name, _)| *name == line.world)
            .map_or("", |(_, world)| world.question.as_str());
        let stated = |(low, high): (f64, f64)| {
            if low == high {
                Cell::figure(low)
            } else {
                Cell::text(format!("{low} to {high}"))
            }
        };
        table.push(vec![
            Cell::text(line.world.clone()),
            Cell::text(question),
            Cell::text(line.source),
            Cell::text(line.figure.clone()),
            Cell::or_empty(line.stated, stated),
            Cell::or_empty(line.expected, Cell::figure),
            Cell::figure(line.observed),
            Cell::figure(line.interval.low),
            Cell::figure(line.interval.high),
            Cell::text(line.verdict()),
        ]);
    }
    table
}

impl From<WorldError> for Failure {
    fn from(error: WorldError) -> Self {
        Failure::new(Reason::Invalid, error.to_string())
    }
}

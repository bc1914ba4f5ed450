//! `stakeout.worlds`: the other systems, each asked its question.

use std::path::Path;

use pyo3::prelude::*;
use stakeout_engine::scenario::files;
use stakeout_worlds::shipped::SHIPPED;
use stakeout_worlds::world::{World, judge};

use crate::error::Failed;
use crate::guard::interruptible;
use crate::table::{Cells, Table};

/// Runs worlds by name or file, all that come with the program where none is named, and gives a row a figure.
#[pyfunction]
#[pyo3(signature = (names = None, *, size = 20_000, seeds = 20, threads = None))]
pub fn worlds(
    py: Python<'_>,
    names: Option<Vec<String>>,
    size: u64,
    seeds: u64,
    threads: Option<u16>,
) -> Result<Table, Failed> {
    if size == 0 || seeds < 2 {
        return Err(Failed::usage("at least one draw and two seeds are needed"));
    }
    let names = names.unwrap_or_else(|| SHIPPED.iter().map(|shipped| shipped.name.to_owned()).collect());
    let worlds = names
        .iter()
        .map(|name| read(name))
        .collect::<Result<Vec<(String, World)>, Failed>>()?;
    let lines = interruptible(py, threads, |stop| {
        let mut lines = Vec::new();
        for (name, world) in &worlds {
            stop.check();
            lines.extend(
                world
                    .run(name, size, 1..seeds.saturating_add(1))
                    .map_err(invalid)?,
            );
        }
        judge(&mut lines);
        Ok(lines)
    })?;
    let question = |name: &str| {
        let found = worlds.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, world)| world.question.as_str())
    };
    Table::new(
        "worlds",
        vec![
            (
                "world".to_owned(),
                Cells::words(lines.iter().map(|line| line.world.as_str())),
            ),
            (
                "question".to_owned(),
                Cells::words(lines.iter().map(|line| question(&line.world))),
            ),
            (
                "closed_form".to_owned(),
                Cells::words(lines.iter().map(|line| line.source)),
            ),
            (
                "figure".to_owned(),
                Cells::words(lines.iter().map(|line| line.figure.as_str())),
            ),
            (
                "stated_low".to_owned(),
                Cells::Real(
                    lines
                        .iter()
                        .map(|line| line.stated.map(|stated| stated.0))
                        .collect(),
                ),
            ),
            (
                "stated_high".to_owned(),
                Cells::Real(
                    lines
                        .iter()
                        .map(|line| line.stated.map(|stated| stated.1))
                        .collect(),
                ),
            ),
            (
                "expected".to_owned(),
                Cells::Real(lines.iter().map(|line| line.expected).collect()),
            ),
            (
                "observed".to_owned(),
                Cells::reals(lines.iter().map(|line| line.observed)),
            ),
            (
                "low".to_owned(),
                Cells::reals(lines.iter().map(|line| line.interval.low)),
            ),
            (
                "high".to_owned(),
                Cells::reals(lines.iter().map(|line| line.interval.high)),
            ),
            (
                "holds".to_owned(),
                Cells::Switch(lines.iter().map(|line| line.holds).collect()),
            ),
        ],
    )
}

fn invalid(error: impl std::fmt::Display) -> Failed {
    Failed::Invalid {
        message: error.to_string(),
        problems: Vec::new(),
    }
}

fn read(name: &str) -> Result<(String, World), Failed> {
    if let Some(shipped) = SHIPPED.iter().find(|shipped| shipped.name == name) {
        return Ok((name.to_owned(), World::read(name, shipped.text).map_err(invalid)?));
    }
    let path = Path::new(name);
    if !path.exists() {
        let known: Vec<&str> = SHIPPED.iter().map(|shipped| shipped.name).collect();
        return Err(Failed::usage(format!(
            "no world and no file `{name}`; there are {}",
            known.join(", ")
        )));
    }
    let text = files::read_text(path).map_err(|error| Failed::InputOutput(format!("{name}: {error}")))?;
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    Ok((
        stem.unwrap_or_else(|| name.to_owned()),
        World::read(name, &text).map_err(invalid)?,
    ))
}

//! What the real network recorded, to be set beside a run.
//!
//! The file has a column `host` and any of `inferences`, `missed`, `validated`, `invalidated` and `reward`
//! (base units); an empty cell or a dash is a figure that the record does not give.
//!
//! Invariant: every recorded host is one of the scenario's.

use stakeout_protocol::units::{Amount, EpochIndex};

use super::error::{Problem, nearest};
use super::quantity::COUNT;
use super::table::Table;
use super::value::Typed;
use super::values::Values;
use super::{Host, Record, RecordedHost};

/// The record, if the scenario has one.
///
/// # Errors
/// All cells that are wrong.
pub fn read(v: &Values, table: Option<&Table>, hosts: &[Host]) -> Result<Option<Record>, Vec<Problem>> {
    let heights = match v.get("record.heights") {
        Some(Typed::Named(heights)) => heights.clone(),
        _ => Vec::new(),
    };
    if table.is_none() && heights.is_empty() {
        return Ok(None);
    }
    let Some(source) = v.text("record.source") else {
        let path = if table.is_some() {
            "record.hosts_csv"
        } else {
            "record.heights"
        };
        let problem = v.problem(path, "the record's source is missing");
        return Err(vec![
            problem.allowed("record.source: where the figures come from"),
        ]);
    };
    let mut problems = Vec::new();
    let mut recorded = Vec::new();
    if let Some(table) = table {
        let Some(column) = table.column("host") else {
            return Err(vec![table.missing_column("host")]);
        };
        for row in 0..table.rows.len() {
            let name = table.cell(row, Some(column));
            match hosts.iter().position(|host| host.id == name) {
                Some(host) => recorded.push(read_host(table, row, host as u32, &mut problems)),
                None => {
                    let names = hosts.iter().map(|host| host.id.as_str()).take(1_000);
                    problems.push(
                        table
                            .problem(row, column, "a host of the scenario")
                            .hint(nearest(name, names)),
                    );
                }
            }
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let epoch = v
        .maybe("record.epoch")
        .map_or(v.epoch("first_epoch"), |epoch| EpochIndex::new(epoch as u32));
    Ok(Some(Record {
        source: source.to_owned(),
        heights,
        epoch,
        hosts: recorded,
    }))
}

fn read_host(table: &Table, row: usize, host: u32, problems: &mut Vec<Problem>) -> RecordedHost {
    let mut figure = |name: &str| {
        let column = table.column(name)?;
        let text = table.cell(row, Some(column));
        if matches!(text, "" | "-" | "\u{2013}") {
            return None;
        }
        let figure = COUNT
            .parse(text)
            .ok()
            .filter(|count| (0..=i128::from(u64::MAX)).contains(&count.base));
        if figure.is_none() {
            problems.push(table.problem(
                row,
                column,
                "a whole number, or nothing where the record has none",
            ));
        }
        figure.map(|count| count.base as u64)
    };
    RecordedHost {
        host,
        inferences: figure("inferences"),
        missed: figure("missed"),
        validated: figure("validated"),
        invalidated: figure("invalidated"),
        reward: figure("reward").map(|units| Amount::from_base_units(i128::from(units))),
    }
}

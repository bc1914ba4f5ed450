//! The hosts of a run, one a row.

use stakeout_engine::observe::cast::Cast;
use stakeout_engine::observe::frame::RunOutput;
use stakeout_engine::observe::rows::{reason_name, status_name};
use stakeout_engine::observe::run_json::participant_reports;

use super::table::{Cell, Table};

/// Hosts that a table for people shows.
pub const SHOWN: usize = 60;

const COLUMNS: [&str; 14] = [
    "host",
    "strategy",
    "weight",
    "inferences",
    "missed",
    "validated",
    "invalidated",
    "checks due",
    "checks done",
    "reputation",
    "status",
    "work coins",
    "reward",
    "convicted by",
];

/// Counts that the per-participant report leaves out.
#[derive(Clone, Debug, Default)]
struct Duty {
    due: u64,
    done: u64,
    status: &'static str,
    /// The test that convicted it first; none where it was not convicted.
    convicted_by: Option<&'static str>,
}

/// Sums over the settled epochs of one replicate; `limit` keeps the first so many hosts, in the scenario's order.
pub fn host_table(cast: &Cast, output: &RunOutput, limit: Option<usize>) -> Table {
    let mut duties = vec![
        Duty {
            status: "–",
            ..Duty::default()
        };
        cast.members.len()
    ];
    for row in &output.participants {
        if let Some(duty) = duties.get_mut(row.participant as usize) {
            duty.due += row.validations_required;
            duty.done += row.validations_done;
            duty.status = status_name(row.status);
        }
    }
    for conviction in &output.convictions {
        if let Some(duty) = duties.get_mut(conviction.participant as usize) {
            duty.convicted_by.get_or_insert(reason_name(conviction.reason));
        }
    }
    let reports = participant_reports(cast, output);
    let shown = limit.unwrap_or(reports.len()).min(reports.len());
    let left_out = reports.len() - shown;
    let title = if left_out == 0 {
        "Hosts (replicate 0; coins in base units)".to_string()
    } else {
        format!("Hosts (replicate 0; coins in base units; {left_out} more in participants.parquet)")
    };
    let mut table = Table::new(&title, &COLUMNS);
    for (index, (report, duty)) in reports.into_iter().zip(duties).take(shown).enumerate() {
        let strategy = u32::try_from(index).map_or("?", |index| cast.strategy(index));
        table.push(vec![
            Cell::text(report.id),
            Cell::text(strategy),
            Cell::count(report.weight),
            Cell::count(report.inferences),
            Cell::count(report.missed),
            Cell::count(report.validated),
            Cell::count(report.invalidated),
            Cell::count(duty.due),
            Cell::count(duty.done),
            Cell::count(report.reputation),
            Cell::text(duty.status),
            money(&report.work_coins),
            money(&report.reward),
            Cell::or_empty(duty.convicted_by, |reason| Cell::text(reason.replace('_', " "))),
        ]);
    }
    table
}

/// A report's money as a cell.
fn money(text: &str) -> Cell {
    text.parse().map_or_else(|_| Cell::text(text), Cell::Money)
}

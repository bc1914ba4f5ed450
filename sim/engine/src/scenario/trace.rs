//! Recorded requests and recorded lengths.
//!
//! A trace has the columns `arrival_s` and `model` and may have `executor`, `client`, `prompt`,
//! `completion` and `outcome` (`served` or `missed`); an empty cell leaves the value to the scenario.
//!
//! Invariant: requests are in the order of arrival, and every name in them is one of the scenario's.

use super::error::{Problem, nearest};
use super::quantity::{COUNT, DURATION};
use super::table::Table;
use super::{AiModel, Host, TraceRequest};

const MAX_PROBLEMS: usize = 100;

/// Reads the requests of a trace.
///
/// # Errors
/// All cells that are wrong, up to a hundred.
pub fn read_trace(
    table: &Table,
    models: &[AiModel],
    hosts: &[Host],
    clients: u32,
) -> Result<Vec<TraceRequest>, Vec<Problem>> {
    let mut reader = TraceReader {
        table,
        problems: Vec::new(),
    };
    let (Some(arrival), Some(model)) = (table.column("arrival_s"), table.column("model")) else {
        let missing = ["arrival_s", "model"]
            .into_iter()
            .filter(|name| table.column(name).is_none());
        return Err(missing.map(|name| table.missing_column(name)).collect());
    };
    let [executor, client, prompt, completion, outcome] =
        ["executor", "client", "prompt", "completion", "outcome"].map(|name| table.column(name));
    let model_names: Vec<&str> = models.iter().map(|model| model.name.as_str()).collect();
    let host_names: Vec<&str> = hosts.iter().map(|host| host.id.as_str()).collect();
    let by_name = index_names(&host_names);
    let mut requests: Vec<TraceRequest> = Vec::with_capacity(table.rows.len());
    for row in 0..table.rows.len() {
        let model = reader.name(
            row,
            model,
            |name| model_names.iter().position(|known| *known == name),
            &model_names,
        );
        let executor = executor.filter(|column| !table.cell(row, Some(*column)).is_empty());
        let find = |name: &str| {
            by_name
                .binary_search_by_key(&name, |&(known, _)| known)
                .ok()
                .map(|i| by_name[i].1)
        };
        let executor = executor.and_then(|column| reader.name(row, column, find, &host_names));
        let request = TraceRequest {
            arrival_ns: reader.arrival(row, arrival),
            model: model.unwrap_or(0) as u16,
            executor: executor.map(|index| index as u32),
            client: reader
                .count(row, client, u64::from(clients) - 1)
                .map(|n| n as u32),
            prompt: reader.count(row, prompt, 100_000_000).map(|n| n as u32),
            completion: reader.count(row, completion, 100_000_000).map(|n| n as u32),
            missed: reader.is_missed(row, outcome),
        };
        if requests
            .last()
            .is_some_and(|last| last.arrival_ns > request.arrival_ns)
        {
            reader
                .problems
                .push(table.problem(row, arrival, "an arrival not before that of the row above"));
        }
        requests.push(request);
        if reader.problems.len() >= MAX_PROBLEMS {
            break;
        }
    }
    if requests.is_empty() {
        reader
            .problems
            .push(Problem::new(&table.place(0, 0), "", "the trace has no rows"));
    }
    if reader.problems.is_empty() {
        Ok(requests)
    } else {
        Err(reader.problems)
    }
}

/// Reads recorded lengths: the first column, in model tokens.
///
/// # Errors
/// All cells that are no lengths, up to a hundred.
pub fn read_lengths(table: &Table) -> Result<Vec<u32>, Vec<Problem>> {
    let mut reader = TraceReader {
        table,
        problems: Vec::new(),
    };
    let lengths: Vec<u32> = (0..table.rows.len())
        .map_while(|row| {
            (reader.problems.len() < MAX_PROBLEMS)
                .then(|| reader.count(row, Some(0), 100_000_000).unwrap_or(0) as u32)
        })
        .collect();
    if lengths.is_empty() {
        reader.problems.push(Problem::new(
            &table.place(0, 0),
            "",
            "there are no recorded lengths",
        ));
    }
    if reader.problems.is_empty() {
        Ok(lengths)
    } else {
        Err(reader.problems)
    }
}

/// Names sorted, with their indices.
fn index_names<'a>(names: &[&'a str]) -> Vec<(&'a str, usize)> {
    let mut index: Vec<_> = names.iter().enumerate().map(|(i, name)| (*name, i)).collect();
    index.sort_unstable();
    index
}

struct TraceReader<'a> {
    table: &'a Table,
    problems: Vec<Problem>,
}

impl TraceReader<'_> {
    fn arrival(&mut self, row: usize, column: usize) -> u64 {
        let text = format!("{} s", self.table.cell(row, Some(column)));
        let nanos = DURATION
            .parse(&text)
            .ok()
            .and_then(|time| u64::try_from(time.base).ok());
        nanos.unwrap_or_else(|| {
            self.problems.push(self.table.problem(
                row,
                column,
                "seconds after the run's start, with at most nine decimals",
            ));
            0
        })
    }

    fn name(
        &mut self,
        row: usize,
        column: usize,
        find: impl Fn(&str) -> Option<usize>,
        names: &[&str],
    ) -> Option<usize> {
        let text = self.table.cell(row, Some(column));
        let found = find(text);
        if found.is_none() {
            let allowed = if names.len() <= 20 {
                names.join(", ")
            } else {
                format!("one of {} names", names.len())
            };
            let hint = nearest(text, names.iter().copied().take(1_000));
            self.problems
                .push(self.table.problem(row, column, &allowed).hint(hint));
        }
        found
    }

    /// A count, or none where the cell is empty.
    fn count(&mut self, row: usize, column: Option<usize>, max: u64) -> Option<u64> {
        let text = self.table.cell(row, column);
        if text.is_empty() {
            return None;
        }
        let count = COUNT
            .parse(text)
            .ok()
            .and_then(|count| u64::try_from(count.base).ok())
            .filter(|count| *count <= max);
        if count.is_none() {
            self.problems.push(self.table.problem(
                row,
                column.unwrap_or(0),
                &format!("a whole number from 0 to {max}"),
            ));
        }
        count
    }

    fn is_missed(&mut self, row: usize, column: Option<usize>) -> bool {
        match (self.table.cell(row, column), column) {
            ("" | "served", _) => false,
            ("missed", _) => true,
            (_, column) => {
                self.problems
                    .push(self.table.problem(row, column.unwrap_or(0), "served, missed"));
                false
            }
        }
    }
}

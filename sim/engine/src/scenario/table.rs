//! A CSV or Parquet file as rows of text cells with positions.
//!
//! Invariant: a problem with a cell names file, row and column; the number of cells and the length of their text
//! are bounded, whatever a packed file expands to.

use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::Arc;

use parquet::errors::ParquetError;
use parquet::file::reader::FileReader;
use parquet::record::Field as Cell;

use super::error::{Place, Problem, Source, quoted};
use super::files::{InputFile, MAX_DATA_BYTES, read_below, short_hash};
use crate::observe::parquet_source;

/// Most cells of a file: a gigabyte or so of memory.
const MAX_CELLS: usize = 20_000_000;

/// What has been read of a file so far, against its limits.
#[derive(Default)]
struct Budget {
    cells: usize,
    bytes: u64,
}

impl Budget {
    /// Takes a row in, or says which limit it breaks.
    fn take(&mut self, row: &[String]) -> Result<(), String> {
        self.cells += row.len().max(1);
        self.bytes += row.iter().map(|cell| cell.len() as u64).sum::<u64>();
        if self.cells > MAX_CELLS {
            return Err(format!("has more than {MAX_CELLS} cells"));
        }
        if self.bytes > MAX_DATA_BYTES {
            return Err(format!("expands to more than {MAX_DATA_BYTES} bytes"));
        }
        Ok(())
    }
}

/// Rows of a file, all of one length.
#[derive(Debug)]
pub struct Table {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Cells of the rows.
    pub rows: Vec<Vec<String>>,
    /// Line of each row in the file, from 1.
    lines: Vec<u32>,
    text: Arc<Source>,
}

impl Table {
    /// Reads a table; Parquet by its ending `.parquet`, everything else as CSV with a header.
    ///
    /// # Errors
    /// What is wrong with the file as a whole, or all rows that are no rows of it.
    pub fn read(folder: &Path, path: &str, files: &mut Vec<InputFile>) -> Result<Self, Vec<Problem>> {
        let whole = Source::file(path, "");
        let bytes = read_below(folder, path, MAX_DATA_BYTES)
            .map_err(|e| vec![Problem::new(&whole.start(), "", e)])?;
        let input = InputFile {
            path: path.to_owned(),
            hash: short_hash(&bytes),
        };
        if !files.contains(&input) {
            files.push(input);
        }
        if path.ends_with(".parquet") {
            Self::from_parquet(path, bytes)
        } else {
            Self::from_csv(path, bytes)
        }
    }

    fn from_csv(path: &str, bytes: Vec<u8>) -> Result<Self, Vec<Problem>> {
        let whole = Source::file(path, "").start();
        let text = String::from_utf8(bytes).map_err(|e| {
            let found = format!("byte {} is not UTF-8", e.utf8_error().valid_up_to());
            vec![Problem::new(&whole, "", found)]
        })?;
        let source = Source::file(path, &text);
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let columns: Vec<String> = match reader.headers() {
            Ok(headers) => headers
                .iter()
                .map(|name| name.trim_start_matches('\u{feff}').to_owned())
                .collect(),
            Err(error) => return Err(vec![Problem::new(&source.start(), "", error.to_string())]),
        };
        let mut table = Self {
            columns,
            rows: Vec::new(),
            lines: Vec::new(),
            text: source,
        };
        let (mut problems, mut budget) = (Vec::new(), Budget::default());
        for record in reader.records() {
            match record {
                Ok(record) => {
                    let line = record.position().map_or(0, csv::Position::line) as u32;
                    let row: Vec<String> = record.iter().map(str::to_owned).collect();
                    if let Err(limit) = budget.take(&row) {
                        return Err(vec![Problem::new(&table.text.start(), "", limit)]);
                    }
                    table.lines.push(line);
                    table.rows.push(row);
                    let (found, wanted) = (record.len(), table.columns.len());
                    if found != wanted {
                        let place = table.place(table.rows.len() - 1, 0);
                        problems.push(
                            Problem::new(&place, "", format!("found {found} cells"))
                                .allowed(format!("{wanted} cells, as in the header")),
                        );
                    }
                }
                Err(error) => problems.push(Problem::new(&table.text.start(), "", error.to_string())),
            }
            if problems.len() > 100 {
                break;
            }
        }
        if problems.is_empty() {
            Ok(table)
        } else {
            Err(problems)
        }
    }

    fn from_parquet(path: &str, bytes: Vec<u8>) -> Result<Self, Vec<Problem>> {
        let source = Source::file(path, "");
        let refuse = |e: &dyn std::fmt::Display| {
            vec![Problem::new(
                &source.start(),
                "",
                format!("not a readable Parquet file: {e}"),
            )]
        };
        let read = || Self::rows_of_parquet(path, bytes);
        // A decoder may be led astray further than it checks; then the file is broken, not the program.
        match panic::catch_unwind(AssertUnwindSafe(read)) {
            Ok(table) => table.map_err(|error| refuse(&error)),
            Err(_) => Err(refuse(&"its pages cannot be decoded")),
        }
    }

    fn rows_of_parquet(path: &str, bytes: Vec<u8>) -> Result<Self, String> {
        let said = |error: ParquetError| error.to_string();
        let reader = parquet_source::open(bytes::Bytes::from(bytes), MAX_DATA_BYTES).map_err(said)?;
        let schema = reader.metadata().file_metadata().schema_descr();
        let columns: Vec<String> = schema
            .columns()
            .iter()
            .map(|column| column.name().to_owned())
            .collect();
        let mut table = Self {
            columns,
            rows: Vec::new(),
            lines: Vec::new(),
            text: Source::file(path, ""),
        };
        let mut budget = Budget::default();
        for row in reader.get_row_iter(None).map_err(said)? {
            let row: Vec<String> = row
                .map_err(said)?
                .get_column_iter()
                .map(|(_, cell)| cell_text(cell))
                .collect();
            budget.take(&row)?;
            table.rows.push(row);
            table.lines.push(0);
        }
        Ok(table)
    }

    /// The index of a column.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// A cell's text; empty where the table has no such column.
    #[must_use]
    pub fn cell(&self, row: usize, column: Option<usize>) -> &str {
        column
            .and_then(|column| self.rows[row].get(column))
            .map_or("", String::as_str)
    }

    /// The place of a cell.
    #[must_use]
    pub fn place(&self, row: usize, column: usize) -> Place {
        let line = self.lines.get(row).copied().unwrap_or(0);
        let text = self
            .text
            .text
            .split('\n')
            .nth((line as usize).saturating_sub(1))
            .unwrap_or("");
        let before: usize = text
            .split(',')
            .take(column)
            .map(|cell| cell.chars().count() + 1)
            .sum();
        let width = text
            .split(',')
            .nth(column)
            .map_or(1, |cell| cell.trim_end().chars().count());
        Place {
            source: Arc::clone(&self.text),
            line,
            column: before as u32 + 1,
            width: width.max(1) as u32,
        }
    }

    /// A problem with a cell.
    #[must_use]
    pub fn problem(&self, row: usize, column: usize, allowed: &str) -> Problem {
        let path = format!(
            "row {}, column {}",
            row + 1,
            self.columns.get(column).map_or("?", String::as_str)
        );
        let found = format!("found {}", quoted(self.cell(row, Some(column))));
        Problem::new(&self.place(row, column), &path, found).allowed(allowed)
    }

    /// A problem with the header.
    #[must_use]
    pub fn missing_column(&self, name: &str) -> Problem {
        let place = Place {
            line: u32::from(!self.text.text.is_empty()),
            column: 1,
            width: 1,
            ..self.text.start()
        };
        Problem::new(&place, "", format!("there is no column `{name}`"))
            .allowed(format!("found columns {}", self.columns.join(", ")))
    }
}

/// A cell of a Parquet row as the text that the same value has in CSV.
fn cell_text(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Str(text) => text.clone(),
        Cell::Bool(is_set) => is_set.to_string(),
        Cell::Double(number) => number.to_string(),
        Cell::Float(number) => number.to_string(),
        other => other.to_string(),
    }
}

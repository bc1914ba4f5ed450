//! Tables: named columns and typed cells, printed for people or for programs.
//!
//! Invariant: every row has one cell a column; a number stays a number in JSON, money becomes a string of base
//! units there, because other programs would round it.

use std::fmt::Write;

use serde_json::{Map, Value};
use stakeout_engine::observe::{csv, display};

use super::coins;
use super::fitted;
use super::format::Format;
use super::terminal;

/// How a column or a title says that its coins are base units.
const BASE_UNITS: &str = "base units";
/// Letters of a line of a note in a pipe.
const NOTE_WIDTH: usize = 110;

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Words; aligned to the left.
    Text(String),
    /// An integer.
    Count(i128),
    /// A real number, shown with this many decimals.
    Real(f64, usize),
    /// Coins in base units.
    Money(i128),
    /// The same, as people see it: in GNK with this many decimals. Made by a table when it is shown.
    Coins(i128, u32),
    /// Nothing to say.
    Empty,
}

impl Cell {
    /// Words.
    pub fn text(text: impl Into<String>) -> Self {
        Cell::Text(text.into())
    }

    /// An integer of any width.
    pub fn count(number: impl Into<i128>) -> Self {
        Cell::Count(number.into())
    }

    /// A real number of any size: six decimals, and none where it has seven digits or more before the point.
    pub fn figure(number: f64) -> Self {
        Cell::Real(number, if number.abs() < 1e6 { 6 } else { 0 })
    }

    /// A cell, or an empty one.
    pub fn or_empty<T>(value: Option<T>, cell: impl FnOnce(T) -> Cell) -> Self {
        value.map_or(Cell::Empty, cell)
    }

    fn is_left(&self) -> bool {
        matches!(self, Cell::Text(_) | Cell::Empty)
    }

    fn shown(&self) -> String {
        match self {
            Cell::Text(text) => printable(text),
            Cell::Count(number) | Cell::Money(number) => number.to_string(),
            Cell::Coins(amount, decimals) => coins::shown(*amount, *decimals),
            Cell::Real(number, decimals) => format!("{number:.decimals$}"),
            Cell::Empty => "–".to_string(),
        }
    }

    fn json(&self) -> Value {
        match self {
            Cell::Text(text) => Value::from(text.as_str()),
            Cell::Money(amount) | Cell::Coins(amount, _) => Value::from(amount.to_string()),
            Cell::Count(number) => {
                i64::try_from(*number).map_or_else(|_| Value::from(number.to_string()), Value::from)
            }
            Cell::Real(number, _) => Value::from(readable(*number)),
            Cell::Empty => Value::Null,
        }
    }
}

/// Zero for what is smaller than any figure here can mean: programs that read doubles refuse a denormal number.
fn readable(number: f64) -> f64 {
    if number.abs() < 1e-300 { 0.0 } else { number }
}

/// A titled table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    title: String,
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
    notes: Vec<String>,
    is_exact: bool,
}

impl Table {
    /// An empty table with these columns.
    pub fn new(title: &str, columns: &[&str]) -> Self {
        Table {
            title: title.to_string(),
            columns: columns.iter().map(ToString::to_string).collect(),
            rows: Vec::new(),
            notes: Vec::new(),
            is_exact: false,
        }
    }

    /// A sentence below the table that says how to read it; for people alone.
    pub fn note(&mut self, sentence: impl Into<String>) {
        self.notes.push(sentence.into());
    }

    /// Coins to the last unit, for people too: of tables whose rows are added up.
    pub fn with_exact_coins(mut self) -> Self {
        self.is_exact = true;
        self
    }

    /// Adds a row.
    ///
    /// # Panics
    /// When the row has not one cell a column: a mistake of this program.
    pub fn push(&mut self, row: Vec<Cell>) {
        assert_eq!(
            row.len(),
            self.columns.len(),
            "a row of `{}` has one cell a column",
            self.title
        );
        self.rows.push(row);
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table in one form, ending in a newline.
    pub fn render(&self, format: Format) -> String {
        match format {
            Format::Table => {
                let shown = self.for_people();
                match terminal::columns() {
                    Some(columns) => shown.fitted(columns) + &shown.told(usize::from(columns)),
                    None => shown.aligned() + &shown.told(NOTE_WIDTH),
                }
            }
            Format::Json => {
                let text = serde_json::to_string_pretty(&self.to_json()).expect("a JSON value is printable");
                text + "\n"
            }
            Format::Csv => self.csv(),
            Format::Markdown => {
                let shown = self.for_people();
                let notes: String = shown.notes.iter().map(|note| format!("\n{note}\n")).collect();
                shown.markdown() + &notes
            }
        }
    }

    /// A list of objects, one a row, keyed by column.
    pub fn to_json(&self) -> Value {
        let object = |row: &Vec<Cell>| {
            let pairs = self.columns.iter().cloned().zip(row.iter().map(Cell::json));
            Value::Object(pairs.collect::<Map<_, _>>())
        };
        Value::Array(self.rows.iter().map(object).collect())
    }

    fn aligned(&self) -> String {
        let shown: Vec<Vec<String>> = self
            .rows
            .iter()
            .map(|row| row.iter().map(Cell::shown).collect())
            .collect();
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|at| {
                shown
                    .iter()
                    .map(|row| width(&row[at]))
                    .chain([width(&self.columns[at])])
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let is_left: Vec<bool> = (0..self.columns.len()).map(|at| self.is_left(at)).collect();
        let line = |cells: &[String]| {
            let padded = cells.iter().enumerate().map(|(at, cell)| {
                let blanks = " ".repeat(widths[at].saturating_sub(width(cell)));
                if is_left[at] {
                    format!("{cell}{blanks}")
                } else {
                    format!("{blanks}{cell}")
                }
            });
            padded.collect::<Vec<_>>().join("  ").trim_end().to_string()
        };
        let mut text = String::new();
        if !self.title.is_empty() {
            let _ = writeln!(text, "{}", self.title);
        }
        let _ = writeln!(text, "{}", line(&self.columns));
        for row in &shown {
            let _ = writeln!(text, "{}", line(row));
        }
        text
    }

    /// The aligned table where it is no wider than `columns` characters, and one that wraps its words where it is.
    fn fitted(&self, columns: u16) -> String {
        let text = self.aligned();
        if text.lines().all(|line| width(line) <= usize::from(columns)) {
            return text;
        }
        let grid = fitted::Grid {
            title: self.title.clone(),
            columns: self.columns.clone(),
            is_words: (0..self.columns.len()).map(|at| self.is_left(at)).collect(),
            rows: self
                .rows
                .iter()
                .map(|row| row.iter().map(Cell::shown).collect())
                .collect(),
        };
        grid.render(columns)
    }

    /// Whether a column holds words alone.
    fn is_left(&self, at: usize) -> bool {
        self.rows.iter().all(|row| row[at].is_left())
    }

    /// The table without the columns in which no row says anything; for people, since programs count on columns.
    fn condensed(&self) -> Table {
        let kept: Vec<usize> = (0..self.columns.len())
            .filter(|&at| self.rows.is_empty() || self.rows.iter().any(|row| row[at] != Cell::Empty))
            .collect();
        Table {
            title: self.title.clone(),
            columns: kept.iter().map(|&at| self.columns[at].clone()).collect(),
            rows: self
                .rows
                .iter()
                .map(|row| kept.iter().map(|&at| row[at].clone()).collect())
                .collect(),
            notes: self.notes.clone(),
            is_exact: self.is_exact,
        }
    }

    /// The condensed table with coins in GNK; programs get base units.
    fn for_people(&self) -> Table {
        let mut table = self.condensed();
        let mut has_coins = false;
        for at in 0..table.columns.len() {
            let amounts = table.rows.iter().filter_map(|row| match row[at] {
                Cell::Money(amount) => Some(amount.unsigned_abs()),
                _ => None,
            });
            let Some(largest) = amounts.max() else { continue };
            has_coins = true;
            let decimals = if self.is_exact {
                9
            } else {
                coins::decimals(largest)
            };
            for row in &mut table.rows {
                if let Cell::Money(amount) = row[at] {
                    row[at] = Cell::Coins(amount, decimals);
                }
            }
            table.columns[at] = table.columns[at].replace(BASE_UNITS, "GNK");
        }
        if has_coins {
            table.title = table.title.replace(BASE_UNITS, "GNK");
        }
        table
    }

    /// The notes in lines of at most so many characters, as far as words allow.
    fn told(&self, columns: usize) -> String {
        let mut text = String::new();
        for note in &self.notes {
            let mut line = String::new();
            for word in note.split_whitespace() {
                if !line.is_empty() && width(&line) + width(word) >= columns {
                    let _ = writeln!(text, "{line}");
                    line.clear();
                }
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
            }
            let _ = writeln!(text, "{line}");
        }
        text
    }

    fn csv(&self) -> String {
        let exact = |cell: &Cell| match cell {
            Cell::Empty => String::new(),
            Cell::Real(number, _) => number.to_string(),
            Cell::Text(text) => csv::field(text),
            other => other.shown(),
        };
        let mut text = self
            .columns
            .iter()
            .map(|column| csv::field(column))
            .collect::<Vec<_>>()
            .join(",");
        text.push('\n');
        for row in &self.rows {
            text.push_str(&row.iter().map(exact).collect::<Vec<_>>().join(","));
            text.push('\n');
        }
        text
    }

    fn markdown(&self) -> String {
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let escaped = |text: &str| text.replace('|', "\\|");
        let mut text = String::new();
        if !self.title.is_empty() {
            let _ = writeln!(text, "### {}\n", self.title);
        }
        text.push_str(&line(self.columns.iter().map(|column| escaped(column)).collect()));
        let rule = |at: usize| {
            if self.is_left(at) { "---" } else { "---:" }
        };
        text.push_str(&line(
            (0..self.columns.len()).map(|at| rule(at).to_string()).collect(),
        ));
        for row in &self.rows {
            text.push_str(&line(row.iter().map(|cell| escaped(&cell.shown())).collect()));
        }
        text
    }
}

/// Several tables in one output: blank lines between them, and one JSON object keyed by title.
pub fn render_all(tables: &[Table], format: Format) -> String {
    if format == Format::Json {
        let pairs = tables.iter().map(|table| (table.title.clone(), table.to_json()));
        let object = Value::Object(pairs.collect::<Map<_, _>>());
        return serde_json::to_string_pretty(&object).expect("a JSON value is printable") + "\n";
    }
    tables
        .iter()
        .map(|table| table.render(format))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Columns of a fixed-width terminal that a text takes; our own texts are Latin and punctuation.
fn width(text: &str) -> usize {
    text.chars().count()
}

/// The text without what a terminal would obey.
fn printable(text: &str) -> String {
    display::escaped(text, &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new("Hosts", &["id", "reward"]);
        table.push(vec![Cell::text("h,1"), Cell::Money(38_627_452_617_213)]);
        table.push(vec![Cell::text("h|22"), Cell::Empty]);
        table
    }

    #[test]
    fn json_has_no_number_that_readers_of_doubles_refuse() {
        let mut table = Table::new("shares", &["share"]);
        table.push(vec![Cell::Real(f64::from_bits(5), 4)]);
        assert_eq!(table.to_json()[0]["share"], 0.0);
    }

    #[test]
    fn words_stand_left_and_numbers_right() {
        let expected = "Hosts\nid       reward\nh,1   38,627.45\nh|22          –\n";
        assert_eq!(table().render(Format::Table), expected);
    }

    #[test]
    fn people_see_coins_in_gnk_and_programs_base_units() {
        let mut table = Table::new("Profit (base units)", &["id", "gain, base units"]);
        table.push(vec![Cell::text("a"), Cell::Money(-526_933_891)]);
        table.note("what it means");
        assert_eq!(
            table.render(Format::Table),
            "Profit (GNK)\nid  gain, GNK\na   -0.526934\nwhat it means\n"
        );
        assert_eq!(
            table.render(Format::Csv),
            "id,\"gain, base units\"\na,-526933891\n"
        );
        assert_eq!(table.to_json()[0]["gain, base units"], "-526933891");
        let exact = table.with_exact_coins();
        assert!(exact.render(Format::Markdown).contains("| -0.526933891 |"));
    }

    #[test]
    fn money_is_a_string_in_json_and_nothing_is_null() {
        let rows = table().to_json();
        assert_eq!(rows[0]["reward"], "38627452617213");
        assert!(rows[1]["reward"].is_null());
    }

    #[test]
    fn a_column_without_a_word_is_shown_to_programs_alone() {
        let mut table = Table::new("", &["a", "b"]);
        table.push(vec![Cell::count(1), Cell::Empty]);
        assert_eq!(table.render(Format::Table), "a\n1\n");
        assert_eq!(table.render(Format::Csv), "a,b\n1,\n");
    }

    #[test]
    fn separators_in_a_cell_are_escaped() {
        assert_eq!(
            table().render(Format::Csv),
            "id,reward\n\"h,1\",38627452617213\nh|22,\n"
        );
        assert!(table().render(Format::Markdown).contains("| h\\|22 | – |"));
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(Cell::text("a\u{1b}[2Jb").shown(), "a\\u{1b}[2Jb");
        assert_eq!(Cell::text("a\u{202e}b").shown(), "a\\u{202e}b");
    }

    #[test]
    fn a_formula_in_a_name_is_text_in_a_spreadsheet() {
        let mut table = Table::new("", &["id"]);
        table.push(vec![Cell::text("=cmd|' /C calc'!A0")]);
        assert_eq!(table.render(Format::Csv), "id\n'=cmd|' /C calc'!A0\n");
    }
}

//! A table that is wider than the terminal it is printed on.
//!
//! Words wrap, numbers never do. Where not even that makes it narrow enough, the columns come in bands below each other,
//! each beginning with the first column, or, where that does not tell rows apart, every row becomes a list of its cells.
//! Invariant: what is shown is what the wide table shows, no cell is cut.

use std::collections::BTreeSet;

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets};

/// Blanks between columns.
const GAP: usize = 2;
/// A column of words is not made narrower than this, nor than its longest word up to this.
const WORDS_MIN: usize = 16;
/// Narrower than this nothing is fitted.
const COLUMNS_MIN: u16 = 40;

/// What is shown of a table.
pub struct Grid<'a> {
    /// Title, empty for none.
    pub title: &'a str,
    /// Names of the columns.
    pub columns: &'a [String],
    /// Which columns hold words, which may wrap.
    pub is_words: Vec<bool>,
    /// Cells as they are shown, one a column.
    pub rows: Vec<Vec<String>>,
}

impl Grid<'_> {
    /// The table in lines of at most `columns` characters, as far as its longest number allows.
    pub fn render(&self, columns: u16) -> String {
        let columns = columns.max(COLUMNS_MIN);
        let least: Vec<usize> = (0..self.columns.len()).map(|at| self.least_width(at)).collect();
        let gaps = GAP * least.len().saturating_sub(1);
        let body = if least.iter().sum::<usize>() + gaps <= usize::from(columns) {
            self.wrapped(columns, &least)
        } else if self.is_told_apart() {
            self.banded(columns, &least)
        } else {
            self.listed(columns)
        };
        match self.title {
            "" => body,
            title => format!("{title}\n{body}"),
        }
    }

    /// Characters below which a column cannot go: a number is whole, a heading wraps between its words.
    fn least_width(&self, at: usize) -> usize {
        let heading = longest(self.columns[at].split(' '));
        let cells = self.rows.iter().map(|row| row[at].as_str());
        let widest = longest(cells.clone());
        if self.is_words[at] {
            let word = longest(cells.flat_map(|cell| cell.split(' ')));
            heading.max(widest.min(WORDS_MIN.max(word.min(2 * WORDS_MIN))))
        } else {
            heading.max(widest)
        }
    }

    /// Whether the first column names each row.
    fn is_told_apart(&self) -> bool {
        let names: BTreeSet<Option<&String>> = self.rows.iter().map(|row| row.first()).collect();
        names.len() == self.rows.len()
    }

    /// As many columns as there is room for, the first of all before them, then the next ones.
    fn banded(&self, columns: u16, least: &[usize]) -> String {
        let mut bands: Vec<Vec<usize>> = vec![vec![0]];
        let mut used = least[0];
        for (at, width) in least.iter().enumerate().skip(1) {
            if used + GAP + width > usize::from(columns) && bands.last().is_some_and(|band| band.len() > 1) {
                bands.push(vec![0]);
                used = least[0];
            }
            if let Some(band) = bands.last_mut() {
                band.push(at);
            }
            used += GAP + width;
        }
        let shown = bands.iter().map(|band| {
            let names: Vec<String> = band.iter().map(|&at| self.columns[at].clone()).collect();
            let least: Vec<usize> = band.iter().map(|&at| least[at]).collect();
            let part = Grid {
                title: "",
                columns: &names,
                is_words: band.iter().map(|&at| self.is_words[at]).collect(),
                rows: self
                    .rows
                    .iter()
                    .map(|row| band.iter().map(|&at| row[at].clone()).collect())
                    .collect(),
            };
            part.wrapped(columns, &least)
        });
        shown.collect::<Vec<_>>().join("\n")
    }

    fn wrapped(&self, columns: u16, least: &[usize]) -> String {
        let mut table = plain(columns);
        table.set_header(self.columns);
        for row in &self.rows {
            table.add_row(row);
        }
        for (at, (column, least)) in table.column_iter_mut().zip(least).enumerate() {
            let gap = if at + 1 < self.columns.len() {
                GAP as u16
            } else {
                0
            };
            column.set_padding((0, gap));
            let width = Width::Fixed(u16::try_from(*least).unwrap_or(u16::MAX).saturating_add(gap));
            if self.is_words[at] {
                column.set_constraint(ColumnConstraint::LowerBoundary(width));
            } else {
                column.set_cell_alignment(CellAlignment::Right);
                column.set_constraint(ColumnConstraint::Absolute(width));
            }
        }
        lines(&table)
    }

    /// A row after the other, a cell a line.
    fn listed(&self, columns: u16) -> String {
        let mut blocks = Vec::new();
        for row in &self.rows {
            let mut table = plain(columns);
            let mut cells = self.columns.iter().zip(row);
            let heading = match cells.next() {
                Some((_, cell)) if self.is_words[0] => cell.clone(),
                Some((name, cell)) => format!("{name} {cell}"),
                None => String::new(),
            };
            for (name, cell) in cells.filter(|(_, cell)| *cell != "–") {
                table.add_row([format!("  {name}"), cell.clone()]);
            }
            let names = 2 + longest(self.columns.iter().map(String::as_str));
            if let Some(column) = table.column_mut(0) {
                let width = Width::Fixed(u16::try_from(names + GAP).unwrap_or(u16::MAX).min(columns / 2));
                column.set_padding((0, GAP as u16));
                column.set_constraint(ColumnConstraint::Absolute(width));
            }
            if let Some(column) = table.column_mut(1) {
                column.set_padding((0, 0));
            }
            blocks.push(format!("{heading}\n{}", lines(&table)));
        }
        blocks.join("")
    }
}

/// A table without lines that is `columns` characters wide.
fn plain(columns: u16) -> Table {
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(columns);
    table
}

fn lines(table: &Table) -> String {
    let text = table.to_string();
    let trimmed = text.lines().map(str::trim_end);
    trimmed.map(|line| format!("{line}\n")).collect()
}

fn longest<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(|text| text.chars().count()).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn widest(text: &str) -> usize {
        longest(text.lines())
    }

    fn words(text: &str) -> Vec<&str> {
        let mut words: Vec<&str> = text.split_whitespace().collect();
        words.sort_unstable();
        words
    }

    /// Eight columns of money beside a sentence are wider than a terminal; two are not.
    fn grid(columns: &[String]) -> Grid<'_> {
        let sentence = "Does a host that answers with a smaller model earn more than an honest one?";
        let row = |name: &str| {
            let mut row = vec![name.to_owned(), sentence.to_owned()];
            row.resize(columns.len(), "-38627452617213".to_owned());
            row
        };
        Grid {
            title: "Attacks",
            columns,
            is_words: (0..columns.len()).map(|at| at < 2).collect(),
            rows: vec![row("accuser"), row("z-test-expels-honest")],
        }
    }

    #[test]
    fn words_wrap_and_numbers_stay_whole() {
        let columns = ["attack", "question", "gain, base units", "cost, base units"].map(str::to_owned);
        let text = grid(&columns).render(100);
        assert!(widest(&text) <= 100, "{text}");
        assert_eq!(text.matches("-38627452617213").count(), 4, "{text}");
        assert!(text.starts_with("Attacks\nattack"), "{text}");
        // Every word is there as often as in the wide table.
        let sentence = grid(&columns).rows[0][1].clone();
        let sorted = words(&text);
        for word in sentence.split(' ') {
            assert!(
                sorted.iter().filter(|one| **one == word).count() >= 2,
                "{word}: {text}"
            );
        }
    }

    #[test]
    fn a_table_too_wide_for_wrapping_comes_in_bands_that_begin_with_its_names() {
        let columns: Vec<String> = (0..12).map(|at| format!("column {at}")).collect();
        let text = grid(&columns).render(100);
        assert!(widest(&text) <= 100, "{text}");
        assert_eq!(text.matches("-38627452617213").count(), 20, "{text}");
        assert!(text.matches("z-test-expels-honest").count() > 1, "{text}");
        assert!(widest(&grid(&columns).render(60)) <= 60);
    }

    #[test]
    fn rows_of_one_name_become_a_list_each() {
        let columns: Vec<String> = (0..12).map(|at| format!("column {at}")).collect();
        let mut grid = grid(&columns);
        let name = grid.rows[1][0].clone();
        grid.rows[0][0] = name;
        let text = grid.render(100);
        assert!(widest(&text) <= 100, "{text}");
        assert_eq!(text.matches("-38627452617213").count(), 20, "{text}");
        assert!(text.contains("\nz-test-expels-honest\n  column 1 "), "{text}");
    }
}

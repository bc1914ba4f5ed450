//! A table that is wider than the terminal it is printed on.
//!
//! Words wrap, numbers never do. Where not even that makes it narrow enough, the columns come in bands below each other,
//! each beginning with those that name a row, or, where the first ones do not, every row becomes a list of its cells.
//! Invariant: what is shown is what the wide table shows, no cell is cut.

use std::collections::BTreeSet;

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets};

/// Blanks between columns.
const GAP: usize = 2;
/// A column of words is not made narrower than this.
const WORDS_MIN: usize = 16;
/// A word up to this is not broken: a digest, a path.
const WORD_MAX: usize = 64;
/// Narrower than this nothing is fitted.
const COLUMNS_MIN: u16 = 40;

/// What is shown of a table.
pub struct Grid {
    /// Title, empty for none.
    pub title: String,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Which columns hold words, which may wrap.
    pub is_words: Vec<bool>,
    /// Cells as they are shown, one a column.
    pub rows: Vec<Vec<String>>,
}

impl Grid {
    /// The table in lines of at most `columns` characters, as far as its longest number allows.
    pub fn render(&self, columns: u16) -> String {
        let columns = columns.max(COLUMNS_MIN);
        let (varying, said) = self.split_constant();
        let least: Vec<usize> = (0..varying.columns.len())
            .map(|at| varying.least_width(at))
            .collect();
        let gaps = GAP * least.len().saturating_sub(1);
        let body = if least.iter().sum::<usize>() + gaps <= usize::from(columns) {
            varying.wrapped(columns, &least)
        } else if let Some(naming) = varying.naming(columns, &least) {
            varying.banded(columns, &least, naming)
        } else {
            varying.listed(columns)
        };
        let mut text = String::new();
        if !self.title.is_empty() {
            text.push_str(&format!("{}\n", self.title));
        }
        if !said.is_empty() {
            let mut table = plain(columns);
            table.add_row([format!("(in every row: {})", said.join("; "))]);
            if let Some(column) = table.column_mut(0) {
                column.set_padding((0, 0));
            }
            text.push_str(&lines(&table));
        }
        text + &body
    }

    /// The columns whose cells differ, and what the others say in every row; the first column stays.
    fn split_constant(&self) -> (Grid, Vec<String>) {
        let is_constant = |at: usize| {
            at > 0 && self.rows.len() > 1 && self.rows.iter().all(|row| row[at] == self.rows[0][at])
        };
        let mut kept: Vec<usize> = (0..self.columns.len()).filter(|&at| !is_constant(at)).collect();
        // A first column that says one thing alone tells no row from another.
        let first = self.rows.iter().all(|row| row[0] == self.rows[0][0]);
        if first && self.rows.len() > 1 && kept.len() > 1 {
            kept.remove(0);
        }
        let said = (0..self.columns.len()).filter(|at| !kept.contains(at) && self.rows[0][*at] != "–");
        let said = said
            .map(|at| format!("{} {}", self.columns[at], self.rows[0][at]))
            .collect();
        (self.part(&kept), said)
    }

    /// Some of the columns, without the title.
    fn part(&self, kept: &[usize]) -> Grid {
        let row = |row: &Vec<String>| kept.iter().map(|&at| row[at].clone()).collect();
        Grid {
            title: String::new(),
            columns: kept.iter().map(|&at| self.columns[at].clone()).collect(),
            is_words: kept.iter().map(|&at| self.is_words[at]).collect(),
            rows: self.rows.iter().map(row).collect(),
        }
    }

    /// Characters below which a column cannot go: a number is whole, a heading wraps between its words.
    fn least_width(&self, at: usize) -> usize {
        let heading = longest(self.columns[at].split(' '));
        let cells = self.rows.iter().map(|row| row[at].as_str());
        let widest = longest(cells.clone());
        if self.is_words[at] {
            let word = longest(cells.flat_map(|cell| cell.split(' ')));
            heading.max(widest.min(WORDS_MIN.max(word.min(WORD_MAX))))
        } else {
            heading.max(widest)
        }
    }

    /// How many of the first columns name each row, where they take no more than half of the room.
    fn naming(&self, columns: u16, least: &[usize]) -> Option<usize> {
        let names =
            |count: usize| -> BTreeSet<&[String]> { self.rows.iter().map(|row| &row[..count]).collect() };
        let found = (1..self.columns.len().min(4)).find(|&count| names(count).len() == self.rows.len())?;
        let width = least[..found].iter().sum::<usize>() + GAP * (found - 1);
        (found == 1 || 2 * width <= usize::from(columns)).then_some(found)
    }

    /// Columns behind the first ones that belong together: a figure with the ends of its interval.
    fn units(&self, first: usize) -> Vec<Vec<usize>> {
        let is_end = |name: &str| ["from", "to"].contains(&name.rsplit(' ').next().unwrap_or_default());
        let mut units: Vec<Vec<usize>> = Vec::new();
        for at in first..self.columns.len() {
            match units.last_mut() {
                Some(unit) if is_end(&self.columns[at]) && unit.len() < 3 => unit.push(at),
                _ => units.push(vec![at]),
            }
        }
        units
    }

    /// As many columns as there is room for, those that name a row before them, then the next ones.
    fn banded(&self, columns: u16, least: &[usize], naming: usize) -> String {
        let names: Vec<usize> = (0..naming).collect();
        let begin = names.iter().map(|&at| least[at]).sum::<usize>() + GAP * (naming - 1);
        let mut bands = vec![names.clone()];
        let mut used = begin;
        let width = |unit: &[usize]| -> usize { unit.iter().map(|&at| GAP + least[at]).sum() };
        let units = self.units(naming).into_iter().flat_map(|unit| {
            // What has no room even alone is not kept together.
            if begin + width(&unit) <= usize::from(columns) {
                vec![unit]
            } else {
                unit.into_iter().map(|at| vec![at]).collect()
            }
        });
        for unit in units {
            let width = width(&unit);
            if used + width > usize::from(columns) && bands.last().is_some_and(|band| band.len() > naming) {
                bands.push(names.clone());
                used = begin;
            }
            if let Some(band) = bands.last_mut() {
                band.extend(unit);
            }
            used += width;
        }
        let shown = bands.iter().map(|band| {
            let least: Vec<usize> = band.iter().map(|&at| least[at]).collect();
            self.part(band).wrapped(columns, &least)
        });
        shown.collect::<Vec<_>>().join("\n")
    }

    fn wrapped(&self, columns: u16, least: &[usize]) -> String {
        let mut table = plain(columns);
        table.set_header(&self.columns);
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
    fn grid(columns: &[String]) -> Grid {
        let sentence = "Does a host that answers with a smaller model earn more than an honest one?";
        let row = |name: &str| {
            let mut row = vec![name.to_owned(), format!("{sentence} {name}")];
            row.resize(columns.len(), format!("-38627452617213{}", name.len() % 10));
            row
        };
        Grid {
            title: "Attacks".to_owned(),
            columns: columns.to_vec(),
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
        let whole = grid(&columns).rows[0][1].clone();
        let sentence = whole.strip_suffix(" accuser").expect("a sentence and a name");
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
    fn what_every_row_says_is_said_once() {
        let columns: Vec<String> = (0..12).map(|at| format!("column {at}")).collect();
        let mut grid = grid(&columns);
        for row in &mut grid.rows {
            for cell in &mut row[4..] {
                *cell = "77".to_owned();
            }
        }
        let text = grid.render(100);
        assert_eq!(text.matches("77").count(), 8, "{text}");
        assert!(
            text.starts_with("Attacks\n(in every row: column 4 77; "),
            "{text}"
        );
    }

    #[test]
    fn a_figure_stays_with_the_ends_of_its_interval() {
        let names = [
            "point",
            "rate",
            "gain",
            "gain from",
            "gain to",
            "n",
            "loss",
            "loss from",
            "loss to",
        ];
        let columns = names.map(str::to_owned);
        let row = |name: &str| {
            let mut row = vec![name.to_owned()];
            row.resize(columns.len(), format!("-38627452617213{name}"));
            row
        };
        let grid = Grid {
            title: String::new(),
            columns: columns.to_vec(),
            is_words: columns.iter().map(|name| name == "point").collect(),
            rows: vec![row("a"), row("b")],
        };
        let text = grid.render(80);
        let headings: Vec<&str> = text.lines().filter(|line| line.starts_with("point")).collect();
        assert_eq!(headings.len(), 2, "{text}");
        assert!(
            headings[0].contains("gain to") && headings[1].contains("loss to"),
            "{text}"
        );
        assert!(!headings[0].contains("loss"), "{text}");
        assert!(widest(&grid.render(46)) <= 46, "{}", grid.render(46));
    }

    #[test]
    fn rows_of_one_name_become_a_list_each() {
        let columns: Vec<String> = (0..12).map(|at| format!("column {at}")).collect();
        let mut grid = grid(&columns);
        let names = grid.rows[1][..3].to_vec();
        grid.rows[0][..3].clone_from_slice(&names);
        let third = vec!["another".to_owned(); columns.len()];
        grid.rows.push(third);
        let text = grid.render(100);
        assert!(widest(&text) <= 100, "{text}");
        assert_eq!(text.matches("-38627452617213").count(), 20, "{text}");
        assert!(text.contains("\nz-test-expels-honest\n  column 1 "), "{text}");
    }
}

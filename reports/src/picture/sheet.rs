//! Every number of a picture as a table.

use super::{Axis, Body, Picture, Scale};
use stakeout_engine::observe::csv;

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// Words.
    Words(String),
    /// A number.
    Number(f64),
    /// Nothing.
    Nothing,
}

/// A table of numbers and words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sheet {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Rows with one entry a column.
    pub rows: Vec<Vec<Entry>>,
}

impl Sheet {
    /// The table as CSV; words that a spreadsheet would run as a formula are disarmed.
    pub fn to_csv(&self) -> String {
        let entry = |entry: &Entry| match entry {
            Entry::Words(words) => csv::field(words),
            Entry::Number(number) => number.to_string(),
            Entry::Nothing => String::new(),
        };
        let header = self
            .columns
            .iter()
            .map(|name| csv::field(name))
            .collect::<Vec<_>>();
        let mut text = header.join(",") + "\n";
        for row in &self.rows {
            text.push_str(&row.iter().map(entry).collect::<Vec<_>>().join(","));
            text.push('\n');
        }
        text
    }

    /// Whether a column holds words.
    pub fn is_words(&self, column: usize) -> bool {
        self.rows.iter().any(|row| matches!(row[column], Entry::Words(_)))
    }
}

fn at(axis: &Axis, value: f64) -> Entry {
    match axis.word(value) {
        Some(word) => Entry::Words(word.to_string()),
        None => Entry::Number(value),
    }
}

fn number(value: Option<f64>) -> Entry {
    value.map_or(Entry::Nothing, Entry::Number)
}

impl Picture {
    /// Every number of the picture.
    pub fn sheet(&self) -> Sheet {
        let mut sheet = Sheet::default();
        match &self.body {
            Body::Curves(curves) => {
                sheet.columns = vec![
                    "curve".into(),
                    self.x.label.clone(),
                    self.y.label.clone(),
                    "least".into(),
                    "greatest".into(),
                ];
                for curve in curves {
                    sheet.rows.extend(curve.points.iter().map(|point| {
                        let numbers = [point.x, point.mean, point.low, point.high].map(Entry::Number);
                        [vec![Entry::Words(curve.name.clone())], numbers.to_vec()].concat()
                    }));
                }
            }
            Body::Blocks(blocks) => {
                let has_interval = blocks.blocks.iter().any(|block| block.interval.is_some());
                sheet.columns = vec!["what".into(), "kind".into()];
                let axes = [&self.x, &self.y];
                for axis in axes {
                    match axis.scale {
                        Scale::Words(_) => sheet.columns.push(axis.label.clone()),
                        _ => {
                            sheet.columns.push(format!("{}, from", axis.label));
                            sheet.columns.push(format!("{}, to", axis.label));
                        }
                    }
                }
                sheet.columns.push(blocks.value_label.clone());
                if has_interval {
                    sheet
                        .columns
                        .extend(["interval from".into(), "interval to".into()]);
                }
                for block in &blocks.blocks {
                    let group = blocks.groups.get(block.group);
                    let mut row = vec![
                        Entry::Words(block.label.clone()),
                        group.map_or(Entry::Nothing, |group| Entry::Words(group.name.clone())),
                    ];
                    for (axis, ends) in axes.into_iter().zip([block.x, block.y]) {
                        match axis.scale {
                            Scale::Words(_) => row.push(at(axis, f64::midpoint(ends.0, ends.1))),
                            _ => row.extend([Entry::Number(ends.0), Entry::Number(ends.1)]),
                        }
                    }
                    row.push(number(block.value));
                    if has_interval {
                        row.push(number(block.interval.map(|i| i.0)));
                        row.push(number(block.interval.map(|i| i.1)));
                    }
                    sheet.rows.push(row);
                }
            }
            Body::Dots(dots) => {
                sheet.columns = vec!["what".into(), "kind".into()];
                for axis in [&self.x, &self.y] {
                    sheet.columns.extend([
                        axis.label.clone(),
                        format!("{}, from", axis.label),
                        format!("{}, to", axis.label),
                    ]);
                }
                for dot in &dots.dots {
                    let group = dots.groups.get(dot.group);
                    sheet.rows.push(vec![
                        Entry::Words(dot.label.clone()),
                        group.map_or(Entry::Nothing, |group| Entry::Words(group.name.clone())),
                        at(&self.x, dot.x),
                        number(dot.x_interval.map(|i| i.0)),
                        number(dot.x_interval.map(|i| i.1)),
                        at(&self.y, dot.y),
                        number(dot.y_interval.map(|i| i.0)),
                        number(dot.y_interval.map(|i| i.1)),
                    ]);
                }
            }
            Body::Flow(flow) => {
                sheet.columns = vec!["from".into(), "to".into(), flow.unit.clone()];
                sheet.rows.extend(flow.links.iter().map(|link| {
                    let name = |node: usize| Entry::Words(flow.nodes[node].name.clone());
                    vec![name(link.from), name(link.to), Entry::Number(link.amount)]
                }));
            }
        }
        sheet
    }
}

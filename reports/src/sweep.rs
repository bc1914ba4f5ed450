//! What a sweep left: a row a point, as `results.csv` states it, and its plan where there is one.
//!
//! **Invariant.** Means and intervals are those of the file; only sensitivity is worked out again, by the code of the sweep.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use stakeout_engine::experiment::sweep::analysis::{Sensitivity, sensitivity};
use stakeout_engine::experiment::sweep::campaign::PointCells;
use stakeout_engine::experiment::sweep::cell::Cell;
use stakeout_engine::experiment::sweep::meaning::{KEY_FIGURES, spoken_unit, with_unit};
use stakeout_engine::experiment::sweep::plan::{Plan, SWEEP_FORMAT};
use stakeout_engine::experiment::sweep::store::Store;

use crate::error::ReportError;

/// Bytes of a file of results at most.
const BYTES_MAX: u64 = 1 << 30;
/// Columns that stand between the factors and the figures.
const FIXED: [&str; 3] = ["seed", "replicates", "failed"];

/// A figure at a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Mean over replicates, or the pooled share.
    pub mean: f64,
    /// Its interval.
    pub interval: Option<(f64, f64)>,
}

impl Estimate {
    /// The estimate in the unit in which people read the figure: tables and pictures both show it so.
    pub fn spoken(self, figure: &str) -> Self {
        self.times(spoken_unit(figure).0)
    }

    /// The estimate in another unit.
    pub fn times(self, scale: f64) -> Self {
        Self {
            mean: scale * self.mean,
            interval: self.interval.map(|(low, high)| (scale * low, scale * high)),
        }
    }
}

/// A figure in words, with the unit in which people read it: `latency p95, ms`.
pub fn in_words(figure: &str) -> String {
    with_unit(figure, spoken_unit(figure).1).replace('_', " ")
}

/// One point.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Number of the point.
    pub point: String,
    /// A level a factor.
    pub labels: Vec<String>,
    /// Replicates that ran.
    pub replicates: u64,
    /// Replicates that failed.
    pub failed: u64,
    /// Figures by name; one without a value is absent.
    pub figures: BTreeMap<String, Estimate>,
}

impl Row {
    /// A figure as people read it, if the point has it.
    pub fn spoken(&self, figure: &str) -> Option<Estimate> {
        self.figures.get(figure).map(|found| found.spoken(figure))
    }
}

/// The results of a sweep.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// Name: that of the plan, or of the folder.
    pub name: String,
    /// The file of results.
    pub path: PathBuf,
    /// Factors.
    pub factors: Vec<String>,
    /// Points in their order.
    pub rows: Vec<Row>,
    /// Figures that are worth showing.
    pub outputs: Vec<String>,
    /// The plan, where the folder has it.
    pub plan: Option<Plan>,
    /// blake3 of the file of results.
    pub digest: String,
}

impl Sweep {
    /// Reads a folder, or a file of results.
    ///
    /// # Errors
    /// A file that is missing, too large or not what a sweep writes.
    pub fn open(path: &Path) -> Result<Self, ReportError> {
        let file = if path.is_dir() {
            path.join("results.csv")
        } else {
            path.to_path_buf()
        };
        let folder = file.parent().unwrap_or(Path::new(".")).to_path_buf();
        let plan = match folder.join("plan.json").exists() {
            true => Some(
                Store::plan(&folder)
                    .map_err(|error| ReportError::broken(&folder.join("plan.json"), error))?,
            ),
            false => None,
        };
        let table = Csv::read(&file)?;
        let (factors, rows) = rows(&table)?;
        let known = |name: &&str| rows.iter().any(|row| row.figures.contains_key(*name));
        let outputs = match &plan {
            Some(plan) => plan.outputs.clone(),
            None => KEY_FIGURES
                .iter()
                .filter(|key| known(&key.name))
                .map(|key| key.name.to_string())
                .collect(),
        };
        let called = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
        let of_folder = std::path::absolute(&folder)
            .ok()
            .and_then(|folder| called(&folder));
        Ok(Self {
            name: plan
                .as_ref()
                .map(|plan| plan.name.clone())
                .or(of_folder)
                .unwrap_or_else(|| "sweep".into()),
            path: file,
            factors,
            rows,
            outputs,
            plan,
            digest: table.digest,
        })
    }

    /// Levels of a factor in the order in which they first occur.
    pub fn levels(&self, factor: usize) -> Vec<String> {
        let mut levels: Vec<String> = Vec::new();
        for row in &self.rows {
            if !levels.contains(&row.labels[factor]) {
                levels.push(row.labels[factor].clone());
            }
        }
        levels
    }

    /// Position of a factor.
    pub fn factor(&self, name: &str) -> Option<usize> {
        self.factors.iter().position(|factor| factor == name)
    }

    /// Every figure that some point has.
    pub fn figures(&self) -> Vec<String> {
        let all: std::collections::BTreeSet<&String> =
            self.rows.iter().flat_map(|row| row.figures.keys()).collect();
        all.into_iter().cloned().collect()
    }

    /// What a sensitivity design says about each figure that is shown; nothing for other designs.
    ///
    /// # Errors
    /// `responses.csv` is missing or not what a sweep writes.
    pub fn sensitivities(&self) -> Result<Vec<(&String, Sensitivity)>, ReportError> {
        use stakeout_engine::experiment::sweep::factor::Design;
        let Some(plan) = &self.plan else {
            return Ok(Vec::new());
        };
        if !matches!(plan.design, Design::Morris { .. } | Design::Indices { .. }) {
            return Ok(Vec::new());
        }
        let path = self.path.with_file_name("responses.csv");
        let table = Csv::read(&path)?;
        let mut found = Vec::new();
        for output in &self.outputs {
            let points =
                cells(&table, plan.points.len(), output).map_err(|why| ReportError::broken(&path, why))?;
            found.extend(sensitivity(plan, &points, output).map(|said| (output, said)));
        }
        Ok(found)
    }
}

/// The number that a label begins with: `5 %` is 5.
pub fn leading_number(label: &str) -> Option<f64> {
    let label = label.trim();
    let end = label
        .char_indices()
        .take_while(|(at, c)| c.is_ascii_digit() || *c == '.' || (*at == 0 && matches!(c, '-' | '+')))
        .last()
        .map(|(at, c)| at + c.len_utf8())?;
    label[..end].parse().ok()
}

/// What follows the number of a label: its unit.
pub fn unit(label: &str) -> &str {
    label
        .trim()
        .trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))
        .trim()
}

/// A file of comma-separated values in memory.
pub(crate) struct Csv {
    path: PathBuf,
    pub(crate) digest: String,
    pub(crate) header: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Csv {
    pub(crate) fn read(path: &Path) -> Result<Self, ReportError> {
        let bytes = stakeout_engine::scenario::files::read_bounded(path, BYTES_MAX)
            .map_err(|why| ReportError::broken(path, why))?;
        let mut reader = csv::ReaderBuilder::new().from_reader(bytes.as_slice());
        let words = |record: &csv::StringRecord| record.iter().map(armed).collect::<Vec<String>>();
        let broken = |error: csv::Error| ReportError::broken(path, error);
        let header = words(reader.headers().map_err(broken)?);
        let rows = reader.records().map(|record| Ok(words(&record.map_err(broken)?)));
        let rows = rows.collect::<Result<_, ReportError>>()?;
        Ok(Self {
            path: path.to_path_buf(),
            digest: blake3::hash(&bytes).to_hex().to_string(),
            header,
            rows,
        })
    }

    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|column| column == name)
    }

    pub(crate) fn number(&self, row: &[String], column: usize) -> Result<Option<f64>, ReportError> {
        let text = row[column].as_str();
        if text.is_empty() {
            return Ok(None);
        }
        let reason = || format!("column {}: `{text}` is no number", self.header[column]);
        let value: f64 = text
            .parse()
            .map_err(|_| ReportError::broken(&self.path, reason()))?;
        Ok(value.is_finite().then_some(value))
    }
}

/// A field without the apostrophe that kept a spreadsheet from running it.
fn armed(field: &str) -> String {
    match field.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@', '\t', '\r']) => rest.to_string(),
        _ => field.to_string(),
    }
}

fn rows(table: &Csv) -> Result<(Vec<String>, Vec<Row>), ReportError> {
    let places = FIXED.map(|name| table.column(name));
    let [Some(seed), Some(replicates), Some(failed)] = places else {
        return Ok(any_table(table));
    };
    let factors: Vec<String> = table.header[..seed].iter().skip(1).cloned().collect();
    let figures: Vec<(usize, &String)> = table
        .header
        .iter()
        .enumerate()
        .skip(failed + 1)
        .filter(|(at, name)| table.header.get(at + 1) == Some(&format!("{name}_low")))
        .collect();
    let row = |cells: &Vec<String>| -> Result<Row, ReportError> {
        let mut found = BTreeMap::new();
        for (at, name) in &figures {
            if let Some(mean) = table.number(cells, *at)? {
                let ends = (table.number(cells, at + 1)?, table.number(cells, at + 2)?);
                let interval = ends.0.zip(ends.1);
                found.insert(name.to_string(), Estimate { mean, interval });
            }
        }
        let count = |at: usize| Ok::<u64, ReportError>(table.number(cells, at)?.unwrap_or(0.0) as u64);
        Ok(Row {
            point: cells[0].clone(),
            labels: cells[1..seed].to_vec(),
            replicates: count(replicates)?,
            failed: count(failed)?,
            figures: found,
        })
    };
    Ok((factors, table.rows.iter().map(row).collect::<Result<_, _>>()?))
}

/// Any other table: every column can be a factor, and one of numbers a figure.
fn any_table(table: &Csv) -> (Vec<String>, Vec<Row>) {
    let row = |(point, cells): (usize, &Vec<String>)| {
        let mut figures = BTreeMap::new();
        for (name, cell) in table.header.iter().zip(cells) {
            if let Some(mean) = cell.parse::<f64>().ok().filter(|value| value.is_finite()) {
                let end = |which: &str| {
                    let at = table.column(&format!("{name}_{which}"))?;
                    cells[at].parse::<f64>().ok().filter(|value| value.is_finite())
                };
                let interval = end("low").zip(end("high"));
                figures.insert(name.clone(), Estimate { mean, interval });
            }
        }
        Row {
            point: point.to_string(),
            labels: cells.clone(),
            replicates: 0,
            failed: 0,
            figures,
        }
    };
    (
        table.header.clone(),
        table.rows.iter().enumerate().map(row).collect(),
    )
}

/// The cells of every point with one figure, in the order of the file.
fn cells(table: &Csv, points: usize, output: &str) -> Result<Vec<PointCells>, String> {
    let column = |name: &str| {
        table
            .column(name)
            .ok_or_else(|| format!("there is no column {name}"))
    };
    let (point, figure) = (column("point")?, column(output)?);
    let mut all: Vec<PointCells> = (0..points)
        .map(|point| PointCells {
            point,
            cells: Vec::new(),
        })
        .collect();
    for row in &table.rows {
        let at: usize = row[point]
            .parse()
            .map_err(|_| format!("`{}` is no point", row[point]))?;
        let found = all
            .get_mut(at)
            .ok_or_else(|| format!("the plan has no point {at}"))?;
        let value = row[figure].parse::<f64>().ok().filter(|value| value.is_finite());
        found.cells.push(Cell {
            format: SWEEP_FORMAT,
            key: String::new(),
            replicate: found.cells.len() as u32,
            digest: String::new(),
            figures: value
                .map(|value| (output.to_string(), value))
                .into_iter()
                .collect(),
            error: None,
        });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_a_number_and_a_unit() {
        assert_eq!(leading_number("5 %"), Some(5.0));
        assert_eq!(leading_number("-0.25 GNK"), Some(-0.25));
        assert_eq!(leading_number("timid"), None);
        assert_eq!((unit("5 %"), unit("400 GNK/h"), unit("7")), ("%", "GNK/h", ""));
    }
}

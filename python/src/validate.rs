//! `stakeout.validate`: the simulator against closed forms.

use std::collections::BTreeMap;

use pyo3::prelude::*;
use stakeout_engine::oracle::{self, ValidateOptions, Verdict};

use crate::error::Failed;
use crate::guard::interruptible;
use crate::table::{Cells, Table};

/// Checks closed forms by name, all where none is named, and gives a row a figure; `quick` takes a tenth of the
/// inferences.
#[pyfunction]
#[pyo3(signature = (only = None, *, set = None, quick = false, seeds = 20, threads = None))]
pub fn validate(
    py: Python<'_>,
    only: Option<Vec<String>>,
    set: Option<BTreeMap<String, f64>>,
    quick: bool,
    seeds: u64,
    threads: Option<u16>,
) -> Result<Table, Failed> {
    let base = if quick {
        ValidateOptions::quick()
    } else {
        ValidateOptions::full()
    };
    let options = ValidateOptions {
        only: only.unwrap_or_default(),
        set: set.unwrap_or_default().into_iter().collect(),
        seeds: 1..seeds.saturating_add(1),
        ..base
    };
    let rows = interruptible(py, threads, |_| {
        Ok(oracle::validate_among(&stakeout_worlds::registry(), &options)?)
    })?;
    Table::new(
        "closed forms",
        vec![
            (
                "closed_form".to_owned(),
                Cells::words(rows.iter().map(|row| row.oracle)),
            ),
            (
                "figure".to_owned(),
                Cells::words(rows.iter().map(|row| row.figure.as_str())),
            ),
            (
                "expected".to_owned(),
                Cells::reals(rows.iter().map(|row| row.expected)),
            ),
            (
                "observed".to_owned(),
                Cells::reals(rows.iter().map(|row| row.observed)),
            ),
            (
                "low".to_owned(),
                Cells::reals(rows.iter().map(|row| row.interval.low)),
            ),
            (
                "high".to_owned(),
                Cells::reals(rows.iter().map(|row| row.interval.high)),
            ),
            ("z".to_owned(), Cells::reals(rows.iter().map(|row| row.z))),
            ("seeds".to_owned(), Cells::counts(rows.iter().map(|row| row.n))),
            (
                "holds".to_owned(),
                Cells::Switch(rows.iter().map(|row| row.verdict == Verdict::Holds).collect()),
            ),
            (
                "source".to_owned(),
                Cells::words(rows.iter().map(|row| row.source)),
            ),
        ],
    )
}

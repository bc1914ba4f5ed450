//! `stakeout.calibration`: what a forward pass can tell, as a calibration file has it.

use std::path::Path;

use pyo3::prelude::*;
use stakeout_calibration::{Calibration, CalibrationError};
use stakeout_engine::scenario::files::{MAX_DATA_BYTES, read_bounded};

use crate::error::Failed;
use crate::table::{Cells, Table};

/// A table a subject of a calibration: `substitutes`, `thresholds`, `laws` (quantiles of similarity) and
/// `operating_points`. `name` is that of a calibration that comes with the program, or a file.
#[pyfunction]
pub fn calibration(name: String) -> Result<Vec<(&'static str, Table)>, Failed> {
    let read = if name.ends_with(".yaml") || name.ends_with(".yml") {
        let bytes = read_bounded(Path::new(&name), MAX_DATA_BYTES);
        let bytes = bytes.map_err(|reason| Failed::InputOutput(format!("{name}: {reason}")))?;
        let text =
            String::from_utf8(bytes).map_err(|_| Failed::InputOutput(format!("{name}: is no UTF-8 text")))?;
        Calibration::from_yaml(&text)
    } else {
        Calibration::builtin(&name)
    };
    let read = read.map_err(|error| match error {
        CalibrationError::UnknownName { .. } => Failed::Usage(error.to_string()),
        error => Failed::Invalid {
            message: error.to_string(),
            problems: Vec::new(),
        },
    })?;
    Ok(vec![
        ("substitutes", substitutes(&read)?),
        ("thresholds", thresholds(&read)?),
        ("laws", laws(&read)?),
        ("operating_points", operating_points(&read)?),
    ])
}

fn substitutes(read: &Calibration) -> Result<Table, Failed> {
    let all = read.substitutes();
    Table::new(
        "substitutes",
        vec![
            (
                "substitute".to_owned(),
                Cells::words(all.iter().map(|one| one.name.as_str())),
            ),
            (
                "decode_cost".to_owned(),
                Cells::reals(all.iter().map(|one| one.decode_cost)),
            ),
            (
                "prefill_cost".to_owned(),
                Cells::reals(all.iter().map(|one| one.prefill_cost)),
            ),
            (
                "memory".to_owned(),
                Cells::reals(all.iter().map(|one| one.memory)),
            ),
            (
                "note".to_owned(),
                Cells::words(all.iter().map(|one| one.note.as_str())),
            ),
        ],
    )
}

fn thresholds(read: &Calibration) -> Result<Table, Failed> {
    let all = read.thresholds();
    Table::new(
        "thresholds",
        vec![
            (
                "threshold".to_owned(),
                Cells::words(all.iter().map(|one| one.name.as_str())),
            ),
            (
                "similarity".to_owned(),
                Cells::reals(all.iter().map(|one| f64::from(one.similarity_ppb) / 1e9)),
            ),
        ],
    )
}

fn laws(read: &Calibration) -> Result<Table, Failed> {
    let points: Vec<_> = read
        .laws()
        .iter()
        .flat_map(|law| law.quantiles.iter().map(move |quantile| (law, quantile)))
        .collect();
    let substitute = |index: u8| read.substitutes()[usize::from(index)].name.as_str();
    let kernel = |index: u8| read.kernels()[usize::from(index)].name.as_str();
    let prompt = |index: u8| read.prompts()[usize::from(index)].name.as_str();
    Table::new(
        "laws",
        vec![
            (
                "substitute".to_owned(),
                Cells::words(points.iter().map(|(law, _)| substitute(law.substitute))),
            ),
            (
                "executor".to_owned(),
                Cells::words(points.iter().map(|(law, _)| kernel(law.executor))),
            ),
            (
                "validator".to_owned(),
                Cells::words(points.iter().map(|(law, _)| kernel(law.validator))),
            ),
            (
                "prompts".to_owned(),
                Cells::words(points.iter().map(|(law, _)| prompt(law.prompt))),
            ),
            (
                "p".to_owned(),
                Cells::reals(points.iter().map(|(_, quantile)| quantile.p)),
            ),
            (
                "similarity".to_owned(),
                Cells::reals(points.iter().map(|(_, quantile)| quantile.similarity)),
            ),
        ],
    )
}

fn operating_points(read: &Calibration) -> Result<Table, Failed> {
    let all = read.operating_points();
    let name = |index: u8| read.substitutes()[usize::from(index)].name.as_str();
    Table::new(
        "operating_points",
        vec![
            (
                "label".to_owned(),
                Cells::words(all.iter().map(|one| one.label.as_str())),
            ),
            (
                "substitute".to_owned(),
                Cells::words(all.iter().map(|one| name(one.substitute))),
            ),
            (
                "attack".to_owned(),
                Cells::words(all.iter().map(|one| one.attack.name())),
            ),
            (
                "threshold".to_owned(),
                Cells::reals(all.iter().map(|one| f64::from(one.threshold_ppb) / 1e9)),
            ),
            (
                "length".to_owned(),
                Cells::Count(all.iter().map(|one| one.length.map(u64::from)).collect()),
            ),
            (
                "false_positive".to_owned(),
                Cells::reals(all.iter().map(|one| one.false_positive.estimate)),
            ),
            (
                "false_positive_low".to_owned(),
                Cells::reals(all.iter().map(|one| one.false_positive.low)),
            ),
            (
                "false_positive_high".to_owned(),
                Cells::reals(all.iter().map(|one| one.false_positive.high)),
            ),
            (
                "true_positive".to_owned(),
                Cells::reals(all.iter().map(|one| one.true_positive.estimate)),
            ),
            (
                "true_positive_low".to_owned(),
                Cells::reals(all.iter().map(|one| one.true_positive.low)),
            ),
            (
                "true_positive_high".to_owned(),
                Cells::reals(all.iter().map(|one| one.true_positive.high)),
            ),
        ],
    )
}

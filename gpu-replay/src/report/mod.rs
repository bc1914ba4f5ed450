//! What a measurement shows: tables, pictures, and a calibration file in words.
//!
//! **Invariant.** A report is a function of the evidence: no time, no machine, no order of a map that hashes. What
//! is printed as a table is in `evidence.json` with six digits.

mod figures;
mod known;
mod numbers;
mod plot;
mod show;
mod tables;
mod transfer;

use crate::derive::{Evidence, ScoreSheet};

pub use plot::DrawingError;
pub use show::show;
pub use transfer::transfer_page;

/// Files of a report by name: `report.md`, `evidence.json` and the pictures.
///
/// # Errors
/// What the drawing library says.
pub fn report_files(evidence: &Evidence, sheet: &ScoreSheet) -> Result<Vec<(String, String)>, DrawingError> {
    let mut files = vec![("report.md".to_string(), tables::page(evidence))];
    let mut json = serde_json::json!({ "evidence": evidence });
    round(&mut json);
    let json = serde_json::to_string(&json);
    // Evidence holds names and numbers; a number that is none becomes null.
    files.push(("evidence.json".to_string(), json.unwrap_or_default() + "\n"));
    for figure in figures::figures(evidence, sheet) {
        files.push((format!("{}.svg", figure.name), plot::draw(&figure)?));
    }
    Ok(files)
}

/// Six significant digits: more say nothing about a sample.
fn round(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Array(items) => items.iter_mut().for_each(round),
        serde_json::Value::Object(fields) => fields.values_mut().for_each(round),
        serde_json::Value::Number(number) if number.is_f64() => {
            let rounded = number
                .as_f64()
                .and_then(|exact| format!("{exact:.5e}").parse::<f64>().ok())
                .and_then(serde_json::Number::from_f64);
            if let Some(rounded) = rounded {
                *number = rounded;
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derive::synthetic::measurement;
    use crate::derive::{calibration_draft, derive};

    #[test]
    fn a_report_holds_every_disguise_and_says_the_same_twice() {
        let measurement = measurement(120, 32, 5);
        let (evidence, sheet, rulers) = derive(&measurement).expect("honest answers");
        let files = report_files(&evidence, &sheet).expect("drawn");
        assert_eq!(files, report_files(&evidence, &sheet).expect("drawn"));
        let page = &files[0].1;
        for name in ["q8-0", "q4-0-laundered", "smaller", "hot"] {
            assert!(page.contains(name), "{name}");
        }
        assert_eq!(page.lines().filter(|line| line.starts_with("# ")).count(), 1);
        let json: serde_json::Value = serde_json::from_str(&files[1].1).expect("json");
        assert_eq!(json["evidence"]["samples"]["honest_answers"], 360);
        for (name, svg) in &files[2..] {
            assert!(
                name.ends_with(".svg") && svg.starts_with("<svg") && !svg.contains("NaN"),
                "{name}"
            );
        }
        let file = calibration_draft(&measurement, (&evidence, &sheet, &rulers)).expect("in range");
        let words = show(&file);
        assert!(
            words.contains("fpr-1e-2") && words.contains("q4-0-laundered"),
            "{words}"
        );
    }

    #[test]
    fn the_shipped_calibration_is_explained() {
        let file = stakeout_calibration::Calibration::builtin("published-gonka").expect("built in");
        let words = show(&file);
        for part in ["qwen3-235b-a22b-fp8", "derived", "launch", "int4", "residual"] {
            assert!(words.contains(part), "{part}\n{words}");
        }
    }
}

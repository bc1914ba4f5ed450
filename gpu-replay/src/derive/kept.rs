//! Honest scores as they are kept beside a report, so that thresholds can be tried on another model without its answers.
//!
//! A file is a line of JSON (format, name, length, rules, kernel pairs, number of rows) and, after it, a row for each
//! honest answer: by how much the prompt's number grows, the pair's number, and a score for each rule as a number of 16
//! bits. A number n above 0 stands for 1e-12 times the 65,534th part of the way to 1e4, n - 1 times on a logarithmic
//! scale: neighbours are .056 % apart.
//!
//! **Invariant.** What is read back has every row that was kept, in the order of prompts; a score is off by .03 % at
//! most where it lies between 1e-12 and 1e4.

use serde::{Deserialize, Serialize};

use super::rule::Rule;
use super::sheet::{ScoreSheet, SheetRow};
use crate::error::{ReplayError, Result};
use crate::scores::Statistic;
use crate::{AttackLevel, ReplayKey, Stratum};

const FORMAT: &str = "stakeout-honest-scores/1";
/// Length at which thresholds travel, in model tokens; shorter answers are kept at their own reference length.
const LENGTH: usize = 64;
/// Rows that a file may hold.
const ROWS_MAX: usize = 1 << 20;
const LEAST: f64 = 1e-12;
const MOST: f64 = 1e4;
const STEPS: f64 = 65_534.0;

/// The statistics that are kept: those that tables show.
const KEPT: [Statistic; 7] = [
    Statistic::S1Mean,
    Statistic::S1Window,
    Statistic::S2Margin,
    Statistic::S2Window,
    Statistic::S3,
    Statistic::Mae,
    Statistic::Deployed,
];

#[derive(Serialize, Deserialize)]
struct Header {
    format: String,
    name: String,
    length: usize,
    rules: Vec<Statistic>,
    pairs: Vec<(Stratum, Stratum)>,
    rows: usize,
}

fn narrow(score: f64) -> u16 {
    if score.is_nan() || score <= 0.0 {
        return 0;
    }
    let way = libm::log(score / LEAST) / libm::log(MOST / LEAST);
    1 + libm::round(way.clamp(0.0, 1.0) * STEPS) as u16
}

fn widen(code: u16) -> f64 {
    match code.checked_sub(1) {
        None => 0.0,
        Some(step) => LEAST * libm::exp(f64::from(step) / STEPS * libm::log(MOST / LEAST)),
    }
}

/// The honest rows of a sheet as bytes.
pub fn keep(name: &str, sheet: &ScoreSheet) -> Vec<u8> {
    let at = sheet
        .lengths
        .iter()
        .take(sheet.reference + 1)
        .rposition(|length| *length <= LENGTH)
        .unwrap_or(0);
    let pairs = super::honest::pairs(sheet);
    let mut rows: Vec<&SheetRow> = sheet
        .rows
        .iter()
        .filter(|row| row.is_honest() && row.scores.len() > at)
        .collect();
    rows.sort_by_key(|row| (row.key.prompt, row.key.executor, row.key.validator));
    let header = Header {
        format: FORMAT.into(),
        name: name.into(),
        length: sheet.lengths[at],
        rules: KEPT.to_vec(),
        rows: rows.len(),
        pairs,
    };
    let mut bytes = serde_json::to_vec(&header).unwrap_or_default();
    bytes.push(b'\n');
    let mut before = 0;
    for row in rows {
        let pair = (row.key.executor, row.key.validator);
        let number = header.pairs.iter().position(|other| *other == pair).unwrap_or(0);
        bytes.extend_from_slice(&((row.key.prompt - before) as u16).to_le_bytes());
        bytes.push(number as u8);
        before = row.key.prompt;
        for statistic in KEPT {
            let score = row.scores[at][Rule::Of(statistic).column()];
            bytes.extend_from_slice(&narrow(score).to_le_bytes());
        }
    }
    bytes
}

/// Name and sheet of kept bytes: one length, honest rows alone, zero in the columns that are not kept.
///
/// # Errors
/// The bytes are not what [`keep`] writes: the first thing that is wrong, at `place`.
pub fn kept(bytes: &[u8], place: &str) -> Result<(String, ScoreSheet)> {
    let fail = |problem: String| ReplayError::file(place, problem);
    let end = bytes
        .iter()
        .position(|byte| *byte == b'\n')
        .ok_or_else(|| fail("has no header".into()))?;
    let header: Header =
        serde_json::from_slice(&bytes[..end]).map_err(|error| fail(format!("header: {error}")))?;
    if header.format != FORMAT || header.rules != KEPT {
        return Err(fail(format!("is not of the format {FORMAT}")));
    }
    let body = &bytes[end + 1..];
    let width = 3 + 2 * KEPT.len();
    if header.rows == 0 || header.rows > ROWS_MAX || body.len() != header.rows * width {
        let problem = format!(
            "names {} rows of {width} bytes and holds {} bytes",
            header.rows,
            body.len()
        );
        return Err(fail(problem));
    }
    let mut prompt = 0u32;
    let mut rows = Vec::with_capacity(header.rows);
    for (index, row) in body.chunks_exact(width).enumerate() {
        let step = u32::from(u16::from_le_bytes([row[0], row[1]]));
        prompt = prompt
            .checked_add(step)
            .ok_or_else(|| fail(format!("row {index} names a prompt beyond the 32nd bit")))?;
        let (executor, validator) = *header.pairs.get(usize::from(row[2])).ok_or_else(|| {
            fail(format!(
                "row {index} names kernel pair {} of {}",
                row[2],
                header.pairs.len()
            ))
        })?;
        let key = ReplayKey {
            prompt,
            kind: String::new(),
            substitute: "none".into(),
            attack: AttackLevel::Honest,
            executor,
            validator,
        };
        let mut columns = [0.0; Rule::COUNT];
        for (statistic, code) in KEPT.iter().zip(row[3..].chunks_exact(2)) {
            columns[Rule::Of(*statistic).column()] = widen(u16::from_le_bytes([code[0], code[1]]));
        }
        rows.push(SheetRow::of_scores(key, vec![columns]));
    }
    Ok((header.name, ScoreSheet::of_rows(header.length, rows)))
}

#[cfg(test)]
mod tests {
    use super::super::ruler::Rulers;
    use super::super::synthetic::measurement;
    use super::super::transfer::transfer;
    use super::*;

    fn sheet(seed: u64) -> ScoreSheet {
        ScoreSheet::of(&measurement(400, 64, seed).answers)
    }

    #[test]
    fn a_score_comes_back_within_a_part_in_three_thousand() {
        for step in 0..3000 {
            let score = 1e-12 * libm::exp(f64::from(step) * 0.0122);
            assert!((widen(narrow(score)) / score - 1.0).abs() < 3e-4, "{score}");
        }
        assert_eq!([0.0, -1.0, f64::NAN].map(|score| widen(narrow(score))), [0.0; 3]);
        assert_eq!(narrow(f64::INFINITY), u16::MAX);
    }

    /// 600 honest answers each; a score that lies within .03 % of a threshold may fall on its other side.
    #[test]
    fn kept_scores_transfer_as_the_answers_do() {
        let mut sheets = [sheet(3), sheet(4)];
        let mut back = [0, 1].map(|at| kept(&keep("toy", &sheets[at]), "toy").expect("kept").1);
        let rows = |sheets: &mut [ScoreSheet; 2]| {
            let rulers = Rulers::of(&mut sheets[0]).expect("honest");
            transfer(("a", &rulers, &sheets[0]), ("b", &sheets[1]), 0.01)
        };
        let (direct, through) = (rows(&mut sheets), rows(&mut back));
        assert_eq!((direct.len(), through.len()), (8, 8));
        for (a, b) in direct.iter().zip(&through) {
            assert_eq!(
                (a.rule, a.length, a.false_positive.n),
                (b.rule, b.length, b.false_positive.n)
            );
            let off = (a.false_positive.value - b.false_positive.value).abs();
            assert!(off < 3e-3, "{}: {off}", a.rule.name());
        }
    }

    #[test]
    fn a_broken_file_is_refused_and_says_where() {
        let whole = keep("toy", &sheet(3));
        let end = whole.iter().position(|byte| *byte == b'\n').expect("a header");
        let mut pair = whole.clone();
        pair[end + 3] = 200;
        let head = |from: &str, to: &str| {
            let text = String::from_utf8_lossy(&whole[..end]).replace(from, to);
            [text.as_bytes(), &whole[end..]].concat()
        };
        for (bytes, said) in [
            (whole[..whole.len() - 1].to_vec(), "holds"),
            (whole[..end].to_vec(), "no header"),
            (head("\"rows\":1200", "\"rows\":18446744073709551615"), "names"),
            (head("s1-mean", "s3-mean"), "header"),
            (head("scores/1", "scores/2"), "format"),
            (pair, "row 0 names kernel pair 200"),
        ] {
            let error = kept(&bytes, "here").expect_err(said).to_string();
            assert!(error.starts_with("here: ") && error.contains(said), "{error}");
        }
    }
}

//! Scores of answers, from those of their positions.

use crate::board::{Arg, Board};
use crate::error::{CudaError, Result};
use crate::kernel::{Kernel, Module};

/// Answers of a block: one a warp.
const WARPS: u32 = 4;
/// Numbers that the kernel writes an answer.
const FIELDS: usize = 8;

/// Scores of a position, as the answer's scores need them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PositionValues {
    /// Jensen-Shannon divergence, nats.
    pub js: f64,
    /// Gumbel margin, nats.
    pub margin: f64,
    /// Surprisal above its expectation, nats.
    pub excess: f64,
    /// Variance of the surprisal, nats squared.
    pub varentropy: f64,
    /// Clipped mean absolute error, nats.
    pub mae: f64,
}

/// Where single positions are cut off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AnswerCaps {
    /// Of the divergence, nats.
    pub js: f64,
    /// Of the margin, nats.
    pub margin: f64,
    /// Divergence above which a position counts as an exceedance, nats.
    pub js_exceedance: f64,
}

/// Scores of an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AnswerScores {
    /// S1: winsorised mean, nats.
    pub js_mean: f64,
    /// S1: share of exceedances.
    pub js_exceedance: f64,
    /// S1: largest mean of a window, nats.
    pub js_window: f64,
    /// S2: winsorised mean, nats.
    pub margin_mean: f64,
    /// S2: share of positions whose token is not the winner.
    pub mismatch: f64,
    /// S2: largest mean of a window, nats.
    pub margin_window: f64,
    /// S3: |Z|.
    pub calibration: f64,
    /// Mean of the clipped mean absolute errors, nats.
    pub mae: f64,
}

/// Scores of answers of at least one position each.
///
/// # Errors
/// An answer has no position, or the board refuses.
pub fn answer_scores<B: Board>(
    board: &B,
    answers: &[Vec<PositionValues>],
    caps: AnswerCaps,
) -> Result<Vec<AnswerScores>> {
    if answers.iter().any(Vec::is_empty) {
        return Err(CudaError::Shape(
            "an answer without positions has no score".into(),
        ));
    }
    let mut begins = vec![0u32];
    for answer in answers {
        begins.push(begins.last().copied().unwrap_or(0) + answer.len() as u32);
    }
    let column = |value: fn(&PositionValues) -> f64| -> Result<B::Buffer> {
        let values: Vec<f64> = answers.iter().flatten().map(value).collect();
        board.upload(&values)
    };
    let columns = [
        column(|at| at.js)?,
        column(|at| at.margin)?,
        column(|at| at.excess)?,
        column(|at| at.varentropy)?,
        column(|at| at.mae)?,
    ];
    let begins = board.upload(&begins)?;
    let scores = board.room(8 * FIELDS * answers.len())?;
    let mut args: Vec<Arg<'_, B::Buffer>> = columns.iter().map(Arg::Buffer).collect();
    args.extend([
        Arg::Buffer(&begins),
        Arg::Word(answers.len() as u32),
        Arg::Double(caps.js),
        Arg::Double(caps.margin),
        Arg::Double(caps.js_exceedance),
        Arg::Buffer(&scores),
    ]);
    let kernel = Kernel::new(Module::Answers, "answer_scores");
    board.launch(&kernel, (answers.len() as u32).div_ceil(WARPS), 32 * WARPS, &args)?;
    let scores: Vec<f64> = board.download(&scores)?;
    Ok(scores
        .chunks_exact(FIELDS)
        .take(answers.len())
        .map(|of| AnswerScores {
            js_mean: of[0],
            js_exceedance: of[1],
            js_window: of[2],
            margin_mean: of[3],
            mismatch: of[4],
            margin_window: of[5],
            calibration: of[6],
            mae: of[7],
        })
        .collect())
}

//! One suite for all boards: what the kernels give, beside what this crate's own code gives on the processor.
//!
//! It runs on a card (`stakeout-calibrate gpu check`) and on the kernels compiled for the host (`cargo test`). The
//! expected values come from the very functions that a measurement on the processor uses.
//!
//! **Invariant.** Tolerances are constants of this page and the same for every board. Ids, winners and dequantised
//! values have none: they are equal.

use candle_core::Device as Tensors;
use candle_core::quantized::{GgmlDType, ggml_file::qtensor_from_ggml};
use serde::Serialize;
use stakeout_cuda::{
    AnswerCaps, Blocks, Board, Claim, CudaError, List, Logits, PositionValues, Rows, answer_scores,
    dequantize, laws, position_scores, races,
};

use crate::artifact::TopK;
use crate::error::{ReplayError, Result};
use crate::forward::round_bf16;
use crate::sampler::{Law, Noise};
use crate::scores::{
    Caps, MARGIN_MAX, Statistic, TokenScore, align, jensen_shannon, kullback_leibler, mean_absolute_error,
    scores_along,
};

use super::rows::{Shape, bf16_bits, block_bytes, lists, logits, unit};

/// Log-probabilities: four units in the last place of a log-sum between 8 and 16.
const LOG_PROB: f64 = 4e-6;
/// The tail: its size is that of sums of single-precision probabilities.
const TAIL: f64 = 2e-6;
/// Entropy and varentropy, relative to one more than themselves.
const ENTROPY: f64 = 2e-5;
/// Races and margins: those of the log-probabilities they are made of.
const RACE: f64 = 8e-6;
/// Scores in doubles: the order of sums of at most a few hundred terms.
const DOUBLE: f64 = 1e-12;

/// How much is tried.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// (rows, vocabulary) of the laws.
    pub laws: &'static [(usize, usize)],
    /// Positions that are scored.
    pub positions: u64,
    /// Answers that are scored.
    pub answers: u64,
    /// Blocks of each format.
    pub blocks: usize,
}

impl Effort {
    /// For fibers on a processor: seconds.
    pub const HOST: Self = Self {
        laws: &[(2, 5), (2, 33), (2, 257), (2, 1003), (1, 10_243)],
        positions: 60,
        answers: 9,
        blocks: 12,
    };
    /// For a card.
    pub const CARD: Self = Self {
        laws: &[
            (3, 5),
            (5, 33),
            (7, 257),
            (64, 1003),
            (40, 32_000),
            (12, 49_152),
            (8, 128_256),
            (8, 151_937),
        ],
        positions: 20_000,
        answers: 500,
        blocks: 4096,
    };
}

/// What one comparison found.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// What was compared.
    pub name: String,
    /// Values compared.
    pub cases: usize,
    /// Largest difference, in the measure of the tolerance; for values without tolerance, how many differ.
    pub worst: f64,
    /// What is allowed.
    pub tolerance: f64,
}

impl Check {
    fn new(name: impl Into<String>, tolerance: f64) -> Self {
        Self {
            name: name.into(),
            cases: 0,
            worst: 0.0,
            tolerance,
        }
    }

    /// Whether the difference is allowed.
    pub fn is_met(&self) -> bool {
        self.cases > 0 && self.worst <= self.tolerance
    }

    /// Values of any size; what is no number on one side only is infinitely far.
    fn near(&mut self, found: f64, expected: f64) {
        let gap = if found == expected || (found.is_nan() && expected.is_nan()) {
            0.0
        } else {
            (found - expected).abs()
        };
        self.cases += 1;
        self.worst = self.worst.max(if gap.is_nan() { f64::INFINITY } else { gap });
    }

    fn relative(&mut self, found: f64, expected: f64) {
        self.near(found / (1.0 + expected.abs()), expected / (1.0 + expected.abs()));
    }

    fn equal<T: PartialEq>(&mut self, found: T, expected: T) {
        self.cases += 1;
        self.worst += f64::from(found != expected);
    }
}

fn refused(error: CudaError) -> ReplayError {
    ReplayError::Mismatch(error.to_string())
}

/// Runs the suite.
///
/// # Errors
/// The board refuses a launch. A difference is no error but a check that is not met.
pub fn conformance<B: Board>(board: &B, effort: &Effort) -> Result<Vec<Check>> {
    let mut checks = Vec::new();
    for is_bf16 in [false, true] {
        checks.extend(law_checks(board, effort, is_bf16)?);
    }
    checks.extend(position_checks(board, effort)?);
    checks.extend(answer_checks(board, effort)?);
    for blocks in Blocks::ALL {
        checks.extend(dequantize_checks(board, effort, blocks)?);
    }
    Ok(checks)
}

/// Tokens that a list holds, by vocabulary: as many as a card lists, as artifacts hold, or fewer.
fn counts(vocabulary: usize) -> [usize; 3] {
    [1, 20.min(vocabulary), 32]
}

fn law_checks<B: Board>(board: &B, effort: &Effort, is_bf16: bool) -> Result<Vec<Check>> {
    let format = if is_bf16 { "bf16" } else { "f32" };
    let named = |what: &str, tolerance| Check::new(format!("law {format}: {what}"), tolerance);
    let mut ids = named("listed tokens", 0.0);
    let mut log_probs = named("log-probabilities", LOG_PROB);
    let mut tails = named("tail", TAIL);
    let mut log_sums = named("log-sum", LOG_PROB);
    let mut entropies = named("entropy", ENTROPY);
    let mut varentropies = named("varentropy", ENTROPY);
    let mut winners = Check::new(format!("race {format}: winners"), 0.0);
    let mut bests = Check::new(format!("race {format}: race value"), RACE);
    let mut margins = Check::new(format!("race {format}: margins"), RACE);
    for (number, (rows, vocabulary)) in effort.laws.iter().enumerate() {
        for (at, shape) in Shape::ALL.into_iter().enumerate() {
            let seed = (100 * number + at) as u64;
            let mut values = logits(shape, seed, *rows, *vocabulary);
            let bits = bf16_bits(&values);
            if is_bf16 {
                values.iter_mut().for_each(|value| *value = round_bf16(*value));
            }
            let given = if is_bf16 {
                Rows::Bf16(&bits)
            } else {
                Rows::F32(&values)
            };
            let uploaded = Logits::upload(board, given, *vocabulary).map_err(refused)?;
            let count = counts(*vocabulary)[at % 3];
            let (found, room) = laws(board, &uploaded, count).map_err(refused)?;
            let noise = Noise::new(seed, 7);
            let claims: Vec<Claim> = (0..*rows)
                .map(|row| Claim {
                    key: noise.key(),
                    position: row as u32,
                    token: (unit(seed, row as u64, 9) * *vocabulary as f64) as u32,
                })
                .collect();
            let raced = races(board, &uploaded, &room, &claims).map_err(refused)?;
            for (row, values) in values.chunks(*vocabulary).enumerate() {
                let (law, found) = (Law::of_logits(values), &found[row]);
                // The order of logits is the order of tokens; log-probabilities are rounded after it.
                let by_logit = Law {
                    log_probs: values.to_vec(),
                    probs: law.probs.clone(),
                };
                let top = TopK::of_law(&by_logit, count);
                ids.equal(&found.ids, &top.ids);
                for (id, value) in found.ids.iter().zip(&found.log_probs) {
                    let expected = law.log_probs.get(*id as usize).copied().unwrap_or(f32::NAN);
                    log_probs.near(f64::from(*value), f64::from(expected));
                }
                tails.near(f64::from(found.tail), f64::from(top.tail));
                let best = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let at_best = top.ids.first().map_or(0, |id| *id as usize);
                log_sums.near(f64::from(found.log_sum), -f64::from(law.log_probs[at_best]));
                ids.equal(found.top.to_bits(), best.to_bits());
                let (entropy, varentropy) = law.entropy();
                entropies.relative(f64::from(found.entropy), entropy);
                varentropies.relative(f64::from(found.varentropy), varentropy);
                let claim = claims[row];
                let (winner, best) = noise.winner(&law, claim.position);
                winners.equal(raced[row].winner, winner);
                bests.near(raced[row].best, best);
                let margin = noise.margin(&law, claim.position, claim.token);
                margins.near(raced[row].margin.min(MARGIN_MAX), margin.min(MARGIN_MAX));
            }
        }
    }
    Ok(vec![
        ids,
        log_probs,
        tails,
        log_sums,
        entropies,
        varentropies,
        winners,
        bests,
        margins,
    ])
}

fn view(list: &TopK) -> List<'_> {
    List {
        ids: &list.ids,
        log_probs: &list.log_probs,
    }
}

fn position_checks<B: Board>(board: &B, effort: &Effort) -> Result<Vec<Check>> {
    let mut js = Check::new("position: Jensen-Shannon", DOUBLE);
    let mut kl = Check::new("position: Kullback-Leibler", DOUBLE);
    let mut mae = Check::new("position: clipped mean absolute error", DOUBLE);
    for (entries, agreed, noise) in [(20, 20, 0.1f32), (12, 12, 1e-3), (5, 5, 2.0), (32, 20, 0.5)] {
        let pairs: Vec<(TopK, TopK)> = (0..effort.positions)
            .map(|number| lists(entries as u64, number, noise, entries))
            .collect();
        let views: Vec<_> = pairs.iter().map(|(a, b)| (view(a), view(b))).collect();
        let found = position_scores(board, &views, agreed).map_err(refused)?;
        for ((reported, replayed), found) in pairs.iter().zip(found) {
            let expected = match align(reported, replayed, agreed) {
                Some(cells) => (
                    jensen_shannon(&cells),
                    kullback_leibler(&cells),
                    mean_absolute_error(reported, replayed, agreed),
                ),
                None => (
                    crate::scores::JENSEN_SHANNON_MAX,
                    f64::INFINITY,
                    crate::scores::MAE_CLIP,
                ),
            };
            js.near(found.js, expected.0);
            kl.relative(found.kl.min(1e9), expected.1.min(1e9));
            mae.near(found.mae, expected.2);
        }
    }
    Ok(vec![js, kl, mae])
}

fn answer_checks<B: Board>(board: &B, effort: &Effort) -> Result<Vec<Check>> {
    let position = |answer: u64, at: u64| {
        let draw = |which: u64| unit(answer, at, which);
        TokenScore {
            js: draw(1) * draw(2),
            margin: (draw(3) * 4.0 - 2.0).max(0.0),
            surprisal: 3.0 * draw(4),
            entropy: 3.0 * draw(5),
            varentropy: draw(6),
            mae: draw(7),
            ..TokenScore::default()
        }
    };
    // Lengths around the window's, its step's and none of them.
    let lengths = [1, 7, 8, 9, 31, 32, 33, 40, 41, 192, 500];
    let answers: Vec<Vec<TokenScore>> = (0..effort.answers)
        .map(|answer| {
            let length = lengths[answer as usize % lengths.len()];
            (0..length).map(|at| position(answer, at)).collect()
        })
        .collect();
    let caps = Caps {
        js: 0.4,
        margin: 1.2,
        js_exceedance: 0.3,
    };
    let given: Vec<Vec<PositionValues>> = answers
        .iter()
        .map(|answer| answer.iter().map(values_of).collect())
        .collect();
    let on_card = AnswerCaps {
        js: caps.js,
        margin: caps.margin,
        js_exceedance: caps.js_exceedance,
    };
    let found = answer_scores(board, &given, on_card).map_err(refused)?;
    let mut check = Check::new("answer: S1, S2, S3, mean absolute error", DOUBLE);
    for (answer, found) in answers.iter().zip(found) {
        let mut compare = |statistic, found: f64| {
            let whole = scores_along(statistic, answer, &caps, &[answer.len()]);
            check.relative(found, whole.first().copied().flatten().unwrap_or(f64::NAN));
        };
        compare(Statistic::S1Mean, found.js_mean);
        compare(Statistic::S1Exceedance, found.js_exceedance);
        compare(Statistic::S1Window, found.js_window);
        compare(Statistic::S2Margin, found.margin_mean);
        compare(Statistic::S2Mismatch, found.mismatch);
        compare(Statistic::S2Window, found.margin_window);
        compare(Statistic::S3, found.calibration);
        compare(Statistic::Mae, found.mae);
    }
    Ok(vec![check])
}

fn values_of(at: &TokenScore) -> PositionValues {
    PositionValues {
        js: at.js,
        margin: at.margin,
        excess: at.excess(),
        varentropy: at.varentropy,
        mae: at.mae,
    }
}

fn format_of(blocks: Blocks) -> GgmlDType {
    match blocks {
        Blocks::Q8_0 => GgmlDType::Q8_0,
        Blocks::Q4_0 => GgmlDType::Q4_0,
        Blocks::Q4_1 => GgmlDType::Q4_1,
        Blocks::Q4K => GgmlDType::Q4K,
        Blocks::Q6K => GgmlDType::Q6K,
    }
}

fn dequantize_checks<B: Board>(board: &B, effort: &Effort, blocks: Blocks) -> Result<Vec<Check>> {
    let (values_of, bytes_of) = blocks.size();
    // Every code and scale, and half a grid's block more than whole ones.
    let count = effort.blocks + 3;
    let bytes = block_bytes(blocks.size().1 as u64, count, bytes_of);
    let tensor = qtensor_from_ggml(format_of(blocks), &bytes, vec![count, values_of], &Tensors::Cpu)?;
    let expected: Vec<f32> = tensor.dequantize(&Tensors::Cpu)?.flatten_all()?.to_vec1()?;
    let mut single = Check::new(format!("dequantise {} to f32", blocks.name()), 0.0);
    let mut narrow = Check::new(format!("dequantise {} to bf16", blocks.name()), 0.0);
    let found = dequantize(board, blocks, &bytes, false).map_err(refused)?;
    for (found, expected) in found.chunks_exact(4).zip(&expected) {
        let found = f32::from_le_bytes([found[0], found[1], found[2], found[3]]);
        single.equal(bits(found), bits(*expected));
    }
    let found = dequantize(board, blocks, &bytes, true).map_err(refused)?;
    for (found, expected) in found.chunks_exact(2).zip(&expected) {
        let found = f32::from_bits(u32::from(u16::from_le_bytes([found[0], found[1]])) << 16);
        narrow.equal(bits(found), bits(round_bf16(*expected)));
    }
    Ok(vec![single, narrow])
}

/// The bits of a number; what is none has one form.
fn bits(value: f32) -> u32 {
    if value.is_nan() {
        f32::NAN.to_bits()
    } else {
        value.to_bits()
    }
}

//! How fast the kernels are on a card, beside what the card's memory gives.
//!
//! A kernel that reads a row once can be no faster than the memory that the row comes from. The limit is measured in the
//! same run: a copy inside the card, bytes read and written counted.
//!
//! **Invariant.** Times are the card's own, between events; the median of the rounds is reported. Inputs are larger
//! than the card's cache and no constants.

use serde::Serialize;
use stakeout_cuda::{
    Arg, Blocks, Board, Card, Claim, CudaError, Gpu, List, Logits, Rows, dequantize_call, law_call, laws,
    race_call, score_call,
};

use crate::artifact::TopK;
use crate::error::{ReplayError, Result};
use crate::sampler::Noise;

use super::rows::{Shape, bf16_bits, block_bytes, lists, logits};

/// Bytes of the input, or of the output if that is larger.
const BYTES: usize = 1 << 30;
/// Rows that are drawn; larger inputs repeat them.
const DRAWN: usize = 16;
/// Rounds of a kernel.
const ROUNDS: usize = 15;
/// Vocabularies: Llama 2, SmolLM2, Llama 3, Qwen2.
const VOCABULARIES: [usize; 4] = [32_000, 49_152, 128_256, 151_936];

/// One kernel on one input.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// Kernel.
    pub kernel: String,
    /// Input.
    pub input: String,
    /// Milliseconds of a launch: least, median, largest.
    pub milliseconds: [f32; 3],
    /// Bytes that must move, a second, by the median.
    pub bytes_per_second: f64,
    /// The same as a share of the copy's.
    pub share_of_copy: f64,
    /// Rows, positions or values a second.
    pub items_per_second: f64,
    /// What an item is.
    pub item: &'static str,
}

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Speeds {
    /// Name of the card.
    pub card: String,
    /// Compute capability.
    pub capability: String,
    /// Multiprocessors.
    pub multiprocessors: i32,
    /// Bytes of second-level cache.
    pub cache_bytes: i32,
    /// Bytes a second of the data sheet's kind, by clock and bus width, where the driver tells them.
    pub peak_bytes_per_second: Option<u64>,
    /// Bytes a second of a copy inside the card, read and written.
    pub copy_bytes_per_second: f64,
    /// The kernels.
    pub lines: Vec<Line>,
}

fn refused(error: CudaError) -> ReplayError {
    ReplayError::Mismatch(error.to_string())
}

/// `length` values: the drawn ones again and again.
fn repeated<T: Copy>(drawn: &[T], length: usize) -> Vec<T> {
    let mut all = Vec::with_capacity(length);
    while all.len() < length {
        all.extend_from_slice(&drawn[..drawn.len().min(length - all.len())]);
    }
    all
}

fn view(list: &TopK) -> List<'_> {
    List {
        ids: &list.ids,
        log_probs: &list.log_probs,
    }
}

fn spread(mut times: Vec<f32>) -> [f32; 3] {
    times.sort_by(f32::total_cmp);
    [times[0], times[times.len() / 2], times[times.len() - 1]]
}

struct Bench<'a> {
    gpu: &'a Gpu,
    copy: f64,
    lines: Vec<Line>,
}

/// What a launch moves and makes.
struct Work {
    bytes: usize,
    items: usize,
    item: &'static str,
}

impl Bench<'_> {
    fn add(&mut self, kernel: &str, input: String, times: Vec<f32>, work: Work) {
        let milliseconds = spread(times);
        let seconds = f64::from(milliseconds[1]) / 1e3;
        let bytes_per_second = work.bytes as f64 / seconds;
        self.lines.push(Line {
            kernel: kernel.into(),
            input,
            milliseconds,
            bytes_per_second,
            share_of_copy: bytes_per_second / self.copy,
            items_per_second: work.items as f64 / seconds,
            item: work.item,
        });
    }

    fn rows(&mut self, vocabulary: usize, is_bf16: bool, shape: Shape) -> Result<()> {
        let size = if is_bf16 { 2 } else { 4 };
        let rows = BYTES / (size * vocabulary);
        let drawn = logits(shape, vocabulary as u64, DRAWN, vocabulary);
        let uploaded = if is_bf16 {
            let bits = bf16_bits(&drawn);
            let all = repeated(&bits, rows * vocabulary);
            Logits::upload(self.gpu, Rows::Bf16(&all), vocabulary)
        } else {
            let all = repeated(&drawn, rows * vocabulary);
            Logits::upload(self.gpu, Rows::F32(&all), vocabulary)
        }
        .map_err(refused)?;
        let format = if is_bf16 { "bf16" } else { "f32" };
        let read = rows * vocabulary * size;
        let order = if shape == Shape::Rising { ", rising" } else { "" };
        for count in [5, 20] {
            let (kernel, room) = law_call(self.gpu, &uploaded, count).map_err(refused)?;
            let args = room.args(&uploaded, count);
            let times = self
                .gpu
                .time(&kernel, uploaded.shape(), &[&args], ROUNDS)
                .map_err(refused)?;
            let input = format!("{rows} x {vocabulary} {format}, k = {count}{order}");
            let work = Work {
                bytes: read + rows * (8 * count + 20),
                items: rows,
                item: "positions",
            };
            self.add("law", input, times, work);
        }
        if shape != Shape::Fine {
            return Ok(());
        }
        let (_, room) = laws(self.gpu, &uploaded, 1).map_err(refused)?;
        let noise = Noise::new(1, 1);
        let claims: Vec<Claim> = (0..rows)
            .map(|at| Claim {
                key: noise.key(),
                position: at as u32,
                token: 0,
            })
            .collect();
        let (kernel, race) = race_call(self.gpu, &uploaded, &claims).map_err(refused)?;
        let args = race.args(&uploaded, &room);
        let times = self
            .gpu
            .time(&kernel, uploaded.shape(), &[&args], ROUNDS)
            .map_err(refused)?;
        let work = Work {
            bytes: read + rows * 52,
            items: rows,
            item: "positions",
        };
        self.add("race", format!("{rows} x {vocabulary} {format}"), times, work);
        Ok(())
    }

    fn blocks(&mut self, blocks: Blocks, is_bf16: bool) -> Result<()> {
        let (values_of, bytes_of) = blocks.size();
        let size = if is_bf16 { 2 } else { 4 };
        let count = BYTES / (size * values_of);
        let drawn = block_bytes(3, 1 << 14, bytes_of);
        let all = repeated(&drawn, count * bytes_of);
        let from = self.gpu.upload_bytes(&all).map_err(refused)?;
        let values = count * values_of;
        let to = self.gpu.room(values * size).map_err(refused)?;
        let (kernel, shape) = dequantize_call(blocks, values, is_bf16);
        let args = [Arg::Buffer(&from), Arg::Long(values as u64), Arg::Buffer(&to)];
        let times = self.gpu.time(&kernel, shape, &[&args], ROUNDS).map_err(refused)?;
        let format = if is_bf16 { "bf16" } else { "f32" };
        let work = Work {
            bytes: count * bytes_of + values * size,
            items: values,
            item: "values",
        };
        self.add(
            "dequantise",
            format!("{} to {format}", blocks.name()),
            times,
            work,
        );
        Ok(())
    }

    fn positions(&mut self) -> Result<()> {
        const POSITIONS: usize = 1 << 20;
        let drawn: Vec<_> = (0..1024).map(|number| lists(1, 100 + number, 0.1, 20)).collect();
        let pairs: Vec<_> = (0..POSITIONS)
            .map(|at| &drawn[at % drawn.len()])
            .map(|(reported, replayed)| (view(reported), view(replayed)))
            .collect();
        let (kernel, room) = score_call(self.gpu, &pairs).map_err(refused)?;
        let args = room.args(20);
        let times = self
            .gpu
            .time(&kernel, room.shape(), &[&args], ROUNDS)
            .map_err(refused)?;
        let work = Work {
            bytes: POSITIONS * (2 * (20 * 8 + 4) + 24),
            items: POSITIONS,
            item: "positions",
        };
        self.add(
            "position scores",
            format!("{POSITIONS} pairs of lists, k = 20"),
            times,
            work,
        );
        Ok(())
    }
}

/// Measures every kernel.
///
/// # Errors
/// The card refuses: too little memory, above all.
pub fn speeds(gpu: &Gpu) -> Result<Speeds> {
    let Card {
        name,
        capability,
        multiprocessors,
        cache_bytes,
        peak_bytes_per_second,
        ..
    } = gpu.card().map_err(refused)?;
    let times = gpu.time_copy(BYTES, ROUNDS).map_err(refused)?;
    let copy = 2.0 * BYTES as f64 / (f64::from(spread(times)[1]) / 1e3);
    let mut bench = Bench {
        gpu,
        copy,
        lines: Vec::new(),
    };
    for vocabulary in VOCABULARIES {
        for is_bf16 in [false, true] {
            bench.rows(vocabulary, is_bf16, Shape::Fine)?;
        }
    }
    for is_bf16 in [false, true] {
        bench.rows(VOCABULARIES[2], is_bf16, Shape::Rising)?;
    }
    for blocks in Blocks::ALL {
        for is_bf16 in [false, true] {
            bench.blocks(blocks, is_bf16)?;
        }
    }
    bench.positions()?;
    Ok(Speeds {
        card: name,
        capability: format!("{}.{}", capability.0, capability.1),
        multiprocessors,
        cache_bytes,
        peak_bytes_per_second,
        copy_bytes_per_second: copy,
        lines: bench.lines,
    })
}

//! Making a substitute's weights and prompts from the promised ones.

use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{D, Device, Tensor};
use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};

use super::catalogue::{Change, ContextEdit, WeightFormat};
use super::formats;
use crate::demo::normal;
use crate::error::Result;
use crate::forward::{Activations, Options, map_rows};
use crate::model::Weights;

/// Entries of random low-rank updates.
const LOW_RANK: Purpose = Purpose(0x7204);

/// The weights that `change` leaves of `weights`; [`Change::Smaller`] and what only samples otherwise leave them.
///
/// # Errors
/// A tensor operation failed: a bug.
pub fn change_weights(weights: &Weights, change: Change, seed: u64) -> Result<Weights> {
    let weights = weights.clone();
    match change {
        Change::Weights(format) | Change::WeightsAndActivations(format, _) => {
            weights.map_projections(|_, _, matrix| narrow(matrix, format))
        }
        Change::LowRank { rank, strength } => weights.map_projections(|layer, name, matrix| match name {
            "q" | "v" => low_rank(
                matrix,
                rank,
                strength,
                seed,
                (layer * 8 + usize::from(name == "v")) as u64,
            ),
            _ => Ok(matrix.clone()),
        }),
        Change::DroppedLayers(count) => {
            let mut weights = weights;
            // The last layer stays: it prepares the head, and a provider would notice its loss at once.
            let end = weights.layers.len().saturating_sub(1);
            weights.layers.drain(end.saturating_sub(count)..end);
            Ok(weights)
        }
        _ => Ok(weights),
    }
}

/// How the machine of `change` departs besides its weights.
pub fn options(change: Change) -> Options {
    let plain = Options::default();
    match change {
        Change::WeightsAndActivations(_, activations) => Options { activations, ..plain },
        Change::Native(format) => Options {
            native: Some(format),
            activations: Activations::Wide,
            ..plain
        },
        Change::Cache(format) => Options {
            cache: Some(format),
            ..plain
        },
        _ => plain,
    }
}

/// The prompt as the executor reads it.
pub fn edit_prompt(prompt: &[u32], edit: ContextEdit) -> Vec<u32> {
    match edit {
        ContextEdit::Truncated => prompt[prompt.len() / 2..].to_vec(),
        ContextEdit::Edited => {
            let mut edited = prompt.to_vec();
            for at in (7..edited.len()).step_by(8) {
                edited[at] = edited[at - 1];
            }
            edited
        }
        ContextEdit::Prefixed => {
            let mut edited = prompt[prompt.len() - prompt.len() / 4..].to_vec();
            edited.extend_from_slice(prompt);
            edited
        }
    }
}

/// `matrix` after having been stored in `format`.
fn narrow(matrix: &Tensor, format: WeightFormat) -> Result<Tensor> {
    match format {
        WeightFormat::Blocks(blocks) => through_blocks(matrix, blocks),
        WeightFormat::Int8 => map_rows(matrix, formats::int8_row),
        WeightFormat::Fp8 => map_rows(matrix, formats::fp8_row),
        WeightFormat::Int4 => map_rows(matrix, |row| formats::int4_groups(row, 128)),
        WeightFormat::Nf4 => map_rows(matrix, formats::nf4_groups),
        WeightFormat::Fp4 => map_rows(matrix, formats::fp4_groups),
    }
}

/// Quantised and unpacked; rows that no block divides are padded with zeros on the way.
fn through_blocks(matrix: &Tensor, blocks: GgmlDType) -> Result<Tensor> {
    let (_, columns) = matrix.dims2()?;
    let block = blocks.block_size();
    let padded = columns.div_ceil(block) * block;
    let wide = matrix
        .pad_with_zeros(D::Minus1, 0, padded - columns)?
        .contiguous()?;
    let narrow = QTensor::quantize(&wide, blocks)?.dequantize(&Device::Cpu)?;
    Ok(narrow.narrow(1, 0, columns)?.contiguous()?)
}

/// W + s B A with random B and A, scaled so that the update's norm is `strength` of the matrix's.
fn low_rank(matrix: &Tensor, rank: usize, strength: f64, seed: u64, index: u64) -> Result<Tensor> {
    let (rows, columns) = matrix.dims2()?;
    let key = StreamKey::derive(RootSeed(seed), 0, LOW_RANK);
    let random = |thing: u64, rows: usize, columns: usize| -> Result<Tensor> {
        let values: Vec<f32> = (0..rows * columns)
            .map(|at| normal(key, thing, at as u64) as f32)
            .collect();
        Ok(Tensor::from_vec(values, (rows, columns), &Device::Cpu)?)
    };
    let update = random(2 * index, rows, rank)?.matmul(&random(2 * index + 1, rank, columns)?)?;
    let norm = |tensor: &Tensor| -> Result<f64> {
        Ok(f64::from(tensor.sqr()?.sum_all()?.to_scalar::<f32>()?).sqrt())
    };
    let scale = strength * norm(matrix)? / norm(&update)?.max(1e-30);
    Ok((matrix + (update * scale)?)?)
}

//! Takes weights off the grid of a quantised file without changing what the model computes.
//!
//! A file of 4-bit blocks, dequantised, sits on the grid of its blocks; quantising it again to as many bits changes
//! nothing, which no provider's substitute would be. Norm gains are folded into the matrices that follow and the
//! residual stream is turned by a random orthogonal matrix: the same function, weights off every grid.
//!
//! **Invariant.** Logits before and after differ by rounding only.

use candle_core::{Device, Tensor};
use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};

use super::weights::Weights;
use crate::error::{ReplayError, Result};

/// Entries of the orthogonal matrix.
const ROTATION: Purpose = Purpose(0x7203);

/// Turns the residual stream of `weights` by the orthogonal matrix of `seed`.
///
/// # Errors
/// The family has norms after its blocks, whose gains cannot be folded.
pub fn rotate(mut weights: Weights, seed: u64) -> Result<Weights> {
    if weights.shape.is_gemma() {
        return Err(ReplayError::Usage(
            "a Gemma model has norms after its blocks and cannot be turned; give a file of 8 bits or more"
                .into(),
        ));
    }
    let turn = orthogonal(weights.shape.hidden, seed)?;
    let back = turn.t()?.contiguous()?;
    let fold =
        |matrix: &Tensor, gain: &Tensor| -> Result<Tensor> { Ok(matrix.broadcast_mul(gain)?.matmul(&turn)?) };
    let head = fold(weights.head(), &weights.norm)?;
    weights.head = Some(head);
    weights.norm = weights.norm.ones_like()?;
    weights.embedding = weights.embedding.matmul(&turn)?;
    for layer in &mut weights.layers {
        for matrix in [&mut layer.q, &mut layer.k, &mut layer.v] {
            *matrix = fold(matrix, &layer.attention_norm)?;
        }
        for matrix in [&mut layer.gate, &mut layer.up] {
            *matrix = fold(matrix, &layer.feed_forward_norm)?;
        }
        layer.o = back.matmul(&layer.o)?;
        layer.down = back.matmul(&layer.down)?;
        layer.attention_norm = layer.attention_norm.ones_like()?;
        layer.feed_forward_norm = layer.feed_forward_norm.ones_like()?;
    }
    Ok(weights)
}

/// A random orthogonal matrix: Gram and Schmidt on seeded normal columns, in double precision.
fn orthogonal(size: usize, seed: u64) -> Result<Tensor> {
    let key = StreamKey::derive(RootSeed(seed), 0, ROTATION);
    let mut rows: Vec<Vec<f64>> = Vec::with_capacity(size);
    for index in 0..size {
        let mut row: Vec<f64> = (0..size)
            .map(|at| crate::demo::normal(key, index as u64, at as u64))
            .collect();
        // Twice, because once leaves rounding errors of the size of the projections.
        for _ in 0..2 {
            for other in &rows {
                let along: f64 = row.iter().zip(other).map(|(a, b)| a * b).sum();
                row.iter_mut().zip(other).for_each(|(a, b)| *a -= along * b);
            }
        }
        let length = row.iter().map(|a| a * a).sum::<f64>().sqrt();
        row.iter_mut().for_each(|a| *a /= length);
        rows.push(row);
    }
    let values: Vec<f32> = rows.into_iter().flatten().map(|a| a as f32).collect();
    Ok(Tensor::from_vec(values, (size, size), &Device::Cpu)?)
}

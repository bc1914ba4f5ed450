//! Attention: queries of some positions against keys and values of all positions so far.

use candle_core::{D, Device, Tensor};
use candle_nn::ops::softmax_last_dim;

use super::kernel::{Arithmetic, CHUNK};
use super::rows::Storage;
use crate::error::Result;

/// Which keys a query may see: those up to its own position, in a sliding layer only the last `window`.
#[derive(Clone, Copy, Debug)]
pub struct Visible {
    /// Position of the first query.
    pub first: usize,
    /// Positions that a sliding layer sees.
    pub window: Option<usize>,
}

impl Visible {
    /// What is added to the scores of `queries` x keys `begin .. begin + keys`: 0 or minus infinity.
    fn mask(&self, queries: usize, begin: usize, keys: usize) -> Result<Tensor> {
        let mut values = Vec::with_capacity(queries * keys);
        for query in self.first..self.first + queries {
            for key in begin..begin + keys {
                let is_seen = key <= query && self.window.is_none_or(|window| key + window > query);
                values.push(if is_seen { 0.0 } else { f32::NEG_INFINITY });
            }
        }
        Ok(Tensor::from_vec(values, (queries, keys), &Device::Cpu)?)
    }
}

/// `[batch, heads, queries, width]` of queries, `[batch, heads, keys, width]` of keys and values.
///
/// # Errors
/// A shape does not fit: a bug.
pub fn attend(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    scale: f64,
    visible: Visible,
    arithmetic: Arithmetic,
) -> Result<Tensor> {
    if arithmetic.is_chunked {
        let mixed = attend_in_chunks(q, k, v, scale, visible)?;
        return arithmetic.storage.store(mixed);
    }
    let (queries, keys) = (q.dim(2)?, k.dim(2)?);
    let storage = arithmetic.storage;
    let scores = storage.store((q.matmul(&k.t()?)? * scale)?)?;
    let scores = scores.broadcast_add(&visible.mask(queries, 0, keys)?)?;
    let weights = storage.store(softmax_last_dim(&scores)?)?;
    storage.store(weights.matmul(v)?)
}

/// The same in chunks of keys, everything in 32 bits until the end: the order of the fused kernels.
fn attend_in_chunks(q: &Tensor, k: &Tensor, v: &Tensor, scale: f64, visible: Visible) -> Result<Tensor> {
    let (queries, keys) = (q.dim(2)?, k.dim(2)?);
    let mut state: Option<(Tensor, Tensor, Tensor)> = None;
    for begin in (0..keys).step_by(CHUNK) {
        let length = CHUNK.min(keys - begin);
        let (k, v) = (
            k.narrow(2, begin, length)?,
            v.narrow(2, begin, length)?.contiguous()?,
        );
        let scores = (q.matmul(&k.t()?)? * scale)?.broadcast_add(&visible.mask(queries, begin, length)?)?;
        // A chunk that a row cannot see at all has no maximum; a large negative number stands for it.
        let top = scores.max_keepdim(D::Minus1)?.maximum(-1e30)?;
        let (top, before) = match &state {
            None => (top, None),
            Some((old, sum, mixed)) => {
                let top = top.maximum(old)?;
                let fade = (old - &top)?.exp()?;
                (top, Some((fade, sum, mixed)))
            }
        };
        let weights = scores.broadcast_sub(&top)?.exp()?;
        let (part_sum, part) = (weights.sum_keepdim(D::Minus1)?, weights.matmul(&v)?);
        let (sum, mixed) = match before {
            None => (part_sum, part),
            Some((fade, sum, mixed)) => (
                (sum * &fade)?.add(&part_sum)?,
                mixed.broadcast_mul(&fade)?.add(&part)?,
            ),
        };
        state = Some((top, sum, mixed));
    }
    match state {
        Some((_, sum, mixed)) => Ok(mixed.broadcast_div(&sum)?),
        None => Storage::F32.store(q.clone()),
    }
}

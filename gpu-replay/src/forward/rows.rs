//! Operations on the rows of a tensor: what candle has no name for.

use candle_core::{CpuStorage, CustomOp1, Layout, Shape, Tensor};

use crate::error::Result;

/// Applies a function to each row (last dimension) of a copy.
struct RowOp<F> {
    change: F,
}

impl<F: Fn(&mut [f32])> CustomOp1 for RowOp<F> {
    fn name(&self) -> &'static str {
        "rows"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        let values = storage.as_slice::<f32>()?;
        let Some((begin, end)) = layout.contiguous_offsets() else {
            candle_core::bail!("rows of a strided tensor");
        };
        let mut values = values[begin..end].to_vec();
        let width = layout.dims().last().copied().unwrap_or(1).max(1);
        values.chunks_mut(width).for_each(&self.change);
        Ok((CpuStorage::F32(values), layout.shape().clone()))
    }
}

/// `change` applied to each row of `tensor`.
///
/// # Errors
/// The tensor holds no 32-bit values.
pub fn map_rows(tensor: &Tensor, change: impl Fn(&mut [f32])) -> Result<Tensor> {
    Ok(tensor.contiguous()?.apply_op1_no_bwd(&RowOp { change })?)
}

/// Number format of what is kept between two operations; sums are 32-bit in all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// IEEE single.
    F32,
    /// bfloat16: 8 bits of precision.
    Bf16,
    /// IEEE half: 11 bits of precision, largest value 65504.
    F16,
}

impl Storage {
    /// `tensor` as it is after having been stored.
    ///
    /// # Errors
    /// The tensor holds no 32-bit values.
    pub fn store(self, tensor: Tensor) -> Result<Tensor> {
        match self {
            Self::F32 => Ok(tensor),
            Self::Bf16 => map_rows(&tensor, |row| {
                row.iter_mut().for_each(|value| *value = round_bf16(*value))
            }),
            Self::F16 => map_rows(&tensor, |row| {
                row.iter_mut()
                    .for_each(|value| *value = half::f16::from_f32(*value).to_f32());
            }),
        }
    }
}

/// The nearest bfloat16, ties to even. Not-a-numbers stay what they are.
pub fn round_bf16(value: f32) -> f32 {
    let bits = value.to_bits();
    let rounded = bits.wrapping_add(0x7fff + (bits >> 16 & 1)) & 0xffff_0000;
    if value.is_nan() {
        value
    } else {
        f32::from_bits(rounded)
    }
}

/// Root mean square norm with gain.
///
/// # Errors
/// A shape does not fit: a bug.
pub fn rms_norm(tensor: &Tensor, gain: &[f32], epsilon: f64) -> Result<Tensor> {
    map_rows(tensor, |row| {
        let sum: f64 = row
            .iter()
            .map(|value| f64::from(*value) * f64::from(*value))
            .sum();
        let scale = (1.0 / (sum / row.len() as f64 + epsilon).sqrt()) as f32;
        row.iter_mut()
            .zip(gain)
            .for_each(|(value, gain)| *value *= scale * gain);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_to_bfloat16_is_the_format_s_own() {
        for step in 0..200_000u32 {
            let value = f32::from_bits(step.wrapping_mul(2_654_435_761));
            if value.is_nan() {
                continue;
            }
            let expected = half::bf16::from_f32(value).to_f32();
            assert_eq!(round_bf16(value).to_bits(), expected.to_bits(), "{value}");
        }
    }
}

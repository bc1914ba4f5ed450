//! Weights laid out for products: stored in a kernel's format, each matrix with its inputs as rows.
//!
//! A product with a matrix that has its outputs as rows is copied into the other order by the library every time, which
//! costs as much as multiplying. The sums are the same.
//!
//! **Invariant.** A function of weights and format; machines of one format share it.

use candle_core::Tensor;

use super::rows::Storage;
use crate::error::Result;
use crate::model::Weights;

/// Weights in a format, ready for machines.
#[derive(Clone, Debug)]
pub struct Laid {
    /// Everything; matrices of the layers are `[inputs, outputs]`.
    pub(super) weights: Weights,
    /// The head, `[inputs, vocabulary]`.
    pub(super) head: Tensor,
}

impl Laid {
    /// Stores `weights` in `storage` and turns their matrices over.
    ///
    /// # Errors
    /// A tensor holds no 32-bit values.
    pub fn of(weights: &Weights, storage: Storage) -> Result<Self> {
        let over = |tensor: &Tensor| -> Result<Tensor> { Ok(tensor.t()?.contiguous()?) };
        let mut stored = weights
            .clone()
            .map_tensors(|tensor| storage.store(tensor.clone()))?;
        let head = over(stored.head())?;
        stored.head = None;
        Ok(Self {
            weights: stored.map_projections(|_, _, matrix| over(matrix))?,
            head,
        })
    }
}

//! The arithmetic of a kernel: what is rounded where, and in which order sums are formed.

use candle_core::quantized::{GgmlDType, QMatMul, QTensor};
use candle_core::{D, Module, Tensor};

use super::rows::{Storage, map_rows};
use crate::error::Result;
use crate::stratum::Stratum;

/// How many keys a chunk of chunked attention has.
pub const CHUNK: usize = 32;

/// The choices that make a stratum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arithmetic {
    /// Format between operations.
    pub storage: Storage,
    /// Parts that a sum over the inner dimension is cut into.
    pub parts: usize,
    /// Whether the partial sums are stored before they are added.
    pub stores_parts: bool,
    /// Whether attention runs over chunks of keys with a running maximum.
    pub is_chunked: bool,
    /// Whether the answer is computed token by token.
    pub is_stepwise: bool,
}

impl Stratum {
    /// The choices behind the name.
    pub fn arithmetic(self) -> Arithmetic {
        let plain = Arithmetic {
            storage: Storage::Bf16,
            parts: 1,
            stores_parts: false,
            is_chunked: false,
            is_stepwise: false,
        };
        match self {
            Self::F32 => Arithmetic {
                storage: Storage::F32,
                ..plain
            },
            Self::Bf16 => plain,
            Self::F16 => Arithmetic {
                storage: Storage::F16,
                ..plain
            },
            Self::Bf16Split2 => Arithmetic {
                parts: 2,
                stores_parts: true,
                ..plain
            },
            Self::Bf16Split4 => Arithmetic {
                parts: 4,
                stores_parts: true,
                ..plain
            },
            Self::Bf16Chunked => Arithmetic {
                is_chunked: true,
                ..plain
            },
            Self::Bf16Decode => Arithmetic {
                is_stepwise: true,
                ..plain
            },
            Self::Bf16Batch => Arithmetic { parts: 3, ..plain },
        }
    }
}

/// How activations are narrowed before each matrix product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activations {
    /// Not at all.
    Wide,
    /// e4m3 with one scale a row: the activations of w8a8.
    Fp8,
    /// Signed bytes with one scale a row.
    Int8,
}

/// A matrix, ready to multiply.
pub enum Matrix {
    /// 32-bit values on the grid of the storage format.
    Plain(Tensor),
    /// Blocks, multiplied without unpacking: a class of its own beside weight-only quantisation.
    Native(QMatMul),
}

impl Matrix {
    /// A matrix in blocks of `format`.
    ///
    /// # Errors
    /// Its rows are no multiple of the block.
    pub fn native(tensor: &Tensor, format: GgmlDType) -> Result<Self> {
        Ok(Self::Native(QMatMul::from_qtensor(QTensor::quantize(
            tensor, format,
        )?)?))
    }

    /// `x` times the transpose, `[rows, inputs]` to `[rows, outputs]`, stored.
    ///
    /// # Errors
    /// A shape does not fit: a bug.
    pub fn apply(&self, x: &Tensor, arithmetic: Arithmetic, activations: Activations) -> Result<Tensor> {
        let narrowed = match activations {
            Activations::Wide => None,
            Activations::Fp8 => Some(map_rows(x, crate::substitute::formats::fp8_row)?),
            Activations::Int8 => Some(map_rows(x, crate::substitute::formats::int8_row)?),
        };
        let x = narrowed.as_ref().unwrap_or(x);
        let weights = match self {
            Self::Plain(weights) => weights,
            Self::Native(weights) => return arithmetic.storage.store(weights.forward(&x.contiguous()?)?),
        };
        let inner = x.dim(D::Minus1)?;
        if arithmetic.parts == 1 || inner < arithmetic.parts {
            return arithmetic.storage.store(x.matmul(&weights.t()?)?);
        }
        let mut sum: Option<Tensor> = None;
        for part in 0..arithmetic.parts {
            let begin = inner * part / arithmetic.parts;
            let length = inner * (part + 1) / arithmetic.parts - begin;
            let product = x
                .narrow(1, begin, length)?
                .matmul(&weights.narrow(1, begin, length)?.t()?)?;
            let product = if arithmetic.stores_parts {
                arithmetic.storage.store(product)?
            } else {
                product
            };
            sum = Some(match sum {
                None => product,
                Some(sum) => (sum + product)?,
            });
        }
        arithmetic.storage.store(sum.unwrap_or_else(|| x.clone()))
    }
}

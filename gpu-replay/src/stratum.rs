//! Honest kernels: ways of computing the same model that round differently.
//!
//! **Invariant.** Two strata differ in the order or width of roundings only; every one is an honest execution of
//! the promised weights.

use serde::{Deserialize, Serialize};

/// A named kernel: number format of what is stored between operations, and the order of its sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stratum {
    /// 32-bit storage, one pass over the answer: the reference of the ladder.
    F32,
    /// bfloat16 storage, 32-bit sums, one pass: what a verifier runs.
    Bf16,
    /// IEEE half storage, 32-bit sums, one pass.
    F16,
    /// bfloat16; each sum over the inner dimension in two halves, the partial sums rounded.
    Bf16Split2,
    /// The same in four quarters.
    Bf16Split4,
    /// bfloat16; attention in chunks of keys with a running maximum.
    Bf16Chunked,
    /// bfloat16; token by token against a cache of keys and values: how answers are really made.
    Bf16Decode,
    /// bfloat16 activations, weights and sums as in `bf16`, other batch shape.
    Bf16Batch,
}

impl Stratum {
    /// All strata, in the order of reports.
    pub const ALL: [Stratum; 8] = [
        Stratum::F32,
        Stratum::Bf16,
        Stratum::F16,
        Stratum::Bf16Split2,
        Stratum::Bf16Split4,
        Stratum::Bf16Chunked,
        Stratum::Bf16Decode,
        Stratum::Bf16Batch,
    ];

    /// The name in files, `[a-z0-9-]`.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::F16 => "f16",
            Self::Bf16Split2 => "bf16-split2",
            Self::Bf16Split4 => "bf16-split4",
            Self::Bf16Chunked => "bf16-chunked",
            Self::Bf16Decode => "bf16-decode",
            Self::Bf16Batch => "bf16-batch",
        }
    }

    /// The stratum of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stratum| stratum.name() == name)
    }

    /// What it stands for, a line for tables and calibration files.
    pub fn note(self) -> &'static str {
        match self {
            Self::F32 => "32-bit storage, one pass",
            Self::Bf16 => "bfloat16 storage, 32-bit sums, one pass",
            Self::F16 => "half storage, 32-bit sums, one pass",
            Self::Bf16Split2 => "bfloat16, sums in 2 parts with rounded partial sums",
            Self::Bf16Split4 => "bfloat16, sums in 4 parts with rounded partial sums",
            Self::Bf16Chunked => "bfloat16, attention in chunks with a running maximum",
            Self::Bf16Decode => "bfloat16, token by token with a cache",
            Self::Bf16Batch => "bfloat16, other batch shape",
        }
    }
}

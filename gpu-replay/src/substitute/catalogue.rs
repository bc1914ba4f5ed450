//! The catalogue: every substitute by name, and what it changes.

use candle_core::quantized::GgmlDType;

use super::formats::CacheFormat;
use super::given::{FORMS, given};
use crate::error::{ReplayError, Result};
use crate::forward::Activations;
use crate::sampler::Contract;

/// Number format that weights are stored in; they are multiplied in the kernel's wide format.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WeightFormat {
    /// A block format of GGUF.
    Blocks(GgmlDType),
    /// Signed bytes, a scale a row.
    Int8,
    /// e4m3, a scale a row.
    Fp8,
    /// 4-bit steps between the extremes of groups of 128.
    Int4,
    /// NF4 in groups of 64.
    Nf4,
    /// e2m1 in groups of 16.
    Fp4,
}

/// A change of the executor's prompt that the verifier does not see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContextEdit {
    /// The first half of the prompt is left out.
    Truncated,
    /// One token in eight is replaced by the one before it.
    Edited,
    /// The prompt's last quarter is put before it, as a hidden instruction would be.
    Prefixed,
}

/// What a substitute changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// Nothing: the promised model.
    Nothing,
    /// The weights of all projections.
    Weights(WeightFormat),
    /// Weights and activations.
    WeightsAndActivations(WeightFormat, Activations),
    /// Weights multiplied in blocks.
    Native(GgmlDType),
    /// A random low-rank update of queries and values: rank, and norm of the update over the norm of the matrix.
    LowRank {
        /// Rank.
        rank: usize,
        /// Relative strength.
        strength: f64,
    },
    /// The last layers but one are left out.
    DroppedLayers(usize),
    /// Keys and values are stored narrow.
    Cache(CacheFormat),
    /// The smaller model of the same tokenizer.
    Smaller,
    /// Another sampler than agreed.
    Sampler(Contract),
    /// Another prompt than given.
    Context(ContextEdit),
}

/// A named substitute.
#[derive(Clone, Debug, PartialEq)]
pub struct Substitute {
    /// Name in files, `[a-z0-9.-]`.
    pub name: String,
    /// What it changes.
    pub change: Change,
    /// Bits of a stored weight, for the cost of decoding and memory.
    pub bits: f64,
    /// What it stands for.
    pub note: &'static str,
}

fn entry(name: &str, change: Change, bits: f64, note: &'static str) -> Substitute {
    Substitute {
        name: name.into(),
        change,
        bits,
        note,
    }
}

/// The promised model.
pub fn promised() -> Substitute {
    entry("none", Change::Nothing, 16.0, "the promised model")
}

/// Every substitute, from the faintest of each family on. `has_sibling`: whether a smaller model is at hand.
pub fn catalogue(has_sibling: bool) -> Vec<Substitute> {
    use Change::{Cache, Context, DroppedLayers, LowRank, Native, Sampler, Weights, WeightsAndActivations};
    use WeightFormat::{Blocks, Fp4, Fp8, Int4, Int8, Nf4};
    let plain = Contract::default();
    let mut list = vec![
        entry(
            "q8-0",
            Weights(Blocks(GgmlDType::Q8_0)),
            8.5,
            "GGUF Q8_0 weights, wide activations",
        ),
        entry("int8", Weights(Int8), 8.0, "8-bit integer weights, a scale a row"),
        entry(
            "fp8",
            Weights(Fp8),
            8.0,
            "e4m3 weights, a scale a row, wide activations (w8a16)",
        ),
        entry(
            "fp8-w8a8",
            WeightsAndActivations(Fp8, Activations::Fp8),
            8.0,
            "e4m3 weights and activations",
        ),
        entry(
            "int8-w8a8",
            WeightsAndActivations(Int8, Activations::Int8),
            8.0,
            "8-bit weights and activations",
        ),
        entry(
            "q8-0-native",
            Native(GgmlDType::Q8_0),
            8.5,
            "GGUF Q8_0 multiplied in blocks",
        ),
        entry(
            "q6k",
            Weights(Blocks(GgmlDType::Q6K)),
            6.5625,
            "GGUF Q6_K weights",
        ),
        entry("q5k", Weights(Blocks(GgmlDType::Q5K)), 5.5, "GGUF Q5_K weights"),
        entry("q5-0", Weights(Blocks(GgmlDType::Q5_0)), 5.5, "GGUF Q5_0 weights"),
        entry("q4k", Weights(Blocks(GgmlDType::Q4K)), 4.5, "GGUF Q4_K weights"),
        entry("q4-1", Weights(Blocks(GgmlDType::Q4_1)), 5.0, "GGUF Q4_1 weights"),
        entry("q4-0", Weights(Blocks(GgmlDType::Q4_0)), 4.5, "GGUF Q4_0 weights"),
        entry(
            "q4-0-native",
            Native(GgmlDType::Q4_0),
            4.5,
            "GGUF Q4_0 multiplied in blocks",
        ),
        entry(
            "int4",
            Weights(Int4),
            4.25,
            "4-bit integer weights, groups of 128, round to nearest",
        ),
        entry("nf4", Weights(Nf4), 4.5, "NF4 weights, groups of 64"),
        entry("fp4", Weights(Fp4), 4.5, "e2m1 weights, groups of 16"),
        entry(
            "q3k",
            Weights(Blocks(GgmlDType::Q3K)),
            3.4375,
            "GGUF Q3_K weights",
        ),
        entry("q2k", Weights(Blocks(GgmlDType::Q2K)), 2.625, "GGUF Q2_K weights"),
        entry(
            "lora-r4-weak",
            LowRank {
                rank: 4,
                strength: 0.02,
            },
            16.0,
            "random low-rank update, 2 % of the norm",
        ),
        entry(
            "lora-r4",
            LowRank {
                rank: 4,
                strength: 0.1,
            },
            16.0,
            "random low-rank update, 10 % of the norm",
        ),
        entry("dropped-1", DroppedLayers(1), 16.0, "one layer left out"),
        entry(
            "kv-int8",
            Cache(CacheFormat::Int8),
            16.0,
            "keys and values in 8-bit integers",
        ),
        entry(
            "kv-fp8",
            Cache(CacheFormat::Fp8),
            16.0,
            "keys and values in e4m3 without a scale",
        ),
        entry(
            "kv-int4",
            Cache(CacheFormat::Int4),
            16.0,
            "keys and values in 4-bit integers",
        ),
        entry(
            "temperature-0.9",
            Sampler(Contract {
                temperature: 0.9,
                ..plain
            }),
            16.0,
            "temperature 0.9 for 1",
        ),
        entry(
            "temperature-1.1",
            Sampler(Contract {
                temperature: 1.1,
                ..plain
            }),
            16.0,
            "temperature 1.1 for 1",
        ),
        entry(
            "top-p-0.95",
            Sampler(Contract { top_p: 0.95, ..plain }),
            16.0,
            "nucleus of 0.95 for the whole law",
        ),
        entry(
            "repetition-1.1",
            Sampler(Contract {
                repetition_penalty: 1.1,
                ..plain
            }),
            16.0,
            "repetition penalty 1.1",
        ),
        entry(
            "context-truncated",
            Context(ContextEdit::Truncated),
            16.0,
            "first half of the prompt left out",
        ),
        entry(
            "context-edited",
            Context(ContextEdit::Edited),
            16.0,
            "one prompt token in eight replaced",
        ),
        entry(
            "context-prefixed",
            Context(ContextEdit::Prefixed),
            16.0,
            "hidden text before the prompt",
        ),
    ];
    if has_sibling {
        list.push(entry(
            "smaller",
            Change::Smaller,
            16.0,
            "the smaller model of the same tokenizer",
        ));
    }
    list
}

/// The substitutes of these names: those of the catalogue, and those of a figure of one's own (`lora-r8-0.05`).
///
/// # Errors
/// A name is unknown, and the nearest known one is told; a figure is out of its range.
pub fn choose(names: &[String], has_sibling: bool) -> Result<Vec<Substitute>> {
    let known = catalogue(has_sibling);
    let find = |name: &String| -> Result<Substitute> {
        if let Some(found) = known.iter().find(|substitute| substitute.name == *name) {
            return Ok(found.clone());
        }
        if let Some(given) = given(name)? {
            return Ok(given);
        }
        let distance = |other: &str| strsim::damerau_levenshtein(other, name);
        let nearest = known.iter().min_by_key(|substitute| distance(&substitute.name));
        let nearest = nearest
            .map(|substitute| substitute.name.as_str())
            .unwrap_or_default();
        Err(ReplayError::Usage(format!(
            "there is no substitute `{name}`; the nearest is `{nearest}`; with figures of your own: {FORMS}"
        )))
    };
    names.iter().map(find).collect()
}

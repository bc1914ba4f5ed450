//! The shape of a decoder: what Llama, Qwen2 and Gemma3 have in common and where they differ.
//!
//! **Invariant.** A checked architecture has sizes that fit each other and are small enough to allocate for.

use crate::error::{ReplayError, Result};

/// A family of decoders that this crate can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Llama and models of its shape (SmolLM2, TinyLlama, the demonstration models).
    Llama,
    /// Qwen2: Llama with biases on queries, keys and values.
    Qwen2,
    /// Gemma 3: norms on queries and keys, norms after each block, scaled embedding, sliding windows.
    Gemma3,
}

impl Family {
    /// The names in the files, in the order of the variants.
    pub const NAMES: [&'static str; 3] = ["llama", "qwen2", "gemma3"];

    /// The family by the name that GGUF and config.json use.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "llama" => Some(Self::Llama),
            "qwen2" => Some(Self::Qwen2),
            "gemma3" | "gemma3_text" => Some(Self::Gemma3),
            _ => None,
        }
    }

    /// The name in files.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// Layers that see only the last `window` positions, as Gemma 3 has them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sliding {
    /// Positions that a sliding layer sees, itself included.
    pub window: usize,
    /// Every `period`-th layer sees everything.
    pub period: usize,
    /// Base of the rotary angles in sliding layers.
    pub rope_base: f64,
}

/// Sizes and switches of a decoder.
#[derive(Clone, Debug, PartialEq)]
pub struct Architecture {
    /// Family.
    pub family: Family,
    /// Number of tokens.
    pub vocabulary: usize,
    /// Width of the residual stream.
    pub hidden: usize,
    /// Number of layers.
    pub layers: usize,
    /// Query heads.
    pub heads: usize,
    /// Key and value heads; divides `heads`.
    pub kv_heads: usize,
    /// Width of a head; even.
    pub head_width: usize,
    /// Width of the feed-forward block.
    pub feed_forward: usize,
    /// Base of the rotary angles.
    pub rope_base: f64,
    /// Added under the root of each norm.
    pub norm_epsilon: f64,
    /// Longest context.
    pub context: usize,
    /// Divides the scores: they are multiplied with 1 / sqrt(this).
    pub query_scale: f64,
    /// Sliding windows, if the family has them.
    pub sliding: Option<Sliding>,
}

/// Sizes beyond which a header is taken for a lie.
const LIMITS: [(&str, usize); 7] = [
    ("vocabulary", 1 << 20),
    ("hidden", 1 << 15),
    ("layers", 512),
    ("heads", 1024),
    ("head width", 1024),
    ("feed forward", 1 << 18),
    ("context", 1 << 24),
];

impl Architecture {
    /// Whether the embedding is multiplied by sqrt(hidden), the activation is GELU and norms follow blocks.
    pub fn is_gemma(&self) -> bool {
        self.family == Family::Gemma3
    }

    /// Weights of the decoder, with the head counted once more where it is not tied.
    pub fn parameters(&self, is_tied: bool) -> usize {
        let attention = 2 * self.hidden * self.heads * self.head_width
            + 2 * self.hidden * self.kv_heads * self.head_width;
        let layer = attention + 3 * self.hidden * self.feed_forward + 2 * self.hidden;
        let table = self.vocabulary * self.hidden;
        self.layers * layer + table * (1 + usize::from(!is_tied)) + self.hidden
    }

    /// Refuses sizes that do not fit each other.
    ///
    /// # Errors
    /// Names the first size that is zero, absurd or does not divide.
    pub fn check(self, place: &str) -> Result<Self> {
        let sizes = [
            self.vocabulary,
            self.hidden,
            self.layers,
            self.heads,
            self.head_width,
            self.feed_forward,
            self.context,
        ];
        for (size, (name, limit)) in sizes.into_iter().zip(LIMITS) {
            if size == 0 || size > limit {
                let problem = format!("{name} is {size}; allowed are 1 to {limit}");
                return Err(ReplayError::file(place, problem));
            }
        }
        if self.kv_heads == 0 || !self.heads.is_multiple_of(self.kv_heads) {
            let problem = format!("{} key heads do not divide {} heads", self.kv_heads, self.heads);
            return Err(ReplayError::file(place, problem));
        }
        if !self.head_width.is_multiple_of(2) {
            return Err(ReplayError::file(
                place,
                format!("head width {} is odd", self.head_width),
            ));
        }
        let reals = [self.rope_base, self.norm_epsilon, self.query_scale];
        if reals.iter().any(|value| !value.is_finite() || *value <= 0.0) {
            let problem = "rope base, norm epsilon and query scale must be positive numbers";
            return Err(ReplayError::file(place, problem));
        }
        Ok(self)
    }
}

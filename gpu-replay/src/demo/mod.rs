//! The demonstration models: two decoders of one tokenizer, trained here from public-domain text.
//!
//! **Invariant.** Training is a function of the corpus and the constants of this module, on one machine type: the
//! committed weights come from `stakeout-calibrate demo train` and nothing else. Page: gpu-replay/demo/README.md.

pub mod corpus;
mod network;
mod safetensors;
mod shipped;
pub mod tokenizer;
pub mod train;

pub(crate) use network::normal;
pub use shipped::shipped;

use crate::model::{Architecture, Family};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DemoSize {
    /// 1.3 million weights.
    Large,
    /// 0.4 million weights.
    Small,
}

impl DemoSize {
    /// Both, larger first.
    pub const BOTH: [DemoSize; 2] = [DemoSize::Large, DemoSize::Small];

    /// The name of the folder and of the calibration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Large => "demo-large",
            Self::Small => "demo-small",
        }
    }

    /// The shape.
    pub fn architecture(self) -> Architecture {
        let (hidden, layers, heads, kv_heads, feed_forward) = match self {
            Self::Large => (160, 4, 5, 1, 448),
            Self::Small => (96, 3, 3, 1, 256),
        };
        Architecture {
            family: Family::Llama,
            vocabulary: tokenizer::VOCABULARY,
            hidden,
            layers,
            heads,
            kv_heads,
            head_width: 32,
            feed_forward,
            rope_base: 10_000.0,
            norm_epsilon: 1e-5,
            context: 1024,
            query_scale: 32.0,
            sliding: None,
        }
    }
}

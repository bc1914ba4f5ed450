//! Small random models for tests: one of each family.

use candle_core::{Device, Tensor};
use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};

use super::{Architecture, Family, Layer, Sliding, Weights};
use crate::demo::normal;

/// Layers of a toy, three of which make both kinds of a Gemma's layers where the period is two.
const LAYERS: usize = 3;

/// A random model of a family: 61 tokens, width 48, 4 heads of 12, 2 for keys.
pub fn toy(family: Family) -> Weights {
    let shape = Architecture {
        family,
        vocabulary: 61,
        hidden: 48,
        layers: LAYERS,
        heads: 4,
        kv_heads: 2,
        head_width: 12,
        feed_forward: 80,
        rope_base: 10_000.0,
        norm_epsilon: 1e-5,
        context: 64,
        query_scale: 12.0,
        sliding: (family == Family::Gemma3).then_some(Sliding {
            window: 4,
            period: 2,
            rope_base: 1_000.0,
        }),
    };
    let key = StreamKey::derive(RootSeed(77), 0, Purpose(2));
    let mut index = 0;
    let mut random = |dims: &[usize], mean: f64, scale: f64| {
        index += 1;
        let count: usize = dims.iter().product();
        let values: Vec<f32> = (0..count)
            .map(|at| (mean + scale * normal(key, index, at as u64)) as f32)
            .collect();
        Tensor::from_vec(values, dims, &Device::Cpu).expect("a tensor")
    };
    let layers = (0..LAYERS)
        .map(|_| Layer {
            attention_norm: random(&[48], 1.0, 0.2),
            q: random(&[48, 48], 0.0, 0.2),
            k: random(&[24, 48], 0.0, 0.2),
            v: random(&[24, 48], 0.0, 0.2),
            o: random(&[48, 48], 0.0, 0.2),
            biases: (family == Family::Qwen2).then(|| {
                [
                    random(&[48], 0.0, 0.3),
                    random(&[24], 0.0, 0.3),
                    random(&[24], 0.0, 0.3),
                ]
            }),
            head_norms: (family == Family::Gemma3)
                .then(|| [random(&[12], 1.0, 0.2), random(&[12], 1.0, 0.2)]),
            post_norms: (family == Family::Gemma3)
                .then(|| [random(&[48], 1.0, 0.2), random(&[48], 1.0, 0.2)]),
            feed_forward_norm: random(&[48], 1.0, 0.2),
            gate: random(&[80, 48], 0.0, 0.2),
            up: random(&[80, 48], 0.0, 0.2),
            down: random(&[48, 80], 0.0, 0.2),
        })
        .collect();
    Weights {
        embedding: random(&[61, 48], 0.0, 0.5),
        layers,
        norm: random(&[48], 1.0, 0.2),
        head: (family == Family::Qwen2).then(|| random(&[61, 48], 0.0, 0.3)),
        shape,
    }
    .check("toy")
    .expect("shapes that fit")
}

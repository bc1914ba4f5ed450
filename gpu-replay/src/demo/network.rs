//! The demonstration decoder in the form that can be trained: every operation has a gradient.
//!
//! **Invariant.** Tensor names are those of the safetensors files of the Llama family, so that what is trained here
//! is read by the same loader as any other model.

use candle_core::{D, DType, Device, Tensor, Var};
use candle_nn::ops::{rms_norm_slow, silu, softmax};
use candle_nn::rotary_emb::rope_slow;
use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};

use crate::error::Result;
use crate::model::Architecture;

/// Initial weights: one stream for each tensor.
const INITIAL_WEIGHTS: Purpose = Purpose(0x7201);

/// A trainable decoder.
pub struct Network {
    shape: Architecture,
    /// Tensor and name, in a fixed order.
    pub variables: Vec<(String, Var)>,
    cos: Tensor,
    sin: Tensor,
    mask: Tensor,
}

impl Network {
    /// A network with seeded weights: normal with standard deviation 0.02, the outputs of blocks smaller with depth.
    ///
    /// # Errors
    /// A tensor could not be made.
    pub fn new(shape: &Architecture, seed: u64, length: usize) -> Result<Self> {
        let mut variables = Vec::new();
        let (hidden, width) = (shape.hidden, shape.head_width);
        let mut add = |name: String, rows: usize, columns: usize, scale: f64| -> Result<()> {
            let index = variables.len() as u64;
            let key = StreamKey::derive(RootSeed(seed), 0, INITIAL_WEIGHTS);
            let values: Vec<f32> = (0..rows * columns)
                .map(|at| {
                    if scale == 0.0 {
                        1.0
                    } else {
                        (normal(key, index, at as u64) * scale) as f32
                    }
                })
                .collect();
            let dims: &[usize] = if rows == 1 { &[columns] } else { &[rows, columns] };
            variables.push((name, Var::from_vec(values, dims, &Device::Cpu)?));
            Ok(())
        };
        let deep = 0.02 / libm::sqrt(2.0 * shape.layers as f64);
        add("model.embed_tokens.weight".into(), shape.vocabulary, hidden, 0.02)?;
        for layer in 0..shape.layers {
            let name = |part: &str| format!("model.layers.{layer}.{part}.weight");
            add(name("input_layernorm"), 1, hidden, 0.0)?;
            add(name("self_attn.q_proj"), shape.heads * width, hidden, 0.02)?;
            add(name("self_attn.k_proj"), shape.kv_heads * width, hidden, 0.02)?;
            add(name("self_attn.v_proj"), shape.kv_heads * width, hidden, 0.02)?;
            add(name("self_attn.o_proj"), hidden, shape.heads * width, deep)?;
            add(name("post_attention_layernorm"), 1, hidden, 0.0)?;
            add(name("mlp.gate_proj"), shape.feed_forward, hidden, 0.02)?;
            add(name("mlp.up_proj"), shape.feed_forward, hidden, 0.02)?;
            add(name("mlp.down_proj"), hidden, shape.feed_forward, deep)?;
        }
        add("model.norm.weight".into(), 1, hidden, 0.0)?;
        let half = width / 2;
        let mut angles = Vec::with_capacity(length * half);
        for position in 0..length {
            for pair in 0..half {
                let inverse = libm::pow(shape.rope_base, -(2.0 * pair as f64) / width as f64);
                angles.push((position as f64 * inverse) as f32);
            }
        }
        let angles = Tensor::from_vec(angles, (length, half), &Device::Cpu)?;
        let mask: Vec<f32> = (0..length * length)
            .map(|at| {
                if at % length > at / length {
                    f32::NEG_INFINITY
                } else {
                    0.0
                }
            })
            .collect();
        Ok(Self {
            shape: shape.clone(),
            variables,
            cos: angles.cos()?,
            sin: angles.sin()?,
            mask: Tensor::from_vec(mask, (length, length), &Device::Cpu)?,
        })
    }

    /// Mean cross-entropy, nats a token, of `targets` after `inputs`; both `[batch, length]` of token ids.
    ///
    /// # Errors
    /// A shape does not fit: a bug.
    pub fn loss(&self, inputs: &Tensor, targets: &Tensor) -> Result<Tensor> {
        let (batch, length) = inputs.dims2()?;
        let (heads, kv_heads, width) = (self.shape.heads, self.shape.kv_heads, self.shape.head_width);
        let epsilon = self.shape.norm_epsilon as f32;
        let mut at = 0;
        let mut next = || {
            at += 1;
            self.variables[at - 1].1.as_tensor()
        };
        let table = next();
        let rows = batch * length;
        let mut stream = table.index_select(&inputs.flatten_all()?, 0)?;
        for _ in 0..self.shape.layers {
            let x = rms_norm_slow(&stream, next(), epsilon)?;
            let split = |x: Tensor, heads: usize| -> Result<Tensor> {
                Ok(x.reshape((batch, length, heads, width))?
                    .transpose(1, 2)?
                    .contiguous()?)
            };
            let q = rope_slow(&split(x.matmul(&next().t()?)?, heads)?, &self.cos, &self.sin)?;
            let k = rope_slow(&split(x.matmul(&next().t()?)?, kv_heads)?, &self.cos, &self.sin)?;
            let v = split(x.matmul(&next().t()?)?, kv_heads)?;
            let group = heads / kv_heads;
            let wide = |x: Tensor| -> Result<Tensor> {
                let x = x.unsqueeze(2)?.expand((batch, kv_heads, group, length, width))?;
                Ok(x.reshape((batch, heads, length, width))?.contiguous()?)
            };
            let scores = (q.matmul(&wide(k)?.t()?)? / libm::sqrt(self.shape.query_scale))?;
            let weights = softmax(&scores.broadcast_add(&self.mask)?, D::Minus1)?;
            let mixed = weights
                .matmul(&wide(v)?)?
                .transpose(1, 2)?
                .reshape((rows, heads * width))?;
            stream = (stream + mixed.matmul(&next().t()?)?)?;
            let x = rms_norm_slow(&stream, next(), epsilon)?;
            let gate = silu(&x.matmul(&next().t()?)?)?;
            let up = x.matmul(&next().t()?)?;
            stream = (stream + (gate * up)?.matmul(&next().t()?)?)?;
        }
        let x = rms_norm_slow(&stream, next(), epsilon)?;
        let logits = x.matmul(&table.t()?)?;
        Ok(candle_nn::loss::cross_entropy(
            &logits,
            &targets.flatten_all()?.to_dtype(DType::U32)?,
        )?)
    }
}

/// A standard normal value about (`tensor`, `at`): Box and Muller.
pub(crate) fn normal(key: StreamKey, tensor: u64, at: u64) -> f64 {
    let [first, second] = key.draw2(tensor, at);
    let unit = |word: u64| ((word >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
    let radius = libm::sqrt(-2.0 * libm::log(unit(first)));
    radius * libm::cos(core::f64::consts::TAU * unit(second))
}

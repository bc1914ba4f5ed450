//! Training: seeded, on one thread of arithmetic order, from the committed corpus to the committed files.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use candle_nn::{AdamW, Optimizer, ParamsAdamW};
use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};

use super::corpus::CORPUS;
use super::network::Network;
use super::{DemoSize, tokenizer};
use crate::error::{ReplayError, Result};

/// Which window of the text a place in a batch shows.
const WINDOWS: Purpose = Purpose(0x7202);
/// Tokens of a training window.
pub const LENGTH: usize = 128;
/// Windows of a step.
pub const BATCH: usize = 8;
/// The seed of the committed models.
pub const SEED: u64 = 20_261_122;

/// How a model is trained.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Optimiser steps.
    pub steps: u32,
    /// Largest step size, reached after a twentieth of the steps; it then falls along a cosine to a tenth.
    pub step_size: f64,
    /// Seed of weights and windows.
    pub seed: u64,
}

impl Plan {
    /// The plan of the committed model.
    pub fn committed(size: DemoSize) -> Self {
        let (steps, step_size) = match size {
            DemoSize::Large => (700, 4e-3),
            DemoSize::Small => (900, 4e-3),
        };
        Self {
            steps,
            step_size,
            seed: SEED,
        }
    }

    fn rate(&self, step: u32) -> f64 {
        let (step, steps) = (f64::from(step), f64::from(self.steps));
        let warm = (steps / 20.0).max(1.0);
        if step < warm {
            return self.step_size * (step + 1.0) / warm;
        }
        let cosine = libm::cos(core::f64::consts::PI * (step - warm) / (steps - warm).max(1.0));
        self.step_size * (0.55 + 0.45 * cosine)
    }
}

/// Trains one model and writes `config.json`, `tokenizer.json` and `model.safetensors` (bfloat16) into `folder`.
/// `tell` hears step and loss now and then. Gives the mean loss of the held-out text, nats a token.
///
/// # Errors
/// The folder cannot be written.
pub fn train(size: DemoSize, plan: Plan, folder: &Path, tell: &mut dyn FnMut(u32, f32)) -> Result<f64> {
    let words = tokenizer::learn()?;
    let encoder: tokenizers::Tokenizer = words
        .parse()
        .map_err(|error: tokenizers::Error| ReplayError::file("tokenizer", error.to_string()))?;
    let encode = |text: &str| -> Result<Vec<u32>> {
        let encoded = encoder.encode_fast(text, false);
        Ok(encoded
            .map_err(|error| ReplayError::file("corpus", error.to_string()))?
            .get_ids()
            .to_vec())
    };
    let mut stream = Vec::new();
    let mut held_out = Vec::new();
    for text in CORPUS {
        stream.extend(encode(text.training())?);
        held_out.extend(encode(text.held_out())?);
    }
    let shape = size.architecture();
    let network = Network::new(&shape, plan.seed, LENGTH)?;
    let variables = network
        .variables
        .iter()
        .map(|(_, variable)| variable.clone())
        .collect();
    let settings = ParamsAdamW {
        lr: plan.step_size,
        beta2: 0.95,
        weight_decay: 0.05,
        ..Default::default()
    };
    let mut optimiser = AdamW::new(variables, settings)?;
    let windows = StreamKey::derive(RootSeed(plan.seed), 0, WINDOWS);
    for step in 0..plan.steps {
        let starts: Vec<usize> = (0..BATCH as u64)
            .map(|place| windows.draw(u64::from(step), place) as usize % (stream.len() - LENGTH - 1))
            .collect();
        let loss = loss_at(&network, &stream, &starts)?;
        optimiser.set_learning_rate(plan.rate(step));
        optimiser.backward_step(&loss)?;
        if step % 50 == 0 || step + 1 == plan.steps {
            tell(step, loss.to_scalar::<f32>()?);
        }
    }
    let places = held_out.len() / (LENGTH + 1) / BATCH;
    let mut sum = 0.0;
    for batch in 0..places {
        let starts: Vec<usize> = (0..BATCH)
            .map(|place| (batch * BATCH + place) * (LENGTH + 1))
            .collect();
        sum += f64::from(loss_at(&network, &held_out, &starts)?.to_scalar::<f32>()?);
    }
    write(size, &network, &words, folder)?;
    Ok(sum / places.max(1) as f64)
}

fn loss_at(network: &Network, stream: &[u32], starts: &[usize]) -> Result<Tensor> {
    let block = |offset: usize| -> Result<Tensor> {
        let ids: Vec<u32> = starts
            .iter()
            .flat_map(|start| stream[start + offset..start + offset + LENGTH].iter().copied())
            .collect();
        Ok(Tensor::from_vec(ids, (starts.len(), LENGTH), &Device::Cpu)?)
    };
    network.loss(&block(0)?, &block(1)?)
}

fn write(size: DemoSize, network: &Network, words: &str, folder: &Path) -> Result<()> {
    let io = |error| ReplayError::io(folder, error);
    std::fs::create_dir_all(folder).map_err(io)?;
    let shape = size.architecture();
    let config = serde_json::json!({
        "model_type": "llama",
        "vocab_size": shape.vocabulary,
        "hidden_size": shape.hidden,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "head_dim": shape.head_width,
        "intermediate_size": shape.feed_forward,
        "rope_theta": shape.rope_base,
        "rms_norm_eps": shape.norm_epsilon,
        "max_position_embeddings": shape.context,
        "tie_word_embeddings": true,
        "torch_dtype": "bfloat16",
    });
    let config = serde_json::to_string_pretty(&config).unwrap_or_default() + "\n";
    std::fs::write(folder.join("config.json"), config).map_err(io)?;
    std::fs::write(folder.join("tokenizer.json"), words.to_owned() + "\n").map_err(io)?;
    let mut tensors = BTreeMap::new();
    for (name, variable) in &network.variables {
        tensors.insert(name.clone(), variable.as_tensor().to_dtype(DType::BF16)?);
    }
    super::safetensors::write(&tensors, &folder.join("model.safetensors"))
}

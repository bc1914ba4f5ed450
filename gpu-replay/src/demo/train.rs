//! Training: seeded, from the committed corpus to the committed files.
//!
//! **Invariant.** Each window of a step is a gradient of its own, and gradients are added in the order of the windows:
//! the weights are the same at any number of threads.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::backprop::GradStore;
use candle_core::{DType, Device, Tensor};
use candle_nn::{AdamW, Optimizer, ParamsAdamW};
use rayon::prelude::*;
use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};

use super::corpus::CORPUS;
use super::network::Network;
use super::{DemoSize, tokenizer};
use crate::error::{ReplayError, Result};

/// Which window of the text a place in a batch shows.
const WINDOWS: Purpose = Purpose(0x7202);
/// Tokens of a training window.
pub const LENGTH: usize = 256;
/// Windows of a step.
pub const BATCH: usize = 16;
/// Norm that a step's gradient is cut to.
const NORM_MAX: f64 = 1.0;
/// Steps between two looks at the held-out text.
const LOOK: u32 = 100;
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
            DemoSize::Large => (700, 3e-3),
            DemoSize::Small => (700, 5e-3),
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
/// `tell` hears step, loss and held-out loss now and then. Gives the mean loss of the held-out text, nats a token.
///
/// # Errors
/// The folder cannot be written.
pub fn train(size: DemoSize, plan: Plan, folder: &Path, tell: &mut dyn FnMut(u32, f64, f64)) -> Result<f64> {
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
        let (loss, gradients) = gradients(&network, &stream, &starts)?;
        optimiser.set_learning_rate(plan.rate(step));
        optimiser.step(&gradients)?;
        if step % LOOK == 0 {
            tell(step, loss, held_out_loss(&network, &held_out)?);
        }
    }
    write(size, &network, &words, folder)?;
    held_out_loss(&network, &held_out)
}

/// Loss of a batch, and its gradients: of each window alone, added in order, cut to [`NORM_MAX`].
fn gradients(network: &Network, stream: &[u32], starts: &[usize]) -> Result<(f64, GradStore)> {
    let one = |start: &usize| -> Result<(f64, GradStore)> {
        let loss = loss_at(network, stream, *start)?;
        Ok((f64::from(loss.to_scalar::<f32>()?), loss.backward()?))
    };
    let mut parts: Vec<(f64, GradStore)> = starts.par_iter().map(one).collect::<Result<_>>()?;
    let missing = || ReplayError::file("training", "a weight has no gradient: a bug");
    let sum = |(_, variable): &(String, candle_core::Var)| -> Result<(Tensor, f64)> {
        let mut sum: Option<Tensor> = None;
        for (_, part) in &parts {
            let gradient = part.get(variable).ok_or_else(missing)?;
            sum = Some(match sum {
                None => gradient.clone(),
                Some(sum) => (sum + gradient)?,
            });
        }
        let mean = (sum.ok_or_else(missing)? / starts.len() as f64)?;
        let square = f64::from(mean.sqr()?.sum_all()?.to_scalar::<f32>()?);
        Ok((mean, square))
    };
    let sums: Vec<(Tensor, f64)> = network.variables.par_iter().map(sum).collect::<Result<_>>()?;
    let norm = sums.iter().map(|(_, square)| square).sum::<f64>().sqrt();
    let scale = (NORM_MAX / norm.max(1e-12)).min(1.0);
    let loss = parts.iter().map(|(loss, _)| loss).sum::<f64>() / starts.len() as f64;
    let (_, mut all) = parts.swap_remove(0);
    for ((_, variable), (mean, _)) in network.variables.iter().zip(sums) {
        all.insert(variable, (mean * scale)?);
    }
    Ok((loss, all))
}

/// Mean loss of the text's whole windows, nats a token.
fn held_out_loss(network: &Network, text: &[u32]) -> Result<f64> {
    let starts: Vec<usize> = (0..text.len() / (LENGTH + 1))
        .map(|at| at * (LENGTH + 1))
        .collect();
    let one =
        |start: &usize| -> Result<f64> { Ok(f64::from(loss_at(network, text, *start)?.to_scalar::<f32>()?)) };
    let losses: Vec<f64> = starts.par_iter().map(one).collect::<Result<_>>()?;
    Ok(losses.iter().sum::<f64>() / losses.len().max(1) as f64)
}

fn loss_at(network: &Network, stream: &[u32], start: usize) -> Result<Tensor> {
    let block = |offset: usize| -> Result<Tensor> {
        let ids = stream[start + offset..start + offset + LENGTH].to_vec();
        Ok(Tensor::from_vec(ids, (1, LENGTH), &Device::Cpu)?)
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

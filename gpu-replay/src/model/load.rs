//! From a path to a model: finds the files, reads the sizes, takes the tensors.
//!
//! **Invariant.** What comes out is checked ([`Architecture::check`], [`Weights::check`]) and its hash is that of the
//! bytes on disk.

use std::io::Read;
use std::path::{Path, PathBuf};

use candle_core::Tensor;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use super::architecture::{Architecture, Family, Sliding};
use super::gguf::Gguf;
use super::safetensors::Safetensors;
use super::source::TensorSource;
use super::weights::{Layer, Weights};
use crate::error::{ReplayError, Result};
use crate::tokenizer::Tokenizer;

/// A model that was read from disk.
pub struct Loaded {
    /// The weights.
    pub weights: Weights,
    /// Its tokenizer.
    pub tokenizer: Tokenizer,
    /// SHA-256 of the file, or of the files in the order of their names.
    pub hash: String,
    /// Number formats of the stored weights, in words.
    pub stored: String,
    /// Whether the weights lie on a grid of few bits, so that they must be turned before they are a reference.
    pub is_on_grid: bool,
}

/// Reads a GGUF file, or a folder with config.json, tokenizer.json and safetensors files.
///
/// # Errors
/// The path is neither, or a file is broken, hostile, of another family, or has no tokenizer.
pub fn load(path: &Path) -> Result<Loaded> {
    if path.is_dir() {
        return load_folder(path);
    }
    match path.extension().and_then(|end| end.to_str()) {
        Some("gguf") => load_gguf(path),
        Some("safetensors") => load_folder(path.parent().unwrap_or(Path::new("."))),
        _ => Err(ReplayError::Usage(format!(
            "{}: not a model; give a .gguf file, or a folder with config.json, tokenizer.json and .safetensors",
            path.display()
        ))),
    }
}

/// SHA-256 of files, one after the other, as hexadecimal digits.
///
/// # Errors
/// A file cannot be read.
pub fn sha256(files: &[PathBuf]) -> Result<String> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    for path in files {
        let mut file = std::fs::File::open(path).map_err(|error| ReplayError::io(path, error))?;
        loop {
            let count = file
                .read(&mut buffer)
                .map_err(|error| ReplayError::io(path, error))?;
            if count == 0 {
                break;
            }
            hasher.update(&buffer[..count]);
        }
    }
    Ok(hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

fn load_folder(folder: &Path) -> Result<Loaded> {
    let config = folder.join("config.json");
    let text = read_small(&config)?;
    let place = config.display().to_string();
    let json: Json =
        serde_json::from_str(&text).map_err(|error| ReplayError::file(&place, error.to_string()))?;
    let shape = from_config(&json, &place)?;
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| ReplayError::io(folder, error))? {
        let path = entry.map_err(|error| ReplayError::io(folder, error))?.path();
        if path.extension().is_some_and(|end| end == "safetensors") {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(ReplayError::file(
            folder.display().to_string(),
            "holds no .safetensors file",
        ));
    }
    let hash = sha256(&files)?;
    let mut source = Safetensors::open(files)?;
    let weights = take(shape, &mut source, &HUB)?;
    let stored = json["torch_dtype"].as_str().unwrap_or("safetensors").to_string();
    let tokenizer = Tokenizer::from_file(&folder.join("tokenizer.json"))?;
    finish(weights, tokenizer, hash, stored, false)
}

fn load_gguf(path: &Path) -> Result<Loaded> {
    let mut file = Gguf::open(path)?;
    let shape = from_metadata(&file)?;
    let beside = path.with_file_name("tokenizer.json");
    let tokenizer = if beside.exists() {
        Tokenizer::from_file(&beside)?
    } else {
        Tokenizer::from_gguf(&file)?
    };
    let formats = file.formats();
    let narrow = ["Q4", "Q3", "Q2", "Q5"];
    let is_on_grid = formats
        .keys()
        .any(|name| narrow.iter().any(|start| name.starts_with(start)));
    let stored = formats
        .iter()
        .map(|(name, count)| format!("{count} {name}"))
        .collect::<Vec<_>>()
        .join(", ");
    let mut weights = take(shape, &mut file, &GGUF)?;
    if weights.shape.family == Family::Llama {
        let shape = weights.shape.clone();
        for layer in &mut weights.layers {
            layer.q = unpermute(&layer.q, shape.heads)?;
            layer.k = unpermute(&layer.k, shape.kv_heads)?;
        }
    }
    let hash = sha256(&[path.to_path_buf()])?;
    finish(weights, tokenizer, hash, stored, is_on_grid)
}

fn finish(
    weights: Weights,
    tokenizer: Tokenizer,
    hash: String,
    stored: String,
    is_on_grid: bool,
) -> Result<Loaded> {
    if tokenizer.len() > weights.shape.vocabulary {
        return Err(ReplayError::file(
            "tokenizer",
            format!(
                "has {} tokens, the model {}",
                tokenizer.len(),
                weights.shape.vocabulary
            ),
        ));
    }
    Ok(Loaded {
        weights,
        tokenizer,
        hash,
        stored,
        is_on_grid,
    })
}

/// Reads a text file of at most 64 MiB.
pub(crate) fn read_small(path: &Path) -> Result<String> {
    String::from_utf8(read_small_bytes(path)?)
        .map_err(|error| ReplayError::file(path.display().to_string(), error.to_string()))
}

/// Reads a file of at most 64 MiB.
pub(crate) fn read_small_bytes(path: &Path) -> Result<Vec<u8>> {
    let size = std::fs::metadata(path)
        .map_err(|error| ReplayError::io(path, error))?
        .len();
    if size > super::source::HEADER_LIMIT {
        return Err(ReplayError::limit(
            path.display().to_string(),
            format!("is {size} bytes; 64 MiB are read"),
        ));
    }
    std::fs::read(path).map_err(|error| ReplayError::io(path, error))
}

/// Tensor names of a format: `{}` stands for the layer.
struct Names {
    embedding: &'static str,
    head: &'static str,
    norm: &'static str,
    /// attention norm, q, k, v, o, feed-forward norm, gate, up, down.
    layer: [&'static str; 9],
    biases: [&'static str; 3],
    head_norms: [&'static str; 2],
    post_norms: [&'static str; 2],
    /// Feed-forward norm where norms also follow blocks.
    gemma_feed_forward_norm: &'static str,
    /// Whether Gemma's gains are stored less one.
    is_gain_less_one: bool,
}

const HUB: Names = Names {
    embedding: "model.embed_tokens.weight",
    head: "lm_head.weight",
    norm: "model.norm.weight",
    layer: [
        "model.layers.{}.input_layernorm.weight",
        "model.layers.{}.self_attn.q_proj.weight",
        "model.layers.{}.self_attn.k_proj.weight",
        "model.layers.{}.self_attn.v_proj.weight",
        "model.layers.{}.self_attn.o_proj.weight",
        "model.layers.{}.post_attention_layernorm.weight",
        "model.layers.{}.mlp.gate_proj.weight",
        "model.layers.{}.mlp.up_proj.weight",
        "model.layers.{}.mlp.down_proj.weight",
    ],
    biases: [
        "model.layers.{}.self_attn.q_proj.bias",
        "model.layers.{}.self_attn.k_proj.bias",
        "model.layers.{}.self_attn.v_proj.bias",
    ],
    head_norms: [
        "model.layers.{}.self_attn.q_norm.weight",
        "model.layers.{}.self_attn.k_norm.weight",
    ],
    post_norms: [
        "model.layers.{}.post_attention_layernorm.weight",
        "model.layers.{}.post_feedforward_layernorm.weight",
    ],
    gemma_feed_forward_norm: "model.layers.{}.pre_feedforward_layernorm.weight",
    is_gain_less_one: true,
};

const GGUF: Names = Names {
    embedding: "token_embd.weight",
    head: "output.weight",
    norm: "output_norm.weight",
    layer: [
        "blk.{}.attn_norm.weight",
        "blk.{}.attn_q.weight",
        "blk.{}.attn_k.weight",
        "blk.{}.attn_v.weight",
        "blk.{}.attn_output.weight",
        "blk.{}.ffn_norm.weight",
        "blk.{}.ffn_gate.weight",
        "blk.{}.ffn_up.weight",
        "blk.{}.ffn_down.weight",
    ],
    biases: ["blk.{}.attn_q.bias", "blk.{}.attn_k.bias", "blk.{}.attn_v.bias"],
    head_norms: ["blk.{}.attn_q_norm.weight", "blk.{}.attn_k_norm.weight"],
    post_norms: ["blk.{}.post_attention_norm.weight", "blk.{}.post_ffw_norm.weight"],
    gemma_feed_forward_norm: "blk.{}.ffn_norm.weight",
    is_gain_less_one: false,
};

fn take(shape: Architecture, source: &mut dyn TensorSource, names: &Names) -> Result<Weights> {
    let place = source.place();
    let is_gemma = shape.is_gemma();
    let gain = |tensor: Tensor| -> Result<Tensor> {
        Ok(if is_gemma && names.is_gain_less_one {
            (tensor + 1.0)?
        } else {
            tensor
        })
    };
    let mut layers = Vec::new();
    for index in 0..shape.layers {
        let name = |pattern: &str| pattern.replace("{}", &index.to_string());
        let mut parts = Vec::new();
        for (part, pattern) in names.layer.iter().enumerate() {
            let pattern = if part == 5 && is_gemma {
                names.gemma_feed_forward_norm
            } else {
                pattern
            };
            parts.push(source.require(&name(pattern))?);
        }
        let mut extra = |patterns: &[&str], is_gain: bool| -> Result<Vec<Tensor>> {
            let tensors = patterns.iter().map(|pattern| source.require(&name(pattern)));
            let tensors = tensors.collect::<Result<Vec<_>>>()?;
            tensors
                .into_iter()
                .map(|tensor| if is_gain { gain(tensor) } else { Ok(tensor) })
                .collect()
        };
        let biases = match shape.family {
            Family::Qwen2 => <[Tensor; 3]>::try_from(extra(&names.biases, false)?).ok(),
            _ => None,
        };
        let (head_norms, post_norms) = if is_gemma {
            let heads = <[Tensor; 2]>::try_from(extra(&names.head_norms, true)?).ok();
            (
                heads,
                <[Tensor; 2]>::try_from(extra(&names.post_norms, true)?).ok(),
            )
        } else {
            (None, None)
        };
        let mut parts = parts.into_iter();
        let mut next = || {
            parts
                .next()
                .ok_or_else(|| ReplayError::file(&place, "a layer is incomplete"))
        };
        layers.push(Layer {
            attention_norm: gain(next()?)?,
            q: next()?,
            k: next()?,
            v: next()?,
            o: next()?,
            biases,
            head_norms,
            post_norms,
            feed_forward_norm: gain(next()?)?,
            gate: next()?,
            up: next()?,
            down: next()?,
        });
    }
    let weights = Weights {
        embedding: source.require(names.embedding)?,
        layers,
        norm: gain(source.require(names.norm)?)?,
        head: source.tensor(names.head)?,
        shape,
    };
    weights.check(&place)
}

/// Undoes the order of rows that GGUF's Llama files have: pairs side by side become halves of a head.
fn unpermute(matrix: &Tensor, heads: usize) -> Result<Tensor> {
    let (rows, columns) = matrix.dims2()?;
    let half = rows / heads / 2;
    let matrix = matrix.reshape((heads, half, 2, columns))?.transpose(1, 2)?;
    Ok(matrix.contiguous()?.reshape((rows, columns))?)
}

fn from_config(json: &Json, place: &str) -> Result<Architecture> {
    let name = json["model_type"].as_str().unwrap_or_default();
    let family = family(name, place)?;
    let count = |key: &str| -> Result<usize> {
        let value = json[key].as_u64();
        value
            .map(|value| value as usize)
            .ok_or_else(|| ReplayError::file(place, format!("`{key}` is no count")))
    };
    let real = |key: &str, default: f64| json[key].as_f64().unwrap_or(default);
    if !json["rope_scaling"].is_null() {
        return Err(ReplayError::file(place, "`rope_scaling` is not supported"));
    }
    let heads = count("num_attention_heads")?;
    let hidden = count("hidden_size")?;
    let head_width = match json["head_dim"].as_u64() {
        Some(width) => width as usize,
        None => hidden / heads.max(1),
    };
    let shape = Architecture {
        family,
        vocabulary: count("vocab_size")?,
        hidden,
        layers: count("num_hidden_layers")?,
        heads,
        kv_heads: json["num_key_value_heads"]
            .as_u64()
            .map_or(heads, |heads| heads as usize),
        head_width,
        feed_forward: count("intermediate_size")?,
        rope_base: real("rope_theta", 10_000.0),
        norm_epsilon: real("rms_norm_eps", 1e-6),
        context: count("max_position_embeddings")?,
        query_scale: real("query_pre_attn_scalar", head_width as f64),
        sliding: sliding(
            family,
            json["sliding_window"].as_u64(),
            real("rope_local_base_freq", 10_000.0),
        ),
    };
    shape.check(place)
}

fn from_metadata(file: &Gguf) -> Result<Architecture> {
    let place = file.place();
    let name = file.text("general.architecture")?.to_string();
    let family = family(&name, &place)?;
    let key = |end: &str| format!("{name}.{end}");
    let (hidden, heads) = (
        file.count(&key("embedding_length"))?,
        file.count(&key("attention.head_count"))?,
    );
    let head_width = match file.count(&key("attention.key_length")) {
        Ok(width) => width,
        Err(_) => hidden / heads.max(1),
    };
    let vocabulary = file
        .shape("token_embd.weight")
        .and_then(|shape| shape.first().copied());
    let shape = Architecture {
        family,
        vocabulary: vocabulary.unwrap_or(0),
        hidden,
        layers: file.count(&key("block_count"))?,
        heads,
        kv_heads: file.count(&key("attention.head_count_kv")).unwrap_or(heads),
        head_width,
        feed_forward: file.count(&key("feed_forward_length"))?,
        rope_base: file.real(&key("rope.freq_base"), Some(10_000.0))?,
        norm_epsilon: file.real(&key("attention.layer_norm_rms_epsilon"), None)?,
        context: file.count(&key("context_length"))?,
        query_scale: head_width as f64,
        sliding: sliding(
            family,
            file.count(&key("attention.sliding_window"))
                .ok()
                .map(|w| w as u64),
            10_000.0,
        ),
    };
    shape.check(&place)
}

fn sliding(family: Family, window: Option<u64>, rope_base: f64) -> Option<Sliding> {
    let window = window.filter(|window| *window > 0)? as usize;
    (family == Family::Gemma3).then_some(Sliding {
        window,
        period: 6,
        rope_base,
    })
}

fn family(name: &str, place: &str) -> Result<Family> {
    Family::from_name(name).ok_or_else(|| {
        let known = Family::NAMES.join(", ");
        ReplayError::file(
            place,
            format!("is a model of the kind `{name}`; known are {known}"),
        )
    })
}

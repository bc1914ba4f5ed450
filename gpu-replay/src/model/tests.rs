use std::path::{Path, PathBuf};

use candle_core::Tensor;

use super::*;
use crate::forward::{Machine, Options};
use crate::stratum::Stratum;

const TEXT: [u32; 7] = [3, 14, 15, 9, 26, 5, 35];

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("stakeout-model-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    folder
}

fn logits(weights: &Weights) -> Vec<f32> {
    let machine = Machine::new(weights, Stratum::F32, Options::default(), 16).expect("fits");
    let logits = machine.logits(&[TEXT.to_vec()], 0).expect("runs");
    logits
        .flatten_all()
        .and_then(|row| row.to_vec1())
        .expect("values")
}

/// Tensor names of GGUF with the tensors of a toy; `swap` orders the rows of queries and keys.
pub(super) fn named(weights: &Weights, swap: impl Fn(&Tensor, usize) -> Tensor) -> Vec<(String, Tensor)> {
    let mut list = vec![
        ("token_embd.weight".to_string(), weights.embedding.clone()),
        ("output_norm.weight".to_string(), weights.norm.clone()),
    ];
    for (index, layer) in weights.layers.iter().enumerate() {
        let shape = &weights.shape;
        let parts = [
            ("attn_norm", layer.attention_norm.clone()),
            ("attn_q", swap(&layer.q, shape.heads)),
            ("attn_k", swap(&layer.k, shape.kv_heads)),
            ("attn_v", layer.v.clone()),
            ("attn_output", layer.o.clone()),
            ("ffn_norm", layer.feed_forward_norm.clone()),
            ("ffn_gate", layer.gate.clone()),
            ("ffn_up", layer.up.clone()),
            ("ffn_down", layer.down.clone()),
        ];
        list.extend(
            parts
                .into_iter()
                .map(|(part, tensor)| (format!("blk.{index}.{part}.weight"), tensor)),
        );
    }
    list
}

/// Halves of a head become pairs side by side: the order of rows in GGUF's Llama files.
pub(super) fn interleave(matrix: &Tensor, heads: usize) -> Tensor {
    let (rows, columns) = matrix.dims2().expect("a matrix");
    let half = rows / heads / 2;
    let matrix = matrix
        .reshape((heads, 2, half, columns))
        .and_then(|m| m.transpose(1, 2));
    matrix
        .and_then(|m| m.contiguous())
        .and_then(|m| m.reshape((rows, columns)))
        .expect("a shape")
}

fn write_gguf(path: &Path, weights: &Weights, tensors: &[(String, Tensor)]) {
    std::fs::write(path, gguf(weights, tensors, false)).expect("written");
}

/// A GGUF file of a toy, in 32 bits or in 16.
pub(super) fn gguf(weights: &Weights, tensors: &[(String, Tensor)], is_half: bool) -> Vec<u8> {
    let text = |out: &mut Vec<u8>, text: &str| {
        out.extend_from_slice(&(text.len() as u64).to_le_bytes());
        out.extend_from_slice(text.as_bytes());
    };
    let shape = &weights.shape;
    let mut out = b"GGUF".to_vec();
    out.extend_from_slice(&3u32.to_le_bytes());
    out.extend_from_slice(&(tensors.len() as u64).to_le_bytes());
    let counts = [
        ("llama.embedding_length", shape.hidden),
        ("llama.block_count", shape.layers),
        ("llama.attention.head_count", shape.heads),
        ("llama.attention.head_count_kv", shape.kv_heads),
        ("llama.feed_forward_length", shape.feed_forward),
        ("llama.context_length", shape.context),
    ];
    out.extend_from_slice(&(counts.len() as u64 + 6).to_le_bytes());
    for (key, value) in counts {
        text(&mut out, key);
        out.extend_from_slice(&4u32.to_le_bytes());
        out.extend_from_slice(&(value as u32).to_le_bytes());
    }
    text(&mut out, "llama.attention.layer_norm_rms_epsilon");
    out.extend_from_slice(&6u32.to_le_bytes());
    out.extend_from_slice(&(shape.norm_epsilon as f32).to_le_bytes());
    for (key, value) in [
        ("general.architecture", "llama"),
        ("tokenizer.ggml.model", "gpt2"),
        ("tokenizer.ggml.pre", "smollm"),
    ] {
        text(&mut out, key);
        out.extend_from_slice(&8u32.to_le_bytes());
        text(&mut out, value);
    }
    let tokens: Vec<String> = (0..61u8).map(|at| char::from(b'!' + at).to_string()).collect();
    for (key, list) in [
        ("tokenizer.ggml.tokens", tokens),
        ("tokenizer.ggml.merges", Vec::new()),
    ] {
        text(&mut out, key);
        out.extend_from_slice(&9u32.to_le_bytes());
        out.extend_from_slice(&8u32.to_le_bytes());
        out.extend_from_slice(&(list.len() as u64).to_le_bytes());
        list.iter().for_each(|entry| text(&mut out, entry));
    }
    let mut data: Vec<u8> = Vec::new();
    for (name, tensor) in tensors {
        text(&mut out, name);
        out.extend_from_slice(&(tensor.rank() as u32).to_le_bytes());
        tensor
            .dims()
            .iter()
            .rev()
            .for_each(|size| out.extend_from_slice(&(*size as u64).to_le_bytes()));
        out.extend_from_slice(&u32::from(is_half).to_le_bytes());
        out.extend_from_slice(&(data.len() as u64).to_le_bytes());
        let values = tensor
            .flatten_all()
            .and_then(|row| row.to_vec1::<f32>())
            .expect("values");
        match is_half {
            true => data.extend(
                values
                    .iter()
                    .flat_map(|value| half::f16::from_f32(*value).to_le_bytes()),
            ),
            false => data.extend(values.iter().flat_map(|value| value.to_le_bytes())),
        }
        data.resize(data.len().next_multiple_of(32), 0);
    }
    out.resize(out.len().next_multiple_of(32), 0);
    out.extend_from_slice(&data);
    out
}

#[test]
fn a_gguf_file_with_its_own_order_of_rows_computes_what_the_model_computes() {
    let weights = toy(Family::Llama);
    let folder = folder("gguf");
    let path = folder.join("toy.gguf");
    write_gguf(&path, &weights, &named(&weights, interleave));
    let loaded = load(&path).expect("a model");
    assert_eq!(logits(&loaded.weights), logits(&weights));
    assert_eq!((loaded.is_on_grid, loaded.stored.as_str()), (false, "29 F32"));
    assert_eq!(loaded.tokenizer.encode("AB").expect("tokens"), [32, 33]);
    // Without the permutation it is another model: the test would see a loader that forgot it.
    write_gguf(&path, &weights, &named(&weights, |matrix, _| matrix.clone()));
    assert_ne!(logits(&load(&path).expect("a model").weights), logits(&weights));
    std::fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn a_model_with_a_part_missing_is_refused_by_name() {
    let weights = toy(Family::Llama);
    let folder = folder("missing");
    let path = folder.join("toy.gguf");
    let mut tensors = named(&weights, interleave);
    tensors.retain(|(name, _)| name != "blk.1.ffn_up.weight");
    write_gguf(&path, &weights, &tensors);
    let error = load(&path).err().expect("refused");
    assert!(error.to_string().contains("blk.1.ffn_up.weight"), "{error}");
    let mut tensors = named(&weights, interleave);
    tensors[3].1 = weights.layers[0].v.clone();
    write_gguf(&path, &weights, &tensors);
    let error = load(&path).err().expect("refused").to_string();
    assert!(error.contains("shape") || error.contains("rows"), "{error}");
    std::fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn a_folder_without_tokenizer_and_a_path_that_is_no_model_are_refused() {
    let folder = folder("folder");
    let demo = crate::demo::shipped(crate::demo::DemoSize::Small, &folder).expect("written");
    let good = load(&demo).expect("a model");
    assert_eq!(good.tokenizer.len(), good.weights.shape.vocabulary);
    std::fs::remove_file(demo.join("tokenizer.json")).expect("removed");
    let error = load(&demo).err().expect("refused").to_string();
    assert!(
        error.contains("tokenizer.json") && error.contains("missing"),
        "{error}"
    );
    assert_eq!(
        load(&folder.join("model.bin"))
            .err()
            .map(|error| error.exit_code()),
        Some(2)
    );
    let config = demo.join("config.json");
    let text = std::fs::read_to_string(&config).expect("read");
    for (from, to, expected) in [
        ("\"llama\"", "\"mamba\"", "known are llama, qwen2, gemma3"),
        ("\"hidden_size\": 96", "\"hidden_size\": 97", "shape"),
        (
            "\"num_hidden_layers\": 3",
            "\"num_hidden_layers\": 4000000000",
            "layers",
        ),
        (
            "\"num_hidden_layers\": 3",
            "\"num_hidden_layers\": -1",
            "no count",
        ),
        (
            "\"num_key_value_heads\": 1",
            "\"num_key_value_heads\": 2",
            "do not divide",
        ),
    ] {
        assert!(text.contains(from), "{from}");
        std::fs::write(&config, text.replace(from, to)).expect("written");
        let error = load(&demo).err().expect("refused");
        assert_eq!(error.exit_code(), 3);
        assert!(error.to_string().contains(expected), "{error}");
    }
    std::fs::remove_dir_all(folder).expect("removed");
}

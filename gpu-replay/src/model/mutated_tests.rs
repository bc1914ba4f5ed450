//! Model files, tokenizers, artifacts and kept scores, mutated by number: whatever the bytes are, a reader returns.
//!
//! The mutations are those of `fuzz/`. A door that accepts a model also lets it read four tokens, so that what was
//! checked was enough. `hammer` goes on for as long as it is asked to.

#[path = "../../../fuzz/src/mutate.rs"]
mod mutate;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use candle_core::DType;

use super::tests::{gguf, interleave, named};
use super::*;
use crate::artifact::{Artifact, TopK};
use crate::derive::kept;
use crate::forward::{Machine, Options};
use crate::stratum::Stratum;
use crate::tokenizer::Tokenizer;

/// What a door is called, the inputs that mutations are made of, and what goes through it. The folder is its own.
struct Door {
    name: &'static str,
    corpus: Vec<Vec<u8>>,
    folder: PathBuf,
    /// Says whether the input was accepted.
    enter: fn(&[u8], &Path) -> bool,
}

impl Door {
    fn number(&self, number: u64) -> bool {
        let bytes = mutate::input(&self.corpus, number);
        catch_unwind(AssertUnwindSafe(|| (self.enter)(&bytes, &self.folder)))
            .unwrap_or_else(|_| panic!("door {}, mutation {number} panics", self.name))
    }
}

/// One layer of the toy: what fits into the longest input that is made.
fn one_layer(family: Family) -> Weights {
    let mut weights = toy(family);
    weights.layers.truncate(1);
    weights.shape.layers = 1;
    weights
}

const CONFIG: &str = r#"{"model_type": "llama", "hidden_size": 48, "num_hidden_layers": 1, "num_attention_heads": 4,
"num_key_value_heads": 2, "intermediate_size": 80, "vocab_size": 61, "max_position_embeddings": 64, "head_dim": 12,
"rope_theta": 10000.0, "rms_norm_eps": 0.00001, "torch_dtype": "bfloat16"}"#;

/// A tokenizer of 61 letters.
fn letters() -> String {
    let vocabulary: BTreeMap<String, u8> = (0..61u8)
        .map(|at| (char::from(b'!' + at).to_string(), at))
        .collect();
    let model = serde_json::json!({"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
        "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "vocab": vocabulary, "merges": []});
    serde_json::json!({"version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
        "pre_tokenizer": null, "post_processor": null, "decoder": null, "model": model})
    .to_string()
}

/// The tensors of a toy as safetensors, by their names on the hub.
fn safetensors(weights: &Weights) -> Vec<u8> {
    const PARTS: [(&str, &str); 9] = [
        ("attn_norm", "input_layernorm"),
        ("attn_q", "self_attn.q_proj"),
        ("attn_k", "self_attn.k_proj"),
        ("attn_v", "self_attn.v_proj"),
        ("attn_output", "self_attn.o_proj"),
        ("ffn_norm", "post_attention_layernorm"),
        ("ffn_gate", "mlp.gate_proj"),
        ("ffn_up", "mlp.up_proj"),
        ("ffn_down", "mlp.down_proj"),
    ];
    let hub = |name: String| match name.as_str() {
        "token_embd.weight" => "model.embed_tokens.weight".to_string(),
        "output_norm.weight" => "model.norm.weight".to_string(),
        _ => {
            let part = PARTS
                .iter()
                .find(|(part, _)| name == format!("blk.0.{part}.weight"));
            format!("model.layers.0.{}.weight", part.expect("a part").1)
        }
    };
    let (mut header, mut data) = (serde_json::Map::new(), Vec::<u8>::new());
    for (name, tensor) in named(weights, |matrix, _| matrix.clone()) {
        let values = tensor
            .to_dtype(DType::BF16)
            .and_then(|tensor| tensor.flatten_all());
        let values = values
            .and_then(|row| row.to_vec1::<half::bf16>())
            .expect("values");
        let begin = data.len();
        data.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        let entry =
            serde_json::json!({"dtype": "BF16", "shape": tensor.dims(), "data_offsets": [begin, data.len()]});
        header.insert(hub(name), entry);
    }
    let header = serde_json::Value::Object(header).to_string();
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &data].concat()
}

/// A model that was accepted reads four tokens.
fn reads(path: &Path) -> bool {
    let Ok(model) = load(path) else {
        return false;
    };
    let machine = Machine::new(&model.weights, Stratum::F32, Options::default(), 4);
    let last = model.weights.shape.vocabulary as u32 - 1;
    // A tensor library's refusal is an answer; only a panic is none.
    let _ = machine.and_then(|machine| machine.logits(&[vec![0, last, last / 2, 0]], 0));
    let _ = model.tokenizer.encode("AB 12 \u{1f600}");
    true
}

fn put(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).expect("the door's folder can be written");
    path
}

fn doors() -> Vec<Door> {
    let at = std::env::temp_dir().join(format!("stakeout-doors-{}", std::process::id()));
    let door = |name: &'static str, corpus: Vec<Vec<u8>>, enter: fn(&[u8], &Path) -> bool| {
        let folder = at.join(name);
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        Door {
            name,
            corpus,
            folder,
            enter,
        }
    };
    let weights = one_layer(Family::Llama);
    let text = letters().into_bytes();
    let tensors = safetensors(&weights);
    let mut doors = vec![
        door(
            "gguf",
            vec![gguf(&weights, &named(&weights, interleave), true)],
            |bytes, folder| reads(&put(folder, "model.gguf", bytes)),
        ),
        door("safetensors", vec![tensors.clone()], |bytes, folder| {
            put(folder, "model.safetensors", bytes);
            reads(folder)
        }),
        door("config", vec![CONFIG.into()], |bytes, folder| {
            put(folder, "config.json", bytes);
            reads(folder)
        }),
        door("tokenizer", vec![text.clone()], |bytes, folder| {
            let read = Tokenizer::from_file(&put(folder, "tokenizer.json", bytes));
            let Ok(tokenizer) = read else {
                return false;
            };
            let tokens = tokenizer.encode("AB 12 \u{1f600}");
            let _ = tokens.and_then(|tokens| tokenizer.decode(&tokens));
            true
        }),
        door("artifact", vec![artifact()], |bytes, _| {
            let read = Artifact::from_bytes(bytes);
            if let Ok(artifact) = &read {
                assert_eq!(artifact.to_bytes().expect("well-formed"), bytes);
            }
            read.is_ok()
        }),
        door("kept-scores", vec![SCORES.to_vec()], |bytes, _| {
            kept(bytes, "input").is_ok()
        }),
    ];
    for door in &mut doors {
        door.corpus.extend(kept_inputs(door.name));
    }
    for door in doors
        .iter()
        .filter(|door| ["safetensors", "config"].contains(&door.name))
    {
        put(&door.folder, "tokenizer.json", &text);
        put(&door.folder, "config.json", CONFIG.as_bytes());
        put(&door.folder, "model.safetensors", &tensors);
    }
    doors
}

/// What `fuzz/corpus` has for a door: small seeds, and inputs that once broke something.
fn kept_inputs(door: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/corpus")
        .join(door);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    paths.sort();
    let read = |path: &PathBuf| std::fs::read(path).expect("an input of the corpus can be read");
    paths.iter().map(read).collect()
}

/// Honest scores of the committed transfer, without most of their rows: the header says so.
static SCORES: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
    let whole = include_bytes!("../../results/transfer/demo-small/honest.scores");
    let end = whole.iter().position(|byte| *byte == b'\n').expect("a header");
    let mut header: serde_json::Value = serde_json::from_slice(&whole[..end]).expect("a header");
    let rows = header["rows"].as_u64().expect("a count") as usize;
    let width = (whole.len() - end - 1) / rows;
    header["rows"] = 200.into();
    [
        header.to_string().as_bytes(),
        b"\n",
        &whole[end + 1..][..200 * width],
    ]
    .concat()
});

fn artifact() -> Vec<u8> {
    let line = |shift: u32| TopK {
        ids: vec![3 + shift, 1],
        log_probs: vec![-0.5, -1.5],
        tail: 0.1,
    };
    let artifact = Artifact {
        tokens: vec![3, 9, 1],
        positions: vec![line(0), line(1), line(2)],
    };
    artifact.to_bytes().expect("well-formed")
}

#[test]
fn mutated_model_files_end_in_an_answer_at_every_door() {
    for door in doors() {
        let enter = |bytes: &Vec<u8>| (door.enter)(bytes, &door.folder);
        let accepted: Vec<bool> = door.corpus.iter().map(enter).collect();
        assert!(accepted[0], "door {}: nothing gets in", door.name);
        let accepted = (0..400).filter(|number| door.number(*number)).count();
        println!("{}: 400 inputs, {accepted} accepted", door.name);
        std::fs::remove_dir_all(&door.folder).expect("removed");
    }
}

/// Environment variables say how long, from where, at which door; no result depends on the clock.
#[test]
#[ignore = "hammers for STAKEOUT_FUZZ_SECONDS from mutation STAKEOUT_FUZZ_FROM on, at STAKEOUT_FUZZ_DOOR or all"]
#[allow(
    clippy::disallowed_methods,
    reason = "how long to go on is the clock's to say"
)]
fn hammer() {
    let asked = |name: &str| std::env::var(name).ok();
    let number = |name: &str, default: u64| asked(name).and_then(|text| text.parse().ok()).unwrap_or(default);
    let (seconds, from) = (
        number("STAKEOUT_FUZZ_SECONDS", 60),
        number("STAKEOUT_FUZZ_FROM", 1_000_000),
    );
    let mut doors = doors();
    if let Some(name) = asked("STAKEOUT_FUZZ_DOOR") {
        doors.retain(|door| door.name == name);
    }
    let share = std::time::Duration::from_secs(seconds) / doors.len().max(1) as u32;
    for door in doors {
        let (since, mut tried, mut accepted) = (std::time::Instant::now(), 0u64, 0u64);
        while since.elapsed() < share {
            accepted += u64::from(door.number(from + tried));
            tried += 1;
        }
        println!(
            "{}: {tried} inputs from {from} on, {accepted} accepted",
            door.name
        );
        std::fs::remove_dir_all(&door.folder).expect("removed");
    }
}

//! The doors of model files: they need the tensor library, so they are a feature.
//!
//! Invariant: that of the other doors. The suite of `gpu-replay` mutates the same files by number.

use std::path::{Path, PathBuf};

use stakeout_replay::Stratum;
use stakeout_replay::artifact::Artifact;
use stakeout_replay::derive::kept;
use stakeout_replay::forward::{Machine, Options};
use stakeout_replay::model::load;
use stakeout_replay::tokenizer::Tokenizer;

use crate::doors::Door;

/// The doors of model files. Each says whether it accepted the input.
pub const DOORS: [Door; 6] = [
    ("gguf", gguf),
    ("safetensors", safetensors),
    ("config", config),
    ("tokenizer", tokenizer),
    ("artifact", artifact),
    ("kept-scores", kept_scores),
];

fn put(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).expect("the input's folder can be written");
    path
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

/// A GGUF file, with the tokenizer inside.
pub fn gguf(bytes: &[u8], folder: &Path) -> bool {
    reads(&put(folder, "model.gguf", bytes))
}

/// The tensors of a folder that holds a config.json and a tokenizer.json.
pub fn safetensors(bytes: &[u8], folder: &Path) -> bool {
    put(folder, "model.safetensors", bytes);
    reads(folder)
}

/// The config.json of a folder that holds tensors and a tokenizer.json.
pub fn config(bytes: &[u8], folder: &Path) -> bool {
    put(folder, "config.json", bytes);
    reads(folder)
}

/// A tokenizer.json.
pub fn tokenizer(bytes: &[u8], folder: &Path) -> bool {
    let read = Tokenizer::from_file(&put(folder, "tokenizer.json", bytes));
    let Ok(tokenizer) = read else {
        return false;
    };
    let tokens = tokenizer.encode("AB 12 \u{1f600}");
    let _ = tokens.and_then(|tokens| tokenizer.decode(&tokens));
    true
}

/// The canonical bytes of an artifact: what is accepted has one form.
pub fn artifact(bytes: &[u8], _: &Path) -> bool {
    let read = Artifact::from_bytes(bytes);
    if let Ok(artifact) = &read {
        assert_eq!(artifact.to_bytes().expect("well-formed"), bytes);
    }
    read.is_ok()
}

/// The scores of honest answers, kept for another model.
pub fn kept_scores(bytes: &[u8], _: &Path) -> bool {
    kept(bytes, "input").is_ok()
}

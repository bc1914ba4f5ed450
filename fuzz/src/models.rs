//! The doors of model files: they need the tensor library, so they are a feature.
//!
//! Invariant: that of the other doors. The suite of `gpu-replay` mutates the same files by number.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use stakeout_replay::artifact::Artifact;
use stakeout_replay::demo::{DemoSize, shipped};
use stakeout_replay::model::load;
use stakeout_replay::tokenizer::Tokenizer;

/// A GGUF file, with the tokenizer inside.
pub fn gguf(bytes: &[u8], folder: &Path) -> bool {
    let path = folder.join("model.gguf");
    std::fs::write(&path, bytes).expect("the input's folder can be written");
    load(&path).is_ok()
}

/// The tensors of a folder whose config.json and tokenizer.json are those of the small demonstration model.
pub fn safetensors(bytes: &[u8], folder: &Path) -> bool {
    static DEMO: OnceLock<PathBuf> = OnceLock::new();
    let demo =
        DEMO.get_or_init(|| shipped(DemoSize::Small, folder).expect("the shipped model can be written"));
    std::fs::write(demo.join("model.safetensors"), bytes).expect("the input's folder can be written");
    load(demo).is_ok()
}

/// A tokenizer.json.
pub fn tokenizer(bytes: &[u8], folder: &Path) -> bool {
    let path = folder.join("tokenizer.json");
    std::fs::write(&path, bytes).expect("the input's folder can be written");
    Tokenizer::from_file(&path).is_ok_and(|tokenizer| tokenizer.encode("AB 12").is_ok())
}

/// The canonical bytes of an artifact.
pub fn artifact(bytes: &[u8], _: &Path) -> bool {
    Artifact::from_bytes(bytes).is_ok()
}

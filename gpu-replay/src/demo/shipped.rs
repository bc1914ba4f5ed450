//! The committed pair, inside the program: written to disk where it is to be read.

use std::path::{Path, PathBuf};

use super::DemoSize;
use crate::error::{ReplayError, Result};

macro_rules! file {
    ($size:literal, $name:literal) => {
        include_bytes!(concat!("../../demo/", $size, "/", $name))
    };
}

/// Writes the model into `folder` and gives its own folder there.
///
/// # Errors
/// The folder cannot be written.
pub fn shipped(size: DemoSize, folder: &Path) -> Result<PathBuf> {
    let files: [(&str, &[u8]); 3] = match size {
        DemoSize::Large => [
            ("config.json", file!("demo-large", "config.json")),
            ("tokenizer.json", file!("demo-large", "tokenizer.json")),
            ("model.safetensors", file!("demo-large", "model.safetensors")),
        ],
        DemoSize::Small => [
            ("config.json", file!("demo-small", "config.json")),
            ("tokenizer.json", file!("demo-small", "tokenizer.json")),
            ("model.safetensors", file!("demo-small", "model.safetensors")),
        ],
    };
    let own = folder.join(size.name());
    std::fs::create_dir_all(&own).map_err(|error| ReplayError::io(&own, error))?;
    for (name, bytes) in files {
        let path = own.join(name);
        let is_there = std::fs::read(&path).is_ok_and(|found| found == bytes);
        if !is_there {
            std::fs::write(&path, bytes).map_err(|error| ReplayError::io(&path, error))?;
        }
    }
    Ok(own)
}

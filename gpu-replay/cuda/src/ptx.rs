//! From a kernel's text to PTX.
//!
//! **Invariant.** A committed PTX names the hash of the text that it was made from, so that a changed text without a
//! new PTX is found on any machine; where NVRTC is at hand the PTX is made again and compared.

use cudarc::nvrtc::{CompileOptions, compile_ptx_with_opts};
use sha2::{Digest, Sha256};

use crate::error::{CudaError, Result};
use crate::kernel::Module;

/// What a committed PTX begins with; the hash of the text follows.
const HASH: &str = "// source sha256 ";
/// The oldest cards that a PTX is for. Newer ones compile it on.
const ARCHITECTURE: &str = "compute_80";

impl Module {
    /// Hash of the text, in hexadecimal.
    pub fn source_hash(self) -> String {
        let digest = Sha256::digest(self.source().as_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The hash that the committed PTX of a module names.
pub fn committed_source_hash(module: Module) -> Option<&'static str> {
    let first = module.ptx().lines().next()?;
    first.strip_prefix(HASH)
}

/// PTX of a module's text, with the line that names the text before it.
///
/// # Errors
/// There is no NVRTC here, or it refuses the text.
pub fn compile(module: Module) -> Result<String> {
    if !Module::has_compiler() {
        let reason = "this machine has no NVRTC (libnvrtc was not found)";
        return Err(CudaError::Absent(reason.into()));
    }
    let options = CompileOptions {
        arch: Some(ARCHITECTURE),
        ftz: Some(module.flushes_subnormals()),
        // What is rounded when is written out where it matters.
        fmad: Some(true),
        options: vec!["--std=c++17".into()],
        ..CompileOptions::default()
    };
    let ptx = compile_ptx_with_opts(module.source(), options)
        .map_err(|error| CudaError::refused(format!("compiling {}", module.name()), format!("{error:?}")))?;
    Ok(format!("{HASH}{}\n{}", module.source_hash(), ptx.to_src()))
}

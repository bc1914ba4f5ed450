//! The kernels on a processor: the same text, compiled by a C++ compiler behind a shim that makes fibers of threads.
//!
//! It is there for tests on machines without a card, and slow. Each launch is a process of its own, so nothing here
//! needs `unsafe`.
//!
//! **Invariant.** The compiler sees the very text that NVRTC sees, and rounds each operation on its own.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use crate::board::{Arg, Board};
use crate::error::{CudaError, Result};
use crate::kernel::Kernel;

/// What a program is compiled from, by name.
const TEXTS: [(&str, &str); 8] = [
    ("main.cpp", include_str!("../../kernels/host/main.cpp")),
    ("shim.hpp", include_str!("../../kernels/host/shim.hpp")),
    ("common.cuh", include_str!("../../kernels/common.cuh")),
    ("law.cu", include_str!("../../kernels/law.cu")),
    ("race.cu", include_str!("../../kernels/race.cu")),
    ("scores.cu", include_str!("../../kernels/scores.cu")),
    ("answers.cu", include_str!("../../kernels/answers.cu")),
    ("dequantize.cu", include_str!("../../kernels/dequantize.cu")),
];

/// Compilers that are tried, in this order.
const COMPILERS: [&str; 3] = ["g++", "c++", "clang++"];

/// The kernels, compiled for this processor.
pub struct Host {
    folder: PathBuf,
    /// Whether the threads of a block run in falling order: what depends on it is a race.
    is_reversed: bool,
}

impl Host {
    /// Compiles the kernels into `folder`, which is made, and removed with the board.
    ///
    /// # Errors
    /// `Absent` if there is no C++ compiler; `Refused` if the compiler does not take the text.
    pub fn build(folder: &Path, is_reversed: bool) -> Result<Self> {
        let fail = |error: std::io::Error| CudaError::refused(folder.display().to_string(), error);
        let is_there = |name: &&&str| {
            let asked = Command::new(name)
                .arg("--version")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            asked.is_ok_and(|status| status.success())
        };
        let Some(compiler) = COMPILERS.iter().find(is_there) else {
            let reason = format!("this machine has no C++ compiler ({})", COMPILERS.join(", "));
            return Err(CudaError::Absent(reason));
        };
        std::fs::create_dir_all(folder).map_err(fail)?;
        for (name, text) in TEXTS {
            std::fs::write(folder.join(name), text).map_err(fail)?;
        }
        let output = Command::new(compiler)
            .args(["-std=c++17", "-O2", "-ffp-contract=off", "-fno-strict-aliasing"])
            .args([
                "-U_FORTIFY_SOURCE",
                "-Wno-unknown-pragmas",
                "-o",
                "kernels",
                "main.cpp",
            ])
            .current_dir(folder)
            .output()
            .map_err(fail)?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(CudaError::refused("compiling the kernels for the host", said));
        }
        Ok(Self {
            folder: folder.to_path_buf(),
            is_reversed,
        })
    }

    fn run(&self, call: &[u8]) -> std::io::Result<(bool, Vec<u8>, Vec<u8>)> {
        let mut program = Command::new(self.folder.join("kernels"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        // The program reads the whole call before it writes anything; one that stops earlier says why.
        if let Some(mut input) = program.stdin.take() {
            let _ = input.write_all(call);
        }
        let mut reply = Vec::new();
        if let Some(mut output) = program.stdout.take() {
            output.read_to_end(&mut reply)?;
        }
        let ended = program.wait_with_output()?;
        Ok((ended.status.success(), reply, ended.stderr))
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // A folder that stays behind harms nobody.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Board for Host {
    type Buffer = Mutex<Vec<u8>>;

    fn upload_bytes(&self, bytes: &[u8]) -> Result<Self::Buffer> {
        Ok(Mutex::new(bytes.to_vec()))
    }

    fn room(&self, bytes: usize) -> Result<Self::Buffer> {
        Ok(Mutex::new(vec![0xff; bytes]))
    }

    fn download_bytes(&self, buffer: &Self::Buffer) -> Result<Vec<u8>> {
        Ok(held(buffer).clone())
    }

    fn launch(
        &self,
        kernel: &Kernel,
        blocks: u32,
        threads: u32,
        args: &[Arg<'_, Self::Buffer>],
    ) -> Result<()> {
        if blocks == 0 {
            return Ok(());
        }
        let mut call = Vec::new();
        let word = |call: &mut Vec<u8>, value: u32| call.extend_from_slice(&value.to_le_bytes());
        word(&mut call, kernel.name.len() as u32);
        call.extend_from_slice(kernel.name.as_bytes());
        for value in [blocks, threads, u32::from(self.is_reversed), args.len() as u32] {
            word(&mut call, value);
        }
        for arg in args {
            match arg {
                Arg::Word(value) => {
                    call.push(4);
                    word(&mut call, *value);
                }
                Arg::Long(value) => {
                    call.push(8);
                    call.extend_from_slice(&value.to_le_bytes());
                }
                Arg::Double(value) => {
                    call.push(8);
                    call.extend_from_slice(&value.to_le_bytes());
                }
                Arg::Buffer(buffer) => {
                    let bytes = held(buffer);
                    call.push(0);
                    call.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
                    call.extend_from_slice(&bytes);
                }
            }
        }
        let what = format!("running {} on the host", kernel.name);
        let (is_well, reply, said) = self
            .run(&call)
            .map_err(|error| CudaError::refused(what.as_str(), error))?;
        if !is_well {
            return Err(CudaError::refused(what, String::from_utf8_lossy(&said)));
        }
        let mut rest = reply.as_slice();
        for arg in args {
            if let Arg::Buffer(buffer) = arg {
                let mut bytes = held(buffer);
                let Some((own, after)) = rest.split_at_checked(bytes.len()) else {
                    return Err(CudaError::refused(what, "the reply ends too early"));
                };
                bytes.copy_from_slice(own);
                rest = after;
            }
        }
        Ok(())
    }
}

fn held(buffer: &Mutex<Vec<u8>>) -> std::sync::MutexGuard<'_, Vec<u8>> {
    buffer.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

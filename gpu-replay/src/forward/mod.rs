//! Running a model under a kernel: logits at every position.
//!
//! **Invariant.** A row of logits is a function of the weights, the kernel, and the tokens up to its position; the
//! number of threads moves no bit of it.

mod attention;
mod kernel;
mod machine;
#[cfg(test)]
mod plain;
mod rows;
#[cfg(test)]
mod tests;

pub use kernel::{Activations, Arithmetic, CHUNK, Matrix};
pub use machine::{Machine, Options, Session};
pub use rows::{Storage, map_rows, rms_norm, round_bf16};

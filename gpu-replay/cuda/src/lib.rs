//! Kernels for what a forward pass leaves to do at every position, and the boards that run them.
//!
//! A row of logits becomes a law's most probable tokens, its tail, entropy and varentropy ([`laws`]); the race that
//! the sampling contract prescribes gives the token that the model would have drawn ([`races`]); two lists of a position
//! give its scores ([`position_scores`]), positions an answer's ([`answer_scores`]); blocks of a quantised file become
//! plain values ([`dequantize`]). The CUDA texts lie in `gpu-replay/kernels`, and beside them what NVRTC made of
//! them, so that a machine needs a driver and nothing else. Page: docs/gpu.md.
//!
//! A [`Board`] runs a kernel: [`Gpu`] is a card behind its driver, [`Host`] the same text compiled by a C++ compiler,
//! for tests on machines without a card. Each wrapper is written once, over both.
//!
//! **Invariant.** Nothing here looks for a library before it is asked, and a machine without one gets a reason, not a
//! panic. `unsafe` stands in `device` alone.

mod answers;
mod board;
mod dequantize;
mod device;
mod error;
mod host;
mod kernel;
mod law;
mod ptx;
mod race;
mod scores;

pub use answers::{AnswerCaps, AnswerScores, PositionValues, answer_scores};
pub use board::{Arg, Board};
pub use dequantize::{Blocks, dequantize, dequantize_call};
pub use device::{Card, Gpu};
pub use error::{CudaError, Result};
pub use host::Host;
pub use kernel::{Kernel, Module};
pub use law::{LIST_MAX, Law, LawRoom, Logits, Rows, law_call, laws};
pub use ptx::{committed_source_hash, compile};
pub use race::{Claim, Race, RaceRoom, race_call, races};
pub use scores::{List, ListScores, ScoreRoom, position_scores, score_call};

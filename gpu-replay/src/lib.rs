//! What a forward pass can tell: real language models, replayed and compared.
//!
//! An executor answers a prompt and reports, for every position of its answer, its most probable tokens. A
//! verifier replays the answer in one pass and compares. This crate measures how well it can tell the promised
//! model from a quantised, smaller, tuned, truncated or laundered one when honest machines differ by rounding
//! alone, and writes the answer as a calibration file that the simulator runs on.
//!
//! The order of the modules is the order in which data flows: a model file becomes a [`model`], a
//! [`substitute`] changes it, [`forward`] runs it under a kernel ([`Stratum`]), the [`sampler`] draws an answer,
//! the [`artifact`] reports it, an [`attack`] forges it, the verifier's replay makes an [`Observation`] of each
//! position, [`scores`] make numbers of the observations, [`statistics`] thresholds of the numbers, [`mod@derive`] evidence
//! and the calibration file, and [`report`] tables and pictures.
//!
//! **Invariant.** A measurement is a function of model file, prompts and seed: the same bytes at any number of
//! threads. Modules from `observation` on hold no tensor, so statistics can be tested without a model.

pub mod artifact;
pub mod attack;
mod cli;
pub mod demo;
pub mod derive;
mod error;
pub mod forward;
pub mod gpu;
pub mod measure;
pub mod model;
mod observation;
pub mod report;
pub mod sampler;
pub mod scores;
pub mod statistics;
mod stratum;
pub mod substitute;
pub mod tokenizer;

pub use cli::main;
pub use error::{ReplayError, Result};
pub use observation::{AttackLevel, Observation, ReplayKey, Trace};
pub use stratum::Stratum;

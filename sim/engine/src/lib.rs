//! A scenario in, a run out.
//!
//! A [`scenario::Scenario`] is a checked question. [`run::run`] simulates one replicate of it and
//! returns an [`observe::frame::RunOutput`]. The same scenario, seed and replicate give the same bytes
//! at any thread count: within one block interval no participant's act can reach another, so the
//! participants of a block window are simulated in parallel and meet again when the block commits
//! (`docs/adr/0006-block-windows.md`).

pub mod audit;
pub mod epoch;
pub mod experiment;
pub mod observe;
pub mod oracle;
pub mod run;
pub mod scenario;
pub mod service;
pub mod strategy;
pub mod world;

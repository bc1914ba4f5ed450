//! Measuring: prompts in, scored answers out, unit by unit.
//!
//! A unit is a small batch of prompts under one task: the promised model on all its kernels, or one substitute. Units
//! are independent, so they run in parallel and an interrupted measurement goes on where it stopped.
//!
//! **Invariant.** What a unit finds is a function of plan, models and the unit's number.

mod cheat;
mod honest;
mod plan;
mod prompts;
mod provenance;
mod replay;
mod run;
mod store;
#[cfg(test)]
mod tests;
mod unit;

pub use plan::{Plan, Tier};
pub use prompts::{Prompt, prompts};
pub use provenance::provenance;
pub use run::{Outcome, Progress, run, run_on};

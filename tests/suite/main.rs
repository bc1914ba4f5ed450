//! The suite: one binary, so that the workspace is linked once for all whole-program tests.
//!
//! Unit tests live at the foot of each rule, vectors with the rules (`sim/protocol/tests/vectors`). Here is what
//! concerns the house (`architecture`, `prose`, `assumptions`) and the program as a user meets it.

mod architecture;
mod assumptions;
mod audit;
mod cli;
mod determinism;
mod experiments;
mod faults;
mod frontier;
mod fuzz;
mod gallery;
mod golden;
mod hostile;
mod mainnet;
mod newcomer;
mod prose;
mod questions;
mod rare;
mod scenarios;
mod supply;
mod support;
mod sweep;
mod tuned_attacks;

//! Replicates, paired runs and their statistics.

pub mod attack;
pub mod cells;
pub mod game;
pub mod rare;
pub mod shorter_history;
pub mod solve;
pub mod sweep;
pub mod twins;

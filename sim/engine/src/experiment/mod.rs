//! Replicates, paired runs and their statistics.

pub mod attack;
pub mod shorter_history;
pub mod twins;

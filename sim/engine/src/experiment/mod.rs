//! Replicates, paired runs and their statistics.

pub mod shorter_history;
pub mod twins;

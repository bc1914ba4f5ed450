//! Replicates, paired runs and their statistics.

pub mod statistics;
pub mod twins;

//! Replicates, paired runs and their statistics.

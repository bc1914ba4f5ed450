//! The doors by which files come in, and what mutates inputs on a compiler without a fuzzer.

pub mod doors;
pub mod mutate;

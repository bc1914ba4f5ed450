//! The clock, the pending events, the random streams, the samplers and the digest.

pub mod digest;
pub mod sample;
pub mod streams;
pub mod time;

//! The clock, the pending events, the random streams, the samplers and the digest.

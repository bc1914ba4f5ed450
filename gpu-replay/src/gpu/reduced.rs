//! A law, reduced to what a verifier keeps of it.

use crate::artifact::TopK;
use crate::sampler::{Law, Noise};

/// What is kept of a law at a position.
#[derive(Clone, Debug, PartialEq)]
pub struct Reduced {
    /// Its most probable tokens, and the tail.
    pub top: TopK,
    /// Entropy, nats.
    pub entropy: f64,
    /// Variance of -log p, nats squared.
    pub varentropy: f64,
    /// The token that the contract draws, and log(E / p) of it.
    pub winner: (u32, f64),
}

impl Reduced {
    /// Reduces a law on the processor.
    pub fn of(law: &Law, noise: &Noise, position: u32, entries: usize) -> Self {
        let (entropy, varentropy) = law.entropy();
        Self {
            top: TopK::of_law(law, entries),
            entropy,
            varentropy,
            winner: noise.winner(law, position),
        }
    }
}

//! Where positions are reduced and scored: on the processor, or on a card.
//!
//! A law over the vocabulary is reduced to its most probable tokens, tail, entropy, varentropy and the token that the
//! contract draws from it; two lists are reduced to their scores. The processor is the reference. A card does the same
//! through the kernels of `stakeout-cuda`, when the program is built with the feature `gpu` and a driver is found.
//! Page: docs/gpu.md.
//!
//! **Invariant.** Both list the same tokens in the same order with the same log-probabilities; sums differ by less than
//! the tolerances of the conformance suite.

#[cfg(feature = "gpu")]
pub mod bandwidth;
#[cfg(feature = "gpu")]
mod card;
mod choice;
#[cfg(any(test, feature = "gpu"))]
pub mod conformance;
mod reduced;
#[cfg(feature = "gpu")]
pub mod report;
#[cfg(any(test, feature = "gpu"))]
pub mod rows;
#[cfg(test)]
mod tests;

pub use choice::{Device, DeviceChoice};
pub use reduced::Reduced;

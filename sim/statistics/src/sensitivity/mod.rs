//! Which factors matter: Morris screens many, Sobol indices apportion the variance among few.
//!
//! Design and analysis are apart, so that a sweep can run the points wherever it likes and hand the outputs back.

mod morris;
mod sobol;

pub use morris::{MorrisDesign, MorrisEffect};
pub use sobol::{SobolDesign, SobolIndex, SobolIndices};

//! A model in memory: its shape and its weights in 32 bits, however the file stored them.

mod architecture;
mod gguf;
mod load;
#[cfg(test)]
mod mutated_tests;
mod rotate;
mod safetensors;
mod source;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod toy;
mod weights;

pub use architecture::{Architecture, Family, Sliding};
pub use gguf::{Gguf, Value};
pub use load::{Loaded, load, sha256};
pub(crate) use load::{read_small, read_small_bytes};
pub use rotate::rotate;
pub use safetensors::Safetensors;
pub use source::TensorSource;
#[cfg(test)]
pub(crate) use toy::toy;
pub use weights::{Layer, PROJECTIONS, Weights};

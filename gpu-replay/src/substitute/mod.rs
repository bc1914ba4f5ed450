//! Substitutes: what an executor may run in the place of the promised model.
//!
//! **Invariant.** A substitute is a function of the promised weights and a seed. Weight-only quantisation and products
//! of quantised blocks are different substitutes and never share a name.

mod apply;
mod catalogue;
pub mod formats;
mod given;

pub use apply::{change_weights, edit_prompt, options};
pub use catalogue::{Change, ContextEdit, Substitute, WeightFormat, catalogue, choose, promised};

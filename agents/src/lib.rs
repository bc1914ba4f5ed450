//! The strategies that participants follow, one a file.
//!
//! Each file says what its strategy does, what it knows, where its profit comes from, which rule should
//! stop it, and where it is described. To add one: write the file, name it here, append its descriptor to
//! [`registry`]; the contract tests then cover it.
//!
//! **Invariant.** A strategy decides from its view and its parameters alone: the same view gives the same
//! decision, on every machine.

mod honest;
mod lazy_validator;
mod model_swapper;
mod params;
mod unreliable_host;

pub use honest::Honest;
pub use lazy_validator::LazyValidator;
pub use model_swapper::ModelSwapper;
pub use unreliable_host::UnreliableHost;

use stakeout_engine::strategy::registry::Registry;

/// Every strategy on offer, in the order in which they are listed to a user.
pub fn registry() -> Registry {
    Registry::new(vec![
        honest::DESCRIPTOR,
        model_swapper::DESCRIPTOR,
        lazy_validator::DESCRIPTOR,
        unreliable_host::DESCRIPTOR,
    ])
}

//! Games over strategies: who plays what when everybody looks at what pays.
//!
//! Payoffs come from simulation or from a closed form; nothing here knows which. A claimed equilibrium is worth what
//! its regret is, so every answer comes with one.
//!
//! **Invariant.** Solvers are deterministic: the same table gives the same bits.

mod alpha_rank;
mod bimatrix;
mod gambit;
mod reduction;
mod replicator;
mod symmetric;

pub use alpha_rank::{alpha_rank, fixation_probability};
pub use bimatrix::{Bimatrix, Equilibrium};
pub use gambit::{bimatrix_to_gambit, to_gambit};
pub use reduction::{full_profile, reduced_profiles};
pub use replicator::{Replication, replicate};
pub use symmetric::{PayoffTable, multinomial, regret_interval};

//! Reward schedules: how many coins a network issues, and who gets them.
//!
//! A family a file, each a pure integer function that any world may call. Coins are [`crate::units::Amount`]s in the
//! base unit of the network in question (a satoshi, a gwei, a billionth of a GNK); a schedule neither knows
//! nor cares what the unit is called.
//!
//! Invariant: what is handed out is what was there to hand out, to the last base unit; each rounding is named.

pub mod baseline;
pub mod burn_and_mint;
pub mod decay;
pub mod ethereum;
pub mod fixed;
pub mod forfeits;
pub mod halving;
pub mod lockup;
pub mod net_emission;
pub mod quadratic;
pub mod split;
pub mod yuma;

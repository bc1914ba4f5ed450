//! Markets: prices and quantities as pure integer functions.
//!
//! Invariant: no trade takes coins from a pool or a buyer beyond what its rule says; roundings favour the pool.

pub mod auction;
pub mod bonding_curve;
pub mod constant_product;
pub mod difficulty;

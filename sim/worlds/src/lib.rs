//! The other systems an inference network is compared with, and the closed forms they obey.
//!
//! A [`check::Check`] states a formula and observes the same figure in a simulation of its own, or in the integer
//! rules of `stakeout-protocol`; [`registry`] lists them all, the engine's included.
//!
//! Invariant: a formula never calls the code it judges.

pub mod check;
pub mod dice;
pub mod market;
pub mod rows;
pub mod shipped;
pub mod world;

use stakeout_engine::oracle::Oracle;

/// Every closed form that `stakeout validate` knows: the engine's, then those of this crate by theme.
pub fn registry() -> Vec<&'static dyn Oracle> {
    let mut all = stakeout_engine::oracle::all();
    all.extend(rows::all().map(|check| check as &'static dyn Oracle));
    all
}

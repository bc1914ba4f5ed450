//! The closed forms by theme.
//!
//! Invariant: a name and a purpose of draws belong to one check each; tests compare them.

mod adoption;
mod detection;
mod economy;
mod evidence;
mod games;
mod markets;
mod models;
mod queues;
mod race;
mod sequential;
mod supply;
mod systems;
mod tools;

use crate::check::Check;

/// All checks of this crate, in the order of the report.
pub fn all() -> impl Iterator<Item = &'static Check> {
    [
        queues::CHECKS,
        detection::CHECKS,
        sequential::CHECKS,
        race::CHECKS,
        supply::CHECKS,
        evidence::CHECKS,
        markets::CHECKS,
        games::CHECKS,
        economy::CHECKS,
        models::CHECKS,
        systems::CHECKS,
        adoption::CHECKS,
        tools::CHECKS,
    ]
    .into_iter()
    .flatten()
}

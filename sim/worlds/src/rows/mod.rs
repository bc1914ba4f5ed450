//! The closed forms by theme.
//!
//! Invariant: a name and a purpose of draws belong to one check each; tests compare them.

mod adoption;
mod alarms;
mod decays;
mod detection;
mod economy;
mod evidence;
mod games;
mod markets;
mod models;
mod outcomes;
mod penalties;
mod queues;
mod race;
mod scores;
mod sequential;
mod shares;
mod supply;
mod systems;
mod thresholds;
mod tools;
mod twin;

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
        scores::CHECKS,
        thresholds::CHECKS,
        alarms::CHECKS,
        penalties::CHECKS,
        markets::CHECKS,
        games::CHECKS,
        economy::CHECKS,
        models::CHECKS,
        systems::CHECKS,
        adoption::CHECKS,
        outcomes::CHECKS,
        twin::CHECKS,
        tools::CHECKS,
    ]
    .into_iter()
    .flatten()
}

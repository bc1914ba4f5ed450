//! The door `scenario`.
#![no_main]

stakeout_fuzz::target!(stakeout_fuzz::doors::scenario);

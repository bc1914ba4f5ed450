//! The door `world`.
#![no_main]

stakeout_fuzz::target!(stakeout_fuzz::doors::world);

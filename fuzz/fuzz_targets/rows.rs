//! The door `rows`.
#![no_main]

stakeout_fuzz::target!(stakeout_fuzz::doors::rows);

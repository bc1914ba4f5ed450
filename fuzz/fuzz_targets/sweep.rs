//! The door `sweep`.
#![no_main]

stakeout_fuzz::target!(stakeout_fuzz::doors::sweep);

//! The door `manifest`.
#![no_main]

stakeout_fuzz::target!(stakeout_fuzz::doors::manifest);

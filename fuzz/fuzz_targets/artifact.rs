//! The door `artifact`.
#![no_main]

stakeout_fuzz::target!(stakeout_fuzz::models::artifact);

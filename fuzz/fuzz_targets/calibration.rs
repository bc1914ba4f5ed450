//! The door `calibration`.
#![no_main]

stakeout_fuzz::target!(stakeout_fuzz::doors::calibration);

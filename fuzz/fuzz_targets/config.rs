//! The door `config`.
#![no_main]

stakeout_fuzz::target!(stakeout_fuzz::models::config);

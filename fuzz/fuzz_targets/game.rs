//! The door `game`.
#![no_main]

stakeout_fuzz::target!(stakeout_fuzz::doors::game);

//! The door `solve`.
#![no_main]

stakeout_fuzz::target!(stakeout_fuzz::doors::solve);

//! The door `kept-scores`.
#![no_main]

stakeout_fuzz::target!(stakeout_fuzz::models::kept_scores);

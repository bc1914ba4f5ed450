//! The door `gguf`.
#![no_main]

stakeout_fuzz::target!(stakeout_fuzz::models::gguf);

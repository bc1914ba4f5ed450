//! The door `safetensors`.
#![no_main]

stakeout_fuzz::target!(stakeout_fuzz::models::safetensors);

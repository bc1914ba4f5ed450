//! The door `tokenizer`.
#![no_main]

stakeout_fuzz::target!(stakeout_fuzz::models::tokenizer);

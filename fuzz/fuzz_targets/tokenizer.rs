//! The door `tokenizer`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    stakeout_fuzz::models::tokenizer(data, stakeout_fuzz::folder());
});

//! The door `gguf`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    stakeout_fuzz::models::gguf(data, stakeout_fuzz::folder());
});

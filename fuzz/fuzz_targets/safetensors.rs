//! The door `safetensors`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    stakeout_fuzz::models::safetensors(data, stakeout_fuzz::folder());
});

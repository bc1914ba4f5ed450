//! The door `artifact`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    stakeout_fuzz::models::artifact(data, stakeout_fuzz::folder());
});

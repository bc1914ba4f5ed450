//! The door `scenario`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    stakeout_fuzz::doors::scenario(data, stakeout_fuzz::folder());
});

//! The door `world`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    stakeout_fuzz::doors::world(data, stakeout_fuzz::folder());
});

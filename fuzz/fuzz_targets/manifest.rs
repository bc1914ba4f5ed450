//! The door `manifest`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    stakeout_fuzz::doors::manifest(data, stakeout_fuzz::folder());
});

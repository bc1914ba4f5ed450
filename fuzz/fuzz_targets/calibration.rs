//! The door `calibration`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    stakeout_fuzz::doors::calibration(data, stakeout_fuzz::folder());
});

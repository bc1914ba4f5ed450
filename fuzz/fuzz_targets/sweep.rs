//! The door `sweep`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    stakeout_fuzz::doors::sweep(data, stakeout_fuzz::folder());
});

//! The door `solve`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    stakeout_fuzz::doors::solve(data, stakeout_fuzz::folder());
});

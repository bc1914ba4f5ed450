//! The door `game`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    stakeout_fuzz::doors::game(data, stakeout_fuzz::folder());
});

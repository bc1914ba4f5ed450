//! The door `scenario`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    stakeout_fuzz::doors::scenario(data, &std::env::temp_dir());
});

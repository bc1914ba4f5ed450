//! The door `trace-csv`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    stakeout_fuzz::doors::trace_csv(data, stakeout_fuzz::folder());
});

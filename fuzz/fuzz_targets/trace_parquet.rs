//! The door `trace-parquet`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    stakeout_fuzz::doors::trace_parquet(data, stakeout_fuzz::folder());
});

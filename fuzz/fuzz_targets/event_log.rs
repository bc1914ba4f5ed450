//! The door `event-log`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    stakeout_fuzz::doors::event_log(data, stakeout_fuzz::folder());
});

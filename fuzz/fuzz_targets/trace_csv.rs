//! The door `trace-csv`.
#![no_main]

stakeout_fuzz::target!(stakeout_fuzz::doors::trace_csv);

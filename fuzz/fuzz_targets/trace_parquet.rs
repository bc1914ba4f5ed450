//! The door `trace-parquet`.
#![no_main]

stakeout_fuzz::target!(stakeout_fuzz::doors::trace_parquet);

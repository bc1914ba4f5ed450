//! What a run leaves behind.
//!
//! [`frame`] is what the engine returns. Everything else turns it into something to keep or to read:
//! [`run_directory`] writes it (rows of [`rows`] through [`parquet_writer`], headline numbers of [`summary`],
//! circumstances in [`manifest`]), [`run_archive`] reads it back, [`run_json`] is what the command line
//! prints for programs, [`recorded`] sets the real network's figures beside the simulated ones.

pub mod cast;
mod cast_of_scenario;
pub mod columns;
pub mod comparisons;
pub mod csv;
pub mod detection;
mod disk_file;
pub mod display;
pub mod event;
pub mod event_log;
pub mod event_spool;
pub mod events_in_order;
pub mod figure;
pub mod frame;
pub(crate) mod hashed_writer;
pub mod idle;
mod intervals;
mod log_thread;
pub mod manifest;
pub mod packed_writer;
pub mod packing;
pub mod parquet_headers;
pub mod parquet_source;
pub mod parquet_writer;
pub mod participant_table;
#[cfg(test)]
mod plain_varint;
pub mod profit;
pub mod recorded;
pub mod replicate_state;
mod restore;
pub mod results_error;
pub mod rows;
pub mod run_archive;
pub mod run_directory;
pub mod run_json;
pub mod sample;
#[cfg(test)]
mod scratch;
pub mod spoken;
pub mod storage;
pub mod summary;

#[cfg(test)]
mod run_directory_tests;
#[cfg(test)]
mod summary_tests;

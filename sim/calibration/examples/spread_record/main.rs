//! Spreads a record of counts over time and prints it as a trace.
//!
//! ```text
//! cargo run --release -p stakeout-calibration --example spread_record > scenarios/networks/gonka-mainnet-epoch56/trace.csv
//! ```
//!
//! The output depends on nothing but this program and the committed hosts.csv; a test compares it with the
//! committed trace.

mod spread;

fn main() {
    print!("{}", spread::trace_text(spread::HOSTS));
}

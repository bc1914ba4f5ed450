//! Fits a calibration to published figures and prints it.
//!
//! ```text
//! cargo run --release -p stakeout-calibration --example fit_published > scenarios/calibration/published-gonka.yaml
//! ```
//!
//! The output depends on nothing but this program; a test compares it with the committed file.

mod fit;
mod law;
mod targets;

fn main() {
    print!("{}", fit::published_gonka_text());
}

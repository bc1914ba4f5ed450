//! Benches: handed to the bench crate, which alone may read the clock.

use crate::step::{Outcome, run, timed};

/// Runs `stakeout-bench` with the given arguments; `--gate` is short for `gate`.
pub fn bench(arguments: &[&str]) -> Outcome {
    let mut command = vec!["run", "--release", "--quiet", "--package", "stakeout-bench", "--"];
    match arguments {
        [] => command.push("compare"),
        ["--gate"] => command.push("gate"),
        _ => command.extend(arguments),
    }
    timed("bench", || run("cargo", &command, &[]))
}

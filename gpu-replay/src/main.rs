//! `stakeout-calibrate`: measure models, write calibration files. `stakeout calibrate` calls it.

use std::process::ExitCode;

fn main() -> ExitCode {
    stakeout_replay::main()
}

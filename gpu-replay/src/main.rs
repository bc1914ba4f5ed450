//! `stakeout-calibrate`: measure models, write calibration files. `stakeout calibrate` calls it.

fn main() {}

//! `stakeout-calibrate`: measure models, write calibration files. `stakeout calibrate` calls it.

use stakeout_replay::demo::{DemoSize, train};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let size = if arguments[1] == "small" {
        DemoSize::Small
    } else {
        DemoSize::Large
    };
    let mut plan = train::Plan::committed(size);
    if let Some(steps) = arguments.get(3) {
        plan.steps = steps.parse().unwrap();
    }
    let loss = train::train(
        size,
        plan,
        std::path::Path::new(&arguments[2]),
        &mut |step, loss| eprintln!("{step} {loss}"),
    );
    println!("held out: {loss:?}");
}
